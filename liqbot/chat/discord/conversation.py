"""What is typed or pressed in Discord: understood (quotation marks), acknowledged at once, answered.

Discord gives three seconds to acknowledge and a quarter of an hour to answer. So first comes what needs no
thought (may they, is it understood), then the acknowledgement, then the work.
"""

import asyncio
import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import discord
import structlog

from liqbot.chat.adapter import Reception
from liqbot.chat.answering import each_coin
from liqbot.chat.arguments import read_arguments
from liqbot.chat.at_once import AtOnce
from liqbot.chat.command import Command, CommandContext, Kind
from liqbot.chat.discord.places import Chosen, Place, chosen_place, place_of, unpingable
from liqbot.chat.discord.replies import Request, bring_somehow, defer, reply, said_at_once
from liqbot.message import Message, Tone
from liqbot.service.chats import StoreError
from liqbot.service.errors import UserError
from liqbot.text import _

_log = structlog.get_logger()

THOUGHT_S = 1.0
"""So long it is thought about a request before it is acknowledged."""
AT_ONCE = 8
"""So many requests of one server, or of one private chat, are acknowledged at once, so many answered with a
picture, and as many in words."""


class Conversation:
    """Answers people."""

    def __init__(self, reception: Reception) -> None:
        self._platform = reception.platform
        self._answering = reception.answering
        self._services = reception.services
        self._acknowledging, self._answers, self._pictures = (AtOnce(AT_ONCE) for _ in range(3))

    def ask(self, interaction: discord.Interaction[Any]) -> CommandContext:
        """Return who asks, and where."""
        return self._ask(interaction, place_of(interaction, self._platform))

    async def typed(
        self,
        interaction: discord.Interaction[Any],
        line: str,
        role: discord.Role | None = None,
        channel: Chosen | None = None,
    ) -> None:
        """Answer a slash command; `role` is who shall be pinged, `channel` where alerts shall come."""
        request = self._request(interaction, line if role is None else f"{line} role={role.id}")
        unable, held = "", interaction.app_permissions
        if channel is not None:
            try:
                place, held = chosen_place(interaction, channel, self._platform)
                request = replace(request, place=place)
            except UserError as error:
                unable = str(error)
        if role is not None:
            unable = unable or unpingable(role, held)
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

    def _request(self, interaction: discord.Interaction[Any], line: str, *, renews: bool = False) -> Request:
        name = line.removeprefix("/").split(" ", maxsplit=1)[0].lower()
        return Request(
            line, self._answering.commands.get(name), place_of(interaction, self._platform), renews
        )

    async def _answer(
        self,
        interaction: discord.Interaction[Any],
        request: Request,
        unable: str = "",
        role: discord.Role | None = None,
    ) -> None:
        context = self._ask(interaction, request.place, role)
        community = "" if interaction.guild_id is None else str(interaction.guild_id)
        here = place_of(interaction, self._platform).chat if request.place.name else context.chat
        entry = self._services.access.enter(here, context.person, request.line, community=community)
        if not entry.is_open:
            # Without an answer whoever asks sees "did not respond": it is given while it is news to them, and
            # costs nothing of the bot's pace.
            if told := entry.answer or entry.reason:
                await said_at_once(lambda: reply(interaction, Message(told, tone=Tone.WARNING)))
            return
        server = community or context.chat.native_id
        async with self._acknowledging.turn(server):
            if not await self._is_acknowledged(interaction, request, context, unable):
                return
        await self._answering.ready(request.line, context)
        async with (self._pictures if self._draws(request) else self._answers).turn(server):
            await self._bring(interaction, request, context)

    def _draws(self, request: Request) -> bool:
        """Return whether a picture is asked for: what is said in words waits for none of those."""
        command = self._answering.command(request.line.split(" ")[0])
        return command is not None and command.draws

    async def _is_acknowledged(
        self, interaction: discord.Interaction[Any], request: Request, context: CommandContext, unable: str
    ) -> bool:
        """Acknowledge a request, or refuse it; return whether its answer is still to come."""
        refusal = unable or await self._refusal_in_time(request, context)
        if refusal:
            warning = Message(refusal, tone=Tone.WARNING)
            await said_at_once(lambda: reply(interaction, warning))
            return False
        if not await said_at_once(lambda: defer(interaction, request)):
            _log.warning("command_not_acknowledged", line=request.line.split(" ")[0])
            return False
        return True

    async def _bring(
        self, interaction: discord.Interaction[Any], request: Request, context: CommandContext
    ) -> None:
        """Bring the answer to a request that was acknowledged."""
        message = await self._answering.answer(request.line, context)
        if request.place.name:  # its buttons would mean the channel in which they are pressed
            there = _("For #{channel}, not for this channel.", channel=request.place.name)
            message = replace(message, notes=(*message.notes, there), actions=())
        await self._note(request.place)
        await bring_somehow(interaction, request, message)

    async def _refusal_in_time(self, request: Request, context: CommandContext) -> str:
        """Return why a request is refused; empty where it is not, or that takes too long to find out."""
        try:
            async with asyncio.timeout(THOUGHT_S):
                return await self._refusal(request, context)
        except (TimeoutError, StoreError):
            return ""  # the answer will say it

    async def _refusal(  # noqa: PLR0911 - one for each reason
        self, request: Request, context: CommandContext
    ) -> str:
        """Return why a request is refused, as far as that is known at once; empty where it is not."""
        command, place = request.command, request.place
        community = "" if place.guild_id is None else str(place.guild_id)
        if place.name and not self._services.access.may_look(
            context.chat, context.person, community=community
        ):
            return _("The operator of this bot does not serve #{channel}.", channel=place.name)
        if command is None:
            name = request.line.split(" ")[0].removeprefix("/")
            return _("There is no /{command} any more. See /help", command=name)
        if command.owners and not context.is_owner:
            return _("/{command} is for the owners of this bot.", command=command.name)
        if command.manages and not place.may_manage:
            return _("/{command} is for those who have the permission Manage Server.", command=command.name)
        if place.missing and place.name:
            return _(
                "I could not bring alerts to #{channel}: I lack {permissions} there. "
                "Allow me that in the channel's settings, then try again.",
                channel=place.name,
                permissions=place.missing,
            )
        if place.missing and _brings_alerts(command):
            return _(
                "I could not bring alerts here: I lack {permissions} in this channel. "
                "Allow me that in the channel's settings, then try again.",
                permissions=place.missing,
            )
        try:
            words = shlex.split(request.line)[1:]
            if len(each_coin(command, words, context)) == 1:
                await read_arguments(command, words, context, lambda: self._answering.topics(context))
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
                _log.info("chat_reached_again", platform=self._platform)
        except StoreError as error:  # the answer goes out all the same
            _log.error("chat_not_saved", platform=self._platform, reason=str(error))


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
    return command.manages and any(
        argument.kind in (Kind.RULE, Kind.TESTED) for argument in command.arguments
    )
