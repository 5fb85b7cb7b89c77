"""A port that is taken: the bot goes on without it, says so, and takes it as soon as it is free."""

import asyncio
import socket

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
    monkeypatch.setattr(ports, "RETRY_S", 0.01)
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
