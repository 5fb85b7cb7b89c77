"""Comparing maps with the real one, and scoring them by what was liquidated."""

from collections.abc import Iterator, Mapping

import numpy as np

from liqbot.engine.model_steps import Steps
from liqbot.engine.trial.findings import DISTANCE, REAL, Findings, Truth
from liqbot.engine.trial.scoring import (
    Cells,
    Score,
    fitted_baseline,
    fitted_trust,
    forecast_of,
    overlap,
    rank_correlation,
    score,
)
from liqbot.market.maps import BIN_WIDTH, absolute_bin
from liqbot.market.positions import Floats, Ints

DAY_MS = 24 * 3_600_000
WITHIN = 0.10
"""Maps are compared within this share of spot."""
CELL = 5
"""So many bins (0.1% each) make one cell where maps are compared."""
REACH = 400
"""Cells of the distance baseline, one bin each."""


def has_levels_near(steps: Steps, truth: Truth) -> bool:
    """Return whether any map of the second half has a level within 10% of spot: else nothing compares."""
    half, reach = len(truth.at) // 2, _reach_in_bins()
    for at, coins in zip(truth.at[half:], truth.coins[half:], strict=True):
        spot = absolute_bin(float(steps.close[at])) - truth.bins.first
        if coins[0, spot - reach : spot].any() or coins[1, spot + 1 : spot + 1 + reach].any():
            return True
    return False


class Judge:
    """Compares and scores the second half, knowing the first."""

    def __init__(self, steps: Steps, truth: Truth, *, first_half: bool = False) -> None:
        """With `first_half` maps of that half are compared: what was fitted is then seen where it was."""
        self._steps, self._truth = steps, truth
        self._half = len(truth.at) // 2
        self._later = range(self._half) if first_half else range(self._half, len(truth.at))
        self._spot_bin = [absolute_bin(float(steps.close[at])) - truth.bins.first for at in truth.at]

    def findings(self, maps: Mapping[str, Floats]) -> Findings:
        """Return all that is found of `maps`, each of shape (n, 2 sides, bins)."""
        compared = {name: self._compared(found) for name, found in maps.items() if name != REAL}
        compared[DISTANCE] = self._compared(self._map_by_distance())
        compared[DISTANCE][:, 2] = np.nan  # of shares, not of USD
        scored, scored_day = self._scored(maps)
        since_ms = self._steps.end_ms[self._truth.at[self._half]]
        return Findings(
            compared,
            self._steps.end_ms[self._truth.at[self._later.start : self._later.stop]] // DAY_MS,
            scored,
            scored_day,
            int(np.count_nonzero(self._truth.event_ms > since_ms)),
        )

    def by_liquidations(self, maps: Mapping[str, Floats]) -> Findings:
        """Return what liquidations alone say of `maps`: no real positions are known to compare with."""
        scored, scored_day = self._scored(maps)
        since_ms = self._steps.end_ms[self._truth.at[self._half]]
        events = int(np.count_nonzero(self._truth.event_ms > since_ms))
        return Findings({}, np.zeros(0, dtype=np.int64), scored, scored_day, events)

    def _compared(self, found: Floats) -> Floats:
        """Return what `Findings.compared` tells of one map."""
        rows: list[tuple[float, float, float, float]] = []
        for place in self._later:
            one, real = self._near(found[place], place), self._near(self._truth.coins[place], place)
            close = float(self._steps.close[self._truth.at[place]])
            usd = close * float(one.sum()), close * float(real.sum())
            rows.append((rank_correlation(one, real), overlap(one, real), *usd))
        return np.array(rows)

    def _near(self, coins: Floats, place: int) -> Floats:
        """Return the coins within 10% of spot by cell: longs below, then shorts above; the nearest first."""
        spot, reach = self._spot_bin[place], _reach_in_bins()
        below, above = coins[0, spot - reach : spot][::-1], coins[1, spot + 1 : spot + 1 + reach]
        return np.concatenate([below, above]).reshape(-1, CELL).sum(axis=1)

    def _map_by_distance(self) -> Floats:
        """Return a map that knows only distance: the mean of the real ones in the first half."""
        reach = _reach_in_bins()
        mean = np.mean([self._near_bins(place) for place in range(self._half)], axis=0)
        found = np.zeros_like(self._truth.coins)
        for place in self._later:
            spot = self._spot_bin[place]
            found[place, 0, spot - reach : spot] = mean[0][::-1]
            found[place, 1, spot + 1 : spot + 1 + reach] = mean[1]
        return found

    def _near_bins(self, place: int) -> Floats:
        spot, reach, coins = self._spot_bin[place], _reach_in_bins(), self._truth.coins[place]
        share = np.stack([coins[0, spot - reach : spot][::-1], coins[1, spot + 1 : spot + 1 + reach]])
        return share / max(float(share.sum()), np.finfo(np.float64).tiny)

    def _scored(self, maps: Mapping[str, Floats]) -> tuple[dict[str, Floats], Ints]:
        """Return what `Findings.scored` tells, and the day of each forecast; nothing without liquidations."""
        earlier = [pair for pair in self._reached(range(self._half)) if pair[1].volume.any()]
        later = [pair for pair in self._reached(self._later) if pair[1].volume.any()]
        if not (earlier and later):
            return {}, np.zeros(0, dtype=np.int64)
        baseline = fitted_baseline([cells for _, cells in self._reached(range(self._half))], REACH)
        scored: dict[str, Floats] = {}
        for name in (*maps, DISTANCE):
            past = [(cells, self._said(name, maps, place, cells, baseline)) for place, cells in earlier]
            trust = fitted_trust(past, baseline)
            rows: list[Score] = []
            for place, cells in later:
                expected = baseline[cells.distance]
                found = self._said(name, maps, place, cells, baseline)
                rows.append(score(cells, forecast_of(found, expected, trust), expected))
            scored[name] = np.array([(one.volume, one.gained, one.ranked, one.caught) for one in rows])
        days = [int(self._steps.end_ms[self._truth.at[place]] // DAY_MS) for place, _ in later]
        return scored, np.array(days, dtype=np.int64)

    def _said(
        self, name: str, maps: Mapping[str, Floats], place: int, cells: Cells, baseline: Floats
    ) -> Floats:
        """Return what the map `name` has in the reached `cells` of the forecast at `place`."""
        if name == DISTANCE:
            return baseline[cells.distance]
        return self._forecast(maps[name][place], place, cells)

    def _forecast(self, coins: Floats, place: int, cells: Cells) -> Floats:
        spot = self._spot_bin[place]
        at = np.where(cells.side == 0, spot - 1 - cells.distance, spot + 1 + cells.distance)
        return coins[cells.side, at]

    def _reached(self, places: range) -> Iterator[tuple[int, Cells]]:
        """Yield the cells that price reached from each of `places` until the next map, or for as long."""
        steps, truth = self._steps, self._truth
        for place in places:
            begin = int(truth.at[place]) + 1
            end = int(truth.at[place + 1]) + 1 if place + 1 < len(truth.at) else len(steps)
            if begin >= end:
                continue
            spot = self._spot_bin[place] + truth.bins.first
            low = absolute_bin(float(steps.low[begin:end].min()))
            high = absolute_bin(float(steps.high[begin:end].max()))
            below, above = min(max(spot - low, 0), REACH), min(max(high - spot, 0), REACH)
            if below + above == 0:
                continue
            span = (int(steps.end_ms[begin - 1]), int(steps.end_ms[end - 1]))
            volume = self._volume(span, spot, below, above)
            distance = np.concatenate([np.arange(below), np.arange(above)])
            yield place, Cells(distance, np.repeat([0, 1], [below, above]), volume)

    def _volume(self, span: tuple[int, int], spot: int, below: int, above: int) -> Floats:
        """Return the USD liquidated in the `span` of time, in the cells below spot and above it."""
        truth = self._truth
        first, last = np.searchsorted(truth.event_ms, span, side="right")
        part = slice(int(first), int(last))
        row, usd = truth.event_row[part], truth.event_usd[part]
        away = np.floor(np.log(truth.event_price[part]) / BIN_WIDTH).astype(np.int64) - spot
        distance = np.where(row == 0, -away, away) - 1
        reach = np.where(row == 0, below, above)
        inside = (distance >= 0) & (distance < reach)
        cell = distance[inside] + np.where(row[inside] == 0, 0, below)
        return np.asarray(np.bincount(cell, usd[inside], below + above), dtype=np.float64)


def _reach_in_bins() -> int:
    """Return how many bins, in whole cells, lie within 10% of spot on either side."""
    return int(-np.log(1 - WITHIN) / BIN_WIDTH) // CELL * CELL
