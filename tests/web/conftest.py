"""A bot with a small market, and its web on a free port: served from a thread, asked like any server."""

import asyncio
import socket
import threading
import time

import httpx
import pytest
from accounts import AccountVenue, held, state
from app.stand_ins import ME, Told, subscribe
from markets import HOUR, long, price, seen, short
from platforms import Paper

from liqbot.app.bot import Bot
from liqbot.app.runtime import serving
from liqbot.bus import ViewsMade
from liqbot.chat.command import CommandContext
from liqbot.market.side import Side
from liqbot.market.updates import Beat, Liquidation
from liqbot.people_settings import QuotaSettings
from liqbot.sections import WebSettings
from liqbot.settings import Settings

HOST = "liq.example.org"
PUBLIC = f"https://{HOST}"


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def market(now_ms):
    """Yield two coins over the last twelve hours: BTC falls to a cluster of longs, ETH stands still."""
    for step in range(13):
        time_ms = now_ms - (12 - step) * HOUR
        spot = 100 - step / 4
        yield price(spot, time_ms=time_ms, open_interest=3e6, funding=1e-5)
        yield price(10, time_ms=time_ms, coin="ETH")
        yield seen(
            *(long(f"ann{number}", 20_000, at=95 - number / 50, entry=104) for number in range(5)),
            *(long(f"far{number}", 9_000, at=88 - number / 3, entry=99) for number in range(20)),
            *(short(f"bob{number}", 7_000, at=104 + number / 5) for number in range(20)),
            time_ms=time_ms,
        )
        yield seen(
            long("cat", 1_000, at=9.6, coin="ETH"), short("dan", 900, at=10.4, coin="ETH"), time_ms=time_ms
        )
        if step == 9:
            yield Liquidation("BTC", time_ms, Side.LONG, 97.8, 1_500.0)
        yield Beat(time_ms)


class Served:
    """A bot that runs in a thread of its own."""

    def __init__(self, folder):
        self.settings = Settings(
            database=folder / "liqbot.db",
            quotas=QuotaSettings(looks=0),
            coins=("BTC", "ETH"),
            plugins_path=folder / "plugins",
            pictures_path=folder / "pictures",
            web=WebSettings(
                port=free_port(), rate_per_s=0, allowed_hosts=("127.0.0.1", HOST), public_url=PUBLIC
            ),
        )
        self.address = self.bot = None
        self.accounts = AccountVenue(
            state(held("BTC", 5, at=80), held("ETH", -7, at=10.5, mark=10, entry=9), time_ms=1)
        )
        self.platform = Paper()
        self._loop = asyncio.new_event_loop()
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(60)
        assert self.address
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    async def _run(self):
        try:
            held = asyncio.Event()
            steps = [*market(int(time.time() * 1000)), held]
            source = Told(steps)
            source.watched = self.accounts
            self.bot = Bot(self.settings, [source], {"here": self.platform})
            async with serving(self.bot):
                await subscribe(self.bot, rule="near-cluster", coin="BTC", within="5%")
                await self.bot.until(lambda: self.bot.beats >= 13)
                await self.bot.drain(None)
                assert self.bot.address == PUBLIC
                self.address = f"http://127.0.0.1:{self.settings.web.port}"
                self._ready.set()
                await self._stop.wait()
                held.set()
        finally:
            self._ready.set()

    def run(self, work):
        """Return what a coroutine returns that runs in the bot's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def tell_again(self):
        """Tell everybody of the newest views once more."""
        views = list(self.bot.services.markets.views.values())
        await self.bot.bus.publish(ViewsMade(views[0].layer, views))

    def answer(self, line):
        """Return what the bot answers in a chat."""
        return self.run(self.bot.answering.answer(line, CommandContext(ME, self.bot.services)))


@pytest.fixture(scope="package")
def served(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("web")) as bot:
        yield bot


@pytest.fixture(scope="package")
def web(served):
    with httpx.Client(base_url=served.address, timeout=60) as client:
        yield client
