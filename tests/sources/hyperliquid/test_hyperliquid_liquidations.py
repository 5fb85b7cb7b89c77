"""Liquidations without a feed of all of them: each is told once, and says how it became known."""

import asyncio

import msgspec
import pytest
from pydantic import SecretStr
from sources.hyperliquid.stand_ins import NOW_MS, VirtualClock, address, position, read, state
from websockets.asyncio.server import serve

from liqbot.market.side import Side
from liqbot.market.updates import AssetContext, Provenance
from liqbot.sources.hyperliquid.backstops import LIQUIDATORS
from liqbot.sources.hyperliquid.clock import SystemClock
from liqbot.sources.hyperliquid.fills import AccountFill
from liqbot.sources.hyperliquid.liquidation_register import LiquidationRegister
from liqbot.sources.hyperliquid.liquidations import Liquidations
from liqbot.sources.hyperliquid.payloads import Fill, FillLiquidation, Trade
from liqbot.sources.hyperliquid.provider_feed import ProviderFeed

ANN, BOB = address(1), address(2)
(VAULT,) = LIQUIDATORS
MINUTE_MS = 60_000


class Found:
    """What was told, and what tells."""

    def __init__(self, *, all_are_told=False):
        self.told, register = [], LiquidationRegister()

        def take(liquidation):
            register.note(liquidation)
            self.told.append(liquidation)

        self.liquidations = Liquidations(VirtualClock(), register, take, all_are_told=all_are_told)

    def look(self, *positions, minute, without=(), held=()):
        told = state(*positions, time=NOW_MS + minute * MINUTE_MS)
        self.liquidations.in_reading(
            read(told, account=ANN, now_ms=NOW_MS + minute * MINUTE_MS, held=held, without=without)
        )

    def price(self, mark, *, minute, coin="BTC"):
        self.liquidations.hear(AssetContext(coin, round(NOW_MS + minute * MINUTE_MS), mark))


def fill(account=ANN, side="A", *, tid=7, ago_ms=1000, liquidated=ANN, mark=99.0, **more):
    told = FillLiquidation(liquidated, mark, "market") if liquidated else None
    return AccountFill(account, Fill("BTC", 98.0, 2.0, side, NOW_MS - ago_ms, tid, 2.0, told, **more))


def test_a_position_that_is_gone_after_its_level_was_reached_was_most_likely_liquidated():
    found = Found()
    found.look(position(size=2.0, at=95.0), minute=0)
    found.price(94.0, minute=1)
    found.price(100.0, minute=2)
    found.look(minute=3)
    (told,) = found.told
    assert (told.coin, told.side, told.price, told.size) == ("BTC", Side.LONG, 95.0, 2.0)
    assert (told.provenance, told.account, told.sampled) == (Provenance.INFERRED, ANN, True)


@pytest.mark.parametrize(
    ("after", "lost"), [((position(size=-1.6, at=104.0),), 0.4), ((position(size=3.0),), 2.0)]
)
def test_so_was_what_is_smaller_or_has_turned(after, lost):
    found = Found()
    found.look(position(size=-2.0, at=105.0), minute=0)
    found.price(106.0, minute=1)
    found.look(*after, minute=3)
    (told,) = found.told
    assert told.side is Side.SHORT
    assert told.size == pytest.approx(lost)


@pytest.mark.parametrize("case", ["not reached", "reached before", "hardly smaller", "unread", "long ago"])
def test_what_has_another_reason_is_not_called_a_liquidation(case):
    found = Found()
    found.price(94.0 if case == "reached before" else 96.0, minute=-1)
    found.look(position(size=2.0, at=95.0), minute=0)
    found.price(96.0 if case in ("not reached", "reached before") else 94.0, minute=1)
    if case == "hardly smaller":
        found.look(position(size=1.9, at=95.0), minute=3)
    elif case == "unread":
        found.look(minute=3, held=("BTC",), without=("",))
    else:
        found.look(minute=31 if case == "long ago" else 3)
    assert found.told == []


def test_what_was_told_already_is_not_inferred_as_well():
    found = Found()
    found.look(position(size=2.0, at=95.0), minute=-2)
    found.price(94.0, minute=-1)
    found.liquidations.in_fills([fill()])
    found.look(minute=0)
    assert [one.method for one in found.told] == ["market"]


@pytest.mark.parametrize(
    ("account", "side", "liquidated", "expected"),
    [(ANN, "A", ANN, Side.LONG), (ANN, "B", ANN, Side.SHORT), (BOB, "B", ANN, Side.LONG)],
)
def test_a_fill_tells_whose_position_was_liquidated_on_which_side(account, side, liquidated, expected):
    found = Found()
    found.liquidations.in_fills([fill(account, side, liquidated=liquidated)])
    (told,) = found.told
    assert (told.account, told.side, told.price, told.size) == (ANN, expected, 99.0, 2.0)
    assert (told.method, told.provenance) == ("market", Provenance.STREAMED)


def test_both_sides_of_a_trade_and_the_trades_feed_tell_of_one_liquidation():
    found = Found()
    trade = Trade(coin="BTC", px=98.0, sz=2.0, users=(VAULT, ANN), side="B", time=NOW_MS, tid=7)
    found.liquidations.in_fills([fill(), fill(BOB, "B")])
    found.liquidations.in_trades([trade])
    assert len(found.told) == 1


def test_old_fills_that_a_stream_begins_with_are_late_or_nothing():
    found = Found()
    found.liquidations.in_fills([fill(tid=1, ago_ms=60_000), fill(tid=2, ago_ms=86_400_000)])
    assert [one.provenance for one in found.told] == [Provenance.BACKFILLED]


def test_nonsense_and_fills_that_liquidate_nobody_are_passed_over():
    found = Found()
    odd = AccountFill(ANN, Fill("BTC", float("nan"), 1.0, "A", NOW_MS, 3, 0.0, FillLiquidation(ANN)))
    found.liquidations.in_fills([fill(liquidated=None), odd])
    assert found.told == []


def test_where_another_feed_tells_of_all_nothing_is_told_here():
    found = Found(all_are_told=True)
    found.look(position(size=2.0, at=95.0), minute=0)
    found.price(94.0, minute=1)
    found.look(minute=3)
    found.liquidations.in_fills([fill()])
    found.liquidations.in_trades([Trade(coin="BTC", px=98.0, sz=2.0, users=(VAULT, ANN), tid=9)])
    assert found.told == []


def raw(tid, **more):
    told = {"liquidatedUser": ANN, "markPx": "99.0", "method": "market"}
    times = {"time": SystemClock().now_ms(), "tid": tid}
    return {"coin": "BTC", "px": "98.0", "sz": "2.0", "side": "A", "liquidation": told} | times | more


async def test_a_provider_is_understood_however_it_wraps_fills_and_its_key_is_not_logged(caplog):
    subscribed, told, enough, closed = [], [], asyncio.Event(), asyncio.Event()
    frames = [
        [[ANN, raw(1)], [BOB, raw(1, side="B")]],
        {"user": ANN, "fills": [raw(2)]},
        [raw(3), raw(4, user=ANN)],
        {"fills": [raw(5), {"coin": "BTC"}, "nonsense"]},
        "nonsense",
    ]

    async def talk(socket):
        subscribed.append(msgspec.json.decode(await socket.recv()))
        await socket.send(msgspec.json.encode({"channel": "subscriptionResponse", "data": {}}).decode())
        for frame in frames:
            await socket.send(msgspec.json.encode({"channel": "liquidationFills", "data": frame}).decode())
        await socket.send("no json")
        await socket.close()
        closed.set()

    def take(liquidation):
        told.append(liquidation)
        if len(told) == 5:
            enough.set()

    async with serve(talk, "127.0.0.1", 0) as server:
        url = SecretStr(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/?key=SECRET")
        feed = ProviderFeed(url, SystemClock(), LiquidationRegister(), take)
        task = asyncio.create_task(feed.run())
        async with asyncio.timeout(20):
            await enough.wait()
            await closed.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert subscribed[0]["subscription"] == {"type": "liquidationFills"}
    assert {one.side for one in told} == {Side.LONG}
    assert {one.account for one in told} == {ANN}
    assert feed.refused == 4
    assert "SECRET" not in caplog.text
