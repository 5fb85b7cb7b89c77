"""Hyperliquid's counterpart in this process, with one account whose fate a test decides, and time that jumps.

exchange = AccountExchange()
bot = Bot(settings, [exchange.source(folder)], …)
exchange.price(84_000)
"""

import asyncio
import time

import msgspec
from accounts import ANN, BOB
from counterparts.hyperliquid import shapes, virtual
from counterparts.hyperliquid.exchange import Exchange
from counterparts.hyperliquid.recorded import Recorded

from liqbot.sources.hyperliquid import Hyperliquid
from liqbot.sources.hyperliquid.payloads import Frame

SPEED = 30.0
HOURS_AGO = 3
"""Where its time begins: it must not overtake that of the bot."""
STEP_S = 0.1
SILENT = {"502": 0.4, "empty": 0.4, "missing": 0.2}


class JumpingClock:
    """Time that goes by fast, and can be put on."""

    def __init__(self, start_ms):
        self._start_ms, self._began_s = start_ms, time.monotonic()

    def now_ms(self):
        return self._start_ms + round((time.monotonic() - self._began_s) * SPEED * 1000)

    async def sleep(self, seconds):
        await asyncio.sleep(seconds / SPEED)

    def jump(self, seconds):
        self._start_ms += round(seconds * 1000)


class Directed(Recorded):
    """A market in which everybody holds what a test says: of BTC, at a level of its own."""

    def __init__(self, start_ms):
        self.names = (ANN, BOB)
        self.start_ms = self.time_ms = start_ms
        self.pooled = {}
        self._marks = {"BTC": 100_000.0, "ETH": 2_000.0}
        self.fills = []
        """What ANN has traded before, as the exchange tells it."""
        self._rows = {ANN: [("BTC", 20.0, 104_000.0, 20.0, 80_000.0)], BOB: [("BTC", -5.0, 9e4, 5.0, 2e5)]}

    def step(self, seconds):
        self.time_ms += seconds * 1000
        return []

    def fills_of(self, user):
        return self.fills if user == ANN else []

    def price(self, mark):
        self._marks["BTC"] = mark

    def hold(self, *rows):
        self._rows[ANN] = list(rows)


class AccountExchange:
    """The exchange, and the source that follows it."""

    def __init__(self):
        self.clock = JumpingClock(round(time.time() * 1000) - HOURS_AGO * 3_600_000)
        self.market = Directed(self.clock.now_ms())
        self.price, self.hold = self.market.price, self.market.hold
        self._began_ms = self.clock.now_ms()
        self._exchange = Exchange(self.market, self.clock, limit=0.0, listed=1.0, seed=7)
        self._source = None

    def fill(self, minute, start, size):
        """Return a fill of BTC as the exchange tells it, so many minutes after three hours ago."""
        return {
            "coin": "BTC",
            "px": "104000.0",
            "sz": str(size),
            "side": "B",
            "time": self._began_ms - HOURS_AGO * 3_600_000 + minute * 60_000,
            "startPosition": str(start),
            "dir": "Open Long",
            "closedPnl": "0.0",
            "hash": f"0x{'0' * 64}",
            "oid": minute,
            "crossed": True,
            "fee": "1.0",
            "tid": minute,
            "feeToken": "USDC",
        }

    def source(self, database):
        """Return a source that follows it, in place of the one before."""
        self._source = Hyperliquid(
            virtual.settings(weight_per_minute=0, vaults=(), pushed_accounts=0),
            ("BTC",),
            database,
            clock=self.clock,
            transport=virtual.InProcess(self._exchange),
        )
        return self._source

    async def run(self):
        """Tell of prices, as the websocket would."""
        while True:
            await asyncio.sleep(STEP_S)
            self._exchange.step(1)
            for coin in self.market.coins():
                told = {"coin": coin.name, "ctx": shapes.asset_context(coin)}
                self._source.frames.take(Frame("activeAssetCtx", msgspec.Raw(msgspec.json.encode(told))))

    async def be_silent(self, minutes):
        """Answer nothing about accounts that can be read, for so long."""
        self._exchange.faults.shares = SILENT
        for _ in range(minutes):
            self.clock.jump(60)
            await asyncio.sleep(STEP_S)
        self._exchange.faults.shares = {}

    @property
    def asked(self):
        """How often it was asked about an account."""
        return self._exchange.requests.get("clearinghouseState", 0)
