from dataclasses import replace

import numpy as np
import pytest
from markets import long, short, view_of
from modelled import DAY, FIVE_MINUTES, history, told

from liqbot.engine.combined_venues import HOUR_MS, combine_grids, combine_readings, combine_views
from liqbot.engine.modelled_board import ModelledBoard
from liqbot.market.dated_reading import DatedReading
from liqbot.market.layer import Basis, Layer
from liqbot.market.side import Side


def board(venue: str, seed: int, candles: int = DAY) -> ModelledBoard:
    return told(ModelledBoard(Layer(venue, Basis.MODELLED)), *history(candles, seed))


@pytest.fixture
def views():
    return [board("Binance", 1).view("BTC"), board("Bybit", 2).view("BTC")]


def test_the_sum_is_named_as_one(views):
    whole = combine_views(views)
    assert whole.layer.label == "Binance + Bybit, added up, modelled"
    assert whole.time_ms == max(view.time_ms for view in views)


def test_nothing_is_lost_and_nothing_is_on_the_wrong_side(views):
    whole = combine_views(views)
    for side in Side:
        parts = whole.map.of(side).sum() + whole.beyond[side] + whole.stale[side] + whole.unreachable[side]
        assert parts == pytest.approx(sum(view.open_usd[side] for view in views))
        assert whole.open_usd[side] == pytest.approx(parts)
    assert not whole.map.of(Side.LONG)[whole.map.bins.edges[1:] > whole.spot].any()
    assert not whole.map.of(Side.SHORT)[whole.map.bins.edges[:-1] < whole.spot].any()


def test_its_spot_is_that_of_the_largest_venue(views):
    largest = max(views, key=lambda view: view.open_interest_usd)
    assert combine_views(views).spot == largest.spot


def test_where_one_open_interest_is_unknown_so_is_the_sum(views):
    assert combine_views([views[0], replace(views[1], open_interest=None)]).open_interest is None


def test_one_alone_stays_what_it_is(views):
    assert combine_views(views[:1]) is views[0]


def test_what_is_measured_is_never_added(views):
    measured = view_of(long("ann", 1, at=90), short("bob", 1, at=110))
    with pytest.raises(ValueError, match="only modelled views"):
        combine_views([views[0], measured])
    with pytest.raises(ValueError, match="at least one"):
        combine_views([])


def test_the_past_is_added_up_column_by_column():
    window_ms = DAY * FIVE_MINUTES
    one, other = (board(venue, seed).snapshot("BTC").grid(window_ms) for venue, seed in (("A", 1), ("B", 2)))
    whole = combine_grids([one, other])
    assert np.array_equal(whole.time_ms, one.time_ms)
    assert np.allclose(whole.usd.sum(axis=1), one.usd.sum(axis=1) + other.usd.sum(axis=1), rtol=1e-5)


def test_before_a_venue_has_a_past_it_adds_nothing():
    window_ms = DAY * FIVE_MINUTES
    long_past, short_past = history(DAY, 1), history(DAY, 2)
    short_past = tuple(
        type(update)(update.coin, update.candles.take(slice(200, None)))
        if hasattr(update, "candles")
        else type(update)(update.coin, update.times_ms[200:], update.coins[200:])
        for update in short_past
    )
    one = told(ModelledBoard(Layer("A", Basis.MODELLED)), *long_past).snapshot("BTC").grid(window_ms)
    late = told(ModelledBoard(Layer("B", Basis.MODELLED)), *short_past).snapshot("BTC").grid(window_ms)
    whole = combine_grids([one, late])
    assert np.allclose(whole.usd[:100].sum(axis=1), one.usd[:100].sum(axis=1), rtol=1e-5)
    assert whole.usd[-1].sum() > one.usd[-1].sum()


def past(hours, **figures):
    at = {"spot": 100.0, "coverage": 0.5, "coverage_long": None, "coverage_short": None, "funding": 1e-5,
          "up_usd": 1e6, "down_usd": 2e6, "open_interest": 1e5} | figures  # fmt: skip
    return [DatedReading(time_ms=hour * HOUR_MS, **at) for hour in hours]


def test_readings_are_added_up_hour_by_hour_where_each_venue_has_one():
    one = past(range(6), spot=100.0)
    other = [replace(each, time_ms=each.time_ms + 700_000) for each in past((0, 1, 3, 5, 6), up_usd=5e6)]
    whole = combine_readings([one, other])
    assert [each.time_ms // HOUR_MS for each in whole] == [0, 1, 3, 5]
    assert {(each.up_usd, each.down_usd, each.ratio) for each in whole} == {(6e6, 4e6, 1.5)}
    assert {(each.open_interest_usd, each.coverage, each.funding) for each in whole} == {(2e7, 0.5, None)}
    assert combine_readings([one, []]) == []


def test_a_sum_of_readings_has_the_spot_of_the_first_and_no_open_interest_where_one_is_unknown():
    (whole,) = combine_readings([past([1], spot=100.0), past([1], spot=104.0, open_interest=None)])
    assert (whole.spot, whole.open_interest, whole.coverage) == (100.0, None, None)
