"""Accounts shared between processes: each asks for its own, and engines have all of them."""

import asyncio
from contextlib import AsyncExitStack, aclosing

import pytest
from counterparts.hyperliquid.running import counterpart
from sources.hyperliquid.stand_ins import follow
from sources.hyperliquid.test_hyperliquid_source import COINS, is_covered

from liqbot.sources.hyperliquid import Hyperliquid
from liqbot.sources.scanning import SLOTS, Scanning, slot_of, slots_of
from liqbot.store.errors import StoreError


class Board:
    """Where all processes of a test tell their scans."""

    def __init__(self):
        self.told = []

    def of(self, process):
        return _Scans(self, process)

    def accounts_of(self, process):
        return {scan.account for name, scan in self.told if name == process}


class _Scans:
    def __init__(self, board, process):
        self._board, self._process, self._read = board, process, 0
        self.is_reached = True

    async def tell(self, scans):
        if not self.is_reached:
            raise StoreError("nobody there")
        self._board.told += [(self._process, scan) for scan in scans]

    async def news(self):
        news = self._board.told[self._read :]
        self._read = len(self._board.told)
        return [scan for process, scan in news if process != self._process]

    async def close(self):
        """Let go of nothing."""


def test_every_slot_is_one_processes_and_about_as_many_are_each_ones():
    names = ["a-1", "b-2", "c-3", "d-4"]
    shares = [slots_of(name, names) for name in names]
    assert sum(share.astype(int) for share in shares).tolist() == [1] * SLOTS
    assert all(0.6 < share.mean() * len(names) < 1.4 for share in shares)


def test_where_one_leaves_only_its_own_accounts_change_hands():
    names = ["a-1", "b-2", "c-3"]
    before, after = slots_of("a-1", names), slots_of("a-1", names[:2])
    assert (after >= before).all()
    assert after.sum() > before.sum()
    assert slots_of("a-1", []).all(), "alone, all are its own"


async def scanning_as(stack, board, exchange, folder, process, processes=()):  # noqa: PLR0917 - a test's own
    """Let a process scan in the background; return the source that does."""
    source = Hyperliquid(
        exchange.settings(weight_a_minute=0), COINS, folder / f"{process}.db", clock=exchange.clock
    )
    scanning = Scanning(board.of(process))
    scanning.slots = slots_of(process, processes)
    scanner = source.scanner(scanning)
    assert scanner.budget is source.budget, "both ask from one address"

    async def run():
        async with aclosing(scanner.updates()) as updates:
            async for update in updates:
                pytest.fail(f"it tells of itself: {update}")

    task = asyncio.create_task(run())

    async def ended():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(ended)
    return scanner


@pytest.mark.long
async def test_two_scanners_ask_for_each_account_once_between_them_and_an_engine_has_all(tmp_path):
    board, names = Board(), ("a", "b")
    with counterpart(crowd=0.02, speed=60, still=True, listed=1.0, limit=0) as exchange:
        engine = Hyperliquid(
            exchange.settings(weight_a_minute=0), COINS, tmp_path / "engine.db", clock=exchange.clock
        )
        engine.read_scans(Scanning(board.of("engine")))
        async with AsyncExitStack() as stack:
            scanners = [await scanning_as(stack, board, exchange, tmp_path, name, names) for name in names]
            await follow(engine, is_covered(0.99))
        asked = {name: board.accounts_of(name) for name in names}
    for name, accounts in asked.items():
        mine = slots_of(name, names)
        assert accounts
        assert all(mine[slot_of(account)] for account in accounts)
    assert not asked["a"] & asked["b"]
    assert board.accounts_of("engine") == set(), "an engine tells nothing, whomever people have it watch"
    assert all(scanner.oldest_s >= 0 for scanner in scanners)


async def test_what_could_not_be_told_is_told_when_the_database_is_back(tmp_path):
    board = Board()
    with counterpart(crowd=0.02, speed=60, still=True, listed=1.0, limit=0) as exchange:
        async with AsyncExitStack() as stack:
            scanner = await scanning_as(stack, board, exchange, tmp_path, "a")
            scans = scanner._exchange._scanning.scans
            scans.is_reached = False
            async with asyncio.timeout(60):
                while scanner.roster.answered < 20:  # noqa: ASYNC110 - it tells nobody
                    await asyncio.sleep(0.01)
                assert board.told == []
                scans.is_reached = True
                while len(board.accounts_of("a")) < 20:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
