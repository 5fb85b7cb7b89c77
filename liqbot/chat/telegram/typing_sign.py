"""Telegram's "is typing": what a chat sees while its question waits for the bot that is just starting."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

from liqbot.chat.telegram.outcomes import said
from liqbot.service.chats import ChatKey
from liqbot.service.startup import Startup

_log = structlog.get_logger()

AFTER_S = 1.0
"""An answer that comes sooner needs no sign."""
AGAIN_S = 4.5
"""Telegram shows it for five seconds."""


@asynccontextmanager
async def typing_while_starting(bot: Bot, chat: ChatKey, startup: Startup) -> AsyncGenerator[None]:
    """Show that it is worked on what the block does, while the bot is starting; later nothing is shown."""
    if not startup.is_under_way:
        yield
        return
    showing = asyncio.create_task(_show(bot, chat, startup))
    try:
        yield
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def _show(bot: Bot, chat: ChatKey, startup: Startup) -> None:
    await asyncio.sleep(AFTER_S)
    thread = int(chat.thread) if chat.thread else None
    try:
        while startup.is_under_way:
            await bot.send_chat_action(chat.native_id, ChatAction.TYPING, message_thread_id=thread)
            await asyncio.sleep(AGAIN_S)
    except TelegramError as error:
        _log.info("typing_not_shown", reason=said(error))  # the answer comes all the same
