"""Several exchanges in one bot: each with a layer of its own; one that fails takes nothing else with it."""

import asyncio
import time

import pytest
from app.stand_ins import ME
from counterparts.exchanges.control import counterpart

from liqbot.app.bot import Bot
from liqbot.app.sources import make_source
from liqbot.chat.command import CommandContext
from liqbot.settings import Settings
from liqbot.sources.exchanges import ExchangeSource, rest

EXCHANGES = ("binance", "bybit", "okx", "bitget", "gate")
A_LITTLE = {"backfill_days": 0.25}


@pytest.fixture(scope="module")
def at_the_door():
    with counterpart(days=0.6) as exchanges:
        yield exchanges


@pytest.fixture
def exchanges(at_the_door):
    at_the_door.clear()
    return at_the_door


@pytest.fixture
def settings_for(tmp_path, exchanges):
    api, ws = exchanges.url, exchanges.websocket_url

    def settings_for(*names, coins=("BTC", "HYPE")):
        return Settings(
            database=tmp_path / "liqbot.db",
            coins=coins,
            sources=names,
            plugins_path=tmp_path / "plugins",
            binance={"api_url": f"{api}/binance", "ws_url": f"{ws}/binance/market/ws", **A_LITTLE},
            bybit={
                "api_url": f"{api}/bybit",
                "ws_url": f"{ws}/bybit/v5/public/linear",
                "backfill_days": 0.25,
            },
            okx={"api_url": f"{api}/okx", "ws_url": f"{ws}/okx/ws/v5/public", "backfill_days": 0.25},
            bitget={"api_url": f"{api}/bitget", "ws_url": f"{ws}/bitget/v3/ws/public", **A_LITTLE},
            gate={"api_url": f"{api}/gate", "ws_url": f"{ws}/gate/v4/ws/usdt", **A_LITTLE},
        )

    return settings_for


@pytest.fixture
def hasty(monkeypatch):
    """Let pauses between tries be short."""
    monkeypatch.setattr(rest, "FIRST_PAUSE_S", 0.001)


def bot_of(settings):
    now_ms = time.time_ns() // 1_000_000
    return Bot(settings, [make_source(name, settings, now_ms) for name in settings.sources], {})


async def holds(condition):
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - several things are waited for, of several tasks
            await asyncio.sleep(0.02)


async def said(bot, text):
    message = await bot.answering.answer(text, CommandContext(ME, bot.services))
    return "\n".join([message.title, *message.lines, message.provenance or ""])


def venues(bot, coin="BTC"):
    return {view.layer.venue for view in bot.services.markets.layers.of(coin)}


@pytest.mark.parametrize("name", EXCHANGES)
def test_every_exchange_is_made_of_its_settings(settings_for, name):
    source = make_source(name, settings_for(name), 0)
    assert isinstance(source, ExchangeSource)
    assert source.name == name
    assert source.layer.venue.lower() == name


async def test_each_exchange_has_a_layer_of_its_own_and_says_which(settings_for):
    async with bot_of(settings_for(*EXCHANGES)) as bot:
        await holds(lambda: venues(bot) == {"Binance", "Bybit", "OKX", "Gate"})
        for name, label in {"binance": "Binance", "bybit": "Bybit", "okx": "OKX", "gate": "Gate"}.items():
            assert f"{label}, modelled" in await said(bot, f"/map BTC venue={name}")
        status = await said(bot, "/status")
        assert "all is well" in status
        for name in EXCHANGES:
            assert f"{name} (" in status
        assert "liquidations: the exchange does not publish" not in status
        assert "gate without HYPE: no data: Gate /api/v4/futures/usdt/risk_limit_tiers" in status


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("kind", "more", "reason"),
    [
        ("error-200", {}, "10016 Internal server error."),
        ("wrong-field", {"field": "openInterest", "path": "open-interest"}, "openInterest"),
        ("bad-number", {"field": "markPrice", "value": "n/a", "path": "tickers"}, "markPrice"),
        ("html", {}, "unexpected answer"),
        ("status", {"value": "503"}, "out of order (503)"),
    ],
)
async def test_an_exchange_that_fails_has_no_data_by_name_and_the_others_go_on(
    settings_for, exchanges, kind, more, reason
):
    exchanges.fault("bybit", kind, **more)
    async with bot_of(settings_for("bybit", "binance", "gate", coins=("BTC",))) as bot:
        await holds(lambda: venues(bot) >= {"Binance", "Gate"})
        (health,) = [source for source in bot.services.status.sources if source.name == "bybit"]
        await holds(lambda: "no data" in health.state or "BTC" in health.missing)
        status = await said(bot, "/status")
        assert "not all is well" in status
        line = next(line for line in status.splitlines() if line.startswith("✗"))
        assert all(part in line for part in ("bybit", "no data", reason))
        assert "Binance, modelled" in await said(bot, "/clusters BTC venue=binance")
        assert bot.failure is None


@pytest.mark.usefixtures("hasty")
async def test_an_exchange_that_comes_back_is_there_again(settings_for, exchanges):
    exchanges.fault("gate", "status", value="500", times=6)
    async with bot_of(settings_for("gate", "bybit", coins=("BTC",))) as bot:
        await holds(lambda: venues(bot) == {"Gate", "Bybit"})
        assert "all is well" in await said(bot, "/status")


@pytest.mark.long
async def test_all_modelled_exchanges_are_added_up_only_by_name(settings_for):
    async with bot_of(settings_for("binance", "gate", coins=("BTC",))) as bot:
        await holds(lambda: venues(bot) == {"Binance", "Gate"})
        both = await said(bot, "/map BTC venue=modelled")
        assert "Binance + Gate, added up, modelled" in both
        assert "added up" not in await said(bot, "/map BTC")
