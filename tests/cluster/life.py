"""One process of a bot that is several, by its order: the real bot, with some of the roles.

Its market is a price that stands and one position; its rule tells of each minute to the chats whose turn it
is.
"""

import asyncio
import os
import time
from pathlib import Path

import aiohttp
from counterparts.sink.client import Platform
from counterparts.sink.server import SENDER
from markets import long, price, seen

from liqbot.app.bot import Bot
from liqbot.app.plugin_setup import HOUSE
from liqbot.app.roles import Duties
from liqbot.hosting.plugins import Wanted, load_plugins
from liqbot.logs import set_up_logs
from liqbot.market.layer import Basis, Layer
from liqbot.market.updates import Beat
from liqbot.rules.common_parameters import Policy
from liqbot.rules.rule import Hit, rule
from liqbot.sections import PluginSettings, WebSettings
from liqbot.settings import Settings
from liqbot.sources.scanning import slot_of
from liqbot.store.address import PostgresUrl
from liqbot.store.scans import Scan

PLATFORMS = ("keyed", "plain")
COIN = "BTC"
MINUTE_MS = 60_000
LOTS = 5
"""Each minute one lot of the chats gets an alert: a fifth of them."""
BEAT_S = 1.0
LAYER = Layer("Testex", Basis.MEASURED)
ACCOUNTS = [f"account-{number}" for number in range(300)]
"""Scanners share these."""


@rule("wave", policy=Policy(cooldown=0))
def wave(view, *, lot: float = 0):
    """It alerts one lot after the other, each minute the next."""
    number = view.time_ms // MINUTE_MS
    if number % LOTS == lot:
        yield Hit(f"wave-{number}", f"wave {number}", value=lot)


def market_clock(order):
    """Return the market's clock: at `begun_ms` it told `market_ms`, and it goes `haste` times as fast.

    That one of the machine goes as it is: a hasty market is in the past, and does not live to reach now.
    """

    def now_ms():
        gone_ms = time.time_ns() // 1_000_000 - order["begun_ms"]
        return order["market_ms"] + order["haste"] * gone_ms

    return now_ms


class Market:
    """A source that tells the same again and again, at the market's time, and what others have scanned."""

    name = "market"
    layer = LAYER
    live_from_ms = 0

    def __init__(self, clock):
        self._clock = clock
        self._scanning = None

    def read_scans(self, scanning):
        self._scanning = scanning

    def scanner(self, scanning):
        return Scanner(scanning)

    async def updates(self):
        while True:
            now = self._clock()
            scanned = await self._scanning.scans.news()
            yield price(100.0, time_ms=now, coin=COIN)
            rows = [long(scan.account, 1, at=90.0, coin=COIN) for scan in scanned]
            yield seen(long("ann", 100_000, at=95.0, coin=COIN), *rows, time_ms=now)
            yield Beat(now)
            await asyncio.sleep(BEAT_S)


class Scanner:
    """Reads its part of the accounts again and again."""

    name = "market"
    layer = LAYER
    live_from_ms = 0
    oldest_s = 0.0

    def __init__(self, scanning):
        self._scanning = scanning

    async def updates(self):
        while True:
            mine = [name for name in ACCOUNTS if self._scanning.slots[slot_of(name)]]
            await self._scanning.scans.tell([Scan(name, b"seen") for name in mine])
            await asyncio.sleep(BEAT_S)
            for update in ():
                yield update


class Leased:
    """A platform that tells the sink under which lease it sends, so that the sink can see two at once."""

    def __init__(self, platform, name):
        self._platform = platform
        self._name = name
        self.bot = None
        self.limits = platform.limits
        self.is_group = platform.is_group

    async def send(self, outgoing):
        sender = next(one for one in self.bot.dispatcher.platforms if one.name == self._name)
        lease = sender.lease
        return await self._platform.send(outgoing, headers={SENDER: str(lease.number if lease else 0)})


async def live(order):
    """Live until killed; `order` is the database, the sink, the roles, a folder for files, and the time."""
    set_up_logs("warning", "json")
    settings = Settings(
        database=PostgresUrl(order["database"]),
        coins=(COIN,),
        plugins_path=Path(order["folder"]),
        pictures_path=Path(order["folder"]),
        plugins=PluginSettings(enabled=False),
        web=WebSettings(enabled=False),
    )
    plugins = load_plugins((*HOUSE, wave), Wanted(folder=None, installed=False))
    roles = frozenset(order["roles"])
    async with aiohttp.ClientSession() as session:
        names = PLATFORMS if "sender" in roles else ()
        platforms = {name: Leased(Platform(session, order["sink"], name), name) for name in names}
        bot = Bot(settings, [Market(market_clock(order))], platforms, plugins, duties=Duties(roles))
        for platform in platforms.values():
            platform.bot = bot
        async with bot:
            os.write(order["ready"], b"r") if "ready" in order else None
            await asyncio.Event().wait()
