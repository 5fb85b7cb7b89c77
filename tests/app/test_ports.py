"""A port that is taken: the bot goes on without it, says so, and takes it as soon as it is free."""

import asyncio
import socket
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from aiohttp import ClientConnectionError, ClientSession
from app.stand_ins import Told, beat

from liqbot.app import ports
from liqbot.app.bot import Bot
from liqbot.app.runtime import serving
from liqbot.sections import WebSettings


async def answered(session, address):
    """Return the status of an address, as soon as anybody answers there."""
    while True:
        try:
            async with session.get(address) as answer:
                return answer.status
        except ClientConnectionError:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("what", "path"), [("page", "/api/v1/coins"), ("metrics", "/metrics")])
async def test_a_bot_goes_on_without_a_port_and_serves_once_it_is_free(settings, monkeypatch, what, path):
    monkeypatch.setattr(ports, "SOON_S", 0.01)
    with socket.socket() as older:
        older.bind(("127.0.0.1", 0))
        older.listen()
        port = older.getsockname()[1]
        own = (
            {"web": WebSettings(port=port)}
            if what == "page"
            else {"metrics_port": port, "web": WebSettings(enabled=False)}
        )
        bot = Bot(settings.model_copy(update=own), [Told([*beat(1), asyncio.Event()])], {})
        async with serving(bot):
            await bot.until(lambda: bot.beats == 1)
            assert [*bot.ports.taken] == [what]
            assert bot.ports.taken[what] == f"127.0.0.1:{port}: Address already in use."
            older.close()
            async with asyncio.timeout(10), ClientSession() as session:
                assert await answered(session, f"http://127.0.0.1:{port}{path}") == 200
            assert bot.ports.taken == {}


async def test_a_port_that_is_left_a_moment_later_is_taken_at_once_and_one_that_is_kept_is_asked_for_seldom():
    """A process that was killed may be on its way out when the next one begins."""
    tries_s, opened = [], asyncio.Event()

    @asynccontextmanager
    async def serve():
        tries_s.append(asyncio.get_running_loop().time())
        if len(tries_s) < 4:
            raise OSError(98, "Address already in use")
        yield "127.0.0.1", 1

    async with (
        asyncio.timeout(5),
        ports.Ports().serving("page", "127.0.0.1:1", serve, lambda *_: opened.set()),
    ):
        await opened.wait()
    assert tries_s[-1] - tries_s[0] < 3
    pauses_s = [later - earlier for earlier, later in pairwise(tries_s)]
    assert all(later > 1.5 * earlier for earlier, later in pairwise(pauses_s)), "less and less often"
