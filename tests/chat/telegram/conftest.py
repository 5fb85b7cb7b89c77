"""The whole bot, between a source of the tests' own and Telegram's counterpart."""

import contextlib

import pytest
from app.stand_ins import Told, beat
from counterparts.telegram.fixtures import telegram, telegram_process

from liqbot.app.bot import Bot
from liqbot.chat.telegram.adapter import TelegramAdapter
from liqbot.settings import Settings, TelegramSettings

__all__ = ["telegram", "telegram_process"]


@pytest.fixture
def settings_of(telegram, tmp_path):
    """Return how to make settings for the counterpart's bot, on the test's one database."""

    def settings_of(**more):
        section = {"token": telegram.token, "api_url": telegram.api_url} | more
        return Settings(
            database=tmp_path / "liqbot.db",
            coins=("BTC", "ETH"),
            plugins_path=tmp_path / "plugins",
            telegram=TelegramSettings(**section),
        )

    return settings_of


@pytest.fixture
def serving(settings_of):
    """Return how to run the bot: `async with serving() as bot`, `bot.market` tells it of the market."""

    @contextlib.asynccontextmanager
    async def serving(*sources, patience_s=5, **more):
        settings = settings_of(**more)
        bot = Bot(settings, sources or [Told([*beat(1), *beat(2, coin="ETH")])], {})
        bot.adapter = TelegramAdapter(settings.telegram, bot.reception(), patience_s=patience_s)
        bot.serve("telegram", bot.adapter)
        async with bot:
            await bot.until(lambda: len(bot.desk.views) > 0)
            yield bot

    return serving
