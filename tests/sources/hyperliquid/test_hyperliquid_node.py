"""A node of one's own: every change is asked for at once, every liquidation is told once."""

import asyncio

import pytest
from counterparts.hyperliquid import virtual
from counterparts.hyperliquid.churning import Churning
from counterparts.hyperliquid.node import NodeData
from sources.hyperliquid.stand_ins import NOW_MS
from sources.hyperliquid.virtual_source import VirtualSource

from liqbot.market.side import Side
from liqbot.market.updates import Beat, Liquidation, Provenance

SECONDS_TO_THE_HOUR = 30
START_MS = NOW_MS // 3_600_000 * 3_600_000 - SECONDS_TO_THE_HOUR * 1000


class Node(VirtualSource):
    """A market that churns, the node that writes it down, and a source that reads there."""

    def __init__(self, folder, *, accounts=60, rate=4.0, by_block=True, market=None, data=None):
        self.folder = folder
        self.data = data or NodeData(folder / "node", by_block=by_block)
        super().__init__(
            folder,
            market=market or Churning(accounts=accounts, fills_a_second=rate, start_ms=START_MS),
            start_ms=START_MS if market is None else market.time_ms,
            limit=1200,
            weight_per_minute=200,
            api_url="http://node",
            public_url="http://exchange",
            node_data=str(folder / "node"),
        )
        self.exchange.faults.batches = "served"
        self.told, self.cursor, self.written, self.seen_s = [], "", [], {}
        self.kept, self.untold = [], []
        """Liquidations that were written down with a beat, and those that wait for the next."""
        self.stops_writing = False

    def restarted(self):
        """Return the same market and node, read by a source that knows the cursor alone."""
        after = Node(self.folder, market=self.market, data=self.data)
        after.source.resume(self.cursor)
        after.written, after.kept = self.written, self.kept
        return after

    @property
    def liquidations(self):
        """What was written: each once, by its trade."""
        return {fill.tid: fill for fill in self.written if fill.liquidated == fill.user}

    def follow(self, *course, is_taken=None):
        """Follow the source for so many seconds, then do something, and so on.

        `is_taken` may say that the bot was killed at an update.
        """

        async def run():
            passing = asyncio.create_task(self._churn())
            updates = self.source.updates()
            left, until_ms = list(course), 0
            async for update in updates:
                if is_taken is not None and not is_taken(update):
                    break
                self._take(update)
                while isinstance(update, Beat) and update.time_ms >= until_ms and left:
                    step = left.pop(0)
                    if callable(step):
                        step()
                    else:
                        until_ms = self.source.clock.now_ms() + step * 1000
                if isinstance(update, Beat) and update.time_ms >= until_ms:
                    break
            await updates.aclose()
            passing.cancel()

        virtual.run(run())

    def stop_writing(self):
        self.stops_writing = True

    def _take(self, update):
        self.holdings.take(update)
        if isinstance(update, Liquidation):
            self.told.append(update)
            self.untold.append(update)
            self.seen_s[update.account, update.time_ms] = self.source.clock.now_ms() / 1000
        if isinstance(update, Beat):
            self.kept += self.untold
            self.untold.clear()
            self.cursor = update.cursor

    async def _churn(self):
        while True:
            await asyncio.sleep(1)
            if self.stops_writing:
                continue
            self.exchange.step(1)
            self.written += self.market.fills
            self.data.write(self.market.fills)

    def wrong(self):
        """Return who is said to hold something else than is true."""
        truth = self.market.positions()
        return [
            name
            for name, held in self.holdings.held.items()
            if held != pytest.approx(truth.get(name, {}), abs=1e-6)
        ]


@pytest.mark.parametrize("by_block", [pytest.param(True, marks=pytest.mark.long), False])
def test_what_has_changed_is_known_within_seconds_over_a_change_of_the_hour(tmp_path, by_block):
    node = Node(tmp_path, by_block=by_block)
    node.follow(SECONDS_TO_THE_HOUR + 25, node.stop_writing, 4)
    assert len(node.holdings.held) == node.accounts
    assert node.wrong() == []
    assert node.source.node.refused == {}
    assert len(list((tmp_path / "node").glob("*/hourly/*/*"))) == 2


def test_every_liquidation_is_told_once_with_its_account_price_size_side_and_method(tmp_path):
    node = Node(tmp_path, rate=10.0)
    node.follow(60, node.stop_writing, 3)
    assert len(node.told) > 5
    assert sorted((one.account, one.coin, one.size, one.time_ms) for one in node.told) == sorted(
        (fill.user, fill.coin, fill.size, fill.time_ms) for fill in node.liquidations.values()
    )
    sides = {(fill.user, fill.time_ms): Side.SHORT if fill.buys else Side.LONG for fill in node.written}
    assert all(one.side is sides[one.account, one.time_ms] for one in node.told)
    assert {(one.method, one.sampled, one.provenance) for one in node.told} == {
        ("market", False, Provenance.STREAMED)
    }
    assert max(seen_s - time_ms / 1000 for (_, time_ms), seen_s in node.seen_s.items()) < 2


@pytest.mark.long
def test_nothing_is_lost_or_doubled_where_the_bot_is_killed_at_any_update_again_and_again(tmp_path):
    node = Node(tmp_path, rate=10.0)
    for updates in (60, 21, 84):
        left = iter(range(updates))
        node.follow(600, is_taken=lambda _, left=left: next(left, None) is not None)
        node = node.restarted()
    node.follow(12, node.stop_writing, 4)
    assert len(node.kept) > 10
    assert sorted((one.account, one.coin, one.time_ms) for one in node.kept) == sorted(
        (fill.user, fill.coin, fill.time_ms) for fill in node.liquidations.values()
    )
    assert node.wrong() == []


def test_a_line_that_is_cut_off_is_read_when_it_is_whole(tmp_path):
    node, cut = Node(tmp_path), []
    node.stop_writing()

    def write():
        node.exchange.step(5)
        line = node.data.write(node.market.fills, cut_at=40)
        cut.append((node.market.fills[-1], line))

    def finish():
        ((fill, line),) = cut
        assert fill.user in node.wrong()
        node.data.finish(fill.time_ms, line[40:])

    node.data.write(node.market.fills)
    node.data.file(START_MS).touch()
    node.follow(10, write, 3, finish, 6)
    assert node.wrong() == []
    assert node.source.node.refused == {}


def test_what_the_node_does_not_serve_is_asked_of_the_public_api_and_its_weight_alone_counts(tmp_path):
    node = Node(tmp_path)
    node.follow(60)
    asked = node.requests
    assert asked["batchClearinghouseStates"] > 20
    assert asked["metaAndAssetCtxs"] >= 1
    assert node.exchange.weight.refused == 0
    assert node.exchange.weight.peak <= 200


def test_a_folder_that_is_not_there_is_said_and_waited_for(tmp_path):
    node = Node(tmp_path)
    real, away = tmp_path / "node", tmp_path / "away"
    real.rename(away)
    node.stop_writing()

    def put_back():
        assert "cannot be read: no such folder" in node.source.node.words
        away.rename(real)
        node.stops_writing = False

    node.follow(20, put_back, 20)
    assert "fills are read" in node.source.node.words


def test_nonsense_in_the_files_harms_only_itself(tmp_path):
    node = Node(tmp_path)

    def spoil():
        with node.data.file(node.market.time_ms).open("ab") as stream:
            stream.write(
                b'not json\n\n[1]\n{"block_number":1,"events":[["0x1",{}],["bob",null]]}\n\xff\xfe\n'
            )

    node.follow(5, spoil, 20, node.stop_writing, 4)
    assert node.wrong() == []
    assert node.source.node.refused == {"a line that made no sense": 3, "a fill that cannot be read": 2}
