"""Stop orders out of a node's snapshot: read apart, each once, nonsense left out."""

import asyncio
from pathlib import Path

import msgspec
import numpy as np
import pytest
from counterparts.hyperliquid import virtual
from counterparts.hyperliquid.churning import MARKS, Churning
from counterparts.hyperliquid.node import NodeData
from sources.hyperliquid.stand_ins import NOW_MS, VirtualClock, address
from sources.hyperliquid.virtual_source import VirtualSource

from liqbot.engine.board import Board
from liqbot.market.side import Side
from liqbot.market.stops import StopKind
from liqbot.market.updates import Beat
from liqbot.sources.hyperliquid import order_snapshot, stop_feed
from liqbot.sources.hyperliquid.order_snapshot import SnapshotError, read
from liqbot.sources.hyperliquid.stop_feed import FILE, StopFeed

ANN, BOB = address(1), address(2)


def order(oid=1, **more):
    """Return an order as a node writes it down."""
    told = {
        "coin": "BTC", "side": "A", "limitPx": "90.0", "sz": "2.5", "oid": oid, "timestamp": NOW_MS,
        "triggerCondition": "Price below 95", "isTrigger": True, "triggerPx": "95.0", "children": [],
        "isPositionTpsl": False, "reduceOnly": True, "orderType": "Stop Market", "origSz": "2.5",
        "tif": None, "cloid": None,
    }  # fmt: skip
    return told | more


def snapshot(*orders, coin="BTC", more=(), height=7):
    """Return the file of some orders, each with its owner."""
    own = [coin, {"book_orders": [[[ANN, order(99)]], []], "untriggered_orders": list(orders)}]
    return msgspec.json.encode([height, [own, *more]])


def seen(*orders, **more):
    columns = read(snapshot(*orders, **more))
    return columns.seen(NOW_MS), columns.refused


def test_an_order_is_read_with_its_owner_price_size_direction_and_kind():
    told, refused = seen(
        [ANN, order(1)],
        [BOB, order(2, side="B", triggerPx="108.0", sz="0.5", orderType="Take Profit Limit")],
    )
    assert (told.accounts, told.coins, refused) == ((ANN, BOB), ("BTC",), {})
    rows = zip(told.account, told.trigger, told.size, told.is_buy, told.takes_profit, strict=True)
    assert [tuple(row) for row in rows] == [(0, 95.0, 2.5, False, False), (1, 108.0, 0.5, True, True)]


@pytest.mark.parametrize("more", [{"isPositionTpsl": True, "sz": "0.0"}, {"sz": "0.0"}])
def test_one_for_a_whole_position_has_no_size_of_its_own(more):
    told, _ = seen([ANN, order(1, **more)])
    assert np.isnan(told.size).tolist() == [True]


def test_an_order_that_stands_there_twice_counts_once():
    told, refused = seen([ANN, order(1)], [ANN, order(1)], [ANN, order(2)])
    assert (len(told.size), refused) == (2, {})


def test_what_cannot_be_read_takes_nothing_with_it():
    told, refused = seen(
        [ANN, order(1)],
        [ANN, {"coin": "BTC"}],
        "nothing",
        ["ann", order(3)],
        [ANN, order(4, triggerPx="0.0")],
        [ANN, order(5, triggerPx="nan")],
        [ANN, order(6, sz="-1.0")],
        [ANN, order(7, orderType="Limit")],
        [BOB, order(8)],
        more=[["ETH", None], ["@1", {"untriggered_orders": [[ANN, order(9)]]}], 5],
    )
    assert told.accounts == (ANN, BOB)
    assert refused == {
        "a stop order that cannot be read": 2,
        "a stop order that made no sense": 5,
        "stop orders of a coin that cannot be read": 2,
    }


@pytest.mark.parametrize("data", [b"", b"[7", b"{}", b"[7]", snapshot()[:-9]])
def test_a_file_that_is_no_snapshot_is_refused(data):
    with pytest.raises(SnapshotError, match="l4Snapshots"):
        read(data)


def test_a_snapshot_without_orders_says_that_none_wait():
    told, _ = seen()
    assert (len(told.size), told.coins) == (0, ())


class Node(VirtualSource):
    """A market that stands still, its node, and a source that reads there."""

    def __init__(self, folder, **settings):
        NodeData(folder / "node").file(NOW_MS).touch()
        super().__init__(
            folder,
            market=Churning(accounts=40, fills_a_second=0.0, start_ms=NOW_MS),
            start_ms=NOW_MS,
            limit=1200,
            weight_per_minute=200,
            api_url="http://node",
            public_url="http://exchange",
            node_data=str(folder / "node"),
            **settings,
        )
        self.exchange.faults.batches = "served"
        self.board = Board(self.source.layer)

    def follow(self, seconds):
        async def run():
            updates = self.source.updates()
            async for update in updates:
                self.board.apply(update)
                if isinstance(update, Beat) and update.time_ms >= NOW_MS + seconds * 1000:
                    break
            await updates.aclose()

        virtual.run(run())

    def truth(self, coin):
        """Return the USD that wait in a coin, by kind and side, within the reach of a map."""
        usd = dict.fromkeys(((kind, side) for kind in StopKind for side in Side), 0.0)
        positions = self.market.positions()
        for user, told in self.exchange.node_orders.waiting(self.exchange):
            if told["coin"] == coin:
                size = abs(positions[user][coin]) if told["isPositionTpsl"] else float(told["sz"])
                takes = told["orderType"].startswith("Take")
                kind = StopKind.TAKE_PROFIT if takes else StopKind.STOP_LOSS
                usd[kind, Side.SHORT if told["side"] == "B" else Side.LONG] += size * MARKS[coin]
        return usd


@pytest.mark.long
def test_everybodys_stop_orders_are_in_the_view_beside_the_map_and_in_no_sum_of_it(tmp_path):
    node, plain = Node(tmp_path / "one"), Node(tmp_path / "two", stop_orders_s=0)
    node.follow(30)
    plain.follow(30)
    for coin, mark in MARKS.items():
        view, without = node.board.view(coin), plain.board.view(coin)
        told = {
            (kind, side): view.stops.waiting(kind, side, mark).sum() for kind in StopKind for side in Side
        }
        assert told == pytest.approx(node.truth(coin), rel=1e-4)
        assert view.stops.unsized == 0
        assert without.stops is None
        assert np.array_equal(view.map.usd, without.map.usd)
        assert (view.up_usd, view.down_usd, view.ratio) == (without.up_usd, without.down_usd, without.ratio)
        assert [one.usd for one in view.clusters] == [one.usd for one in without.clusters]
    assert "stop orders, " in " ".join(node.source.report().lines)


class WritingNode:
    """Writes what it has into the file that it is asked for."""

    def __init__(self):
        self.data, self.files = b"", []

    async def write_orders(self, file):
        self.files.append(file)
        if self.data:
            await asyncio.to_thread(Path(file).write_bytes, self.data)


def feed_of(folder, node, told, **more):
    wanted = {"every_s": 300.0, "node_path": ""}
    return StopFeed(node, folder, VirtualClock(), **wanted | more, tell=told.append)


async def asked(feed, times):
    """Let a feed ask so often more."""
    for _ in range(times):
        await feed.ask()


async def test_a_snapshot_that_is_not_new_is_not_told_again(tmp_path, monkeypatch):
    monkeypatch.setattr(stop_feed, "read_apart", lambda file: read(file.read_bytes()))
    node, told = WritingNode(), []
    feed, node.data = feed_of(tmp_path, node, told), snapshot([ANN, order(1)], [BOB, "?"])
    await asked(feed, 1)
    assert feed.words.startswith("1 stop orders, ")
    assert feed.refused == {"a stop order that cannot be read": 1}
    node.data = b""  # it answers as before, and leaves the file as it is
    await asked(feed, 2)
    assert feed.words == "stop orders: the node has written nothing new"
    node.data = snapshot([ANN, order(1)], [ANN, order(2)], height=8)
    await asked(feed, 1)
    assert [len(one.size) for one in told] == [1, 2]


async def test_where_the_node_knows_its_folder_by_another_name_it_is_asked_by_that(tmp_path, monkeypatch):
    monkeypatch.setattr(stop_feed, "read_apart", lambda file: read(file.read_bytes()))
    (tmp_path / "seen").mkdir()
    (tmp_path / "seen" / FILE).write_bytes(snapshot([ANN, order(1)]))
    node, told = WritingNode(), []
    await asked(feed_of(tmp_path / "seen", node, told, node_path="/inside/"), 1)
    assert node.files[0] == f"/inside/{FILE}"
    assert len(told[0].size) == 1


def test_a_file_that_is_not_there_is_said_by_the_process_that_looks(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["-c", str(tmp_path / FILE)])
    with pytest.raises(SystemExit, match="No such file"):
        order_snapshot.main()


def test_a_node_that_does_not_serve_it_is_said(tmp_path):
    node = Node(tmp_path, node_path="/nowhere")
    node.follow(5)
    assert node.source.stop_feed.words.startswith("stop orders: fileSnapshot: 422")
