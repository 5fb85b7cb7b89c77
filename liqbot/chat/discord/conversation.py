"""What is typed or pressed in Discord: understood (quotation marks), acknowledged at once, answered.

Discord gives three seconds to acknowledge and a quarter of an hour to answer. So first comes what needs no
thought (may they, is it understood), then the acknowledgement, then the work.
"""

import asyncio
import contextlib
import shlex
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import discord
import structlog

from liqbot.chat.adapter import Reception
from liqbot.chat.answering import each_coin
from liqbot.chat.arguments import read_arguments
from liqbot.chat.command import Command, CommandContext, Kind
from liqbot.chat.discord.buttons import view_of
from liqbot.chat.discord.errors import FAILURES, is_passing
from liqbot.chat.discord.places import PLATFORM, Place, place_of, unpingable
from liqbot.chat.discord.render import embed_of, files_of, plain
from liqbot.chat.discord.verdicts import ALREADY_ACKNOWLEDGED, CONVERSATION_OVER
from liqbot.message import Message, Tone
from liqbot.service.chats import StoreError
from liqbot.service.errors import UserError
from liqbot.text import N_, _

_log = structlog.get_logger()

PAUSES_S = (0.2, 0.5)
"""Pauses between tries to acknowledge: later than after three seconds it is of no use."""
THOUGHT_S = 1.0
"""So long it is thought about a request before it is acknowledged."""
PATIENT_PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Pauses between tries to bring an answer."""
NOBODY = discord.AllowedMentions.none()
"""Nobody is pinged by an answer, whatever its text says."""
NOT_SHOWN = N_("Discord did not let me show the answer here. Try again, or in another channel.")
NOT_HERE = N_("I cannot post here by myself: this concerns your direct messages from me.")


@dataclass(frozen=True, slots=True)
class _Request:
    """A line, and where its answer belongs."""

    line: str
    command: Command | None
    """The command that the line asks for, if there is such a one."""
    place: Place
    renews: bool = False
    """Whether the answer takes the place of the message whose button was pressed."""

    @property
    def is_public(self) -> bool:
        """Whether everyone in the chat gets to see the answer."""
        return self.command is not None and self.command.public


class Conversation:
    """Answers people."""

    def __init__(self, reception: Reception) -> None:
        self._answering = reception.answering
        self._services = reception.services

    def ask(self, interaction: discord.Interaction[Any]) -> CommandContext:
        """Return who asks, and where."""
        return self._ask(interaction, place_of(interaction))

    async def typed(
        self, interaction: discord.Interaction[Any], line: str, role: discord.Role | None = None
    ) -> None:
        """Answer a slash command; `role` is who shall be pinged."""
        request = self._request(interaction, line if role is None else f"{line} role={role.id}")
        unable = "" if role is None else unpingable(role, interaction.app_permissions)
        await self._answer(interaction, request, unable, role)

    async def pressed(self, interaction: discord.Interaction[Any], line: str, *, renews: bool) -> None:
        """Answer a button."""
        await self._answer(interaction, self._request(interaction, line, renews=renews))

    def _ask(
        self, interaction: discord.Interaction[Any], place: Place, role: discord.Role | None = None
    ) -> CommandContext:
        return CommandContext(
            chat=place.chat,
            services=self._services,
            person=str(interaction.user.id),
            may_manage=place.may_manage,
            language=str(interaction.locale),
            check_role=_role_check(interaction, role),
        )

    def _request(self, interaction: discord.Interaction[Any], line: str, *, renews: bool = False) -> _Request:
        name = line.removeprefix("/").split(" ", maxsplit=1)[0].lower()
        return _Request(line, self._answering.commands.get(name), place_of(interaction), renews)

    async def _answer(
        self,
        interaction: discord.Interaction[Any],
        request: _Request,
        unable: str = "",
        role: discord.Role | None = None,
    ) -> None:
        context = self._ask(interaction, request.place, role)
        community = "" if interaction.guild_id is None else str(interaction.guild_id)
        entry = self._services.access.enter(context.chat, context.person, request.line, community=community)
        if not entry.is_open:
            # Whoever asks sees "did not respond" without an answer, and it costs nothing of the bot's pace.
            turned_away = Message(entry.reason, tone=Tone.WARNING)
            await _said_at_once(lambda: _reply(interaction, turned_away))
            return
        refusal = unable or await self._refusal_in_time(request, context)
        if refusal:
            warning = Message(refusal, tone=Tone.WARNING)
            await _said_at_once(lambda: _reply(interaction, warning))
            return
        if not await _said_at_once(lambda: _defer(interaction, request)):
            _log.warning("command_not_acknowledged", line=request.line.split(" ")[0])
            return
        message = await self._answering.answer(request.line, context)
        await self._note(request.place)
        await _bring_somehow(interaction, request, message)

    async def _refusal_in_time(self, request: _Request, context: CommandContext) -> str:
        """Return why a request is refused; empty where it is not, or that takes too long to find out."""
        try:
            async with asyncio.timeout(THOUGHT_S):
                return await self._refusal(request, context)
        except (TimeoutError, StoreError):
            return ""  # the answer will say it

    async def _refusal(  # noqa: PLR0911 - one for each reason
        self, request: _Request, context: CommandContext
    ) -> str:
        """Return why a request is refused, as far as that is known at once; empty where it is not."""
        command, place = request.command, request.place
        if command is None:
            name = request.line.split(" ")[0].removeprefix("/")
            return _("There is no /{command} any more. See /help", command=name)
        if command.owners and not context.is_owner:
            return _("/{command} is for the owners of this bot.", command=command.name)
        if command.manages and not place.may_manage:
            return _("/{command} is for those who have the permission Manage Server.", command=command.name)
        if place.missing and _brings_alerts(command):
            return _(
                "I could not bring alerts here: I lack {permissions} in this channel. "
                "Allow me that in the channel's settings, then try again.",
                permissions=place.missing,
            )
        try:
            words = shlex.split(request.line)[1:]
            if len(each_coin(command, words, context)) == 1:
                await read_arguments(command, words, context, self._answering.topics(context))
        except UserError as refusal:
            return str(refusal)
        except ValueError:
            return _("That cannot be understood: a quotation mark is missing.")
        return ""

    async def _note(self, place: Place) -> None:
        """Write down to which server a chat belongs, and that it can be reached: somebody spoke to us."""
        chats = self._services.chats
        try:
            if place.guild_id is not None:
                await chats.place(place.chat, str(place.guild_id))
            if not place.missing:
                await chats.reached(place.chat)
            if not place.missing and (await chats.settings(place.chat)).inactive is not None:
                await chats.activate(place.chat)
                _log.info("chat_reached_again", platform=PLATFORM)
        except StoreError:  # the answer goes out all the same
            _log.exception("chat_not_saved", platform=PLATFORM)


def _role_check(
    interaction: discord.Interaction[Any], chosen: discord.Role | None
) -> Callable[[str], str] | None:
    """Return what says why a role cannot be pinged; None where there are no roles, as in private."""
    guild = interaction.guild
    if guild is None:
        return None

    def check(role_id: str) -> str:
        is_chosen = chosen is not None and str(chosen.id) == role_id
        role = chosen if is_chosen else guild.get_role(int(role_id)) if role_id.isdecimal() else None
        if role is None:
            return _("There is no role {role} on this server.", role=role_id)
        return unpingable(role, interaction.app_permissions)

    return check


def _brings_alerts(command: Command) -> bool:
    """Return whether a command lets alerts come to the chat."""
    return command.manages and any(argument.kind is Kind.RULE for argument in command.arguments)


async def _defer(interaction: discord.Interaction[Any], request: _Request) -> None:
    if request.renews:
        await interaction.response.defer()
    else:
        await interaction.response.defer(thinking=True, ephemeral=not request.is_public)


async def _reply(interaction: discord.Interaction[Any], message: Message) -> None:
    await interaction.response.send_message(embed=embed_of(message), ephemeral=True)


async def _bring(interaction: discord.Interaction[Any], request: _Request, message: Message) -> None:
    """Put a message where the answer is awaited; one that is for the asker alone, beside it."""
    note = (
        "" if request.place.is_here or request.command is None or not request.command.manages else _(NOT_HERE)
    )
    embed = embed_of(replace(message, notes=(*message.notes, note)) if note else message)
    is_private = message.private or (message.tone is Tone.WARNING and message.picture is None)
    if is_private and (request.renews or request.is_public):
        if not request.renews:
            with contextlib.suppress(discord.NotFound):  # an earlier try has removed it
                await interaction.delete_original_response()
        await interaction.followup.send(embed=embed, ephemeral=True, allowed_mentions=NOBODY)
        return
    await interaction.edit_original_response(
        embed=embed,
        attachments=files_of(message),
        view=view_of(message.actions),
        allowed_mentions=NOBODY,
    )


async def _bring_somehow(interaction: discord.Interaction[Any], request: _Request, message: Message) -> None:
    """Bring an answer, where it is not taken in a plainer form: nobody is left with "thinking…"."""
    for bring in (_bring, _bring_text, _bring_excuse):
        try:
            await _patiently(partial(bring, interaction, request, message))
        except FAILURES as error:
            over = isinstance(error, discord.HTTPException) and error.code in CONVERSATION_OVER
            reason = str(error.code) if isinstance(error, discord.HTTPException) and error.code else ""
            form = bring.__name__.removeprefix("_bring").removeprefix("_") or "whole"
            _log.warning("answer_not_delivered", form=form, reason=f"{type(error).__name__} {reason}".strip())
            if over:
                return
        else:
            return


async def _bring_text(interaction: discord.Interaction[Any], request: _Request, message: Message) -> None:
    """Put the words of a message where the answer is awaited, without embed, picture and buttons."""
    alt = () if message.picture is None else (message.picture.alt,)
    text = plain(replace(message, lines=(*message.lines, *alt), picture=None))
    await _say(interaction, request, text)


async def _bring_excuse(interaction: discord.Interaction[Any], request: _Request, message: Message) -> None:
    """Say at least that there is no answer."""
    del message
    await _say(interaction, request, _(NOT_SHOWN))


async def _say(interaction: discord.Interaction[Any], request: _Request, text: str) -> None:
    if not request.renews:  # what the message shows already is worth more than an excuse
        with contextlib.suppress(discord.NotFound):  # an earlier try has removed it
            await interaction.edit_original_response(
                content=text, embed=None, attachments=[], view=None, allowed_mentions=NOBODY
            )
            return
    await interaction.followup.send(content=text, ephemeral=True, allowed_mentions=NOBODY)


async def _said_at_once(say: Callable[[], Awaitable[None]]) -> bool:
    """Answer Discord within its three seconds; return whether that worked."""
    for pause_s in (*PAUSES_S, None):
        try:
            await say()
        except FAILURES as error:
            if isinstance(error, discord.HTTPException) and error.code == ALREADY_ACKNOWLEDGED:
                return True  # the answer to an earlier try got lost
            if pause_s is None or not is_passing(error):
                return False
            await asyncio.sleep(pause_s)
        else:
            return True
    return False


def _is_page(error: BaseException) -> bool:
    """Return whether something before Discord has refused a request."""
    return isinstance(error, discord.HTTPException) and 400 <= error.status < 500 and error.status != 429


async def _patiently(bring: Callable[[], Awaitable[None]]) -> None:
    """Try again as long as Discord has troubles that pass."""
    for attempt, pause_s in enumerate(PATIENT_PAUSES_S):
        try:
            await bring()
        except FAILURES as error:
            if not is_passing(error) or (_is_page(error) and attempt > 0):
                raise  # what stands before Discord may take less than this
            await asyncio.sleep(pause_s)
        else:
            return
    await bring()
