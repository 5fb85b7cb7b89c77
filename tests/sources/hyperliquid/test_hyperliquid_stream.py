"""The websocket: what is told, and what becomes of a connection that breaks, falls silent or raves."""

import asyncio
import contextlib
import socket
import time

import pytest
from counterparts.hyperliquid.running import counterpart
from sources.hyperliquid.stand_ins import VirtualClock
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from liqbot.sources.hyperliquid.connection import SHORTEST_PAUSE_S, TROUBLE_MS
from liqbot.sources.hyperliquid.decoding import PayloadError
from liqbot.sources.hyperliquid.stream import (
    COINS_A_SOCKET,
    MOST_SOCKETS,
    Stream,
    subscriptions,
)


@pytest.fixture(scope="module")
def exchange():
    with counterpart(speed=60, still=True, limit=0) as running:
        yield running


@contextlib.asynccontextmanager
async def streaming(exchange, coins=("BTC", "ETH")):
    """Give what a running stream has heard, by channel, and the stream."""
    heard, changed = {}, asyncio.Event()

    def take(frame):
        heard[frame.channel] = heard.get(frame.channel, 0) + 1
        changed.set()

    stream = Stream(exchange.ws, coins, take, exchange.clock)
    task = asyncio.create_task(stream.run())

    async def until(holds):
        async with asyncio.timeout(30):
            while not holds(heard):
                changed.clear()
                await changed.wait()

    try:
        yield heard, stream, until
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def everything(heard):
    return {"trades", "activeAssetCtx", "candle", "l2Book"} <= heard.keys()


async def test_it_hears_trades_contexts_candles_and_books(exchange):
    async with streaming(exchange) as (heard, stream, until):
        await until(everything)
        assert heard["subscriptionResponse"] == 8
        assert stream.reconnects == 0
        assert stream.connected == 1


async def test_a_coin_can_be_added_while_it_listens_and_stays_after_a_break(exchange):
    async with streaming(exchange, coins=("BTC",)) as (heard, stream, until):
        await until(lambda heard: heard.get("subscriptionResponse") == 4)
        assert await stream.add("ETH")
        assert await stream.add("ETH")
        await until(lambda heard: heard.get("subscriptionResponse") == 8)
        heard.clear()
        await asyncio.to_thread(exchange.control, drop=True)
        await until(lambda heard: heard.get("subscriptionResponse") == 8)


async def test_where_all_sockets_are_full_no_coin_is_added():
    coins = [f"C{number}" for number in range(COINS_A_SOCKET * MOST_SOCKETS - 1)]
    stream = Stream("ws://x", coins, lambda _: None, VirtualClock())
    assert await stream.add("LAST")
    assert not await stream.add("MORE")
    assert await stream.add("C0")


async def test_a_coin_that_needs_a_socket_of_its_own_gets_one(exchange):
    async with streaming(exchange, coins=()) as (_, stream, until):
        assert await stream.add("BTC")
        await until(everything)


async def test_a_connection_that_breaks_is_opened_again_and_subscribed_anew(exchange):
    async with streaming(exchange) as (heard, stream, until):
        await until(everything)
        heard.clear()
        await asyncio.to_thread(exchange.control, drop=True)
        await until(lambda heard: everything(heard) and heard.get("subscriptionResponse") == 8)
        assert stream.reconnects == 1


async def test_a_socket_that_falls_silent_is_noticed_and_opened_again(exchange):
    async with streaming(exchange) as (heard, stream, until):
        await until(everything)
        await asyncio.to_thread(exchange.control, silent=True)
        began_ms = exchange.clock.now_ms()
        async with asyncio.timeout(30):
            while not stream.reconnects:
                await exchange.clock.sleep(1)
        assert exchange.clock.now_ms() - began_ms < 120_000
        await asyncio.to_thread(exchange.control, silent=False)
        heard.clear()
        await until(everything)


async def test_a_pong_is_a_sign_of_life(exchange):
    async with streaming(exchange, coins=("BTC",)) as (_, stream, until):
        await until(lambda heard: "trades" in heard)
        assert stream.reconnects == 0
    assert stream.connected == 0


async def test_subscriptions_and_pings_leave_as_text_frames():
    kinds, enough = [], asyncio.Event()

    async def talk(socket):
        async for message in socket:
            kinds.append(type(message))
            if len(kinds) >= 5:
                enough.set()
            if message == '{"method":"ping"}':
                await socket.send('{"channel":"pong"}')

    async with serve(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        stream = Stream(f"ws://127.0.0.1:{port}", ["BTC"], lambda _: None, VirtualClock())
        task = asyncio.create_task(stream.run())
        async with asyncio.timeout(20):
            await enough.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert set(kinds) == {str}


async def test_frames_that_make_no_sense_are_passed_over_and_the_connection_stays():
    came = asyncio.Event()

    async def talk(socket):
        for frame in (
            "{",
            "[]",
            '"x"',
            b"\xff",
            '{"data":1}',
            '{"channel":"trades","data":{}}',
            '{"channel":"pong"}',
        ):
            await socket.send(frame)
        await socket.wait_closed()

    def take(frame):
        if frame.channel == "trades":
            raise PayloadError("trades: not a list")
        came.set()

    async with serve(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        clock = _Slow()
        stream = Stream(f"ws://127.0.0.1:{port}", ["BTC"], take, clock)
        task = asyncio.create_task(stream.run())
        async with asyncio.timeout(20):
            await came.wait()
        assert stream.refused == 6
        assert stream.reconnects == 0
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_waits_in_a_connection_is_taken_at_once_however_busy_the_loop_is():
    """Else it ages there, and passes for news when the other side is long gone."""
    frames, turn, turns, all_taken = 300, 0, [], asyncio.Event()

    async def talk(socket):
        for _ in range(frames):
            await socket.send('{"channel":"trades","data":[]}')
        await socket.wait_closed()

    def take(_):
        turns.append(turn)
        if len(turns) == frames:
            all_taken.set()

    async with serve(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        task = asyncio.create_task(Stream(f"ws://127.0.0.1:{port}", ["BTC"], take, _Slow()).run())
        async with asyncio.timeout(20):
            while not all_taken.is_set():
                turn += 1
                await asyncio.sleep(0)
                if turns:
                    time.sleep(0.002)  # noqa: ASYNC251 - what else is done in a turn
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert len(set(turns)) < frames / 5


async def test_where_a_connection_that_told_something_breaks_the_next_pause_is_short_again():
    slept, enough = [], asyncio.Event()

    class Counting(_Slow):
        async def sleep(self, seconds):
            if seconds > 1:  # how long it listens for silence
                await super().sleep(seconds)
            slept.append(seconds)
            if len(slept) == 5:
                enough.set()
                await super().sleep(seconds)

    async def tell_and_break(socket):
        for _ in subscriptions(["BTC"]):
            await socket.recv()
        await socket.send('{"channel":"trades","data":[]}')

    async with serve(tell_and_break, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        task = asyncio.create_task(
            Stream(f"ws://127.0.0.1:{port}", ["BTC"], lambda _: None, Counting()).run()
        )
        async with asyncio.timeout(20):
            await enough.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert max(slept) <= SHORTEST_PAUSE_S


async def test_where_nobody_listens_it_tries_again_with_pauses_that_double_and_vary():
    clock, enough = VirtualClock(), asyncio.Event()

    class Counting(VirtualClock):
        async def sleep(self, seconds):
            clock.slept.append(seconds)
            if len(clock.slept) >= 9:
                enough.set()
                await asyncio.Event().wait()

    stream = Stream("ws://127.0.0.1:9", ["BTC"], lambda _: None, Counting())
    task = asyncio.create_task(stream.run())
    async with asyncio.timeout(20):
        await enough.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    most = [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert all(high / 2 <= slept <= high for slept, high in zip(clock.slept, most, strict=True))
    assert len({round(slept / high, 3) for slept, high in zip(clock.slept, most, strict=True)}) > 5


def test_coins_are_spread_over_sockets_and_never_more_than_the_limits():
    coins = [f"C{number}" for number in range(300)]
    stream = Stream("ws://x", coins, lambda _: None, VirtualClock())
    assert len(stream._groups) == MOST_SOCKETS
    assert all(len(group) <= COINS_A_SOCKET for group in stream._groups)
    assert sum(len(subscriptions(group)) for group in stream._groups) <= 1000
    assert [len(group) for group in Stream("ws://x", coins[:13], lambda _: None, VirtualClock())._groups] == [
        12,
        1,
    ]


class _Slow(VirtualClock):
    async def sleep(self, _):
        await asyncio.Event().wait()


# What is no break any more, but a trouble


async def silent(socket):
    async for _ in socket:
        await socket.send('{"channel":"pong"}')


async def ends(socket):
    await socket.close(1013, "try again later")


async def tells(socket):
    with contextlib.suppress(ConnectionClosed):
        while True:
            await socket.send('{"channel":"trades","data":[]}')
            await asyncio.sleep(0.01)


def refuses(connection, _request):
    return connection.respond(403, "not from here")


@pytest.mark.parametrize(
    ("talk", "refuse", "said"),
    [
        (
            silent,
            refuses,
            "it was never accepted (InvalidStatus server rejected WebSocket connection: HTTP 403)",
        ),
        (silent, None, "it is accepted and then silent"),
        (ends, None, "it is accepted and then ended (ConnectionClosedError"),
    ],
)
async def test_one_that_never_tells_anything_is_a_trouble_that_says_how(talk, refuse, said):
    async with serve(talk, "127.0.0.1", 0, process_request=refuse) as server:
        port = server.sockets[0].getsockname()[1]
        stream = Stream(f"ws://127.0.0.1:{port}/KEY", ["BTC"], lambda _: None, VirtualClock())
        assert stream.trouble == ""
        task = asyncio.create_task(stream.run())
        async with asyncio.timeout(20):
            while not stream.trouble:  # noqa: ASYNC110 - what passes of itself sets no event
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert stream.trouble.startswith(said)
    assert "KEY" not in stream.trouble


async def test_nobody_there_is_a_trouble_only_after_more_than_a_break():
    with socket_of_nobody() as port:
        clock = VirtualClock()
        stream = Stream(f"ws://127.0.0.1:{port}", ["BTC"], lambda _: None, clock)
        began_ms = clock.now_ms()
        task = asyncio.create_task(stream.run())
        async with asyncio.timeout(20):
            while not stream.trouble:
                assert clock.now_ms() - began_ms < TROUBLE_MS + 120_000
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert clock.now_ms() - began_ms >= TROUBLE_MS
    assert stream.trouble.startswith("it was never accepted (ConnectionRefusedError")


async def test_one_that_tells_again_is_no_trouble_any_more():
    clock, heard = _Slow(), asyncio.Event()
    async with serve(tells, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        stream = Stream(f"ws://127.0.0.1:{port}", ["BTC"], lambda _: heard.set(), clock)
        task = asyncio.create_task(stream.run())
        async with asyncio.timeout(20):
            await heard.wait()
        assert stream.trouble == ""
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.contextmanager
def socket_of_nobody():
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        yield own.getsockname()[1]
