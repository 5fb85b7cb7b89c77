"""A source that follows an exchange in this process, in virtual time."""

import asyncio

import msgspec
from counterparts.hyperliquid import shapes, virtual
from counterparts.hyperliquid.exchange import Exchange
from counterparts.hyperliquid.simulated import Simulated
from sources.hyperliquid.stand_ins import NOW_MS, Holdings

from liqbot.engine.board import Board
from liqbot.market.updates import Beat
from liqbot.sources.hyperliquid import Hyperliquid
from liqbot.sources.hyperliquid.payloads import Frame

COINS = ("BTC", "ETH", "SOL")
STEP_S = 10


class VirtualSource:
    """The source, the exchange that it asks, and what it has told."""

    def __init__(
        self,
        folder,
        *,
        crowd=0.1,
        still=True,
        limit=0.0,
        weight_per_minute=0,
        listed=1.0,
        coins=COINS,
        market=None,
        start_ms=NOW_MS,
        **settings,
    ):
        clock = virtual.LoopClock(start_ms)
        self.market = market or Simulated(
            seed=7, scenario="mixed", crowd=crowd, start_ms=start_ms, still=still, event_after_s=3600
        )
        self.exchange = Exchange(self.market, clock, limit=limit, listed=listed, seed=7)
        if market is None:
            self.exchange.step(STEP_S)
        self.accounts = len(self.market.names)
        self.source = Hyperliquid(
            virtual.settings(weight_per_minute=weight_per_minute, vaults=(), **settings),
            coins,
            folder / "x.db",
            clock=clock,
            transport=virtual.InProcess(self.exchange),
        )
        self.holdings, self.board = Holdings(), Board(self.source.layer)

    @property
    def minute(self):
        """How many minutes have passed."""
        return (self.source.clock.now_ms() - NOW_MS) / 60_000

    @property
    def requests(self):
        return self.exchange.requests

    def all_asked(self):
        roster = self.source.roster
        return self.source.discovery.looked and roster.asked >= len(roster) == self.accounts

    def wrong(self):
        """Return who is said to hold something else than is true."""
        truth = self.market.positions()
        return [
            name for name, held in self.holdings.held.items() if held.keys() != truth.get(name, {}).keys()
        ]

    def follow(self, until, minutes=60):
        """Follow the source until `until()` holds at a beat, which it must in time."""

        async def run():
            passing = asyncio.create_task(self._let_time_pass())
            updates = self.source.updates()
            async for update in updates:
                self.board.apply(update)
                self.holdings.take(update)
                if isinstance(update, Beat):
                    if until():
                        break
                    assert self.minute < minutes, self.source.report()
            await updates.aclose()
            passing.cancel()

        virtual.run(run())

    async def _let_time_pass(self):
        """Move the market on, and tell of its trades and prices as the websocket would."""
        tid = 0
        while True:
            await asyncio.sleep(STEP_S)
            now_ms = self.source.clock.now_ms()
            for deal in self.exchange.step(STEP_S):
                tid += 1
                self._say("trades", [shapes.trade(deal, now_ms, tid)])
            for coin in self.market.coins():
                self._say("activeAssetCtx", {"coin": coin.name, "ctx": shapes.asset_context(coin)})

    def _say(self, channel, data):
        self.source.frames.take(Frame(channel, msgspec.Raw(msgspec.json.encode(data))))
