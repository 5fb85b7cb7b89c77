"""Taker flow out of the streamed trades: whole periods alone, each trade once."""

import pytest
from sources.hyperliquid.stand_ins import NOW_MS

from liqbot.engine.board import Board
from liqbot.market.layer import Basis, Layer
from liqbot.market.updates import AssetContext, TakerFlowSeen
from liqbot.sources.hyperliquid.payloads import Trade
from liqbot.sources.hyperliquid.taker_flow import PERIOD_MS, TakerFlow

START_MS = NOW_MS // PERIOD_MS * PERIOD_MS
USERS = ("0x1", "0x2")


def trade(period, side="B", size=1.0, *, tid=1, coin="BTC", px=100.0):
    return Trade(coin, px, size, USERS, side, START_MS + period * PERIOD_MS + 1, tid)


@pytest.fixture
def told():
    return []


@pytest.fixture
def flow(told):
    return TakerFlow(told.append)


def test_a_period_is_told_when_the_next_begins(flow, told):
    flow.take([trade(0, tid=1), trade(1, tid=2, size=3.0), trade(1, "A", tid=3), trade(2, tid=4)])
    (one,) = told  # the first was listened to from its middle on
    assert (one.coin, one.time_ms, one.buy_share) == ("BTC", START_MS + PERIOD_MS, 0.75)


def test_a_trade_that_is_told_again_counts_once_and_one_of_a_period_before_not_at_all(flow, told):
    flow.take([trade(0), trade(1, tid=2), trade(1, tid=2), trade(1, "A", tid=3), trade(0, "A", tid=1)])
    flow.take([trade(2, tid=4)])
    assert told[0].buy_share == 0.5


def test_a_period_in_which_the_stream_broke_is_not_told_nor_one_after_a_silent_one(flow, told):
    flow.take([trade(0), trade(1, tid=2)])
    flow.note_breaks(1)
    flow.take([trade(1, tid=3), trade(2, tid=4)])
    assert told == []
    flow.note_breaks(1)
    flow.take([trade(3, tid=5)])
    assert len(told) == 1
    flow.take([trade(5, tid=6), trade(6, tid=7)])
    assert [one.time_ms for one in told] == [START_MS + 2 * PERIOD_MS, START_MS + 3 * PERIOD_MS]


def test_a_period_whose_beginning_fell_into_a_break_is_not_told(flow, told):
    flow.take([trade(0), trade(1, tid=2)])
    flow.note_breaks(1)
    flow.take([trade(2, tid=3), trade(3, tid=4), trade(4, tid=5)])
    assert [one.time_ms for one in told] == [START_MS + 3 * PERIOD_MS]


def test_coins_are_told_apart_and_nonsense_is_passed_over(flow, told):
    flow.take([trade(0), trade(0, coin="ETH")])
    flow.take([trade(1, tid=2), trade(1, "A", coin="ETH"), trade(1, "?", tid=5), trade(1, "A", -1, tid=6)])
    flow.take([trade(2, tid=3), trade(2, coin="ETH", tid=8)])
    assert {one.coin: one.buy_share for one in told} == {"BTC": 1.0, "ETH": 0.0}


def test_it_stands_in_the_context_of_the_view():
    board = Board(Layer("Hyperliquid", Basis.MEASURED))
    board.apply(TakerFlowSeen("BTC", START_MS, 0.9))  # of a coin without a price nothing is kept
    board.apply(AssetContext("BTC", START_MS, 100.0))
    board.apply(TakerFlowSeen("BTC", START_MS, 0.6))
    assert board.view("BTC").context.taker_buy == 0.6
