"""Hyperliquid and Binance side by side, each over the network: a level is told once, of the measured map."""

import asyncio
import time

import pytest
from app.stand_ins import ME, subscribe
from counterparts.exchanges.control import counterpart as exchanges_at_the_door
from counterparts.hyperliquid.running import counterpart as hyperliquid_at_the_door
from databases import look
from platforms import Paper

from liqbot.app.bot import Bot
from liqbot.app.sources import make_source
from liqbot.chat.command import CommandContext
from liqbot.market.layer import Basis, Layer
from liqbot.settings import Settings
from liqbot.sources.exchanges import ExchangeSource

pytestmark = pytest.mark.long

MEASURED = Layer("Hyperliquid", Basis.MEASURED)
MODELLED = Layer("Binance", Basis.MODELLED)
ANY = {"within": "90%", "at_least": "1", "size": "0%", "single": "1"}
"""What finds something on either map."""


@pytest.fixture
def hyperliquid():
    with hyperliquid_at_the_door(crowd=0.1, speed=1, limit=0, listed=1.0) as running:
        yield running


@pytest.fixture
def binance():
    with exchanges_at_the_door(days=0.6) as running:
        yield running


@pytest.fixture
def settings(address, tmp_path, hyperliquid, binance):
    return Settings(
        database=address,
        coins=("BTC",),
        sources=("hyperliquid", "binance"),
        plugins_path=tmp_path / "plugins",
        pictures_path=tmp_path / "pictures",
        hyperliquid=hyperliquid.settings(weight_a_minute=0).model_dump(exclude_unset=True),
        binance={
            "api_url": f"{binance.url}/binance",
            "ws_url": f"{binance.websocket_url}/binance/market/ws",
            "backfill_days": 0.25,
        },
    )


@pytest.fixture
def bot_of(settings, undrawn):
    assert undrawn is None

    def bot_of(**chats):
        now_ms = time.time_ns() // 1_000_000
        sources = [make_source(name, settings, now_ms) for name in settings.sources]
        for source in sources:
            if isinstance(source, ExchangeSource):
                source._poll_s = 1.0
        return Bot(settings, sources, chats)

    return bot_of


async def holds(condition):
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - several things are waited for, of several tasks
            await asyncio.sleep(0.02)


def times(bot, layer):
    """Return when the newest view of a layer was made; None while there is none."""
    return next((view.time_ms for view in bot.services.markets.layers.of("BTC") if view.layer == layer), None)


async def after_another_view(bot, layer):
    before = times(bot, layer)
    await holds(lambda: times(bot, layer) not in (None, before))


def raised(bot):
    return look(bot.store, "SELECT venue, layer FROM alerts ORDER BY id")


async def test_the_modelled_map_does_not_tell_first_what_the_measured_one_tells_again(bot_of, hyperliquid):
    hyperliquid.control(faults={"502": 1.0})
    chat = Paper()
    async with bot_of(here=chat) as bot:
        await subscribe(bot, **ANY)
        await after_another_view(bot, MODELLED)
        await after_another_view(bot, MODELLED)
        assert raised(bot) == [], "Binance speaks, and the measured map is still awaited"
        hyperliquid.control(faults={})
        await holds(lambda: raised(bot))
        await after_another_view(bot, MODELLED)
        await after_another_view(bot, MEASURED)
        found = raised(bot)
        await bot.drain()
    assert {layer for _, layer in found} == {MEASURED.key}
    async with bot_of(here=chat) as bot:
        await after_another_view(bot, MODELLED)
        await after_another_view(bot, MEASURED)
        told_again = raised(bot)[len(found) :]
    assert not [row for row in told_again if row[1] == MODELLED.key]


async def test_of_venue_binance_the_modelled_map_alone_is_read(bot_of):
    async with bot_of() as bot:
        await holds(lambda: len(bot.services.markets.layers.of("BTC")) == 2)
        asked = " ".join(f"{name}={value}" for name, value in ANY.items())
        answer = await bot.answering.answer(
            f"/subscribe near-cluster BTC venue=binance {asked}", CommandContext(ME, bot.services)
        )
        assert answer.title.startswith("Subscribed")
        await holds(lambda: raised(bot))
        await after_another_view(bot, MEASURED)
        found = raised(bot)
    assert set(found) == {("binance", MODELLED.key)}
