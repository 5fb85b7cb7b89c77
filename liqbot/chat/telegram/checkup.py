"""What `liqbot doctor` asks Telegram: whether the token is good, and what the bot may do."""

from dataclasses import dataclass

from telegram import User, WebhookInfo
from telegram.error import InvalidToken, TelegramError

from liqbot.chat.adapter import AdapterError, require_right_clock
from liqbot.chat.telegram.connection import Connection
from liqbot.chat.telegram.outcomes import said
from liqbot.chat.telegram.receiving import unknown_bot
from liqbot.chat.telegram.settings import TelegramSettings

PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found."""

    bot: User
    webhook: WebhookInfo
    """Where Telegram brings updates at present; without an address they wait to be fetched."""

    def __str__(self) -> str:
        told = [f"@{self.bot.username}, {self.bot.link}"]
        if self.bot.can_join_groups:
            told.append(f"add it to a group: {self.bot.link}?startgroup=start")
        else:
            told.append("it cannot be added to groups; @BotFather, /setjoingroups allows it")
        if self.webhook.pending_update_count:
            told.append(f"{self.webhook.pending_update_count} updates wait for it")
        return "; ".join(told)


async def reach(settings: TelegramSettings, native_id: str) -> str:
    """Show in a chat that the bot is typing, which leaves no trace; return that it can, and no names.

    Raises `AdapterError`.
    """
    connection = Connection(settings, patience_s=PATIENCE_S)
    try:
        await connection.bot.send_chat_action(native_id, "typing")
    except InvalidToken:
        raise AdapterError(unknown_bot(settings)) from None
    except TelegramError as error:
        raise AdapterError(
            f"Telegram does not let the bot write to {native_id}: {said(error)}; "
            "write /start to it there, and look at LIQBOT_OPERATOR_CHAT"
        ) from None
    finally:
        await connection.close()
    return f"{native_id} can be written to"


async def check_telegram(settings: TelegramSettings) -> Checkup:
    """Ask Telegram about the bot of the token. Raises `AdapterError`; no text holds the token."""
    connection = Connection(settings, patience_s=PATIENCE_S)
    try:
        found = Checkup(await connection.bot.get_me(), await connection.bot.get_webhook_info())
        require_right_clock(connection.time.clock_ahead_s, "Telegram")
    except InvalidToken:
        raise AdapterError(unknown_bot(settings)) from None
    except TelegramError as error:
        raise AdapterError(f"Telegram cannot be asked at {settings.api_url}: {said(error)}") from None
    finally:
        await connection.close()
    return found
