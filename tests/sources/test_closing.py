"""Whoever is cancelled again while it closes its connections leaves none of them open."""

import asyncio
import gc
import random
import warnings
from contextlib import asynccontextmanager

import pytest
import websockets

from liqbot.sources.closing import finished
from liqbot.sources.http_client import http_client
from liqbot.sources.hyperliquid.connection import Connection

CONNECTIONS = 6
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n{}"


class Server:
    """Answers once all have asked, keeps connections open, and counts those that are."""

    def __init__(self):
        self.open = 0
        self._asked = asyncio.Barrier(CONNECTIONS)

    async def serve(self, reader, writer):
        self.open += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await self._asked.wait()
                writer.write(ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()


@asynccontextmanager
async def serving():
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listening:
        server.port = listening.sockets[0].getsockname()[1]
        yield server


@asynccontextmanager
async def nothing_unclosed():
    """Fail where something was left to the garbage collector that nobody has closed."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        yield
        for _ in range(5):
            await asyncio.sleep(0)
        gc.collect()
    assert [str(one.message) for one in told if issubclass(one.category, ResourceWarning)] == []


async def eventually(holds):
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - it tells nobody here
            await asyncio.sleep(0.005)


async def cancel_often(task, turns):
    """Cancel a task again and again, so many turns of the loop apart."""
    for _ in range(40):
        task.cancel()
        for _ in range(turns):
            await asyncio.sleep(0)
        if task.done():
            break
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("by_hand", [False, True])
async def test_a_client_that_is_cancelled_again_while_it_closes_closes_every_connection(turns, by_hand):
    async with serving() as server, nothing_unclosed():
        connected = asyncio.Event()

        async def ask_and_wait():
            if by_hand:
                http = http_client(5)
                try:
                    await ask(http)
                finally:
                    await http.aclose()
            else:
                async with http_client(5) as http:
                    await ask(http)

        async def ask(http):
            address = f"http://127.0.0.1:{server.port}/"
            await asyncio.gather(*(http.get(address) for _ in range(CONNECTIONS)))
            connected.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(ask_and_wait())
        await asyncio.wait_for(connected.wait(), 10)
        assert server.open == CONNECTIONS
        await cancel_often(task, turns)
        del task
        await eventually(lambda: server.open == 0)


@pytest.mark.parametrize("turns", [0, 2])
async def test_a_stream_that_is_cancelled_again_at_any_moment_of_its_life_leaves_nothing_open(turns):
    opened = set()

    async def speak(socket):
        opened.add(socket)
        try:
            async for _ in socket:
                await socket.send('{"channel":"pong"}')
        finally:
            opened.discard(socket)

    class Clock:
        def now_ms(self):
            return 0

        async def sleep(self, seconds):
            await asyncio.sleep(seconds / 100)

    async with websockets.serve(speak, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        for waited in range(0, 60, 15):
            async with nothing_unclosed():
                connection = Connection(
                    f"ws://127.0.0.1:{port}", Clock(), lambda: [{"type": "trades"}], bool,
                    rng=random.Random(1),  # noqa: S311
                )  # fmt: skip
                task = asyncio.create_task(connection.run())
                for _ in range(waited):
                    await asyncio.sleep(0.0005)
                await cancel_often(task, turns)
                del task
        await eventually(lambda: not opened)


async def test_what_is_closed_is_closed_whole_and_its_own_error_is_told():
    steps = []

    async def closing(error=None):
        for step in range(3):
            await asyncio.sleep(0)
            steps.append(step)
        if error:
            raise error

    await finished(closing())
    with pytest.raises(OSError, match="no"):
        await finished(closing(OSError("no")))
    task = asyncio.create_task(finished(closing(OSError("nobody hears this"))))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert steps == [0, 1, 2] * 3
