"""The adapter between Telegram's counterpart and a bot: all of it, or a desk in a market of two lines."""

import contextlib
import io

import pytest
import pytest_asyncio
from app.stand_ins import Told
from chat.stand_ins import Room
from chat.telegram.stand_ins import fuel
from counterparts.telegram.fixtures import telegram, telegram_process
from databases import address_of
from PIL import Image

from liqbot.alerts.platform import Limits
from liqbot.app.bot import Bot
from liqbot.chat.adapter import Reception
from liqbot.chat.telegram.adapter import TelegramAdapter
from liqbot.chat.telegram.settings import TelegramSettings
from liqbot.message import Picture
from liqbot.settings import Settings

__all__ = ["telegram", "telegram_process"]


@pytest.fixture
def address(request, tmp_path):
    """Give where a database is: of both kinds for what is `ON_BOTH`; the other tests are about Telegram."""
    return address_of(request, tmp_path)


@pytest.fixture
def settings_of(telegram, address, tmp_path):
    """Return how to make settings for the counterpart's bot, on the test's one database."""

    def settings_of(access=None, **more):
        section = {"token": telegram.token, "api_url": telegram.api_url} | more
        return Settings(
            database=address,
            coins=("BTC", "ETH"),
            plugins_path=tmp_path / "plugins",
            telegram=TelegramSettings(**section),
            access=access or {},
        )

    return settings_of


@pytest.fixture
def serving(settings_of):
    """Return how to run the whole bot: `async with serving(source) as bot`."""

    @contextlib.asynccontextmanager
    async def serving(*sources, patience_s=5, **more):
        settings = settings_of(**more)
        bot = Bot(settings, sources or [Told([*fuel(1), *fuel(2, coin="ETH")])], {})
        adapter = TelegramAdapter(settings.telegram, bot.reception("telegram"), patience_s=patience_s)
        bot.serve("telegram", adapter)
        async with bot:
            await bot.until(lambda: len(bot.services.markets.views) > 0)
            yield bot
        await adapter.close()

    return serving


@pytest_asyncio.fixture
async def unhurried(telegram, monkeypatch):
    """Let there be no limits, neither ours nor Telegram's: pace is not the subject."""
    monkeypatch.setattr("liqbot.chat.telegram.adapter.LIMITS", Limits(reuses_uploads=True))
    await telegram.limits(on=False)


@pytest_asyncio.fixture
async def adapter_of(settings_of, store):
    """Return how to make an adapter that only sends."""
    async with contextlib.AsyncExitStack() as stack:
        room = Room(store)

        async def turn(_):
            return None

        def adapter_of(*, patience_s=5, **more):
            reception = Reception("telegram", room.answering, room.services, turn)
            adapter = TelegramAdapter(settings_of(**more).telegram, reception, patience_s=patience_s)
            stack.push_async_callback(adapter.close)
            return adapter

        yield adapter_of


@pytest.fixture
def chart():
    """A picture that Telegram takes."""
    written = io.BytesIO()
    Image.new("RGB", (640, 360), "teal").save(written, "PNG")
    return Picture(written.getvalue(), "BTC liquidation map. Spot $64,000.", "BTC-map.png")
