"""What surrounds a market in words: funding and open interest against their past, accounts, options."""

from collections.abc import Iterable

from liqbot.message import Fact
from liqbot.service.market_answer import MarketAnswer
from liqbot.text import _
from liqbot.text.figures import duration, listed, percent, share, usd


def surroundings(market: MarketAnswer) -> list[Fact]:
    """Return open interest and its change, stretched funding, accounts, takers, and when options expire."""
    crowd = [*accounts(market), *takers(market)]
    return [*open_interest(market), *stretch(market), *crowd, *expiries(market)]


def open_interest(market: MarketAnswer) -> list[Fact]:
    """Return open interest and how it has changed; nothing where it is unknown."""
    if market.open_interest_usd is None:
        return []
    said = [usd(market.open_interest_usd)]
    context = market.context
    if context is not None:
        for change, span in (
            (context.interest_1h, _("1 h")),
            (context.interest_24h, _("24 h")),
            (context.interest_7d, _("7 d")),
        ):
            if change is not None:
                said.append(_("{change} in {span}", change=percent(100 * change, signed=True), span=span))
    return [Fact(_("Open interest"), ", ".join(said))]


def stretch(market: MarketAnswer) -> list[Fact]:
    """Return how funding stands among that of the last week; nothing where that is unknown."""
    rank = None if market.context is None else market.context.funding_rank
    if rank is None:
        return []
    if rank >= 0.5:
        return [Fact(_("Funding stretch"), _("above {share} of the last week", share=share(rank)))]
    return [Fact(_("Funding stretch"), _("below {share} of the last week", share=share(1 - rank)))]


def accounts(market: MarketAnswer) -> list[Fact]:
    """Return which share of accounts is long, venue by venue; nothing where nobody tells."""
    own = None if market.context is None else market.context.long_accounts
    others = ((other.venue, other.long_accounts) for other in market.others)
    return _by_venue(_("Accounts long"), [(market.venue, own), *others])


def takers(market: MarketAnswer) -> list[Fact]:
    """Return what takers bought lately of what they traded, venue by venue; nothing where nobody tells."""
    own = None if market.context is None else market.context.taker_buy
    others = ((other.venue, other.taker_buy) for other in market.others)
    return _by_venue(_("Takers bought, 5 min"), [(market.venue, own), *others])


def _by_venue(label: str, told: Iterable[tuple[str, float | None]]) -> list[Fact]:
    """Return a share (0 to 1) by venue as a fact, of those venues that tell one."""
    known = {venue: share(value) for venue, value in told if value is not None}
    return [Fact(label, listed([f"{venue} {said}" for venue, said in known.items()]))] if known else []


def expiries(market: MarketAnswer) -> list[Fact]:
    """Return when the next options expire; nothing for a coin without any."""
    if market.monthly_expiry_ms is None or market.quarterly_expiry_ms is None:
        return []
    monthly = duration((market.monthly_expiry_ms - market.time_ms) / 1000)
    quarterly = duration((market.quarterly_expiry_ms - market.time_ms) / 1000)
    if market.monthly_expiry_ms == market.quarterly_expiry_ms:
        return [Fact(_("Options expire"), _("in {span}, monthly and quarterly", span=quarterly))]
    return [
        Fact(
            _("Options expire"),
            _("in {monthly}, the quarterly ones in {quarterly}", monthly=monthly, quarterly=quarterly),
        )
    ]
