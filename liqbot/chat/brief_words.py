"""A brief in ten lines: what a trader checks before a trade."""

from liqbot.chat import book_words, context_words, flow_words
from liqbot.chat.market_words import funding, ratio_words
from liqbot.market.side import Side
from liqbot.message import Fact
from liqbot.service.books import BookAnswer
from liqbot.service.brief import BriefAnswer
from liqbot.service.cascades import CascadeAnswer
from liqbot.service.market_answer import ClusterAnswer, MarketAnswer
from liqbot.text import _
from liqbot.text.figures import percent, price, share, usd

_WITHIN_PCT, _MATTERS = 10.0, 0.25
"""Named is the nearest cluster within so much of spot that weighs this share of the heaviest there."""
_BAND = 0.01


def facts(brief: BriefAnswer) -> list[Fact]:
    """Return the ten lines; what is not known says so."""
    market = brief.market
    unknown = _("not known")
    rate = funding(market.funding)
    stretched = context_words.stretch(market)
    interest = context_words.open_interest(market)
    heads = [
        *context_words.accounts(market),
        *context_words.takers(market),
        *context_words.expiries(market),
    ]
    return [
        Fact(_("Fuel within 5%"), _fuel(market)),
        Fact(_("Nearest that matters"), _nearest(market)),
        Fact(_("Trapped"), _trapped(market)),
        Fact(_("Whales"), _whales(market)),
        Fact(_("Funding"), "; ".join(fact.value for fact in (*rate, *stretched)) or unknown),
        Fact(_("Open interest"), interest[0].value if interest else unknown),
        Fact(_("Crowd and options"), "; ".join(f"{fact.label} {fact.value}" for fact in heads) or unknown),
        Fact(_("Liquidated in 24 h"), _liquidated(brief)),
        Fact(_("Book within 1%"), _book(brief.book)),
        Fact(_("If pushed"), f"{_push(brief.fall)}; {_push(brief.rise)}"),
    ]


def _fuel(market: MarketAnswer) -> str:
    words = _("{up} shorts above, {down} longs below", up=usd(market.up_usd), down=usd(market.down_usd))
    if market.ratio is None:
        return words
    return _("{fuel}, ratio {ratio}", fuel=words, ratio=ratio_words(market.ratio, market.ratio_basis))


def _nearest(market: MarketAnswer) -> str:
    found = [_cluster(market, side) for side in (Side.SHORT, Side.LONG)]
    return "; ".join(one for one in found if one) or _("none within 10%")


def _cluster(market: MarketAnswer, side: Side) -> str:
    near = [one for one in market.clusters_of(side) if abs(one.distance_pct) <= _WITHIN_PCT]
    if not near:
        return ""
    heaviest = max(one.usd for one in near)

    def distance(one: ClusterAnswer) -> float:
        return abs(one.distance_pct)

    chosen = min((one for one in near if one.usd >= _MATTERS * heaviest), key=distance)
    return _(
        "{usd} at {price} ({away})",
        usd=usd(chosen.usd),
        price=price(chosen.price),
        away=percent(chosen.distance_pct, signed=True),
    )


def _trapped(market: MarketAnswer) -> str:
    longs, shorts = market.trapped.long, market.trapped.short
    if longs is None or shorts is None:
        return _("not known")
    return _("{longs} of longs, {shorts} of shorts underwater", longs=share(longs), shorts=share(shorts))


def _whales(market: MarketAnswer) -> str:
    whales = market.cohorts.get("whale")
    if whales is None:
        return _("not known")
    return _("{long} long, {short} short", long=usd(whales.long_usd), short=usd(whales.short_usd))


def _liquidated(brief: BriefAnswer) -> str:
    told = brief.liquidations
    if not told.count:
        return _("none was told of")
    least = _("at least ") if told.is_lower_bound else ""
    sides = _("{long} longs, {short} shorts", long=usd(told.long_usd), short=usd(told.short_usd))
    return _("{least}{sides}; last hour {hour}", least=least, sides=sides, hour=flow_words.hour(told))


def _book(answer: BookAnswer) -> str:
    if answer.book is None:
        return _("no depth")
    band = book_words.widest(answer.book.bands, _BAND)
    if band is None or band.bid_usd is None or band.ask_usd is None:
        return _("it ends before")
    return _("{bids} bids, {asks} asks", bids=usd(band.bid_usd), asks=usd(band.ask_usd))


def _push(answer: CascadeAnswer) -> str:
    push = percent(answer.push_pct, signed=True)
    if answer.stops is None:
        return _("{push} forces {usd}, stop not known", push=push, usd=usd(answer.pushed_usd))
    likely = answer.stops.likely
    return _(
        "{push} runs to {move}, {usd} forced",
        push=push,
        move=percent(likely.move_pct, signed=True),
        usd=usd(likely.forced_usd),
    )
