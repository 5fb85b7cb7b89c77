"""Words of pictures: fine print, tags, what lies beyond the edge, how prices, clusters and times are said.

Every figure is a reading of the view or a sum over its map: the words never know more than the picture.

Not here: what a view means (`meaning.py`), pictures in words (`alternative_text.py`), labels of clusters
(`labels.py`), the header they stand in (`frame.py`).
"""

import re
from datetime import UTC, datetime, timedelta

from liqbot.market import figures
from liqbot.market.clusters import Cluster
from liqbot.market.layer import Basis, Origin
from liqbot.market.regime import Fuel, OfFuel, Regime
from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.text import N_, _, ngettext

BEYOND_MATTERS = 0.1
"""From this share of a side on, what lies outside a picture is told in it."""
UNPLACED_MATTERS = 0.01
"""From this share of all open size on, what is in no map is told in the fine print."""
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


def ratio_label(*fuel: Fuel) -> str:
    """Return what the ratio is called: whether each side was scaled by its own coverage, if once alone."""
    return _("scaled ratio") if any(one.is_scaled for one in fuel) else _("ratio")


def ratio_heading(view: OfFuel) -> str:
    """Return what stands before `ratio` in a picture: of one side alone there is no ratio, only fuel."""
    is_one_sided = view.ratio is None and view.regime is not Regime.NO_READING
    return _("fuel") if is_one_sided else ratio_label(view.fuel)


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


def in_words(cluster: Cluster) -> str:
    """Return a cluster in words: `$3.1M of longs at 59,800 (−4.2%)`."""
    usd = figures.usd(cluster.usd)
    said = N_("{usd} of longs at {place}") if cluster.side is Side.LONG else N_("{usd} of shorts at {place}")
    return _(said, usd=usd, place=place(cluster))


def side_name(side: Side) -> str:
    """Return what the positions of a side are called."""
    return _("longs") if side is Side.LONG else _("shorts")


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


def _short(price: float) -> float:
    return float(f"{price:.3g}")
