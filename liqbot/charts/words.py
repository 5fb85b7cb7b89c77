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
from liqbot.market.regime import FUEL_PCT, LEAST_COVERAGE, Regime, regime_name
from liqbot.market.side import BySide, Side
from liqbot.market.view import MarketView
from liqbot.text import N_, _, ngettext

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
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MODELLED = N_("MODELLED")
_ORIGINS = {
    Origin.RECORDED: N_("RECORDED"),
    Origin.SIMULATED: N_("SIMULATED"),
    Origin.SIMULATED_RECORDED: N_("SIMULATED, RECORDED"),
}


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


def at_most(view: MarketView, money: str) -> str:
    """Return money, with what stands before it where it is an upper bound."""
    return _("up to {money}", money=money) if view.layer.basis is Basis.MODELLED else money


def of_side(side: Side, money: str) -> str:
    """Return money with whose it is: `$3.1M of longs`."""
    return _("{money} of longs", money=money) if side is Side.LONG else _("{money} of shorts", money=money)


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
        return _counted(number, unit)
    return _("{span} of {asked}", span=_duration(grid_ms), asked=_counted(number, unit))


def holders(cluster: Cluster) -> tuple[str, ...]:
    """Return who holds a cluster, the longest wording first; nothing where that is not known."""
    if cluster.accounts is None:
        return ()
    many = ngettext("1 account", "{many} accounts", cluster.accounts, many=f"{cluster.accounts:,}")
    if not cluster.whale_share or cluster.accounts == 1:
        return (many,)
    whales = figures.share(cluster.whale_share)
    return _("{accounts}, {share} whales", accounts=many, share=whales), many


def beyond(view: MarketView, side: Side, low: float, high: float) -> str:
    """Return what a side has farther from spot than `low` or `high`; nothing where that is little."""
    edges, usd = view.map.bins.edges, view.map.of(side)
    # What is beyond the map's own reach lies there, even where a picture goes farther.
    low, high = max(low, float(edges[0])), min(high, float(edges[-1]))
    outside = edges[1:] <= low if side is Side.LONG else edges[:-1] >= high
    farther = float(usd[outside].sum()) + view.beyond[side]
    if farther <= BEYOND_MATTERS * (float(usd.sum()) + view.beyond[side]):
        return ""
    if side is Side.LONG:
        return _("{usd} more below {price}", usd=figures.usd(farther), price=compact(_short(low)))
    return _("{usd} more above {price}", usd=figures.usd(farther), price=compact(_short(high)))


def unplaced(view: MarketView) -> str:
    """Return what of the open size is in no map, where that matters: without a level, or with a stale one."""
    matters = UNPLACED_MATTERS * (view.open_usd.long + view.open_usd.short)
    without = view.unreachable.long + view.unreachable.short
    stale = view.stale.long + view.stale.short
    said = [_("{usd} has no level in reach", usd=figures.usd(without))] if without > matters else []
    return " · ".join([*said, _("{usd} is stale", usd=figures.usd(stale))] if stale > matters else said)


def ratio(view: MarketView) -> str:
    """Return the ratio, or what is said where there is none."""
    if view.ratio is None and view.regime is not Regime.NO_READING:
        return _("shorts only") if view.up_usd > 0 else _("longs only")
    return figures.ratio(view.ratio)


def ratio_label(view: MarketView) -> str:
    """Return what the ratio is called: whether each side was scaled by its own coverage."""
    return _("scaled ratio") if view.fuel.is_scaled else _("ratio")


def ratio_heading(view: MarketView) -> str:
    """Return what stands before `ratio` in a picture: of one side alone there is no ratio, only fuel."""
    is_one_sided = view.ratio is None and view.regime is not Regime.NO_READING
    return _("fuel") if is_one_sided else ratio_label(view)


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
    closing = [] if view.layer.basis is Basis.MODELLED else [_("where forced orders sit, not a forecast")]
    covered = _("coverage unknown")
    if view.coverage is not None:
        covered = _("{share} covered", share=figures.share(view.coverage))
    both, is_old = "", view.age_s is not None and view.age_s >= OLD_S
    if view.side_coverage is not None:
        known = view.side_coverage
        shares = f"{figures.share(known.long)}/{figures.share(known.short)}"
        both, covered = _("{shares} known", shares=shares), _("{shares} of longs/shorts", shares=shares)
    age = [] if view.age_s is None else [_("{span} old", span=figures.duration(view.age_s))]
    short_time = f"{day(view.time_ms)} {time[11:]}"
    where = f"{view.layer.venue}, {view.layer.basis}"
    modelled = _("upper bounds") if view.layer.basis is Basis.MODELLED else _("not a forecast")
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
    endings = (_("where forced orders sit, not a forecast"), _("not a forecast"), "")
    return [" · ".join(part for part in (label, time, ending) if part) for ending in endings]


def tags(view: MarketView) -> list[str]:
    """Return what must not be overlooked: that a market is modelled, recorded or simulated."""
    return ([_(_MODELLED)] if view.layer.basis is Basis.MODELLED else []) + origin_tags(view)


def origin_tags(view: MarketView) -> list[str]:
    """Return what must not be overlooked of where a market comes from: nothing of a live one."""
    return [_(_ORIGINS[view.layer.origin])] if view.layer.origin in _ORIGINS else []


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
    up, down = (at_most(view, figures.usd(usd)) for usd in (view.up_usd, view.down_usd))
    fuel = _(
        "Within ±{percent}%: {up} of shorts above, {down} of longs below; {label} {ratio}, {regime}.",
        percent=f"{FUEL_PCT:.0f}",
        up=up,
        down=down,
        label=ratio_label(view),
        ratio=figures.ratio(view.ratio),
        regime=regime_name(view.regime),
    )
    shares = ", ".join(f"{side_name(side)} {figures.share(share)}" for side, share in trapped(view))
    about = [cluster for cluster, _words, is_about in shown if is_about]
    spot = figures.price(view.spot)
    opening = [
        _("{coin} {title}. Spot ${spot}{path}.", coin=view.coin, title=title, spot=spot, path=path),
        _("About {cluster}.", cluster=at_most(view, in_words(about[0]))) if about else "",
        fuel,
        f"{sentence(view)}.",
    ]
    closing = [
        _("Trapped: {shares}.", shares=shares) if shares else "",
        f"{provenance(view).replace('  |  ', '; ')}.",
    ]
    named = [f"{in_words(cluster)}{f' ({of})' if of else ''}" for cluster, of, _is_about in shown]
    for said in (scale, ""):
        clusters = _named(named)
        text = " ".join(part for part in [*opening, clusters, said, *closing] if part)
        if len(text) <= ALT_LIMIT:
            return text
    while named:
        named.pop()
        clusters = _named(named)
        text = " ".join(part for part in [*opening, clusters, *closing] if part)
        if len(text) <= ALT_LIMIT:
            return text
    return " ".join(part for part in [*opening, *closing] if part)[:ALT_LIMIT]


def classes(levels: BySide[Classes | None], row_pct: float) -> str:
    """Return what the colours of a heatmap mean, as its legend says it."""
    told: list[str] = []
    for side in (Side.SHORT, Side.LONG):
        own = levels[side]
        if own is not None:
            said = N_("shorts {lowest} to {top}") if side is Side.SHORT else N_("longs {lowest} to {top}")
            told.append(_(said, lowest=own.words(1), top=own.words(COUNT)))
    if not told:
        return ""
    return _(
        "Classes 1 to {count} by money per {percent} of price: {sides}.",
        count=COUNT,
        percent=figures.percent(round(row_pct, 1)),
        sides=", ".join(told),
    )


def in_words(cluster: Cluster) -> str:
    """Return a cluster in words: `$3.1M of longs at 59,800 (−4.2%)`."""
    usd = figures.usd(cluster.usd)
    said = N_("{usd} of longs at {place}") if cluster.side is Side.LONG else N_("{usd} of shorts at {place}")
    return _(said, usd=usd, place=place(cluster))


def side_name(side: Side) -> str:
    """Return what the positions of a side are called."""
    return _("longs") if side is Side.LONG else _("shorts")


def _named(clusters: Sequence[str]) -> str:
    return _("Clusters named: {clusters}.", clusters=", ".join(clusters)) if clusters else ""


def _duration(ms: int) -> str:
    """Return a span of time in one unit, rounded down, but for what all but fills its last unit."""
    for unit in ("d", "h"):
        if ms >= (2 if unit == "d" else 1) * _UNIT_MS[unit]:
            return _counted(int(ms / _UNIT_MS[unit] + 1 - FULL), unit)
    return _("{count} min", count=ms // 60_000)


def _counted(number: int, unit: str) -> str:
    if unit == "h":
        return ngettext("{count} hour", "{count} hours", number)
    if unit == "d":
        return ngettext("{count} day", "{count} days", number)
    return ngettext("{count} year", "{count} years", number)


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
