"""What a picture says in words: the sentence, the fine print, and the text for those who cannot see it.

Every figure is a reading of the view or a sum over its map: the words never know more than the picture.
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from liqbot.market import figures
from liqbot.market.clusters import Cluster
from liqbot.market.layer import Basis, Origin
from liqbot.market.regime import FUEL_PCT, Regime
from liqbot.market.side import Side
from liqbot.market.view import MarketView

ALT_LIMIT = 1024
"""Most characters that a chat takes as the description of a picture."""
WITHIN_PCT = 10.0
"""A cluster nearer than this is what the sentence is about."""
BEYOND_MATTERS = 0.1
"""From this share of a side on, what lies outside a picture is told in it."""
UNPLACED_MATTERS = 0.01
"""From this share of all open size on, what is in no map is told in the fine print."""
EVEN = 1.1
SLIGHTLY = 1.5
"""Up to these ratios of the heavier to the lighter side, fuel is even, or slightly heavier on one."""
NOT_A_FORECAST = "where forced orders sit, not a forecast"


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
    rest: tuple[str, ...]
    """What follows it, the longest wording first."""
    side: Side | None
    """The side that it is about; None without a reading."""

    def __str__(self) -> str:
        return self.lead + self.rest[0]


def sentence(view: MarketView) -> Sentence:
    """Return what `view` means."""
    if view.regime is Regime.NO_READING:
        return Sentence("No reading", _nothing_near(view), None)
    side = Side.SHORT if view.up_usd > view.down_usd else Side.LONG
    lead = view.regime.value[0].upper() + view.regime.value[1:]
    leaning, moves = _leaning(view), _moves(view, side)
    shortest = [f": {moves[-1]}"] if view.ratio is None else []
    return Sentence(lead, (*(f"{leaning}: {move}" for move in moves), *shortest), side)


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


def compact(price: float) -> str:
    """Return a price as short as it goes without rounding to fewer than six digits: `59.8k`, `0.0042`."""
    if price >= 1_000_000:
        return f"{price / 1e6:.6g}M"
    if price >= 10_000:
        return f"{price / 1000:.6g}k"
    if price >= 1000:
        return f"{price:,.6g}" if price == round(price) else f"{price:,.1f}"
    return figures.price(price).rstrip("0").rstrip(".") if price < 1 else f"{price:.6g}"


def place(cluster: Cluster) -> str:
    """Return where a cluster is: `66,909 (+7.9%)`; far away, whole percents are enough."""
    distance = cluster.distance_pct if abs(cluster.distance_pct) < 9.95 else round(cluster.distance_pct)
    return f"{figures.price(cluster.price)} ({figures.percent(distance, signed=True)})"


def holders(cluster: Cluster) -> tuple[str, ...]:
    """Return who holds a cluster, the longest wording first; nothing where that is not known."""
    if cluster.accounts is None:
        return ()
    if cluster.accounts == 1:
        return ("1 account",)
    many = f"{cluster.accounts:,} accounts"
    if not cluster.whale_share:
        return (many,)
    return f"{many}, {figures.share(cluster.whale_share)} whales", many


def beyond(view: MarketView, side: Side, low: float, high: float) -> str:
    """Return what a side has farther from spot than `low` or `high`; nothing where that is little."""
    edges, usd = view.map.bins.edges, view.map.of(side)
    # What is beyond the map's own reach lies there, even where a picture goes farther.
    low, high = max(low, float(edges[0])), min(high, float(edges[-1]))
    outside = edges[1:] <= low if side is Side.LONG else edges[:-1] >= high
    farther = float(usd[outside].sum()) + view.beyond[side]
    if farther <= BEYOND_MATTERS * (float(usd.sum()) + view.beyond[side]):
        return ""
    where = f"below {compact(_short(low))}" if side is Side.LONG else f"above {compact(_short(high))}"
    return f"{figures.usd(farther)} more {where}"


def unplaced(view: MarketView) -> str:
    """Return what of the open size is in no map, where that matters: without a level, or with a stale one."""
    matters = UNPLACED_MATTERS * (view.open_usd.long + view.open_usd.short)
    without = view.unreachable.long + view.unreachable.short
    stale = view.stale.long + view.stale.short
    said = [f"{figures.usd(without)} has no level in reach"] if without > matters else []
    return " · ".join([*said, f"{figures.usd(stale)} is stale"] if stale > matters else said)


def ratio(view: MarketView) -> str:
    """Return the ratio, or what is said where there is none."""
    if view.ratio is None and view.regime is not Regime.NO_READING:
        return "shorts only" if view.up_usd > 0 else "longs only"
    return figures.ratio(view.ratio)


def trapped(view: MarketView) -> list[tuple[Side, float]]:
    """Return the trapped share (0 to 1) of each side that has any size, the more trapped side first."""
    shares = [(side, view.trapped.underwater[side]) for side in Side]
    known = [(side, share) for side, share in shares if share is not None]
    return sorted(known, key=lambda known_share: -known_share[1])


def provenance(view: MarketView) -> str:
    """Return the fine print: venue and basis, coverage, age of the positions, time."""
    said = f"{view.provenance}  |  {utc(view.time_ms)}"
    # What is modelled says so already, and what that means.
    return said if view.layer.basis is Basis.MODELLED else f"{said}  |  {NOT_A_FORECAST}"


def tags(view: MarketView) -> list[str]:
    """Return what must not be overlooked: that a market is modelled, recorded or simulated."""
    basis = ["MODELLED"] if view.layer.basis is Basis.MODELLED else []
    return basis + ([] if view.layer.origin is Origin.LIVE else [view.layer.origin.value.upper()])


def file_name(*parts: str) -> str:
    """Return a name for a picture's file, of plain letters: `BTC-heatmap-7d.png`."""
    return "-".join(re.findall(r"[A-Za-z0-9]+", " ".join(parts))) + ".png"


def utc(time_ms: int) -> str:
    """Return a time to the minute: `2026-06-27 19:33 UTC`."""
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
    return f"{time:%Y-%m-%d %H:%M} UTC"


def alt(view: MarketView, title: str, shown: list[Cluster], path: str = "") -> str:
    """Return the picture in words, at most `ALT_LIMIT` characters.

    `title` says what kind it is, `shown` are the clusters that it names, `path` tells how price went.
    """
    up, down = figures.usd(view.up_usd), figures.usd(view.down_usd)
    fuel = (
        f"Within ±{FUEL_PCT:.0f}%: {up} of shorts above, {down} of longs below; "
        f"ratio {figures.ratio(view.ratio)}, {view.regime.value}."
    )
    trapped_shares = ", ".join(f"{side.value}s {figures.share(share)}" for side, share in trapped(view))
    opening = [
        f"{view.coin} {title}. Spot ${figures.price(view.spot)}{path}.",
        fuel,
        f"{sentence(view)}.",
    ]
    closing = [
        f"Trapped: {trapped_shares}." if trapped_shares else "",
        f"{provenance(view).replace('  |  ', '; ')}.",
    ]
    heaviest = [
        f"{figures.usd(cluster.usd)} of {cluster.side.value}s at {place(cluster)}" for cluster in shown
    ]
    while True:
        clusters = f"Heaviest clusters: {', '.join(heaviest)}." if heaviest else ""
        text = " ".join(part for part in [*opening, clusters, *closing] if part)
        if len(text) <= ALT_LIMIT or not heaviest:
            return text[:ALT_LIMIT]
        heaviest.pop()


def _leaning(view: MarketView) -> str:
    if view.ratio is None:
        return f", no {'longs' if view.up_usd > 0 else 'shorts'} within {FUEL_PCT:.0f}%"
    if view.regime is not Regime.BALANCED:
        return ""
    heavier = max(view.ratio, 1 / view.ratio)
    above = view.ratio > 1
    if heavier < EVEN:
        return ""
    if heavier <= SLIGHTLY:
        return f", slightly heavier {'above' if above else 'below'}"
    return f", leaning {'up' if above else 'down'}"


def _moves(view: MarketView, side: Side) -> tuple[str, ...]:
    """Return what a move towards `side` would set off, the longest wording first."""
    aim = target(view, side)
    move, order = ("drop", "force-sell") if side is Side.LONG else ("rise", "force-buy")
    if aim is not None:
        said = f"a {move} to {compact(aim.price)} would {order} {figures.usd(aim.usd)}"
    else:
        usd = view.down_usd if side is Side.LONG else view.up_usd
        said = f"a {FUEL_PCT:.0f}% {move} would {order} {figures.usd(usd)}"
    return f"{said} of {side.value}s", said


def _nothing_near(view: MarketView) -> tuple[str, ...]:
    if not view.map.usd.any():
        none = "no open positions are known"
        unreachable = "no position has a liquidation price within reach"
        return (f": {unreachable if view.open_usd.long or view.open_usd.short else none}",)
    nothing = f": nothing within {FUEL_PCT:.0f}%"
    if not view.clusters:
        return (nothing,)
    heaviest = view.clusters[0]
    what = f"{figures.usd(heaviest.usd)} of {heaviest.side.value}s at {place(heaviest)}"
    return f"{nothing} of spot; the heaviest cluster is {what}", f"{nothing}; heaviest is {what}"


def _short(price: float) -> float:
    return float(f"{price:.3g}")


def _outwards(price: float, side: Side) -> float:
    """Return `price` in four digits, rounded away from spot."""
    step = 10.0 ** (math.floor(math.log10(price)) - 3)
    steps = price / step
    # A price that has four digits already is not moved by what floats cannot say.
    rounded = round(steps) if math.isclose(steps, round(steps), rel_tol=1e-9) else None
    whole = rounded or (math.floor(steps) if side is Side.LONG else math.ceil(steps))
    return float(f"{whole * step:.4g}")
