"""Clocks, accounts and answers for the tests of the Hyperliquid source."""

import asyncio
import contextlib
import copy

import msgspec

from liqbot.engine.board import Board
from liqbot.market.updates import AccountsSeen, Beat
from liqbot.sources.hyperliquid.decoding import decode_state
from liqbot.sources.hyperliquid.payloads import ClearinghouseState
from liqbot.sources.hyperliquid.reading import CoinFacts, Reading, read_account

NOW_MS = 1_800_000_000_000
MINUTE_MS = 60_000
COINS = {"BTC": CoinFacts(100.0, 1e6), "ETH": CoinFacts(10.0, 1e6)}


class VirtualClock:
    """A clock that stands still but for those who sleep on it."""

    def __init__(self, now_ms=NOW_MS):
        self.time_ms = now_ms
        self.slept = []

    def now_ms(self):
        return round(self.time_ms)

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.time_ms += seconds * 1000
        await asyncio.sleep(0)


def address(number):
    return f"0x{number:040x}"


def position(coin="BTC", size=1.0, *, mark=100.0, at=None, mode="cross", max_leverage=25, **more):
    """Return a position as the exchange tells it."""
    leverage = {"type": mode, "value": 10} | ({"rawUsd": "-90.0"} if mode == "isolated" else {})
    told = {
        "coin": coin,
        "szi": str(size),
        "leverage": leverage,
        "entryPx": str(mark),
        "positionValue": str(abs(size) * mark),
        "liquidationPx": None if at is None else str(at),
        "maxLeverage": max_leverage,
    }
    return told | more


def state(*positions, worth=1e6, maintenance=0.0, time=NOW_MS, **more):
    """Return an account as the exchange tells it, by default one whose margin explains nothing."""
    together = sum(float(item["positionValue"]) for item in positions)
    summary = {"accountValue": str(worth), "totalNtlPos": str(together)}
    told = {
        "marginSummary": summary,
        "crossMarginSummary": copy.copy(summary),
        "crossMaintenanceMarginUsed": str(maintenance),
        "assetPositions": [{"type": "oneWay", "position": item} for item in positions],
        "time": time,
    }
    return told | more


def parsed(told) -> ClearinghouseState:
    return decode_state(msgspec.json.encode(told))


def read(*states, account="ann", coins=COINS, now_ms=NOW_MS, **more) -> Reading:
    return read_account(account, [parsed(told) for told in states], coins, now_ms, **more)


async def follow(source, until, *, seconds=60_000):
    """Follow a source until `until(board, beat)` holds at a beat; return the board. It must hold in time.

    `seconds` are the source's own.
    """
    board, start_ms = Board(source.layer), source.clock.now_ms()
    async with contextlib.aclosing(source.updates()) as updates:
        async for update in updates:
            board.apply(update)
            if isinstance(update, Beat):
                if until(board, update):
                    return board
                assert update.time_ms - start_ms < seconds * 1000, source.report()
    raise AssertionError("the source ended")


class Holdings:
    """Who holds what, as the updates say."""

    def __init__(self):
        self.held = {}

    def take(self, update):
        if not isinstance(update, AccountsSeen):
            return
        stands = [] if update.kept is None else update.kept.tolist()
        kept = [(update.accounts[account], update.coins[coin]) for account, coin in stands]
        before = {pair: self.held.get(pair[0], {}).get(pair[1]) for pair in kept}
        self.held.update({name: {} for name in update.accounts})
        for (name, coin), size in before.items():
            if size is not None:
                self.held[name][coin] = size
        for account, coin, size in zip(update.account, update.coin, update.size, strict=True):
            self.held[update.accounts[account]][update.coins[coin]] = float(size)
