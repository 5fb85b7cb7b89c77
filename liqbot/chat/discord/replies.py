"""Bringing answers to where they are awaited: at once, later, beside it, or in a plainer form.

Discord gives three seconds to acknowledge and a quarter of an hour to answer.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import discord
import structlog

from liqbot.chat.command import Command
from liqbot.chat.discord.buttons import view_of
from liqbot.chat.discord.errors import FAILURES, is_passing
from liqbot.chat.discord.places import Place, plainly
from liqbot.chat.discord.render import embed_of, files_of, plain
from liqbot.chat.discord.verdicts import ALREADY_ACKNOWLEDGED, CONVERSATION_OVER
from liqbot.message import Message, Tone
from liqbot.text import N_, _

_log = structlog.get_logger()

PAUSES_S = (0.2, 0.5)
"""Pauses between tries to acknowledge: later than after three seconds it is of no use."""
PATIENT_PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Pauses between tries to bring an answer."""
NOBODY = discord.AllowedMentions.none()
"""Nobody is pinged by an answer, whatever its text says."""
NOT_SHOWN = N_("Discord did not let me show the answer here. Try again, or in another channel.")
NOT_HERE = N_("I cannot post here by myself: this concerns your direct messages from me.")


@dataclass(frozen=True, slots=True)
class Request:
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


async def defer(interaction: discord.Interaction[Any], request: Request) -> None:
    """Acknowledge a request, whose answer comes later."""
    if request.renews:
        await interaction.response.defer()
    else:
        await interaction.response.defer(thinking=True, ephemeral=not request.is_public)


async def reply(interaction: discord.Interaction[Any], message: Message) -> None:
    """Answer at once, seen by the asker alone."""
    await interaction.response.send_message(embed=embed_of(message), ephemeral=True)


async def _bring(interaction: discord.Interaction[Any], request: Request, message: Message) -> None:
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


async def bring_somehow(interaction: discord.Interaction[Any], request: Request, message: Message) -> None:
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


async def _bring_text(interaction: discord.Interaction[Any], request: Request, message: Message) -> None:
    """Put the words of a message where the answer is awaited, without embed, picture and buttons."""
    alt = () if message.picture is None else (message.picture.alt,)
    whole = plainly(message, request.place.missing if request.place.is_here else "")
    text = plain(replace(whole, lines=(*message.lines, *alt), picture=None))
    await _say(interaction, request, text)


async def _bring_excuse(interaction: discord.Interaction[Any], request: Request, message: Message) -> None:
    """Say at least that there is no answer."""
    del message
    await _say(interaction, request, _(NOT_SHOWN))


async def _say(interaction: discord.Interaction[Any], request: Request, text: str) -> None:
    if not request.renews:  # what the message shows already is worth more than an excuse
        with contextlib.suppress(discord.NotFound):  # an earlier try has removed it
            await interaction.edit_original_response(
                content=text, embed=None, attachments=[], view=None, allowed_mentions=NOBODY
            )
            return
    await interaction.followup.send(content=text, ephemeral=True, allowed_mentions=NOBODY)


async def said_at_once(say: Callable[[], Awaitable[None]]) -> bool:
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
