"""The strip beneath a heatmap: funding, open interest, accounts and options, in a few figures."""

from liqbot.charts.request import Fact
from liqbot.market.context import WITH_OPTIONS, next_expiries
from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.text import _
from liqbot.text.figures import duration, percent, share


def context_strip(view: MarketView) -> tuple[Fact, ...]:
    """Return what is known of a view's surroundings, the most telling first."""
    facts: list[Fact] = []
    context = view.context
    if view.funding is not None:
        side = Side.LONG if view.funding > 0 else Side.SHORT if view.funding < 0 else None
        facts.append(Fact(_("funding"), f"{100 * view.funding:+.4f}%/h", side))
    if context is not None:
        if context.funding_rank is not None:
            facts.append(Fact(_("above"), _("{share} of 7 d", share=share(context.funding_rank))))
        for change, label in ((context.interest_24h, "OI 24h"), (context.interest_7d, "OI 7d")):
            if change is not None:
                facts.append(Fact(label, percent(100 * change, signed=True)))
        if context.long_accounts is not None:
            facts.append(Fact(_("accounts long"), share(context.long_accounts)))
        if context.taker_buy is not None:
            facts.append(Fact(_("takers bought"), share(context.taker_buy)))
    if view.coin in WITH_OPTIONS:
        monthly_ms, _quarterly_ms = next_expiries(view.time_ms)
        facts.append(Fact(_("options"), duration((monthly_ms - view.time_ms) / 1000)))
    return tuple(facts)
