"""Discord as a chat platform: serving people, and bringing them what the dispatcher hands over."""

import asyncio
from dataclasses import replace

import discord
import structlog

from liqbot.alerts.platform import ChatGone, Limits, NotSent, OutgoingMessage, Receipt
from liqbot.alerts.verdict import Verdict
from liqbot.chat.adapter import AdapterError, Reception
from liqbot.chat.discord.buttons import view_of
from liqbot.chat.discord.client import Client
from liqbot.chat.discord.errors import FAILURES, NEW_TOKEN, failed, outcome, verdict_of
from liqbot.chat.discord.places import lacking, person_id, plainly
from liqbot.chat.discord.render import embed_of, files_of, plain
from liqbot.chat.discord.route_limits import LONGEST_S
from liqbot.chat.discord.settings import DiscordSettings
from liqbot.chat.discord.verdicts import MISSING_PERMISSIONS, TOO_MANY_EDITS
from liqbot.chat.discord.wire import Wire, noting_unanswered
from liqbot.service.chats import ChatKey

_log = structlog.get_logger()

LIMITS = Limits(a_second=40, rest_s=LONGEST_S, knows_repeats_s=120)
"""Discord takes 50 requests a second of a bot; the rest is for answers. The pace of a channel is told by
Discord with every answer, and kept where requests leave (`route_limits.py`). It knows a nonce again
within "the past few minutes"."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0
"""Between two tries to connect, where the library itself has given up; a day has a thousand."""
BORNE = 3
"""After so many tries the operator is told: Discord's own mistakes are over by then."""
_WRONG_TOKEN = 4004
_REFUSALS = {
    4010: "Discord refuses the bot's shards",
    4011: "Discord wants more shards than the bot opened",
    4012: "Discord does not speak this version any more; update liqbot",
    4013: "Discord refuses the bot's intents",
    4014: "Discord refuses the bot's intents",
}
"""Why the gateway closes a connection so that somebody has to do something, unless it is mistaken."""


class DiscordAdapter:
    """Serves Discord with one token."""

    def __init__(self, settings: DiscordSettings, reception: Reception) -> None:
        """Serve with `reception`. Raises `AdapterError` where there is no token."""
        if not settings.is_set:
            raise AdapterError("LIQBOT_DISCORD__TOKEN is not set")
        self._token = settings.token
        self._settings = settings
        self._reception = reception
        self._wire = Wire(settings.api_url)
        self._client: Client | None = None
        """The connection of the moment; None before the first one and between two."""
        self._failed = 0
        """How many connections in a row did not come to serve."""
        self._reason = ""

    @property
    def clock_ahead_s(self) -> float | None:
        """How far this machine's clock is ahead of Discord's."""
        return self._wire.clock_ahead_s

    @property
    def limits(self) -> Limits:
        """How fast Discord may be sent to."""
        return LIMITS

    def is_group(self, chat: ChatKey) -> bool:
        """Return whether the chat is a channel of a server."""
        return person_id(chat) is None

    @property
    def is_connected(self) -> bool:
        """Whether messages can be sent: the bot is logged in, though the gateway may be on its way."""
        return self._client is not None

    @property
    def trouble(self) -> str | None:
        """Why people are not served at present, and what to do; None where they are."""
        client = self._client
        is_served = client is not None and client.is_ready()
        return self._reason if self._failed >= BORNE and not is_served else None

    def resume(self) -> None:
        """Note that another process may have been sending until now."""
        self._wire.resume()

    async def run(self) -> None:
        """Serve until cancelled. Whatever Discord says, it is asked again: it has taken back much already."""
        pause_s = FIRST_PAUSE_S
        while True:
            client = Client(self._settings, self._reception, self._wire)
            was_ready = False
            try:
                async with client:
                    await client.login(self._token.get_secret_value())
                    self._client = client
                    await client.connect()
            except FAILURES as error:
                self._reason = (
                    _refusal(error, self._settings.token_setting)
                    or f"Discord cannot be reached: {failed(error, self._settings.api_url)}"
                )
                _log.warning("discord_connection_lost", reason=self._reason)
            finally:
                was_ready = client.was_ready
                self._client = None
            self._failed = 0 if was_ready else self._failed + 1
            pause_s = FIRST_PAUSE_S if was_ready else min(2 * pause_s, LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)

    async def send(self, outgoing: OutgoingMessage) -> Receipt:
        """Bring a message to its chat, under a nonce: sent again, it does not become a second message."""
        client = self._client
        if client is None:
            raise NotSent("there is no connection to Discord")
        with noting_unanswered() as unanswered:
            try:
                channel = await _channel(client, outgoing.chat)
                unanswered.clear()  # to open a conversation is not to send
                if outgoing.replaces is not None and await _renewed(channel, outgoing.replaces, outgoing):
                    return Receipt(outgoing.replaces)
                sent = await self._send(channel, outgoing)
            except FAILURES as error:
                came = outcome(error)
                came.may_have_arrived = bool(unanswered)
                raise came from error
        return Receipt(str(sent.id))

    async def _send(self, channel: discord.abc.Messageable, outgoing: OutgoingMessage) -> discord.Message:
        """Send with embed and picture; where Discord does not take these, plainer and plainer."""
        try:
            return await channel.send(
                content=_ping(outgoing),
                embed=embed_of(outgoing.message),
                files=files_of(outgoing.message),
                view=view_of(outgoing.message.actions) or discord.utils.MISSING,
                nonce=outgoing.key,
                silent=outgoing.silent,
                allowed_mentions=_mentions(outgoing),
            )
        except discord.HTTPException as error:
            if not _may_be_plainer(error):
                raise
            missing = _missing(self._client, outgoing.chat) if error.code == MISSING_PERMISSIONS else ""
        outgoing = replace(outgoing, message=plainly(outgoing.message, missing))
        try:
            return await self._send_text(channel, outgoing, view_of(outgoing.message.actions))
        except discord.HTTPException as error:
            if not _may_be_plainer(error):
                raise
        return await self._send_text(channel, outgoing, None)

    async def _send_text(
        self, channel: discord.abc.Messageable, outgoing: OutgoingMessage, view: discord.ui.View | None
    ) -> discord.Message:
        return await channel.send(
            content=_text(outgoing),
            view=view or discord.utils.MISSING,
            nonce=outgoing.key,
            silent=outgoing.silent,
            suppress_embeds=True,
            allowed_mentions=_mentions(outgoing),
        )


def _may_be_plainer(error: discord.HTTPException) -> bool:
    """Return whether what Discord refused may be taken in a plainer form, as without an embed."""
    return error.code == MISSING_PERMISSIONS or verdict_of(error) is Verdict.DEGRADE


async def _renewed(channel: discord.abc.Messageable, message_id: str, outgoing: OutgoingMessage) -> bool:
    """Put a message in the place of one that was sent; return whether that one was still there."""
    if not isinstance(channel, discord.PartialMessageable | discord.DMChannel):
        return False
    try:
        await channel.get_partial_message(int(message_id)).edit(
            embed=embed_of(outgoing.message),
            attachments=files_of(outgoing.message),
            view=view_of(outgoing.message.actions),
            allowed_mentions=_mentions(outgoing),
        )
    except discord.HTTPException as error:
        if verdict_of(error) is Verdict.AGAIN and error.code != TOO_MANY_EDITS:
            raise
        return False  # it was deleted, or may not be changed any more: a new one follows
    return True


def _missing(client: Client | None, chat: ChatKey) -> str:
    """Return what the bot lacks in a channel, in words; empty where that is not known."""
    channel = (
        None if client is None or not chat.native_id.isdigit() else client.get_channel(int(chat.native_id))
    )
    if not isinstance(channel, discord.abc.GuildChannel):
        return ""
    return lacking(channel.permissions_for(channel.guild.me), in_thread=bool(chat.thread))


async def _channel(client: Client, chat: ChatKey) -> discord.abc.Messageable:
    try:
        person = person_id(chat)
        if person is not None:
            return await client.create_dm(discord.Object(person))
        return client.get_partial_messageable(int(chat.thread or chat.native_id))
    except ValueError:
        raise ChatGone("it is no chat of Discord's") from None


def _ping(outgoing: OutgoingMessage) -> str | None:
    return f"<@&{outgoing.role}>" if outgoing.role else None


def _text(outgoing: OutgoingMessage) -> str:
    ping = _ping(outgoing)
    room = plain(outgoing.message)
    return f"{ping}\n{room}" if ping else room


def _mentions(outgoing: OutgoingMessage) -> discord.AllowedMentions:
    roles = [discord.Object(int(outgoing.role))] if outgoing.role else False
    return discord.AllowedMentions(everyone=False, users=False, roles=roles, replied_user=False)


def _refusal(error: BaseException, token_setting: str) -> str:
    """Return what Discord refuses the bot for, and what to do; empty where the line is the trouble."""
    code = error.code if isinstance(error, discord.ConnectionClosed) else None
    if isinstance(error, discord.LoginFailure) or code == _WRONG_TOKEN:
        return f"{token_setting} is not accepted by Discord; {NEW_TOKEN}"
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return _REFUSALS[4014]
    return _REFUSALS.get(code or 0, "")
