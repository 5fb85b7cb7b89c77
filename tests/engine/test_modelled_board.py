import csv
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from modelled import DAY, FIVE_MINUTES, LAYER, cut, history, told
from shared import shared_file

from liqbot.engine.board import NoViewError
from liqbot.engine.modelled import Choice
from liqbot.engine.modelled_board import ModelledBoard
from liqbot.engine.realised_share import PRIOR
from liqbot.market.maps import absolute_bin
from liqbot.market.margin import MarginTiers
from liqbot.market.side import Side
from liqbot.market.updates import (
    AccountsSeen,
    AssetContext,
    Liquidation,
    MarginTiersSeen,
    OpenInterestSeen,
    Provenance,
)
from liqbot.market.wire import from_bytes, to_bytes


@pytest.fixture
def month():
    return history(3 * DAY)


def test_the_open_size_of_each_side_is_open_interest(month):
    view = told(ModelledBoard(LAYER), *month).view("BTC")
    assert view.open_interest == month[0].coins[-1]
    for side in Side:
        parts = view.map.of(side).sum() + view.beyond[side] + view.stale[side] + view.unreachable[side]
        assert view.open_usd[side] == pytest.approx(view.open_interest_usd)
        assert parts == pytest.approx(view.open_interest_usd)


def test_a_view_is_called_modelled_and_says_what_that_is_worth(month):
    view = told(ModelledBoard(LAYER), *month).view("BTC")
    assert view.provenance.startswith("Testex, modelled · ")
    assert "of open interest has a level" in view.provenance
    assert view.provenance.endswith("upper bounds, not forecasts")
    assert view.clusters
    assert all(cluster.accounts is None and cluster.whale_share is None for cluster in view.clusters)


def test_nothing_of_a_view_lies_on_the_wrong_side_of_the_mark_between_candles(month):
    close = float(month[1].candles.close[-1])
    board = told(ModelledBoard(LAYER), *month)
    whole = board.view("BTC")
    board.apply(AssetContext("BTC", board.time_ms + 1000, close * 0.97))
    board.apply(AssetContext("BTC", board.time_ms + 2000, close * 0.995))
    view = board.view("BTC")
    gone = view.map.bins.edges[1:] > close * 0.97
    assert not view.map.of(Side.LONG)[gone].any()
    assert view.stale.long > 0
    assert view.stale.long + view.map.of(Side.LONG).sum() == pytest.approx(
        whole.map.of(Side.LONG).sum() * 0.995, rel=1e-6
    )


def test_fuel_is_what_lies_within_five_percent(month):
    view = told(ModelledBoard(LAYER), *month).view("BTC")
    centers = view.map.bins.centers
    near = view.map.of(Side.SHORT)[centers < 1.05 * view.spot].sum()
    assert view.up_usd == pytest.approx(near, rel=0.1)
    assert view.ratio == pytest.approx(view.up_usd / view.down_usd)


def test_live_candles_come_to_the_same_as_one_backfill(month):
    whole = told(ModelledBoard(LAYER), *month).view("BTC")
    board = told(ModelledBoard(LAYER), *(cut(update, slice(0, 700)) for update in month))
    board.view("BTC")
    for row in range(700, 3 * DAY):
        told(board, *(cut(update, slice(row, row + 1)) for update in month))
        view = board.view("BTC")
    assert np.allclose(view.map.usd, whole.map.usd, rtol=1e-9, atol=1e-3)
    assert view.swept.modelled.long == pytest.approx(whole.swept.modelled.long)


def test_a_candle_waits_for_the_open_interest_at_its_end(month):
    board = told(ModelledBoard(LAYER), cut(month[0], slice(0, 500)), cut(month[1], slice(0, 501)))
    assert board.view("BTC").open_interest == month[0].coins[499]
    board.apply(cut(month[0], slice(500, 501)))
    assert board.view("BTC").open_interest == month[0].coins[500]


def test_a_candle_goes_without_when_a_later_one_has_come(month):
    board = told(ModelledBoard(LAYER), cut(month[0], slice(0, 500)), cut(month[1], slice(0, 510)))
    assert board.snapshot("BTC").model.state.time_ms == int(month[1].candles.end_ms[508])


def test_the_open_interest_that_comes_with_the_price_will_do(month):
    _, candles = month
    board = ModelledBoard(LAYER)
    for row in range(3):
        one = cut(candles, slice(row, row + 1))
        board.apply(AssetContext("BTC", one.time_ms - 5, 60_000, open_interest=1000.0 + row))
        board.apply(one)
        board.apply(AssetContext("BTC", one.time_ms + 5, 60_000, open_interest=2000.0))
    assert board.view("BTC").open_interest == 1002.0


def test_one_candle_is_a_beginning_and_what_is_open_is_spread_around_it(month):
    board = told(ModelledBoard(LAYER), *(cut(update, slice(0, 1)) for update in month))
    view = board.view("BTC")
    assert view.map.of(Side.LONG).any()
    assert view.map.of(Side.SHORT).any()
    assert view.unreachable.long > 0.37 * view.open_interest_usd
    grid = board.snapshot("BTC").grid(DAY * FIVE_MINUTES)
    assert len(grid) == 1
    again = ModelledBoard(LAYER)
    again.recall(board.memories().values())
    told(again, *month)
    whole = told(ModelledBoard(LAYER), *month).view("BTC")
    assert np.allclose(again.view("BTC").map.usd, whole.map.usd)


def test_a_day_without_candles_is_a_gap_in_the_grid_and_no_step(month):
    first, later = (
        [cut(update, slice(0, 300)) for update in month],
        [cut(update, slice(600, None)) for update in month],
    )
    board = told(told(ModelledBoard(LAYER), *first), *later)
    grid = board.snapshot("BTC").grid(3 * DAY * FIVE_MINUTES)
    gaps = grid.time_ms[1:] - grid.until_ms[:-1]
    assert gaps.max() > 200 * FIVE_MINUTES
    assert np.count_nonzero(gaps) == 1
    board.view("BTC")


def test_a_hole_of_hours_is_a_gap_in_every_window_however_coarse_its_columns(month):
    first, later = (
        [cut(update, slice(0, 700)) for update in month],
        [cut(update, slice(740, None)) for update in month],
    )
    board = told(told(ModelledBoard(LAYER), *first), *later)
    hole_ms = 40 * FIVE_MINUTES
    found = []
    for steps in (len(month[1].candles) - 690, len(month[1].candles) - 100):
        grid = board.snapshot("BTC").grid(steps * FIVE_MINUTES)
        (gap,) = np.flatnonzero(grid.until_ms[:-1] < grid.time_ms[1:])
        found.append((int(grid.until_ms[gap]), int(grid.time_ms[gap + 1])))
    assert found[0] == found[1]
    assert 0.8 * hole_ms < found[0][1] - found[0][0] <= hole_ms


def test_a_board_that_was_told_no_candles_says_so():
    board = ModelledBoard(LAYER)
    with pytest.raises(NoViewError, match="Testex has no price for BTC"):
        board.view("BTC")
    board.apply(AssetContext("BTC", 1, 60_000.0, open_interest=5.0))
    assert board.coins == []
    with pytest.raises(NoViewError, match="Testex has no candles with open interest for BTC"):
        board.view("BTC")


def test_nonsense_is_refused_and_counted_and_harms_nothing(month):
    board = told(ModelledBoard(LAYER), *month)
    before = board.view("BTC")
    end_ms = board.time_ms
    none = np.zeros(0)
    places = np.zeros(0, np.int64)
    board.apply(
        AccountsSeen(end_ms, (), ("BTC",), places, places, none, none, none, none, np.zeros(0, np.int8))
    )
    board.apply(AssetContext("BTC", end_ms, float("nan")))
    board.apply(OpenInterestSeen.of("BTC", [end_ms + 1, end_ms + 2], [float("nan"), 0.0]))
    board.apply(Liquidation("BTC", end_ms, Side.LONG, -1.0, 1.0))
    assert sum(board.rejected.values()) == 5
    assert np.array_equal(board.view("BTC").map.usd, before.map.usd)


def test_what_is_swept_stands_beside_what_was_liquidated(month):
    board = told(ModelledBoard(LAYER), *month)
    view = board.view("BTC")
    heaviest = view.map.bins.centers[int(np.argmax(view.map.of(Side.LONG)))]
    assert view.swept.realised is None, "of none it is not known whether any are reported"
    since_ms = board.time_ms - DAY * FIVE_MINUTES + 1
    board.apply(Liquidation("BTC", since_ms, Side.SHORT, view.spot * 3, 1.0))
    board.apply(Liquidation("BTC", board.time_ms, Side.LONG, float(heaviest), 2.0))
    board.apply(Liquidation("BTC", board.time_ms, Side.LONG, view.spot * 2, 1.0, sampled=True))
    swept = board.view("BTC").swept
    assert swept.since_ms == since_ms
    flow = board.snapshot("BTC").model.flows[Side.LONG.row]
    close = board.snapshot("BTC").model.steps.close
    lately = board.snapshot("BTC").model.steps.end_ms > board.time_ms - DAY * FIVE_MINUTES
    assert swept.modelled.long == pytest.approx((flow.swept * close)[lately].sum())
    assert swept.realised.long == pytest.approx(2 * heaviest + 2 * view.spot)
    assert swept.foreseen.long == pytest.approx(2 * heaviest)
    assert swept.sampled
    assert board.view("BTC").liquidated.long == 0


def test_a_view_says_what_share_of_its_levels_is_liquidated_as_far_as_the_venue_tells(month):
    board = told(ModelledBoard(LAYER), *(cut(update, slice(0, DAY)) for update in month))
    assert board.view("BTC").realised_share == PRIOR
    board.apply(Liquidation("BTC", board.time_ms, Side.LONG, 1.0, 1.0))
    told(board, *(cut(update, slice(DAY, None)) for update in month))
    silent = board.view("BTC").realised_share
    assert silent.value < PRIOR.value
    assert silent.days == pytest.approx(2, abs=0.01)
    swept = sum(float(flow.swept[DAY:] @ month[1].candles.close[-2 * DAY + 1 :]) for flow in flows_of(board))
    board.apply(Liquidation("BTC", board.time_ms, Side.LONG, 60_000.0, swept / 60_000, sampled=True))
    loud = board.view("BTC").realised_share
    assert loud.value > PRIOR.value
    assert loud.is_lower_bound
    again = ModelledBoard(LAYER)
    again.recall(board.memories().values())
    told(again, *month)
    assert again.view("BTC").realised_share == loud


def flows_of(board):
    return board.snapshot("BTC").model.flows


def test_before_the_first_realised_liquidation_nothing_is_counted_as_swept(month):
    board = told(ModelledBoard(LAYER), *month)
    board.apply(Liquidation("BTC", board.time_ms, Side.LONG, 60_000.0, 1.0))
    assert board.view("BTC").swept.modelled.long == 0


def test_a_liquidation_told_late_is_held_against_what_the_model_had_then(month):
    board = told(ModelledBoard(LAYER), *month)
    model = board.snapshot("BTC").model
    step = len(model.steps) - 100
    gone = int(np.argmax(model.flows[Side.LONG.row].swept[step:])) + step
    price = float(model.steps.low[gone]) * 1.0005
    board.apply(Liquidation("BTC", int(model.steps.end_ms[gone]) - 1, Side.LONG, price, 1.0))
    assert board.view("BTC").swept.foreseen.long == pytest.approx(price)
    assert not model.state.between(absolute_bin(price), absolute_bin(price) + 1)[0].any()


def test_real_liquidations_are_summed_by_side_and_where_they_are_sampled_it_is_said(month):
    board = told(ModelledBoard(LAYER), *month)
    with shared_file("recordings/eth-liquidations-2026-04-03.csv").open(newline="") as file:
        events = [row for row in csv.DictReader(file) if row["exchange"] == "binance"]
    late_ms = board.time_ms - int(events[-1]["event_ts"])
    for event in events:
        at_ms = int(event["event_ts"]) + late_ms
        size, price = float(event["qty"]), float(event["price"])
        board.apply(Liquidation("BTC", at_ms, Side(event["side"]), price, size, sampled=True))
    swept = board.view("BTC").swept
    for side in Side:
        usd = sum(float(event["notional_usd"]) for event in events if event["side"] == side)
        assert swept.realised[side] == pytest.approx(usd)
    assert swept.sampled


def test_a_restart_changes_nothing(month):
    board = told(ModelledBoard(LAYER), *month)
    board.apply(Liquidation("BTC", board.time_ms, Side.SHORT, 60_000.0, 2.0))
    before = board.view("BTC")
    again = ModelledBoard(LAYER)
    again.recall(board.memories().values())
    assert again.coins == []
    told(again, *month)
    after = again.view("BTC")
    assert np.allclose(after.map.usd, before.map.usd)
    assert [cluster.id for cluster in after.clusters] == [cluster.id for cluster in before.clusters]
    assert after.swept == before.swept
    grids = [one.snapshot("BTC").grid(DAY * FIVE_MINUTES) for one in (board, again)]
    assert np.allclose(grids[0].usd, grids[1].usd)


def test_a_memory_that_cannot_be_read_is_refused():
    for broken in (b"", b"\x80", msgspec.msgpack.encode({"version": 99})):
        with pytest.raises(msgspec.DecodeError):
            ModelledBoard(LAYER).recall([broken])


def test_the_grid_is_the_past_as_it_was_seen(month):
    board = told(ModelledBoard(LAYER), *(cut(update, slice(0, 600)) for update in month))
    then = board.view("BTC")
    rest = [cut(update, slice(600, None)) for update in month]
    told(board, *rest)
    grid = board.snapshot("BTC").grid(3 * DAY * FIVE_MINUTES)
    column = int(np.searchsorted(grid.time_ms, month[1].candles.end_ms[599]))
    assert len(grid) <= 501
    if grid.time_ms[column] == month[1].candles.end_ms[599]:
        own = grid.usd[column, then.map.bins.first - grid.bins.first :][: then.map.bins.count]
        assert np.allclose(own, then.map.total, rtol=1e-5)
    assert grid.time_ms[-1] == board.time_ms
    assert (grid.until_ms[:-1] <= grid.time_ms[1:]).all()
    assert np.allclose(grid.usd[-1].sum(), board.view("BTC").map.usd.sum(), rtol=1e-6)
    assert (grid.low <= grid.spot).all()
    assert (grid.high >= grid.spot).all()


def test_a_part_of_the_layer_is_named_as_a_part(month):
    snapshot = told(ModelledBoard(LAYER), *month).snapshot("BTC")
    whole, _ = snapshot.view()
    parts = [
        snapshot.view(Choice(leverages=(leverage,)))[0]
        for leverage in snapshot.model.rungs.leverages.tolist()
    ]
    assert parts[4].layer.label == "Testex (25x only), modelled"
    assert np.allclose(sum(part.map.usd for part in parts), whole.map.usd)
    young, _ = snapshot.view(Choice(opened_since_ms=snapshot.time_ms - DAY * FIVE_MINUTES))
    assert young.layer.label == "Testex (opened within 1 d only), modelled"
    assert 0 < young.map.usd.sum() < whole.map.usd.sum()
    assert (young.map.usd <= whole.map.usd + 1e-6).all()


def test_other_margin_tiers_move_what_is_opened_from_then_on(month):
    board = told(ModelledBoard(LAYER), *(cut(update, slice(0, 800)) for update in month))
    before = board.view("BTC")
    board.apply(MarginTiersSeen("BTC", board.time_ms, MarginTiers.flat(20, 0.02)))
    after = board.view("BTC")
    assert after.open_usd == before.open_usd
    tiers = board.snapshot("BTC").model.rungs.leverages.tolist()
    assert tiers == [2.0, 3.0, 5.0, 10.0]
    told(board, *(cut(update, slice(800, None)) for update in month))
    assert board.view("BTC").open_interest == month[0].coins[-1]


def test_a_view_of_a_modelled_layer_outlasts_the_wire(month):
    board = told(ModelledBoard(LAYER), *month)
    view = board.view("BTC")
    view = view.beside([view.elsewhere]).with_grid(board.snapshot("BTC").grid(FIVE_MINUTES * 50))
    again = from_bytes(to_bytes(view))
    assert again.swept == view.swept
    assert again.realised_share == view.realised_share is not None
    assert again.others == view.others
    assert np.array_equal(again.grid.usd, view.grid.usd)


@pytest.mark.parametrize(("minutes_ago", "counts"), [(600, False), (1, True)])
def test_liquidations_that_were_asked_for_afterwards_count_only_if_they_happened_since_the_last_view(
    month, minutes_ago, counts
):
    board = told(ModelledBoard(LAYER), *month)
    now_ms = board.time_ms
    past = Liquidation("BTC", now_ms - 1, Side.LONG, 60_000, 2, provenance=Provenance.BACKFILLED)
    board.apply(past)
    # At the start there is no last view.
    assert board.view("BTC").liquidated.long == 0
    board.apply(AssetContext("BTC", now_ms + 600_000, 60_000.0, 1000.0))
    since = now_ms + 600_000 - minutes_ago * 60_000 - 1
    board.apply(replace(past, time_ms=since))
    assert (board.view("BTC").liquidated.long > 0) is counts
    board.apply(replace(past, time_ms=since, provenance=Provenance.STREAMED))
    assert board.view("BTC").liquidated.long > 0
