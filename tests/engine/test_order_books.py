"""Books on views: the newest of each coin while it is fresh; a book older than a minute is no depth."""

from collections import Counter

import pytest
from markets import LAYER, MINUTE, long, price, seen
from modelled import LAYER as MODELLED
from modelled import history, told

from liqbot.engine.board import Board
from liqbot.engine.modelled_board import ModelledBoard
from liqbot.market import wire
from liqbot.market.depth import FRESH_MS, Depth
from liqbot.market.side import Side
from liqbot.market.updates import Beat, DepthSeen


def book(time_ms, coins=1.0, coin="BTC"):
    steps = range(1, 200)
    return DepthSeen(
        Depth.of(
            coin,
            "Test",
            time_ms,
            [(100 - step / 50, coins) for step in steps],
            [(100 + step / 50, coins) for step in steps],
        )
    )


def measured():
    board = Board(LAYER)
    board.apply(price(100, time_ms=MINUTE))
    board.apply(seen(long("ann", 1, at=95), time_ms=MINUTE))
    return board


def estimated():
    board = told(ModelledBoard(MODELLED), *history(60))
    board.view("BTC")
    return board


@pytest.mark.parametrize("board", [measured, estimated])
class TestOnEitherBoard:
    def test_a_view_has_the_newest_book_in_few_levels(self, board):
        board = board()
        now = board.time_ms
        for update in (book(now), book(now + 1, coins=3.0), book(now, coin="ETH")):
            board.apply(update)
        depth = board.view("BTC").depth
        assert (depth.coin, depth.time_ms) == ("BTC", now + 1)
        assert depth.bid_sizes.sum() == pytest.approx(3.0 * 199)
        assert len(depth.bid_prices) < 60

    def test_a_book_older_than_a_minute_is_no_depth_and_comes_back_with_a_new_one(self, board):
        board = board()
        now = board.time_ms
        board.apply(book(now))
        board.apply(Beat(now + FRESH_MS))
        assert board.view("BTC").depth is not None
        board.apply(Beat(now + FRESH_MS + 1))
        assert board.view("BTC").depth is None
        board.apply(book(now + FRESH_MS + 1))
        assert board.view("BTC").depth is not None

    def test_a_book_that_comes_late_does_not_replace_a_newer_one_and_is_counted(self, board):
        board = board()
        now = board.time_ms
        board.apply(book(now + 2, coins=3.0))
        board.apply(book(now + 1))
        assert board.view("BTC").depth.time_ms == now + 2
        assert Counter(board.rejected)["a book older than the one before"] == 1

    def test_without_a_book_there_is_no_depth(self, board):
        assert board().view("BTC").depth is None


def test_the_wire_carries_it_in_a_kilobyte_or_two():
    board = measured()
    without = len(wire.to_bytes(board.view("BTC")))
    board.apply(book(MINUTE))
    view = board.view("BTC")
    back = wire.from_bytes(wire.to_bytes(view))
    assert back.depth.bid_prices.tolist() == view.depth.bid_prices.tolist()
    assert back.depth.usd_within(Side.SHORT, 0.01) == view.depth.usd_within(Side.SHORT, 0.01)
    assert len(wire.to_bytes(view)) - without < 2_500
