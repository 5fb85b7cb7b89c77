"""How well an aged level predicts the next recorded one, beside leaving it as it was.

The recording does not tell margin modes: an account's pool counts as known where the liquidation prices of
its positions reveal the same margin. Maintenance rates are those of the first tier.
"""

import numpy as np
import pytest
from engine.test_recorded_liquidation_prices import median_of_the_others, tiers_of
from shared import Recording, recorded_positions

from liqbot.engine.level_ageing import aged_levels
from liqbot.engine.liquidation_price import margin_available
from liqbot.market.positions import MarginMode, Positions

HOUR_MS = 3_600_000
SAME_POOL = 1e-3
"""Positions share a pool where the margins that they reveal differ by no more than this share."""
MEDIAN_AT_MOST = {1: 0.0005, 6: 0.003, 24: 0.03}
"""Bounds on the median error of aged levels, by hours between the looks."""


@pytest.fixture(scope="module")
def recording() -> Recording:
    return recorded_positions()


def snapshots_apart(recording: Recording, hours: float):
    """Yield the rows of pairs of snapshots that lie about `hours` apart."""
    times = np.unique(recording.time_ms)
    for time in times:
        later = times[int(np.argmin(np.abs(times - time - hours * HOUR_MS)))]
        if abs(later - time - hours * HOUR_MS) < 0.25 * hours * HOUR_MS:
            yield np.flatnonzero(recording.time_ms == time), np.flatnonzero(recording.time_ms == later)


def known_pools(recording: Recording, mark: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return which of `rows` reveal the same margin as the others of their account."""
    revealed = np.full(len(rows), np.nan)
    for number in np.unique(recording.coin[rows]):
        here = recording.coin[rows] == number
        of = rows[here]
        revealed[here] = margin_available(
            recording.size[of],
            mark[of],
            recording.liquidation[of],
            tiers_of(recording.coins[number]),
        )
    others = median_of_the_others(revealed, recording.account[rows], np.flatnonzero(np.isfinite(revealed)))
    return np.abs(revealed / others - 1) < SAME_POOL


def predictions(recording: Recording, hours: float):
    """Return the relative errors of levels as they were, and as they were aged, at the later snapshot."""
    left, aged, mark = [], [], recording.mark
    for before, after in snapshots_apart(recording, hours):
        marks = {
            recording.coins[number]: float(np.median(mark[after][recording.coin[after] == number]))
            for number in np.unique(recording.coin[after])
        }
        known = known_pools(recording, mark, before)
        whole = np.bincount(recording.account[before], known, len(recording.accounts)) > 0
        positions, rows = {}, {}
        for number in np.unique(recording.coin[before]):
            here = before[recording.coin[before] == number]
            coin = recording.coins[number]
            rows[coin] = here
            positions[coin] = Positions.of(
                account=recording.account[here],
                size=recording.size[here],
                entry=recording.entry[here],
                liquidation=recording.liquidation[here],
                margin_mode=np.where(whole[recording.account[here]], MarginMode.CROSS, MarginMode.UNKNOWN),
                mark=mark[here],
                maintenance_rate=np.full(len(here), tiers_of(coin).rates[0]),
            )
        levels = aged_levels(positions, marks, len(recording.accounts))
        chosen = dict(zip(before.tolist(), known.tolist(), strict=True))
        later = {(recording.account[row], recording.coin[row], recording.size[row] > 0): row for row in after}
        for coin, aged_level in levels.items():
            for row, level in zip(rows[coin].tolist(), aged_level.tolist(), strict=True):
                key = (recording.account[row], recording.coin[row], recording.size[row] > 0)
                truth = recording.liquidation[later[key]] if key in later else np.nan
                if chosen[row] and np.isfinite(truth) and recording.liquidation[row] < 10 * mark[row]:
                    left.append(abs(recording.liquidation[row] / truth - 1))
                    aged.append(abs(level / truth - 1) if np.isfinite(level) else np.inf)
    return np.array(left), np.array(aged)


@pytest.mark.parametrize("hours", [1, 6, 24])
@pytest.mark.long
def test_an_aged_level_predicts_the_next_recorded_one_better_than_leaving_it(
    recording, hours, record_property
):
    left, aged = predictions(recording, hours)
    told = {
        "rows": len(left),
        "median left, aged": (float(np.median(left)), float(np.median(aged))),
        "moved by over 2% left, aged": (float((left > 0.02).mean()), float((aged > 0.02).mean())),
        "better": float((aged < left).mean()),
    }
    record_property(f"{hours} h", told)
    assert len(left) > 4000
    assert np.median(aged) < min(MEDIAN_AT_MOST[hours], np.median(left) / 2)
    assert (aged > 0.02).mean() < 0.8 * (left > 0.02).mean()
    assert (aged < left).mean() > 0.6
