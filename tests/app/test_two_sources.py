"""Several sources of one coin in one bot: each alert comes once, of one map, and a restart repeats none."""

import asyncio

import pytest
from app.stand_ins import ME, Told, subscribe
from databases import look
from markets import MINUTE, long, price, seen, short
from modelled import DAY, backfill, history
from platforms import Paper

from liqbot.chat.command import CommandContext
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.updates import AssetContext, Beat

HYPERLIQUID = Layer("Hyperliquid", Basis.MEASURED)
BINANCE = Layer("Binance", Basis.MODELLED)
PAST = history(DAY)
NOW_MS = PAST[1].time_ms + 1000
SPOT = float(PAST[1].candles.close[-1])
ANY = "within=90% at_least=1 size=0% single=1 rearm=1"
"""What finds something on either map."""


def measured(*minutes):
    for minute in minutes:
        at = NOW_MS + minute * MINUTE
        rows = (long("ann", 1000, at=SPOT * 0.99), short("bob", 1, at=SPOT * 2))
        yield from [price(SPOT, time_ms=at), seen(*rows, time_ms=at), Beat(at)]


def modelled(*minutes):
    yield from backfill(*PAST)
    for minute in minutes:
        at = NOW_MS + minute * MINUTE
        yield from [AssetContext("BTC", at, SPOT), Beat(at)]


def raised(bot):
    """Return of each alert that was raised what its watch had asked for, and the layer that it read."""
    return look(bot.store, "SELECT venue, layer FROM alerts ORDER BY id")


async def test_with_hyperliquid_and_binance_a_level_is_told_once_whichever_speaks_first(bot_of):
    first = asyncio.Event()
    here = Told([first, *measured(1, 2, 3)], name="hyperliquid", layer=HYPERLIQUID)
    there = Told(modelled(1, 2, 3), name="binance", layer=BINANCE)
    chat = Paper()
    bot = bot_of(here, there, here=chat)
    await subscribe(bot)
    async with bot:
        await bot.until(lambda: "BTC" in bot.services.markets.views)
        assert raised(bot) == [], "Binance speaks, and the measured map is still awaited"
        first.set()
        await bot.until(lambda: False)
        await bot.drain()
        assert raised(bot) == [("", HYPERLIQUID.key)]
    assert len(chat.messages) == 1


async def test_of_venue_binance_its_map_alone_is_read(bot_of):
    more = asyncio.Event()
    here = Told([*measured(0), more, *measured(1, 2)], name="hyperliquid", layer=HYPERLIQUID)
    there = Told([*modelled(), more, *modelled(1, 2)], name="binance", layer=BINANCE)
    bot = bot_of(here, there)
    async with bot:
        await bot.until(lambda: len(bot.services.markets.layers.of("BTC")) == 2)
        line = f"/subscribe near-cluster BTC venue=binance {ANY}"
        answer = await bot.answering.answer(line, CommandContext(ME, bot.services))
        assert answer.title.startswith("Subscribed")
        more.set()
        await bot.until(lambda: False)
        await bot.drain()
        found = raised(bot)
    assert found
    assert set(found) == {("binance", BINANCE.key)}


@pytest.mark.parametrize("origin", [Origin.SIMULATED, Origin.RECORDED])
async def test_a_market_that_starts_over_beside_a_live_one_lets_nothing_be_told_again(bot_of, origin):
    beside = Layer("Sandbox", Basis.MEASURED, origin)
    for minutes in ((1, 2), (3, 4), (5, 6)):
        bot = bot_of(
            Told(measured(*minutes), name="hyperliquid", layer=HYPERLIQUID),
            Told(measured(*minutes), name="sandbox", layer=beside),
        )
        if minutes == (1, 2):
            await subscribe(bot)
        async with bot:
            await bot.until(lambda: False)
            await bot.drain()
            assert raised(bot) == [("", HYPERLIQUID.key)]
