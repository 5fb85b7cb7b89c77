"""Receiving updates: fetched by long polling, or brought to a webhook."""

import asyncio
import contextlib
import re
import secrets
import socket
from urllib.parse import urlsplit

import structlog
from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.ext import Updater

from liqbot.chat.adapter import AdapterError
from liqbot.chat.telegram.incoming import WANTED
from liqbot.chat.telegram.outcomes import said
from liqbot.chat.telegram.settings import TelegramSettings

_log = structlog.get_logger()

POLL_S = 30
"""How long a poll waits for something to happen."""
SETTLE_S = 0.1
STOP_S = 5
"""How long the end waits for Telegram to take note of what has been fetched; else that comes once more."""
CONFLICTS_BORNE = 4
"""After so many polls in a row that another poller ended, it is no old process that is just going."""
UNKNOWN_BOT = (
    "Telegram does not know this bot: LIQBOT_TELEGRAM__TOKEN must be the token that @BotFather gave,"
    " and LIQBOT_TELEGRAM__API_URL the address of a Bot API server"
)
_ANOTHER = "another process fetches this bot's updates; only one may. Stop it, or give each a bot of its own"


class Receiving:
    """Where updates come from. What `heard` tells of the answers to polls decides when to give up."""

    def __init__(self, settings: TelegramSettings) -> None:
        self._settings = settings
        self._conflicts = 0
        self._failure: asyncio.Future[None] | None = None

    def heard(self, status: int) -> None:
        """Take note of the HTTP status of an answer to a poll."""
        if status == 200:
            self._conflicts = 0
        elif status in (401, 404):
            # A moment later, when the poll is over that was answered so.
            asyncio.get_running_loop().call_later(SETTLE_S, self._fail, UNKNOWN_BOT)

    async def run(self, bot: Bot, updates: "asyncio.Queue[Update]") -> None:
        """Put updates into the queue until cancelled. Raises `AdapterError` where that cannot go on.

        Nothing that waits at Telegram is ever dropped: it may be somebody's wish to be left alone.
        """
        self._failure = asyncio.get_running_loop().create_future()
        self._conflicts = 0
        updater = Updater(bot, updates)  # pyright: ignore[reportArgumentType] - its queue takes updates only
        await updater.initialize()  # never its shutdown: that would close the bot's connections, too
        try:
            await (self._hook(updater) if self._settings.webhook_url else self._poll(updater))
            await self._failure
        except InvalidToken:
            raise AdapterError(UNKNOWN_BOT) from None
        except OSError as error:
            where = f"{self._settings.webhook_host}:{self._settings.webhook_port}"
            raise AdapterError(f"the webhook cannot listen on {where}: {error.strerror}") from None
        finally:
            if updater.running:
                with contextlib.suppress(TimeoutError, TelegramError):
                    async with asyncio.timeout(STOP_S):
                        await updater.stop()

    async def _poll(self, updater: Updater) -> None:
        await updater.start_polling(
            timeout=POLL_S,
            bootstrap_retries=-1,
            allowed_updates=WANTED,
            drop_pending_updates=False,
            error_callback=self._note,
        )

    async def _hook(self, updater: Updater) -> None:
        """Have updates brought to a path that nobody can guess, with a secret that only Telegram knows."""
        family = socket.AF_INET6 if ":" in self._settings.webhook_host else socket.AF_INET
        with socket.create_server((self._settings.webhook_host, self._settings.webhook_port), family=family):
            pass  # before Telegram is told that there is somebody
        path = secrets.token_urlsafe(32)
        await updater.start_webhook(
            listen=self._settings.webhook_host,
            port=self._settings.webhook_port,
            url_path=f"{re.escape(urlsplit(self._settings.webhook_url).path)}/{path}",
            webhook_url=f"{self._settings.webhook_url}/{path}",
            secret_token=secrets.token_urlsafe(32),
            bootstrap_retries=-1,
            allowed_updates=WANTED,
            drop_pending_updates=False,
        )

    def _note(self, error: TelegramError) -> None:
        """Take note of a poll that failed; it is tried again, with longer and longer pauses."""
        if not isinstance(error, Conflict):
            _log.warning("updates_not_fetched", reason=said(error))
            return
        self._conflicts += 1
        _log.warning("telegram_polled_elsewhere", reason=said(error))
        if self._conflicts >= CONFLICTS_BORNE:
            self._fail(_ANOTHER)

    def _fail(self, reason: str) -> None:
        if self._failure is not None and not self._failure.done():
            self._failure.set_exception(AdapterError(reason))
