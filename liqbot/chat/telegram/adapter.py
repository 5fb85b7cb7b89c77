"""The adapter: brings alerts to Telegram's chats, and serves the people there."""

import asyncio
import time

import structlog
from telegram import Update
from telegram.error import BadRequest, InvalidToken, TelegramError

from liqbot.alerts.platform import Limits, OutgoingMessage, Receipt, SlowDown
from liqbot.chat.adapter import Reception
from liqbot.chat.telegram.connection import PATIENCE_S, Connection
from liqbot.chat.telegram.intake import Intake
from liqbot.chat.telegram.menu import Menu
from liqbot.chat.telegram.message_sender import MessageSender
from liqbot.chat.telegram.outcomes import outcome, said
from liqbot.chat.telegram.receiving import Reading, Receiving, unknown_bot
from liqbot.chat.telegram.settings import TelegramSettings
from liqbot.chat.telegram.update_handler import UpdateHandler
from liqbot.chat.telegram.uploads import upload_of
from liqbot.service.chats import ChatKey

_log = structlog.get_logger()

LIMITS = Limits(
    a_second=30, a_chat_s=1.05, chat_burst=2, a_group_minute=19, in_flight=24, reuses_uploads=True
)
"""Telegram takes 30 a second, one a second to a chat beyond short bursts, and 20 a minute to a group. It
counts when messages arrive, not when they leave, hence a little less. Of the requests in flight some are left
for answers."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
"""Between two tries to reach Telegram at the start."""
FIRST_READ_S = 0.5
"""An alert waits so long before it is tried again while it is read what people said meanwhile."""


class TelegramAdapter:
    """Telegram, through python-telegram-bot."""

    def __init__(
        self, settings: TelegramSettings, reception: Reception, *, patience_s: float = PATIENCE_S
    ) -> None:
        """Serve people with `reception`; an answer of Telegram may take `patience_s` seconds."""
        self._settings = settings
        self._receiving = Receiving(settings)
        self._connection = Connection(settings, patience_s=patience_s, a_second=LIMITS.a_second)
        bot = self._connection.bot
        self._sender = MessageSender(bot)
        self._handler = UpdateHandler(bot, self._sender, reception)
        self._unknown: str | None = None
        """Why the bot does not know its own name yet; None where it does, or has only begun to ask."""
        self._menu = Menu(bot, self._handler.answers.commands)
        self._intake = Intake(self._handler, reception.platform, self._connection.time.now_s, time.monotonic)

    @property
    def trouble(self) -> str | None:
        """Why people are not served at present; None where they are."""
        return self._unknown or self._receiving.trouble

    @property
    def clock_ahead_s(self) -> float | None:
        """How far this machine's clock is ahead of Telegram's."""
        return self._connection.time.clock_ahead_s

    @property
    def limits(self) -> Limits:
        """How fast Telegram may be sent to."""
        return LIMITS

    def is_group(self, chat: ChatKey) -> bool:
        """Return whether several people share the chat: groups and channels have negative ids, or names."""
        return chat.native_id.startswith(("-", "@"))

    async def send(self, outgoing: OutgoingMessage) -> Receipt:
        """Bring an alert to its chat."""
        if self._intake.is_behind:  # it may be that somebody there wants no more of them
            raise SlowDown("what was said meanwhile is read first", pause_s=FIRST_READ_S)
        try:
            if outgoing.replaces is not None and await self._renewed(outgoing, int(outgoing.replaces)):
                return Receipt(outgoing.replaces)
            sent = await self._sender.post(
                outgoing.chat, outgoing.message, silent=outgoing.silent, upload=outgoing.upload
            )
        except TelegramError as error:
            raise outcome(error) from None
        return Receipt(str(sent.message_id), upload_of(sent))

    async def _renewed(self, outgoing: OutgoingMessage, message_id: int) -> bool:
        """Put an alert in the place of one that was sent; return whether that one could be changed."""
        try:
            await self._sender.renew(outgoing.chat, message_id, outgoing.message, upload=outgoing.upload)
        except BadRequest as error:  # it was deleted, or is of another form: a new one follows
            _log.info("alert_not_renewed", reason=said(error))
            return False
        return True

    async def run(self) -> None:
        """Serve people until cancelled. Raises `AdapterError` where the webhook cannot listen.

        Alerts can be sent before, and after such an error; not after it was cancelled.
        """
        try:
            username = await self._introduced()
            await self._serve(username)
        except asyncio.CancelledError:
            await self.close()
            raise

    async def close(self) -> None:
        """Close the connections; what is sent afterwards does not arrive."""
        await self._connection.close()

    async def _introduced(self) -> str:
        """Return the bot's name, once Telegram can be reached."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._connection.bot.initialize()
            except TelegramError as error:
                reason = unknown_bot(self._settings) if isinstance(error, InvalidToken) else said(error)
                _log.warning("telegram_not_reached", reason=reason)
                self._unknown = reason if pause_s > FIRST_PAUSE_S else None
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            else:
                self._unknown = None
                return self._connection.bot.username

    async def _serve(self, username: str) -> None:
        updates: asyncio.Queue[Update | Reading] = asyncio.Queue()
        helpers = [
            asyncio.create_task(self._menu.write()),
            asyncio.create_task(self._take_all(updates, username)),
        ]
        _log.info("telegram_connected", link=f"https://t.me/{username}")
        try:
            await self._receiving.run(self._connection, updates)
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            while not updates.empty():  # Telegram will not hand it over again
                self._take(updates.get_nowait(), username)
            await self._intake.finish()

    async def _take_all(self, updates: "asyncio.Queue[Update | Reading]", username: str) -> None:
        while True:
            self._take(await updates.get(), username)

    def _take(self, told: Update | Reading, username: str) -> None:
        match told:
            case Reading.BEGUN | Reading.BEHIND:
                self._intake.fall_behind(waited_long=told is Reading.BEHIND)
            case Reading.CAUGHT_UP:
                self._intake.catch_up()
            case Update():
                self._intake.take(told, username)
