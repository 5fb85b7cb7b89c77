"""Words of pictures: the sentence of a view, fine print, what lies beyond the edge, alternative text (alt).

Every figure is a reading of the view or a sum over its map: the words never know more than the picture.

Not here: labels of clusters (`labels.py`), the header they stand in (`frame.py`).
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from liqbot.charts.classes import COUNT, Classes
from liqbot.market import figures
from liqbot.market.clusters import Cluster
from liqbot.market.layer import Basis, Origin
from liqbot.market.regime import FUEL_PCT, LEAST_COVERAGE, Regime
from liqbot.market.side import BySide, Side
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
OLD_S = 600.0
"""From this age on, how old positions are matters more than how many of them are known."""
FULL = 0.95
"""From this share of what was asked for on, a window counts as full."""
_UNIT_MS = {"h": 3_600_000, "d": 86_400_000, "y": 365 * 86_400_000}
_UNIT_WORDS = {"h": "hour", "d": "day", "y": "year"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
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
    side = Side.SHORT if view.fuel.weighed.short > view.fuel.weighed.long else Side.LONG
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


def most(view: MarketView) -> str:
    """Return what stands before money that is an upper bound."""
    return "up to " if view.layer.basis is Basis.MODELLED else ""


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
    return f"{figures.price(cluster.price)} ({away(cluster)})"


def away(cluster: Cluster) -> str:
    """Return how far from spot a cluster is: `+7.9%`, `−18%`."""
    distance = cluster.distance_pct if abs(cluster.distance_pct) < 9.95 else round(cluster.distance_pct)
    return figures.percent(distance, signed=True)


def span(grid_ms: int, window: str) -> str:
    """Return how far back a picture reaches: `7 days`, or `6 min of 12 hours` where there is less than asked.

    `grid_ms` is the time from the first to the last column, `window` what was asked for: `12h`, `7d`, `1y`.
    """
    match = re.fullmatch(r"(\d+)([hdy])", window)
    if match is None:
        return window
    number, unit = int(match[1]), match[2]
    asked_ms = number * _UNIT_MS[unit]
    if grid_ms >= FULL * asked_ms:
        return _counted(number, _UNIT_WORDS[unit])
    return f"{_duration(grid_ms)} of {_counted(number, _UNIT_WORDS[unit])}"


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


def ratio_label(view: MarketView) -> str:
    """Return what the ratio is called: whether each side was scaled by its own coverage."""
    return "scaled ratio" if view.fuel.is_scaled else "ratio"


def ratio_heading(view: MarketView) -> str:
    """Return what stands before `ratio` in a picture: of one side alone there is no ratio, only fuel."""
    is_one_sided = view.ratio is None and view.regime is not Regime.NO_READING
    return "fuel" if is_one_sided else ratio_label(view)


def trapped(view: MarketView) -> list[tuple[Side, float]]:
    """Return the trapped share (0 to 1) of each side that has any size, the more trapped side first."""
    shares = [(side, view.trapped.underwater[side]) for side in Side]
    known = [(side, share) for side, share in shares if share is not None]
    return sorted(known, key=lambda known_share: -known_share[1])


def provenance(view: MarketView) -> str:
    """Return the fine print in full: venue and basis, coverage, age of the positions, time."""
    return provenances(view)[0]


def provenances(view: MarketView) -> list[str]:
    """Return the fine print, the longest wording first; none leaves out the venue, the basis or the time.

    The shorter ones leave the origin to the tag on the picture (`tags`), and of old positions rather the
    coverage than the age.
    """
    said, time = view.provenance, utc(view.time_ms)
    # What is modelled says so already, and what that means.
    closing = [] if view.layer.basis is Basis.MODELLED else [NOT_A_FORECAST]
    covered = "coverage unknown" if view.coverage is None else f"{figures.share(view.coverage)} covered"
    both, is_old = "", view.age_s is not None and view.age_s >= OLD_S
    if view.side_coverage is not None:
        known = view.side_coverage
        both = f"{figures.share(known.long)}/{figures.share(known.short)} known"
        covered = f"{figures.share(known.long)}/{figures.share(known.short)} of longs/shorts"
    age = [] if view.age_s is None else [f"{figures.duration(view.age_s)} old"]
    short_time = f"{day(view.time_ms)} {time[11:]}"
    where = f"{view.layer.venue}, {view.layer.basis}"
    modelled = "upper bounds" if view.layer.basis is Basis.MODELLED else "not a forecast"
    return [
        "  |  ".join([said, time, *closing]),
        f"{said}  |  {time}",
        " · ".join([view.layer.label, covered, *age, time, modelled]),
        " · ".join([view.layer.label, covered, *age, short_time, modelled]),
        " · ".join([view.layer.label, covered, *age, short_time]),
        *([" · ".join([view.layer.label, both, *age, short_time])] if both else []),
        *([" · ".join([where, both, *age, short_time])] if both else []),
        *([f"{where} · {both} · {short_time}"] if both and not is_old else []),
        " · ".join([view.layer.label, *age, short_time]),
        " · ".join([where, *age, short_time]),
    ]


def closings(label: str, time: str) -> list[str]:
    """Return the fine print of what is no map, the longest wording first; none leaves out label or time."""
    return [" · ".join([label, time, *rest]) for rest in ([NOT_A_FORECAST], ["not a forecast"], [])]


def tags(view: MarketView) -> list[str]:
    """Return what must not be overlooked: that a market is modelled, recorded or simulated."""
    basis = ["MODELLED"] if view.layer.basis is Basis.MODELLED else []
    return basis + ([] if view.layer.origin is Origin.LIVE else [view.layer.origin.value.upper()])


def file_name(*parts: str) -> str:
    """Return a name for a picture's file, of plain letters: `BTC-heatmap-7d.png`."""
    return "-".join(re.findall(r"[A-Za-z0-9]+", " ".join(parts))) + ".png"


def day(time_ms: int) -> str:
    """Return the day of a time: `27 Jun`."""
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
    return f"{time.day} {_MONTHS[time.month - 1]}"


def utc(time_ms: int) -> str:
    """Return a time to the minute: `2026-06-27 19:33 UTC`."""
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
    return f"{time:%Y-%m-%d %H:%M} UTC"


Shown = tuple[Cluster, str, bool]
"""A cluster that a picture names, its class in words, and whether the picture is about it."""


def alt(view: MarketView, title: str, shown: Sequence[Shown], path: str = "", scale: str = "") -> str:
    """Return the picture in words, at most `ALT_LIMIT` characters.

    `title` says what kind it is, `shown` are the clusters that it names, `path` tells how price went, and
    `scale` what its colours mean.
    """
    up, down = (f"{most(view)}{figures.usd(usd)}" for usd in (view.up_usd, view.down_usd))
    fuel = (
        f"Within ±{FUEL_PCT:.0f}%: {up} of shorts above, {down} of longs below; "
        f"{ratio_label(view)} {figures.ratio(view.ratio)}, {view.regime.value}."
    )
    trapped_shares = ", ".join(f"{side.value}s {figures.share(share)}" for side, share in trapped(view))
    about = [cluster for cluster, _, is_about in shown if is_about]
    opening = [
        f"{view.coin} {title}. Spot ${figures.price(view.spot)}{path}.",
        f"About {most(view)}{_cluster(about[0])}." if about else "",
        fuel,
        f"{sentence(view)}.",
    ]
    closing = [
        f"Trapped: {trapped_shares}." if trapped_shares else "",
        f"{provenance(view).replace('  |  ', '; ')}.",
    ]
    named = [f"{_cluster(cluster)}{f' ({of})' if of else ''}" for cluster, of, _ in shown]
    for said in (scale, ""):
        clusters = f"Clusters named: {', '.join(named)}." if named else ""
        text = " ".join(part for part in [*opening, clusters, said, *closing] if part)
        if len(text) <= ALT_LIMIT:
            return text
    while named:
        named.pop()
        clusters = f"Clusters named: {', '.join(named)}." if named else ""
        text = " ".join(part for part in [*opening, clusters, *closing] if part)
        if len(text) <= ALT_LIMIT:
            return text
    return " ".join(part for part in [*opening, *closing] if part)[:ALT_LIMIT]


def classes(levels: BySide[Classes | None], row_pct: float) -> str:
    """Return what the colours of a heatmap mean, as its legend says it."""
    told = [
        f"{side.value}s {own.words(1)} to {own.words(COUNT)}"
        for side in (Side.SHORT, Side.LONG)
        if (own := levels[side]) is not None
    ]
    per = figures.percent(round(row_pct, 1))
    return f"Classes 1 to {COUNT} by money per {per} of price: {', '.join(told)}." if told else ""


def _cluster(cluster: Cluster) -> str:
    return f"{figures.usd(cluster.usd)} of {cluster.side.value}s at {place(cluster)}"


def _duration(ms: int) -> str:
    """Return a span of time in one unit, rounded down, but for what all but fills its last unit."""
    for unit in ("d", "h"):
        if ms >= (2 if unit == "d" else 1) * _UNIT_MS[unit]:
            return _counted(int(ms / _UNIT_MS[unit] + 1 - FULL), _UNIT_WORDS[unit])
    return f"{ms // 60_000} min"


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


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
        said = f"a {move} to {compact(aim.price)} would {order} {most(view)}{figures.usd(aim.usd)}"
    else:
        usd = view.down_usd if side is Side.LONG else view.up_usd
        said = f"a {FUEL_PCT:.0f}% {move} would {order} {most(view)}{figures.usd(usd)}"
    return f"{said} of {side.value}s", said


def _nothing_near(view: MarketView) -> tuple[str, ...]:
    if not view.fuel.is_enough and view.side_coverage is not None:
        known = view.side_coverage
        long, short = figures.share(known.long), figures.share(known.short)
        said = f": only {long} of longs and {short} of shorts known"
        return f"{said}, less than {figures.share(LEAST_COVERAGE)}", said
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
