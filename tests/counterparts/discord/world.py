"""What exists in this Discord: people, guilds, channels, commands; and who may do what in it."""

import base64
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from . import permissions
from .clock import Clock
from .nouns import DM, Channel, Guild, Json, Member, Role, User
from .refusal import Refusal, missing_access, missing_permissions, unknown_channel

GUILDS, GUILD_MEMBERS, GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 0, 1 << 1, 1 << 9, 1 << 12

Dispatch = Callable[..., None]


def _token(bot_id: int) -> str:
    """Return a token of Discord's form, whose first part is the bot's id: libraries look at it."""
    first = base64.urlsafe_b64encode(str(bot_id).encode()).decode().rstrip("=")
    return f"{first}.{secrets.token_hex(3)}.{secrets.token_hex(19)}"


class World:
    """The state. Whatever changes it says so through `dispatch`, which the gateway sets."""

    def __init__(self, token: str | None, clock: Clock) -> None:
        self.clock = clock
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.commands: dict[int, Json] = {}  # global and of guilds, by id
        self._dms: dict[int, Channel] = {}
        self.bot = self.add_user("liqbot", bot=True)
        self.owner = self.add_user("operator")
        self.application_id = self.bot.id
        self.token = token or _token(self.bot.id)
        self.dispatch: Dispatch = lambda *_, **__: None

    # people and places

    def add_user(self, name: str, **facts: Any) -> User:
        user = User(self.clock.snowflake(), name, **facts)
        self.users[user.id] = user
        return user

    def user(self, user_id: int) -> User:
        if user_id not in self.users:
            raise Refusal(404, 10013, "Unknown User")
        return self.users[user_id]

    def add_guild(self, name: str, *, bot_permissions: int, everyone: int, locale: str = "en-US") -> Guild:
        """Add a guild that the bot is in, with a role of its own that holds `bot_permissions`."""
        guild = Guild(self.clock.snowflake(), name, self.owner.id, locale)
        guild.roles[guild.id] = Role(guild.id, "@everyone", everyone)
        own = Role(self.clock.snowflake(), "liqbot", bot_permissions, position=1)
        guild.roles[own.id] = own
        self.guilds[guild.id] = guild
        self.join(guild, self.owner)
        self.join(guild, self.bot, [own.id])
        self.announce(guild)
        return guild

    def guild(self, guild_id: int) -> Guild:
        if guild_id not in self.guilds:
            raise Refusal(404, 10004, "Unknown Guild")
        return self.guilds[guild_id]

    def bots_guild(self, guild_id: int) -> Guild:
        guild = self.guild(guild_id)
        if not guild.present:
            raise missing_access()
        return guild

    def join(self, guild: Guild, user: User, roles: Iterable[int] = ()) -> Member:
        guild.members[user.id] = Member(user, self.clock.iso(), list(roles))
        return guild.members[user.id]

    def announce(self, guild: Guild) -> None:
        self.dispatch("GUILD_CREATE", self.guild_create(guild), guild_id=guild.id, intents=GUILDS)

    def guild_create(self, guild: Guild) -> Json:
        channels = [self.channels[channel_id] for channel_id in guild.channel_ids]
        return guild.gateway(channels, guild.members[self.bot.id])

    def leave(self, guild: Guild) -> None:
        """The bot is removed from the guild."""
        guild.present = False
        self.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild_id=guild.id, intents=GUILDS)

    def come_back(self, guild: Guild) -> None:
        guild.present = True
        guild.members[self.bot.id].joined_at = self.clock.iso()
        self.announce(guild)

    def add_channel(self, guild: Guild, name: str, kind: int, **facts: Any) -> Channel:
        created = self.clock.iso()
        channel = Channel(self.clock.snowflake(), kind, name, guild.id, created_at=created, **facts)
        self.channels[channel.id] = channel
        guild.channel_ids.append(channel.id)
        event = "THREAD_CREATE" if channel.is_thread else "CHANNEL_CREATE"
        self._channel_event(event, channel)
        return channel

    def dm_with(self, user: User) -> Channel:
        if user.id in self._dms:
            return self._dms[user.id]
        channel = Channel(self.clock.snowflake(), DM, recipients=[user], created_at=self.clock.iso())
        self.channels[channel.id] = self._dms[user.id] = channel
        self._channel_event("CHANNEL_CREATE", channel)
        return channel

    def delete_channel(self, channel: Channel) -> None:
        """Delete a channel and the threads in it."""
        for thread in [
            other for other in self.channels.values() if other.parent_id == channel.id and other.is_thread
        ]:
            self.delete_channel(thread)
        del self.channels[channel.id]
        if channel.guild_id is not None:
            self.guilds[channel.guild_id].channel_ids.remove(channel.id)
        self._channel_event("THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE", channel)

    def update_channel(self, channel: Channel) -> None:
        self._channel_event("THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE", channel)

    def _channel_event(self, event: str, channel: Channel) -> None:
        data = channel.wire()
        if event == "THREAD_DELETE":
            data = {name: data[name] for name in ("id", "guild_id", "parent_id", "type")}
        guild = self.guilds.get(channel.guild_id or 0)
        if guild is None or guild.present:
            self.dispatch(event, data, guild_id=channel.guild_id, intents=GUILDS)

    def overwrite(self, channel: Channel, target: int, kind: int, allow: int, deny: int) -> None:
        """Set what a role (kind 0) or a member (kind 1) may do in a channel."""
        channel.overwrites = [other for other in channel.overwrites if other["id"] != str(target)]
        channel.overwrites.append({"id": str(target), "type": kind, "allow": str(allow), "deny": str(deny)})
        self.update_channel(channel)

    # rights

    def allowed(self, channel: Channel, user: User) -> int:
        """Return the bits of what a user may do in a channel."""
        if channel.guild_id is None:
            return permissions.ORDINARY
        guild = self.guilds[channel.guild_id]
        if user.id == guild.owner_id:
            return permissions.ALL
        member = guild.members.get(user.id)
        if member is None or (user is self.bot and not guild.present):
            return 0
        roles = {guild.id, *member.roles}
        base = 0
        for role in roles:
            base |= guild.roles[role].permissions
        place = self.channels.get(channel.parent_id or 0, channel) if channel.is_thread else channel
        return permissions.effective(base, place.overwrites, everyone=guild.id, roles=roles, member=user.id)

    def bots_channel(self, channel_id: int, *needs: int) -> Channel:
        """Return a channel that the bot sees and where it holds each of `needs`.

        Raises the refusal Discord would give: 10003 where there is none, 50001 unseen, 50013 a right missing.
        """
        channel = self.channels.get(channel_id)
        if channel is None:
            raise unknown_channel()
        if channel.kind == DM:
            return channel
        held = self.allowed(channel, self.bot)
        if not held & permissions.VIEW:
            raise missing_access()
        if any(held & need != need for need in needs):
            raise missing_permissions()
        return channel

    def shares_a_place_with(self, user: User) -> bool:
        return user.installed or self.meets(user)

    def meets(self, user: User) -> bool:
        """Return whether the bot is in a guild with a user."""
        return any(guild.present and user.id in guild.members for guild in self.guilds.values())
