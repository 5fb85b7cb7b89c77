"""The counterpart of all five exchanges, and their clients in front of it."""

import asyncio
from functools import cache

import pytest
from counterparts.exchanges import binance, bitget, bybit, gate, okx
from counterparts.exchanges.control import counterpart
from counterparts.exchanges.world import World

from liqbot.sources.exchanges import rest
from liqbot.sources.exchanges.binance import Binance
from liqbot.sources.exchanges.bitget import Bitget
from liqbot.sources.exchanges.bybit import Bybit
from liqbot.sources.exchanges.gate import Gate
from liqbot.sources.exchanges.okx import Okx

NOW = 1_770_000_123_456
DAYS = 2.0
MODULES = {"binance": binance, "bybit": bybit, "okx": okx, "bitget": bitget, "gate": gate}


@cache
def the_world():
    """Return the market that the counterpart shows: the same arguments make the same market."""
    return World(now_ms=NOW, days=DAYS)


@pytest.fixture(scope="session")
def standing():
    with counterpart(now_ms=NOW, days=DAYS) as exchanges:
        yield exchanges


@pytest.fixture
def exchanges(standing):
    """Return the five exchanges at a time that stands still, with nothing wrong."""
    standing.clear()
    return standing


@pytest.fixture
def moving():
    """Return five exchanges whose time moves when the test says so."""
    with counterpart(now_ms=NOW, days=0.5, scenario="cascade") as exchanges:
        yield exchanges


def client_of(exchanges, venue):
    api, ws = f"{exchanges.url}/{venue}", f"{exchanges.websocket_url}/{venue}"
    if venue == "binance":
        return Binance(api, f"{ws}/market/ws")
    if venue == "bybit":
        return Bybit(api, f"{ws}/v5/public/linear")
    if venue == "okx":
        return Okx(api, f"{ws}/ws/v5/public")
    if venue == "bitget":
        return Bitget(api, f"{ws}/v3/ws/public")
    return Gate(api, f"{ws}/v4/ws/usdt")


@pytest.fixture
def hasty(monkeypatch):
    """Let pauses between tries be short: that there are pauses is tested where they are the subject."""
    monkeypatch.setattr(rest, "FIRST_PAUSE_S", 0.001)


async def holds(condition, seconds=20):
    """Wait until `condition()` is true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - of another process there is no event
            await asyncio.sleep(0.01)
