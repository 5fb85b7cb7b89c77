"""Accounts that the exchange pushes: who they are, and what is heard of them, over a real websocket."""

import asyncio
import contextlib
import math

import pytest
from counterparts.hyperliquid.churning import Churning
from counterparts.hyperliquid.exchange import Exchange
from counterparts.hyperliquid.sockets import Sockets
from sources.hyperliquid.stand_ins import VirtualClock, address

from liqbot.sources.hyperliquid.account_stream import AccountStream
from liqbot.sources.hyperliquid.clock import SystemClock


class Rig:
    """An exchange in this process with real sockets, and a stream of its accounts."""

    def __init__(self, most=10):
        clock = SystemClock()
        market = Churning(accounts=40, fills_a_second=40, start_ms=clock.now_ms())
        self.exchange = Exchange(market, clock, limit=0, listed=1.0, seed=7, dexes=("xyz",))
        self.sockets = Sockets(self.exchange)
        self.names, self.wanted = market.names, []
        self.states, self.fills, self.changed = {}, [], asyncio.Event()
        self.most = most

    @contextlib.asynccontextmanager
    async def running(self):
        server = await self.sockets.run("127.0.0.1", 0)
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self.stream = AccountStream(
            url, self.most, SystemClock(), choose=lambda most: self.wanted[:most],
            take_states=self._take_states, take_fills=self._take_fills,
        )  # fmt: skip
        tasks = [asyncio.create_task(work) for work in (self.stream.listen(), self.stream.run())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            server.close()
            await server.wait_closed()

    async def until(self, holds):
        async with asyncio.timeout(20):
            while not holds():
                await self.sockets.tell(self.exchange.step(1))
                self.changed.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.changed.wait(), 0.1)

    def users(self):
        subscriptions = [item for wanted in self.sockets._subscriptions.values() for item in wanted.values()]
        return {item["user"] for item in subscriptions}

    def _take_states(self, account, states):
        self.states[account] = states
        self.changed.set()

    def _take_fills(self, fills):
        self.fills += fills
        self.changed.set()


async def test_positions_on_all_dexes_and_fills_with_their_liquidations_are_heard():
    rig = Rig()
    rig.wanted = [(name, 1.0) for name in rig.names[:10]]
    async with rig.running():
        await rig.until(lambda: len(rig.states) == 10 and any(one.fill.liquidation for one in rig.fills))
        assert set(rig.states[rig.names[0]]) == {"", "xyz"}
        assert {one.account for one in rig.fills} <= set(rig.names[:10])
        assert rig.stream.pushed(60) == set(rig.names[:10])
        assert rig.stream.refused == 0


async def test_who_is_chosen_anew_is_streamed_in_the_place_of_another_and_never_too_many_at_once():
    rig = Rig(most=10)
    rig.wanted = [(name, 1.0) for name in rig.names[:10]]
    async with rig.running():
        await rig.until(lambda: len(rig.states) == 10)
        rig.states.clear()
        rig.wanted = [(rig.names[30], math.inf), *((name, 1.0) for name in rig.names[:10])]
        await rig.stream.change()
        await rig.until(lambda: rig.names[30] in rig.states)
        assert rig.users() == {rig.names[30], *rig.names[:9]}
        assert rig.stream.pushed(0.0) <= rig.users()


async def test_where_the_exchange_allows_fewer_no_more_are_asked_for():
    rig = Rig(most=15)
    rig.wanted = [(name, 1.0) for name in rig.names[:15]]
    async with rig.running():
        await rig.until(lambda: len(rig.states) == 10)
        assert rig.stream.most == 10
        await rig.stream.change()
        assert len(rig.stream._streamed) == 10


async def test_after_a_break_the_same_accounts_are_streamed_again():
    rig = Rig(most=2)
    rig.wanted = [(name, 1.0) for name in rig.names[:2]]
    async with rig.running():
        await rig.until(lambda: len(rig.states) == 2)
        rig.states.clear()
        await rig.sockets.drop()
        await rig.until(lambda: len(rig.states) == 2)
        assert rig.stream.reconnects == 1


@pytest.mark.parametrize(("worth", "stays"), [(1.9, True), (2.1, False)])
async def test_whoever_is_streamed_stays_while_worth_about_as_much(worth, stays):
    stream = AccountStream(
        "ws://x", 1, VirtualClock(), choose=lambda most: wanted[:most],
        take_states=lambda *_: None, take_fills=lambda _: None,
    )  # fmt: skip
    wanted = [(address(1), 1.0)]
    await stream.change()
    wanted = [(address(2), worth), (address(1), 1.0)]
    await stream.change()
    assert list(stream._streamed) == [address(1 if stays else 2)]
