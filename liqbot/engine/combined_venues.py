"""Several modelled venues in one view, which says so: estimates are added, measured positions never."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from liqbot.engine.clusters import find_in_bins
from liqbot.engine.track_matching import Passage
from liqbot.engine.tracking import Tracks, follow
from liqbot.market.cohort import Cohort
from liqbot.market.dated_reading import DatedReading
from liqbot.market.grid import Grid
from liqbot.market.layer import Basis, Layer
from liqbot.market.maps import Bins, LiquidationMap
from liqbot.market.positions import Floats
from liqbot.market.side import BySide, Side
from liqbot.market.view import MarketView

HOUR_MS = 3_600_000


def combine_views(views: Sequence[MarketView]) -> MarketView:
    """Return the sum of modelled views of one coin, at the newest time and at the largest venue's spot.

    Levels that lie on the wrong side of that spot count as stale: prices differ a little between venues.
    Raises `ValueError` for a view that is not modelled, and for none at all.
    """
    if not views or any(view.layer.basis is not Basis.MODELLED for view in views):
        raise ValueError("only modelled views are added up, and at least one")
    if len(views) == 1:
        return views[0]
    first = max(views, key=lambda view: view.open_interest_usd or 0.0)
    spot, time_ms = first.spot, max(view.time_ms for view in views)
    bins = _common([view.map.bins for view in views])
    usd = np.zeros((2, len(Cohort), bins.count))
    for view in views:
        own = view.map.bins
        usd[:, :, own.first - bins.first :][:, :, : own.count] += view.map.usd
    wrong = np.zeros(usd.shape, dtype=np.bool_)
    wrong[Side.LONG.row, :, bins.edges[1:] > spot] = True
    wrong[Side.SHORT.row, :, bins.edges[:-1] < spot] = True
    passed = np.where(wrong, usd, 0.0).sum(axis=(1, 2))
    liquidation_map = LiquidationMap(bins, spot, np.where(wrong, 0.0, usd))
    followed = follow(
        Tracks(first.coin), find_in_bins(liquidation_map), Passage(spot, first.low, first.high, time_ms)
    )
    interest = _sum_or_none([view.open_interest_usd for view in views])
    ages = [view.age_s + (time_ms - view.time_ms) / 1000 for view in views if view.age_s is not None]
    stale = _sums([view.stale for view in views])
    return replace(
        first,
        layer=_layer([view.layer for view in views]),
        time_ms=time_ms,
        map=liquidation_map,
        clusters=followed.clusters,
        ended=(),
        up_usd=sum(view.up_usd for view in views),
        down_usd=sum(view.down_usd for view in views),
        open_usd=_sums([view.open_usd for view in views]),
        beyond=_sums([view.beyond for view in views]),
        stale=BySide(stale.long + float(passed[0]), stale.short + float(passed[1])),
        unreachable=_sums([view.unreachable for view in views]),
        liquidated=_sums([view.liquidated for view in views]),
        funding=None,
        open_interest=None if interest is None else interest / spot,
        coverage=None if not interest else float(liquidation_map.usd.sum()) / 2 / interest,
        age_s=max(ages, default=None),
        oldest_s=max(ages, default=None),
        swept=None,
        others=(),
    )


def combine_grids(grids: Sequence[Grid]) -> Grid:
    """Return the sum of grids, in the columns of the first; of each other the map that held at that time."""
    first = grids[0]
    bins = _common([grid.bins for grid in grids])
    usd = np.zeros((len(first), bins.count), dtype=np.float32)
    for grid in grids:
        place = np.searchsorted(grid.time_ms, first.time_ms, side="right") - 1
        known = place >= 0
        rows = np.where(known[:, np.newaxis], grid.usd[place], 0.0)
        usd[:, grid.bins.first - bins.first :][:, : grid.bins.count] += rows
    return replace(first, bins=bins, usd=usd, open_interest=_interest(grids))


def combine_readings(pasts: Sequence[Sequence[DatedReading]]) -> list[DatedReading]:
    """Return the sum of past readings hour by hour, at the spot of the first, the oldest first.

    An hour counts where each of them has a reading of it: a sum without a venue would look like a fall.
    """
    by_hour = [{one.time_ms // HOUR_MS: one for one in past} for past in pasts]
    hours = sorted(set[int]().union(*by_hour).intersection(*by_hour))
    return [_sum_of([past[hour] for past in by_hour]) for hour in hours]


def _sum_of(readings: Sequence[DatedReading]) -> DatedReading:
    first = readings[0]
    interest = _sum_or_none([one.open_interest_usd for one in readings])
    placed = _sum_or_none(
        [
            None
            if one.coverage is None or one.open_interest_usd is None
            else one.coverage * one.open_interest_usd
            for one in readings
        ]
    )
    return replace(
        first,
        time_ms=max(one.time_ms for one in readings),
        up_usd=sum(one.up_usd for one in readings),
        down_usd=sum(one.down_usd for one in readings),
        coverage=None if not interest or placed is None else placed / interest,
        coverage_long=None,
        coverage_short=None,
        funding=None,
        open_interest=None if interest is None else interest / first.spot,
    )


def _interest(grids: Sequence[Grid]) -> Floats | None:
    """Return the sum of open interest in the columns of the first grid, NaN where one of them is unknown."""
    total = np.zeros(len(grids[0]))
    for grid in grids:
        if grid.open_interest is None:
            return None
        place = np.searchsorted(grid.time_ms, grids[0].time_ms, side="right") - 1
        total += np.where(place >= 0, grid.open_interest[place], np.nan)
    return total


def _layer(layers: Sequence[Layer]) -> Layer:
    names = " + ".join(sorted(layer.venue for layer in layers))
    return Layer(f"{names}, added up", Basis.MODELLED, layers[0].origin)


def _common(all_bins: Sequence[Bins]) -> Bins:
    first = min(bins.first for bins in all_bins)
    return Bins(first, max(bins.first + bins.count for bins in all_bins) - first)


def _sums(pairs: Sequence[BySide[float]]) -> BySide[float]:
    return BySide(sum(pair.long for pair in pairs), sum(pair.short for pair in pairs))


def _sum_or_none(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
