"""The REST routes that a bot like liqbot uses: itself, places, messages. Templates as published."""

from collections.abc import Awaitable, Callable

from . import permissions
from .gateway import Gateway
from .messages import Messages
from .nouns import Json
from .refusal import Refusal, missing_permissions
from .rest import Answered, Asked, Route
from .world import World

CHANNEL_MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = CHANNEL_MESSAGES + "/{message_id}"


class BotRoutes:
    """Who am I, where is the gateway."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway

    def table(self) -> dict[tuple[str, str], Route]:
        return {
            ("GET", "/users/@me"): self.me,
            ("GET", "/applications/@me"): self.application,
            ("GET", "/oauth2/applications/@me"): self.application,
            ("GET", "/gateway"): self.gateway,
            ("GET", "/gateway/bot"): self.gateway_bot,
            ("GET", "/users/{user_id}"): self.user,
            ("POST", "/users/@me/channels"): self.open_dm,
            ("GET", "/users/@me/guilds"): self.guilds,
            ("DELETE", "/users/@me/guilds/{guild_id}"): self.leave_guild,
        }

    async def me(self, _asked: Asked) -> Answered:
        more = {"mfa_enabled": False, "locale": "en-US", "premium_type": 0, "email": None, "verified": True}
        return 200, self._world.bot.wire() | {"banner": None, "accent_color": None} | more

    async def application(self, _asked: Asked) -> Answered:
        world = self._world
        installs = {"oauth2_install_params": {"scopes": ["applications.commands"], "permissions": "0"}}
        return 200, {
            "id": str(world.application_id),
            "name": world.bot.name,
            "icon": None,
            "description": "",
            "type": None,
            "bot": world.bot.wire(),
            "bot_public": True,
            "bot_require_code_grant": False,
            "integration_types_config": {"0": installs, "1": installs},
            "verify_key": "0" * 64,
            "flags": 0,
            "flags_new": "0",
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": world.owner.wire(),
            "team": None,
            "approximate_guild_count": sum(guild.present for guild in world.guilds.values()),
            "approximate_user_install_count": sum(user.installed for user in world.users.values()),
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "eligible_oauth2_scopes": [],
        }

    async def gateway(self, _asked: Asked) -> Answered:
        return 200, {"url": self._gateway.url}

    async def gateway_bot(self, _asked: Asked) -> Answered:
        limit = {
            "total": 1000,
            "remaining": self._gateway.starts_left,
            "reset_after": 86_400_000,
            "max_concurrency": self._gateway.max_concurrency,
        }
        return 200, {"url": self._gateway.url, "shards": self._gateway.shards, "session_start_limit": limit}

    async def user(self, asked: Asked) -> Answered:
        return 200, self._world.user(asked.id("user_id")).wire()

    async def open_dm(self, asked: Asked) -> Answered:
        user = self._world.user(int(asked.body.get("recipient_id") or 0))
        if user.bot:
            raise Refusal(400, 50007, "Cannot send messages to this user")
        return 200, self._world.dm_with(user).wire()

    async def guilds(self, _asked: Asked) -> Answered:
        return 200, [
            {
                "id": str(guild.id),
                "name": guild.name,
                "icon": None,
                "banner": None,
                "owner": False,
                "permissions": str(_base(self._world, guild.id)),
                "features": [],
            }
            for guild in self._world.guilds.values()
            if guild.present
        ]

    async def leave_guild(self, asked: Asked) -> Answered:
        self._world.leave(self._world.bots_guild(asked.id("guild_id")))
        return 204, None


def _base(world: World, guild_id: int) -> int:
    guild = world.guilds[guild_id]
    held = 0
    for role in [guild.id, *guild.members[world.bot.id].roles]:
        held |= guild.roles[role].permissions
    return held


class PlaceRoutes:
    """Guilds, members, channels."""

    def __init__(self, world: World) -> None:
        self._world = world

    def table(self) -> dict[tuple[str, str], Route]:
        return {
            ("GET", "/guilds/{guild_id}"): self.guild,
            ("GET", "/guilds/{guild_id}/channels"): self.channels,
            ("GET", "/guilds/{guild_id}/roles"): self.roles,
            ("GET", "/guilds/{guild_id}/members/{user_id}"): self.member,
            ("GET", "/channels/{channel_id}"): self.channel,
            ("POST", "/channels/{channel_id}/typing"): self.typing,
            ("PUT", "/channels/{channel_id}/thread-members/@me"): self.join_thread,
        }

    async def guild(self, asked: Asked) -> Answered:
        return 200, self._world.bots_guild(asked.id("guild_id")).rest()

    async def channels(self, asked: Asked) -> Answered:
        guild = self._world.bots_guild(asked.id("guild_id"))
        all_channels = [self._world.channels[channel_id] for channel_id in guild.channel_ids]
        return 200, [channel.wire() for channel in all_channels if not channel.is_thread]

    async def roles(self, asked: Asked) -> Answered:
        guild = self._world.bots_guild(asked.id("guild_id"))
        return 200, [role.wire() for role in guild.roles.values()]

    async def member(self, asked: Asked) -> Answered:
        guild = self._world.bots_guild(asked.id("guild_id"))
        member = guild.members.get(asked.id("user_id"))
        if member is None:
            raise Refusal(404, 10007, "Unknown Member")
        return 200, member.wire()

    async def channel(self, asked: Asked) -> Answered:
        return 200, self._world.bots_channel(asked.id("channel_id")).wire()

    async def typing(self, asked: Asked) -> Answered:
        self._world.bots_channel(asked.id("channel_id"), permissions.SEND)
        return 204, None

    async def join_thread(self, asked: Asked) -> Answered:
        self._world.bots_channel(asked.id("channel_id"))
        return 204, None


class MessageRoutes:
    """Messages in channels."""

    def __init__(self, world: World, messages: Messages) -> None:
        self._world = world
        self._messages = messages

    def table(self) -> dict[tuple[str, str], Callable[[Asked], Awaitable[Answered]]]:
        return {
            ("GET", CHANNEL_MESSAGES): self.list,
            ("POST", CHANNEL_MESSAGES): self.send,
            ("GET", MESSAGE): self.get,
            ("PATCH", MESSAGE): self.edit,
            ("DELETE", MESSAGE): self.delete,
        }

    async def list(self, asked: Asked) -> Answered:
        channel = self._world.bots_channel(asked.id("channel_id"))
        if channel.guild_id and not self._world.allowed(channel, self._world.bot) & permissions.HISTORY:
            return 200, []
        limit = min(int(asked.query.get("limit", 50)), 100)
        before = int(asked.query.get("before", 2**63))
        after = int(asked.query.get("after", 0))
        posts = [
            post for post in channel.messages.values() if post.seen_by is None and after < post.id < before
        ]
        page = posts[:limit] if after else posts[-limit:]
        return 200, [_without_nonce(post.wire) for post in reversed(page)]

    async def send(self, asked: Asked) -> Answered:
        channel = self._world.bots_channel(asked.id("channel_id"))
        return 200, self._messages.send(channel, asked.body or {}, asked.uploads).wire

    async def get(self, asked: Asked) -> Answered:
        channel = self._world.bots_channel(asked.id("channel_id"), permissions.HISTORY)
        return 200, _without_nonce(self._messages.find(channel, asked.id("message_id")).wire)

    async def edit(self, asked: Asked) -> Answered:
        channel = self._world.bots_channel(asked.id("channel_id"))
        post = self._messages.find(channel, asked.id("message_id"))
        if post.seen_by is not None:
            raise Refusal(404, 10008, "Unknown Message")
        if post.wire["author"]["id"] != str(self._world.bot.id):
            raise Refusal(403, 50005, "Cannot edit a message authored by another user")
        return 200, self._messages.edit(post, asked.body or {}, asked.uploads).wire

    async def delete(self, asked: Asked) -> Answered:
        channel = self._world.bots_channel(asked.id("channel_id"))
        post = self._messages.find(channel, asked.id("message_id"))
        mine = post.wire["author"]["id"] == str(self._world.bot.id)
        if not mine and not self._world.allowed(channel, self._world.bot) & permissions.MANAGE_MESSAGES:
            raise missing_permissions()
        self._messages.delete(post)
        return 204, None


def _without_nonce(message: Json) -> Json:
    return {name: value for name, value in message.items() if name != "nonce"}
