"""From what was typed or tapped to what is answered: who may do it, what it lacks, what it says."""

from dataclasses import replace

import structlog
from telegram.constants import ChatType
from telegram.error import ChatMigrated, TelegramError

from liqbot.chat.adapter import Reception
from liqbot.chat.answering import Answering, refused
from liqbot.chat.command import Command, CommandContext
from liqbot.chat.telegram import guide
from liqbot.chat.telegram.choice import MARK
from liqbot.chat.telegram.incoming import Tapped, Typed
from liqbot.chat.telegram.outcomes import said
from liqbot.chat.telegram.own_commands import OWN_COMMANDS, followed
from liqbot.chat.telegram.rights import Rights
from liqbot.message import Message, Tone
from liqbot.service.errors import UserError
from liqbot.text import N_, _

_log = structlog.get_logger()

ADMINS_ONLY = N_("Only admins can change what this chat gets.")
WHO_IS_ADMIN = N_("Telegram does not say at present who is an admin here. Try again in a moment.")


class Answers:
    """Answers lines, with the guide for those that lack something, and links."""

    def __init__(self, rights: Rights, reception: Reception) -> None:
        self._rights = rights
        self._services = reception.services
        self._answering = Answering([*reception.answering.commands.values(), *OWN_COMMANDS])

    @property
    def commands(self) -> list[Command]:
        """All commands, those that only Telegram has at the end."""
        return list(self._answering.commands.values())

    def command(self, line: str) -> Command | None:
        """Return the command that a line is about; a step of the guide is about subscribing."""
        name = (line.split() or [""])[0]
        return self._answering.command("subscribe" if name.startswith(MARK) else name)

    async def to(self, asked: Typed | Tapped, line: str) -> Message:
        """Return the answer to a line. It never raises: what cannot be done is said."""
        try:
            return await self._to(asked, line)
        except ChatMigrated as moved:  # what was tapped hangs in the group that was
            chat = asked.chat._replace(native_id=str(moved.new_chat_id))
            await self._services.chats.move(asked.chat, chat.native_id)
            return await self.to(replace(asked, chat=chat), line)

    async def _to(self, asked: Typed | Tapped, line: str) -> Message:
        """As above. Raises `ChatMigrated` where the chat is a group that has become a supergroup."""
        try:
            payload = _payload(line)
            if payload is not None:
                line = await self._follow(asked, payload)
            context = await self._ask(asked, line)
            further = await self._further(line, context)
        except UserError as refusal:
            return refused(refusal)
        except ChatMigrated:
            raise
        except TelegramError as error:
            _log.warning("admins_unknown", reason=said(error))
            return Message(_(WHO_IS_ADMIN), tone=Tone.WARNING, private=True)
        return further if isinstance(further, Message) else await self._answering.answer(further, context)

    async def _further(self, line: str, context: CommandContext) -> Message | str:
        """Return what is to be asked first; the line itself where nothing is."""
        command = self.command(line)
        if command is not None and command.manages and not context.may_manage:
            raise UserError(ADMINS_ONLY)
        step = guide.take(line, context) if line.startswith(MARK) else line
        if isinstance(step, Message):
            return step
        return await guide.question(step, context, self._answering) or step

    async def _follow(self, asked: Typed | Tapped, payload: str) -> str:
        """Return the line that a link stands for. Who follows one wants to hear from the bot again."""
        line = followed(payload)
        if line is None or self.command(line) is None:
            return "/start"
        if (await self._ask(asked, "/start")).may_manage:
            await self._services.chats.activate(asked.chat)
        return line

    async def _ask(self, asked: Typed | Tapped, line: str) -> CommandContext:
        """Return who asks. Whether they are an admin is asked of Telegram only where it matters."""
        command = self.command(line)
        matters = command is not None and (command.manages or command.name == "start")
        manages = asked.kind == ChatType.PRIVATE or (matters and await self._rights.may_manage(asked))
        return CommandContext(asked.chat, self._services, asked.person, manages, asked.language)


def _payload(line: str) -> str | None:
    """Return what a link adds to `/start`; None for any other line."""
    name, *rest = line.split(maxsplit=1)
    return rest[0] if rest and name.lower() == "/start" else None
