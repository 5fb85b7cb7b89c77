"""What a view means, in a sentence of a picture: how it leans, and what a move would set off.

Every figure is a reading of the view or a sum over its map: the words never know more than the picture.

Not here: shorter words of pictures (`words.py`), the header it stands in (`frame.py`).
"""

import math
from dataclasses import dataclass

from liqbot.charts.words import at_most, compact, in_words, of_side
from liqbot.market import figures
from liqbot.market.regime import FUEL_PCT, LEAST_COVERAGE, Regime, regime_name
from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.text import N_, _

WITHIN_PCT = 10.0
"""A cluster nearer than this is what the sentence is about."""
EVEN = 1.1
SLIGHTLY = 1.5
"""Up to these ratios of the heavier to the lighter side, fuel is even, or slightly heavier on one."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a move to a price would set off."""

    side: Side
    price: float
    """USD, rounded away from spot."""
    usd: float
    """All liquidations of the side from spot to `price`."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a view means, in one sentence: how it leans, and what a move would set off."""

    lead: str
    """The regime, as a sentence begins: `Short-squeeze setup`."""
    wordings: tuple[tuple[str, str], ...]
    """What follows it before a colon (often nothing) and behind it, the longest wording first."""
    side: Side | None
    """The side that it is about; None without a reading."""

    @property
    def rest(self) -> tuple[str, ...]:
        """What follows the lead, the longest wording first."""
        return tuple(f"{before}: {behind}" for before, behind in self.wordings)

    def __str__(self) -> str:
        return self.lead + self.rest[0]


def sentence(view: MarketView) -> Sentence:
    """Return what `view` means."""
    name = regime_name(view.regime)
    lead = name[0].upper() + name[1:]
    if view.regime is Regime.NO_READING:
        return Sentence(lead, tuple(("", why) for why in _nothing_near(view)), None)
    side = Side.SHORT if view.fuel.weighed.short > view.fuel.weighed.long else Side.LONG
    leaning, moves = _leaning(view), _moves(view, side)
    shortest = [("", moves[-1])] if view.ratio is None else []
    return Sentence(lead, (*((leaning, move) for move in moves), *shortest), side)


def target(view: MarketView, side: Side) -> Target | None:
    """Return what it takes to clear the heaviest cluster of `side` near spot; None without a near one.

    The price is the cluster's far end, so that the sum holds all of it.
    """
    near = view.clusters.of(side).within(WITHIN_PCT)
    if not near:
        return None
    price = _outwards(near[0].low if side is Side.LONG else near[0].high, side)
    bins = view.map.bins
    place = min(max(bins.place(price), 0), bins.count - 1)
    sums = view.map.forced_sells if side is Side.LONG else view.map.forced_buys
    return Target(side, price, float(sums[place]))


def _leaning(view: MarketView) -> str:
    """Return what follows the lead of a sentence before its colon; often nothing."""
    if view.ratio is None:
        said = N_(", no longs within {percent}%") if view.up_usd > 0 else N_(", no shorts within {percent}%")
        return _(said, percent=f"{FUEL_PCT:.0f}")
    if view.regime is not Regime.BALANCED:
        return ""
    heavier = max(view.ratio, 1 / view.ratio)
    above = view.ratio > 1
    if heavier < EVEN:
        return ""
    if heavier <= SLIGHTLY:
        return _(", slightly heavier above") if above else _(", slightly heavier below")
    return _(", leaning up") if above else _(", leaning down")


def _moves(view: MarketView, side: Side) -> tuple[str, ...]:
    """Return what a move towards `side` would set off, the longest wording first."""
    aim, is_long = target(view, side), side is Side.LONG
    usd = aim.usd if aim is not None else view.down_usd if is_long else view.up_usd
    amount = at_most(view, figures.usd(usd))
    if aim is None:
        said = N_("a {percent}% drop would force-sell {usd}")
        if not is_long:
            said = N_("a {percent}% rise would force-buy {usd}")
        percent = f"{FUEL_PCT:.0f}"
        return tuple(_(said, percent=percent, usd=it) for it in (of_side(side, amount), amount))
    said = N_("a drop to {price} would force-sell {usd}")
    if not is_long:
        said = N_("a rise to {price} would force-buy {usd}")
    price = compact(aim.price)
    return tuple(_(said, price=price, usd=it) for it in (of_side(side, amount), amount))


def _nothing_near(view: MarketView) -> tuple[str, ...]:
    if not view.fuel.is_enough and view.side_coverage is not None:
        known = view.side_coverage
        long, short = figures.share(known.long), figures.share(known.short)
        return (
            _(
                "only {long} of longs and {short} of shorts known, less than {least}",
                long=long,
                short=short,
                least=figures.share(LEAST_COVERAGE),
            ),
            _("only {long} of longs and {short} of shorts known", long=long, short=short),
        )
    if not view.map.usd.any():
        if view.open_usd.long or view.open_usd.short:
            return (_("no position has a liquidation price within reach"),)
        return (_("no open positions are known"),)
    percent = f"{FUEL_PCT:.0f}"
    if not view.clusters:
        return (_("nothing within {percent}%", percent=percent),)
    what = in_words(view.clusters[0])
    return (
        _(
            "nothing within {percent}% of spot; the heaviest cluster is {cluster}",
            percent=percent,
            cluster=what,
        ),
        _("nothing within {percent}%; heaviest is {cluster}", percent=percent, cluster=what),
    )


def _outwards(price: float, side: Side) -> float:
    """Return `price` in four digits, rounded away from spot."""
    step = 10.0 ** (math.floor(math.log10(price)) - 3)
    steps = price / step
    # A price that has four digits already is not moved by what floats cannot say.
    rounded = round(steps) if math.isclose(steps, round(steps), rel_tol=1e-9) else None
    whole = rounded or (math.floor(steps) if side is Side.LONG else math.ceil(steps))
    return float(f"{whole * step:.4g}")
