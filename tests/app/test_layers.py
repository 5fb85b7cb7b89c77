"""Measured and modelled layers of one coin, beside each other in one bot."""

import asyncio

import pytest
from app.stand_ins import LIVE, ME, Told, subscribe
from markets import long, price, seen, short
from modelled import DAY, FIVE_MINUTES, START_MS, backfill, cut, history
from platforms import Paper

from liqbot.chat.command import CommandContext
from liqbot.market.layer import Basis, Layer
from liqbot.market.updates import AssetContext, Beat
from liqbot.sources.source import SourceError

BINANCE = Layer("Binance", Basis.MODELLED)
PAST = history(DAY)
NOW_MS = PAST[1].time_ms + 1000
SPOT = float(PAST[1].candles.close[-1])


def measured(time_ms=NOW_MS):
    """Return a market whose fuel all lies below spot."""
    rows = (long("ann", 1000, at=SPOT * 0.98), short("bob", 1, at=SPOT * 2))
    return [price(SPOT, time_ms=time_ms), seen(*rows, time_ms=time_ms), Beat(time_ms)]


def modelled(*more, name="binance", layer=BINANCE):
    return Told([*backfill(*PAST), *more], name=name, layer=layer)


async def told(bot):
    async with bot:
        await bot.until(lambda: False)
    return bot


async def test_the_measured_view_is_shown_and_carries_what_the_modelled_one_says(bot_of):
    more = asyncio.Event()
    here = Told([more, *measured()], layer=LIVE)
    async with bot_of(here, modelled()) as bot:
        await bot.until(lambda: "BTC" in bot.services.markets.views)
        assert bot.services.markets.views["BTC"].layer == BINANCE, "nothing else is known yet"
        more.set()
        await bot.until(lambda: False)
        view = bot.services.markets.views["BTC"]
        assert view.layer == LIVE
        assert [other.layer for other in view.others] == [BINANCE]
        assert view.divergence is not None
        answer = await bot.answering.answer("/regime BTC", CommandContext(ME, bot.services))
        assert any(line.startswith("Binance, modelled: ") for line in answer.text)
        assert any(line.startswith("Divergence") for line in answer.text)


async def test_a_rule_hears_of_their_divergence(bot_of):
    chat = Paper()
    first = asyncio.Event()
    here = Told([first, *measured(), *measured(NOW_MS + 700_000)], layer=LIVE)
    bot = bot_of(here, modelled(), here=chat)
    await subscribe(bot, rule="divergence", over="0.05", at_least="1k")
    async with bot:
        await bot.until(lambda: "BTC" in bot.services.markets.views)
        first.set()
        await bot.until(lambda: False)
        await bot.drain()
    ((_, message),) = chat.messages
    assert "divergence" in message.title.lower() or any("divergence" in line for line in message.lines)


async def test_a_modelled_source_that_fails_takes_only_its_own_layer_with_it(bot_of):
    broken = Told([SourceError("binance: no data")], name="binance", layer=BINANCE)
    async with bot_of(Told(measured(), layer=LIVE), broken) as bot:
        await bot.until(lambda: False)
        assert bot.services.markets.views["BTC"].layer == LIVE
        assert bot.services.markets.views["BTC"].others == ()
        assert bot.failure is None
        status = await bot.answering.answer("/status", CommandContext(ME, bot.services))
        assert any("binance: no data" in line for line in status.lines)


async def test_the_past_of_a_modelled_layer_is_there_at_once(bot_of):
    async with bot_of(modelled()) as bot:
        await bot.until(lambda: False)
        seen_now = bot.services.markets.layers.whole(bot.services.markets.views["BTC"])
        grid = seen_now.grid(DAY * FIVE_MINUTES)
        assert len(grid) == DAY
        assert grid.time_ms[0] < START_MS + 2 * FIVE_MINUTES + 1
        picture = await bot.services.pictures.heatmap_of(seen_now, "24h")
        assert picture.alt == "BTC over 24h"


async def test_a_modelled_layer_outlasts_a_restart_that_gives_it_no_past(bot_of):
    before = await told(bot_of(modelled()))
    close = before.services.markets.views["BTC"]
    again = Told(
        [AssetContext("BTC", NOW_MS + 5000, SPOT), Beat(NOW_MS + 5000)], name="binance", layer=BINANCE
    )
    after = (await told(bot_of(again))).services.markets.views["BTC"]
    assert after.map.usd == pytest.approx(close.map.usd)
    assert [cluster.id for cluster in after.clusters] == [cluster.id for cluster in close.clusters]


async def test_a_memory_of_another_version_is_left_out(bot_of):
    first = bot_of(modelled())
    await first.store.memories.save(BINANCE, {"BTC": b"\x93garbage"})
    bot = await told(first)
    assert bot.services.markets.views["BTC"].layer == BINANCE


async def test_candles_that_come_later_are_taken_up_live(bot_of):
    half = [cut(update, slice(0, DAY // 2)) for update in PAST]
    rest = [cut(update, slice(DAY // 2, None)) for update in PAST]
    source = Told([*backfill(*half), *backfill(*rest)], name="binance", layer=BINANCE)
    whole = (await told(bot_of(modelled()))).services.markets.views["BTC"]
    live = (await told(bot_of(source))).services.markets.views["BTC"]
    assert live.map.usd == pytest.approx(whole.map.usd, rel=1e-9, abs=1e-3)
