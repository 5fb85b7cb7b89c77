"""Liquidations in words: who was force-closed, how much, against the usual hour, and how sure that is."""

from liqbot.chat.market_words import source_words
from liqbot.market.liquidations import FEWEST_HOURS
from liqbot.market.side import Side
from liqbot.market.updates import Provenance
from liqbot.message import Fact, Table, Tone
from liqbot.service.liquidations import LargestLiquidation, LiquidationsAnswer, VenueLiquidations
from liqbot.text import N_, _, ngettext
from liqbot.text.figures import duration, listed, price, ratio, share, usd

UNCOUNTED = 1_000
"""From so many times a usual hour on the figure is not told: it would say nothing more."""

_LOPSIDED = 2 / 3
"""A side with more than this share of what was liquidated gives the answer its colour."""
_HOW_KNOWN = {
    Provenance.STREAMED: "",
    Provenance.BACKFILLED: N_("asked for afterwards"),
    Provenance.INFERRED: N_("inferred"),
}


def tone(answer: LiquidationsAnswer) -> Tone:
    """Return the tone of what was liquidated: that of the side that was hit."""
    if not answer.usd:
        return Tone.NEUTRAL
    longs = answer.long_usd / answer.usd
    return Tone.LONGS if longs > _LOPSIDED else Tone.SHORTS if longs < 1 - _LOPSIDED else Tone.NEUTRAL


def title(answer: LiquidationsAnswer) -> str:
    """Return it in a line: `BTC: $12.4M liquidated in 24 h, 71% longs`."""
    span = duration((answer.time_ms - answer.since_ms) / 1000)
    if not answer.usd:
        return _("{coin}: no liquidation was told of in {span}", coin=answer.coin, span=span)
    words = {"coin": answer.coin, "usd": usd(answer.usd), "span": span}
    longs = answer.long_usd / answer.usd
    if longs >= 0.5:
        title = N_("{coin}: {usd} liquidated in {span}, {share} longs")
        bounded = N_("{coin}: at least {usd} liquidated in {span}, {share} longs")
    else:
        title = N_("{coin}: {usd} liquidated in {span}, {share} shorts")
        bounded = N_("{coin}: at least {usd} liquidated in {span}, {share} shorts")
    return _(bounded if answer.is_lower_bound else title, share=share(max(longs, 1 - longs)), **words)


def lines(answer: LiquidationsAnswer) -> tuple[str, ...]:
    """Return nothing: the title says what it means."""
    del answer
    return ()


def facts(answer: LiquidationsAnswer) -> list[Fact]:
    """Return both sides, and the hour that ends now beside its usual hour."""
    return [
        Fact(_("Longs, forced sells"), usd(answer.long_usd)),
        Fact(_("Shorts, forced buys"), usd(answer.short_usd)),
        Fact(_("Last hour"), hour(answer)),
    ]


def tables(answer: LiquidationsAnswer) -> list[Table]:
    """Return the sums of each venue, and the largest single liquidations."""
    told = [one for one in answer.venues if one.count]
    tables = [Table(tuple(map(_venue, told)), _("By venue: longs, shorts"))] if told else []
    if answer.largest:
        rows = tuple(_largest(one, answer.time_ms) for one in answer.largest)
        tables.append(Table(rows, _("Largest")))
    return tables


def notes(answer: LiquidationsAnswer) -> list[str]:
    """Return how sure it is: who tells only a sample, who told nothing, and since when anything is known."""
    said: list[str] = []
    sampled = [one.venue for one in answer.venues if one.sampled]
    if sampled:
        said.append(
            _("{venues} tells only some of its liquidations: sums are lower bounds.", venues=listed(sampled))
        )
    silent = [one.venue for one in answer.venues if not one.count]
    if silent:
        said.append(
            _(
                "Nothing was told by {venues}. Silence is no proof that nothing was liquidated there.",
                venues=listed(silent),
            )
        )
    if answer.known_since_ms is not None and answer.known_since_ms > answer.since_ms:
        known = duration((answer.time_ms - answer.known_since_ms) / 1000)
        said.append(_("The oldest that is known is {span} old.", span=known))
    if any(one.provenance is Provenance.INFERRED for one in answer.largest):
        said.append(
            _("Inferred: the price was crossed and the position was gone at the next look; nobody told it.")
        )
    return said


def sources(answer: LiquidationsAnswer) -> str:
    """Return who told it."""
    return source_words([(one.venue, one.origin) for one in answer.venues])


def hour(answer: LiquidationsAnswer) -> str:
    """Return what was liquidated in the last hour, and how that stands against a usual one."""
    now = usd(answer.hour_usd)
    if answer.usual_hour_usd is None:
        return _(
            "{usd}; usual not known yet ({hours} of {least} h)",
            usd=now,
            hours=answer.usual_hours,
            least=FEWEST_HOURS,
        )
    days = duration(answer.usual_hours * 3_600)
    usual = usd(answer.usual_hour_usd)
    times = answer.times_usual
    if times is None:
        return _("{usd}; a usual hour of the last {days} has none", usd=now, days=days)
    if times >= UNCOUNTED:
        return _("{usd}, over a thousand times a usual hour ({usual}, median of {days})", usd=now,
                 usual=usual, days=days)  # fmt: skip
    return _("{usd}, {times}× a usual hour ({usual}, median of {days})", usd=now, times=ratio(times),
             usual=usual, days=days)  # fmt: skip


def _venue(venue: VenueLiquidations) -> tuple[str, ...]:
    count = ngettext("{count} liquidation", "{count} liquidations", venue.count)
    bounded = _("at least") if venue.sampled else ""
    return (venue.venue, usd(venue.long_usd), usd(venue.short_usd), count, bounded)


def _largest(one: LargestLiquidation, now_ms: int) -> tuple[str, ...]:
    side = _("long") if one.side is Side.LONG else _("short")
    ago = _("{span} ago", span=duration(max(now_ms - one.time_ms, 0) / 1000))
    how = _HOW_KNOWN[one.provenance]
    return (usd(one.usd), side, price(one.price), one.venue, ago, _(how))
