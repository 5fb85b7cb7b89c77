"""What `liqbot doctor` asks Discord: whether the token is good, and where the bot lacks permissions."""

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from liqbot.chat.adapter import AdapterError, require_right_clock
from liqbot.chat.discord.client import use_addresses
from liqbot.chat.discord.connector import ProxiedConnector
from liqbot.chat.discord.errors import FAILURES, NEW_TOKEN, failed
from liqbot.chat.discord.places import INVITED_WITH, NEEDED, installable, lacking, person_id
from liqbot.chat.discord.settings import DiscordSettings
from liqbot.chat.discord.wire import Wire
from liqbot.rules.wording import counted, listed
from liqbot.service.chats import ChatKey

SERVERS_LOOKED_AT = 200
FEW_STARTS = 50
"""With fewer connections left of the day's thousand something keeps starting the bot anew."""


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found."""

    name: str
    """The bot's name on Discord."""
    invite: str
    """The address at which somebody adds the bot to a server."""
    personal: str
    """The address at which somebody adds the bot for themselves; empty where that is not allowed."""
    servers: int
    lacking: Sequence[str]
    """Of each server where the bot lacks permissions, which; a channel may still say otherwise."""

    def __str__(self) -> str:
        told = [f"{self.name}, in {counted(self.servers, 'server')}; it needs no privileged intent"]
        told += self.lacking
        told.append(f"invite it: {self.invite}")
        told.append(
            f"for oneself: {self.personal}"
            if self.personal
            else "people cannot add it for themselves; Installation, User Install allows it"
        )
        return "; ".join(told)


async def check_discord(settings: DiscordSettings) -> Checkup:
    """CommandContext Discord about the bot of the token. Raises `AdapterError`; no text holds the token."""
    use_addresses(settings)
    way, wire = ProxiedConnector(), Wire(settings.api_url)
    async with discord.Client(
        intents=discord.Intents.none(), max_ratelimit_timeout=30.0, connector=way, http_trace=wire.trace
    ) as client:
        try:
            found = await _checked(client, settings.token.get_secret_value())
        except discord.LoginFailure:
            raise AdapterError(f"Discord does not accept {settings.token_setting}; {NEW_TOKEN}") from None
        except FAILURES as error:
            reason = failed(error, settings.api_url)
            raise AdapterError(f"Discord cannot be asked at {settings.api_url}: {reason}") from None
    require_right_clock(wire.clock_ahead_s, "Discord")
    return found


async def reach(settings: DiscordSettings, native_id: str) -> str:
    """Look whether the bot may write to a channel, or to a person; return which, and no names.

    Raises `AdapterError`.
    """
    use_addresses(settings)
    chat = ChatKey("discord", native_id)
    async with discord.Client(
        intents=discord.Intents.none(), max_ratelimit_timeout=30.0, connector=ProxiedConnector()
    ) as client:
        try:
            await client.login(settings.token.get_secret_value())
            person = person_id(chat)
            if person is not None:
                await client.fetch_user(person)
                return f"{native_id} can be written to, unless they have blocked the bot"
            missing = await _missing_in(client, await client.fetch_channel(int(native_id)))
        except discord.LoginFailure:
            raise AdapterError(f"Discord does not accept {settings.token_setting}; {NEW_TOKEN}") from None
        except ValueError:
            raise AdapterError(f"{native_id} is no id of a channel or person of Discord's") from None
        except FAILURES as error:
            raise AdapterError(
                f"Discord does not show the bot {native_id}: {failed(error, settings.api_url)}; "
                "add the bot there, and look at LIQBOT_OPERATOR_CHAT"
            ) from None
    if missing:
        raise AdapterError(f"the bot lacks {missing} in {native_id}; allow it that in the channel's settings")
    return f"{native_id} can be written to"


async def _missing_in(
    client: discord.Client, found: discord.abc.GuildChannel | discord.abc.PrivateChannel | discord.Thread
) -> str:
    """Return what the bot lacks in a channel or thread for alerts; empty for nothing."""
    if isinstance(found, discord.abc.PrivateChannel) or client.user is None:
        return ""
    # Discord tells a channel without the roles of its server, and of a thread its channel decides.
    channel = found.parent_id if isinstance(found, discord.Thread) else found.id
    server = await client.fetch_guild(found.guild.id, with_counts=False)
    decides = next((one for one in await server.fetch_channels() if one.id == channel), None)
    if decides is None:
        return NEEDED["view_channel"]
    # Asked of the channel's own class, whoever may not write there may not write in its threads either.
    held = discord.abc.GuildChannel.permissions_for(decides, await server.fetch_member(client.user.id))
    return lacking(held, in_thread=isinstance(found, discord.Thread))


async def _checked(client: discord.Client, token: str) -> Checkup:
    await client.login(token)
    about = await client.application_info()
    if about.interactions_endpoint_url:
        raise AdapterError(
            "the application has an Interactions Endpoint URL, so that commands do not reach this bot; "
            "empty it at discord.com/developers/applications, General Information"
        )
    _, _, starts = await client.http.get_bot_gateway()
    if starts["remaining"] < FEW_STARTS:
        left = starts["remaining"]
        raise AdapterError(f"Discord allows only {left} more starts today: something restarts the bot")
    servers = await client.http.get_guilds(SERVERS_LOOKED_AT, with_counts=False)
    return Checkup(
        name=str(client.user),
        invite=discord.utils.oauth_url(
            about.id, permissions=INVITED_WITH, scopes=("bot", "applications.commands")
        ),
        personal=_personal(about),
        servers=len(servers),
        lacking=[
            f"in {server['name']} it lacks {lacks}"
            for server in servers
            if (lacks := _lacking(int(server.get("permissions", 0))))
        ],
    )


def _lacking(held: int) -> str:
    permissions = discord.Permissions(held)
    missing = [words for name, words in NEEDED.items() if not getattr(permissions, name)]
    return "" if permissions.administrator else listed(missing)


def _personal(about: discord.AppInfo) -> str:
    """Return where people add the bot for themselves; empty where the application says that they may not."""
    if not installable(about).user:
        return ""
    link = discord.utils.oauth_url(about.id, scopes=("applications.commands",))
    return f"{link}&integration_type=1"
