"""Who may change what a chat gets: in a group or channel its admins, in a private chat its person."""

from telegram import Bot
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest, Forbidden

from liqbot.chat.telegram.incoming import Tapped, Typed

_ADMINS = (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR)


async def may_manage(bot: Bot, asked: Typed | Tapped) -> bool:
    """Return whether whoever typed or tapped manages the chat. Raises `TelegramError` where nobody can tell.

    Of a group that has become a supergroup it raises `ChatMigrated`, which says where it is now.

    Who speaks in the chat's own name is one of its admins: nobody else can, and there is nobody to ask about.
    """
    if asked.kind == ChatType.PRIVATE or (isinstance(asked, Typed) and asked.speaks_for_chat):
        return True
    if not asked.person:
        return False
    return await _is_admin(bot, int(asked.chat.native_id), int(asked.person))


async def _is_admin(bot: Bot, chat: int, person: int) -> bool:
    try:
        member = await bot.get_chat_member(chat, person)
    except (BadRequest, Forbidden):
        return False  # Telegram does not know them there
    return member.status in _ADMINS
