"""Receiving updates: fetched by long polling, or brought to a webhook. What fails is tried again."""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Any, TypeVar, cast

import structlog
from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from liqbot.chat.telegram.connection import Connection
from liqbot.chat.telegram.incoming import WANTED
from liqbot.chat.telegram.outcomes import said, seconds
from liqbot.chat.telegram.settings import TelegramSettings
from liqbot.chat.telegram.webhook import Webhook

_log = structlog.get_logger()

Answer = TypeVar("Answer")

POLL_S = 30
"""How long a poll waits for something to happen."""
MOST_AT_ONCE = 100
"""So many updates Telegram tells with one poll at most; then there may be more."""
STOP_S = 5
"""How long the end waits for Telegram to take note of what has been fetched; else that comes once more."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
"""Between two polls of which the first one failed."""
BORNE_S = 15.0
"""A trouble that lasts so long is told to the operator: not an old process that is just going."""
CALM_S = 60.0
"""After so long without another poller, it is gone: where two take turns, each has polls that work."""
KEPT_IDS = 2_000
"""So many updates are known again when they are brought once more."""
ANOTHER = "another process fetches this bot's updates; only one may. Stop it, or give each a bot of its own"


class Reading(Enum):
    """How far it has been read what people said, where it stands between updates."""

    BEGUN = auto()
    """It is not known yet whether something waits."""
    BEHIND = auto()
    """There is more than has been told."""
    CAUGHT_UP = auto()
    """All that waited has been told."""


class Receiving:
    """Where updates come from."""

    def __init__(self, settings: TelegramSettings, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        """`clock_s` tells seconds that never go backwards."""
        self._settings = settings
        self._clock_s = clock_s
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._failing_since_s: float | None = None
        self._conflict_s = -CALM_S
        self.trouble: str | None = None
        """Why nothing is received at present; None where all is well."""

    async def run(self, connection: Connection, updates: "asyncio.Queue[Update | Reading]") -> None:
        """Put updates into the queue until cancelled. Raises `AdapterError` where the webhook cannot listen.

        Nothing that waits at Telegram is ever dropped: it may be somebody's wish to be left alone.
        """
        if self._settings.webhook_url:
            await self._hook(connection.bot, updates)
        else:
            await self._poll(connection, updates)

    def take(self, told: object, updates: "asyncio.Queue[Update | Reading]") -> None:
        """Put one update, as Telegram wrote it, into the queue: once, and only if it can be read."""
        number = _number(told)
        if number is None:
            _log.error("update_not_readable", reason="it has no number")
            return
        if number in self._seen:
            return
        self._seen[number] = None
        while len(self._seen) > KEPT_IDS:
            self._seen.popitem(last=False)
        try:
            updates.put_nowait(Update.de_json(cast("dict[str, Any]", told), None))
        except Exception as error:  # noqa: BLE001 - one bad update harms only itself
            # Its number is enough: what is in it is what somebody wrote.
            _log.error("update_not_readable", update=number, reason=type(error).__name__)

    async def _poll(self, connection: Connection, updates: "asyncio.Queue[Update | Reading]") -> None:
        offset, wait_s = 0, 0
        updates.put_nowait(Reading.BEGUN)
        await self._insist(lambda: connection.bot.delete_webhook(drop_pending_updates=False))
        try:
            while True:
                told = await self._insist(lambda: connection.updates(offset, wait_s, WANTED))  # noqa: B023 - awaited at once
                if len(told) >= MOST_AT_ONCE:
                    updates.put_nowait(Reading.BEHIND)
                for update in told:
                    self.take(update, updates)
                if len(told) < MOST_AT_ONCE:
                    updates.put_nowait(Reading.CAUGHT_UP)
                wait_s = POLL_S if len(told) < MOST_AT_ONCE else 0
                before = offset
                offset = max([offset, *(1 + number for number in map(_number, told) if number is not None)])
                if told and offset == before:  # they will come again at once, for ever
                    await asyncio.sleep(LONGEST_PAUSE_S)
        finally:
            with contextlib.suppress(TimeoutError, TelegramError):
                async with asyncio.timeout(STOP_S):  # Telegram takes note of what has been fetched
                    await connection.updates(offset, 0, WANTED)

    async def _hook(self, bot: Bot, updates: "asyncio.Queue[Update | Reading]") -> None:
        """Have updates brought to a path that nobody can guess, with a secret that only Telegram knows."""
        async with Webhook(self._settings, lambda told: self.take(told, updates)) as webhook:
            await self._insist(
                lambda: bot.set_webhook(
                    webhook.url,
                    allowed_updates=WANTED,
                    drop_pending_updates=False,
                    secret_token=webhook.secret,
                )
            )
            await asyncio.Event().wait()

    async def _insist(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask until there is an answer, with longer and longer pauses."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                answer = await ask()
            except TelegramError as error:
                self._failed(error)
                await asyncio.sleep(seconds(error.retry_after) if isinstance(error, RetryAfter) else pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            else:
                self._works()
                return answer

    def _failed(self, error: TelegramError) -> None:
        now_s = self._clock_s()
        if self._failing_since_s is None:
            self._failing_since_s = now_s
            _log.warning("updates_not_fetched", reason=said(error))
        if isinstance(error, Conflict):
            self._conflict_s = now_s
        if now_s - self._failing_since_s >= BORNE_S:
            self.trouble = _advice(error, self._settings)

    def _works(self) -> None:
        if self._clock_s() - self._conflict_s >= CALM_S:
            self.trouble = self._failing_since_s = None


def _number(told: object) -> int | None:
    number = cast("dict[str, object]", told).get("update_id") if isinstance(told, dict) else None
    return number if isinstance(number, int) else None


def unknown_bot(settings: TelegramSettings) -> str:
    """Return what an operator is to be told where Telegram takes no call with the bot's token."""
    return (
        f"Telegram does not know this bot: {settings.token_setting} must be the token that @BotFather gave,"
        " and LIQBOT_TELEGRAM__API_URL the address of a Bot API server"
    )


def _advice(error: TelegramError, settings: TelegramSettings) -> str:
    """Return what an operator is to be told of a trouble that stays."""
    if isinstance(error, Conflict):
        return ANOTHER
    if isinstance(error, InvalidToken):
        return unknown_bot(settings)
    return f"Telegram cannot be reached: {said(error)}"
