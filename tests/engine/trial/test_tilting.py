"""A tilted model is the plain one where nothing is tilted, and looks at nothing of the future."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.engine.assumptions import Assumptions
from liqbot.engine.model_steps import Steps
from liqbot.engine.trial import MODEL, Truth, find
from liqbot.engine.trial.asides import Asides
from liqbot.engine.trial.tilting import FASTEST, MOST, Tilt, above_the_past, find_tilted, pace_of
from liqbot.market.maps import Bins, absolute_bin

MINUTE = 60_000
N = 80


def market():
    """Return steps of a price that wanders, with open interest that grows, and a truth to compare with."""
    rng = np.random.default_rng(3)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.004, N)))
    low, high = np.minimum(close, np.roll(close, 1)), np.maximum(close, np.roll(close, 1))
    low[0], high[0] = close[0], close[0]
    end_ms = np.arange(1, N + 1) * 60 * MINUTE
    steps = Steps(end_ms, low, high, close, 1000 + np.arange(N) * 5.0, np.ones(N, dtype=np.bool_))
    bins = Bins(absolute_bin(60.0), absolute_bin(160.0) - absolute_bin(60.0))
    at = np.arange(30, N, 8)
    none = np.zeros(0)
    coins = rng.random((len(at), 2, bins.count))
    truth = Truth(at, coins, bins, none.astype(np.int64), none.astype(np.int64), none, none)
    return steps, truth


def asides(**columns):
    return Asides(
        **{name: columns.get(name, np.full(N, np.nan)) for name in ("traded", "funding", "long_share")}
    )


def tilted(tilt, **columns):
    steps, truth = market()
    return find_tilted(steps, truth, asides(**columns), tilt, tiers=None, assumed=Assumptions())


def test_without_a_tilt_it_is_the_plain_model():
    steps, truth = market()
    plain = find(steps, truth, tiers=None, assumptions=Assumptions()).compared[MODEL]
    assert tilted(Tilt()).compared[MODEL] == pytest.approx(plain, rel=1e-9)


def test_where_nothing_is_known_no_tilt_changes_anything():
    plain = tilted(Tilt()).compared[MODEL]
    found = tilted(Tilt(funding=0.5, accounts=-0.5, by_volume=True)).compared[MODEL]
    assert found == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize("tilt", [Tilt(funding=0.5), Tilt(accounts=0.5), Tilt(by_volume=True)])
def test_a_tilt_by_what_is_known_changes_the_map(tilt):
    rng = np.random.default_rng(4)
    columns = {
        "funding": rng.normal(0, 1e-5, N),
        "long_share": rng.uniform(0.3, 0.7, N),
        "traded": rng.random(N),
    }
    assert not np.allclose(tilted(tilt, **columns).compared[MODEL], tilted(Tilt()).compared[MODEL])


columns = st.lists(st.one_of(st.floats(-10, 10), st.just(float("nan"))), min_size=1, max_size=30).map(
    np.array
)


@pytest.mark.parametrize("figure", [above_the_past, pace_of])
@given(column=columns, later=columns)
def test_a_figure_depends_on_nothing_that_comes_later(figure, column, later):
    whole = figure(np.concatenate([column, later]))
    assert np.array_equal(whole[: len(column)], figure(column))


@given(columns)
def test_figures_are_bounded_and_always_known(column):
    assert np.all(np.abs(above_the_past(column)) <= MOST)
    assert np.all((pace_of(column) >= 0) & (pace_of(column) <= FASTEST))
