"""A grid's dollars on the wire: three digits of each cell, whatever is in it."""

import msgspec
import numpy as np
import pytest
from charts.scenes import crowd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from liqbot.market.grid import Grid, held_until
from liqbot.market.maps import Bins
from liqbot.web.answers import GridAnswer, grid_answer
from liqbot.web.cells import LIMIT, codes, packed, rounded, unpacked

NOW_MS = 1_770_000_000_000
money = st.floats(1, 1e13)


@given(money)
def test_a_cell_keeps_three_digits(usd):
    assert rounded(usd) == pytest.approx(float(f"{usd:.3g}"), rel=1e-12) or rounded(usd) == pytest.approx(
        usd, rel=0.005
    )
    assert f"{rounded(usd):.3g}" == f"{rounded(rounded(usd)):.3g}"


@given(
    arrays(np.float64, (5, 7), elements=st.one_of(st.just(0.0), money)),
    arrays(np.float64, 5, elements=st.floats(0.01, 1e6)),
)
def test_what_is_packed_comes_back(usd, spot):
    told = packed(usd, spot)
    back = np.zeros(usd.shape)
    back[:, told.first : told.first + told.count] = unpacked(told.text, told.count, spot)
    # What is worth less than a dollar at the last price, or more than e^32, is not told exactly.
    worth = usd * (spot[-1] / spot)[:, np.newaxis]
    exact = (worth > 1) & (worth < 1e13)
    assert np.allclose(back[exact], usd[exact], rtol=0.0003)
    assert np.array_equal(back == 0, usd < 1)
    assert told.least_usd == 1


def test_the_smallest_cells_are_left_out_where_all_do_not_fit():
    random = np.random.default_rng(1)
    usd = random.lognormal(10, 3, (370, 2_400))
    spot = 100 * np.exp(np.cumsum(random.normal(0, 0.01, 370)))
    told = packed(usd, spot)
    assert len(told.text) <= LIMIT * 4 / 3 + 4
    assert told.least_usd > 1_000
    back = np.zeros(usd.shape)
    back[:, told.first : told.first + told.count] = unpacked(told.text, told.count, spot)
    assert np.allclose(back, np.where(usd >= told.least_usd, usd, 0), rtol=0.0003)


def a_past(steps, random):
    """Return a grid of noise, which is hard to squeeze, in steps of time as the history keeps them."""
    time_ms = NOW_MS - np.cumsum(np.repeat([step for _, step in steps], [count for count, _ in steps]))[::-1]
    spot = 60_000 * np.exp(np.cumsum(random.normal(0, 0.005, len(time_ms))))
    some = random.random((len(time_ms), 2_400)) < 0.3
    usd = np.where(some, random.lognormal(10, 3, some.shape), 0).astype(np.float32)
    bins = Bins(9_000, 2_400)
    return Grid(bins, time_ms, held_until(time_ms), spot, spot * 0.999, spot * 1.001, usd)


@pytest.mark.parametrize(
    ("window", "tiers", "columns"),
    [
        ("1y", [(288, 5), (336, 30), (276, 120), (335, 1440)], range(364, 368)),
        ("1y", [(365, 1440)], range(364, 367)),
        ("30d", [(288, 5), (336, 30), (276, 120)], [900]),
        ("24h", [(288, 5)], [288]),
    ],
)
def test_a_year_by_the_day_and_every_other_window_is_below_100_kilobytes_of_json(window, tiers, columns):
    grid = a_past([(count, minutes * 60_000) for count, minutes in tiers], np.random.default_rng(1))
    written = msgspec.json.encode(grid_answer(crowd(), grid, window))
    assert len(written) < 100_000
    answer = msgspec.json.decode(written, type=GridAnswer)
    assert len(answer.time_ms) in columns
    assert answer.spot[-1] == grid.spot[-1]
    assert min(answer.low) == pytest.approx(grid.low.min())
    shown = unpacked(answer.usd, answer.bins.count, np.array(answer.spot))
    assert shown.shape == (len(answer.time_ms), answer.bins.count)
    assert shown.max() > answer.least_usd


def test_more_money_is_never_a_smaller_code():
    usd = np.geomspace(1, 1e12, 20_000)
    assert np.all(np.diff(codes(usd).astype(int)) >= 0)


def test_positions_that_stand_are_written_in_little_however_price_moves():
    random = np.random.default_rng(1)
    coins = np.where(random.random(2_000) < 0.2, random.lognormal(3, 2, 2_000), 0)
    spot = 60_000 * np.exp(np.cumsum(random.normal(0, 0.002, 288)))
    assert len(packed(coins * spot[:, np.newaxis], spot).text) < 10_000
