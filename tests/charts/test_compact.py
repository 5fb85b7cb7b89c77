"""A grid as compact JSON: small whatever its window, and what it says is what the grid holds."""

import json

import numpy as np
import pytest
from charts.scenes import ODD_MARKETS, crowd, recorded, with_gaps

from liqbot.charts import compact
from liqbot.charts.compact import LIMIT, STEP


@pytest.mark.parametrize(
    ("hours", "columns", "accounts"),
    [(24, 288, 3000), (168, 500, 3000), (8760, 365, 15_000), (8760, 700, 3000)],
)
def test_every_window_is_below_100_kb(hours, columns, accounts):
    view = crowd(hours=hours, columns=columns, accounts=accounts)
    answer = compact.written(view, view.grid, "1y")
    assert len(answer) < LIMIT == 100_000
    assert json.loads(answer)["coin"] == "BTC"


def test_what_is_read_is_what_the_grid_holds_within_a_quarter():
    view = recorded("BTC")
    found = compact.read(compact.written(view, view.grid, "30d"))
    assert found.time_ms.tolist() == view.grid.time_ms.tolist()
    assert found.until_ms.tolist() == view.grid.until_ms.tolist()
    edges = view.grid.bins.edges
    for low, high, told in zip(found.edges, found.edges[1:], found.usd.T, strict=False):
        inside = (edges[:-1] > low * 0.9999) & (edges[1:] < high * 1.0001)
        held = view.grid.usd[:, inside].sum(axis=1)
        assert ((held > 0) == (told > 0)).all()
        ratio = told[held > 0] / held[held > 0]
        large = held[held > 0] > view.grid.usd.max() / STEP**40
        assert (ratio[large] >= STEP**-0.51).all()
        assert (ratio[large] <= STEP**0.51).all()


def test_a_year_is_told_by_days():
    view = crowd(hours=8760, columns=1500, accounts=300)
    found = compact.read(compact.written(view, view.grid, "1y"))
    assert len(found.time_ms) <= 366
    assert (np.diff(found.time_ms // 86_400_000) > 0).all()


def test_a_gap_is_a_gap_there_too():
    view = with_gaps()
    found = compact.read(compact.written(view, view.grid, "24h"))
    assert (found.until_ms[:-1] < found.time_ms[1:]).sum() == 1


@pytest.mark.parametrize("oddity", ["nobody holds anything", "only longs", "a past of one column"])
def test_odd_markets_can_be_told(oddity):
    view = ODD_MARKETS[oddity]()
    found = compact.read(compact.written(view, view.grid, "24h"))
    assert found.usd.shape == (len(view.grid), len(found.edges) - 1)


@pytest.mark.parametrize("broken", [b"", b"{}", b"[1]", b'{"version": 1}'])
def test_what_is_not_one_is_refused(broken):
    with pytest.raises(ValueError, match="not a compact grid"):
        compact.read(broken)
