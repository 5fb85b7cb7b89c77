"""The control door: POST /control/{action} with JSON arguments; `control.py` is its client and manual."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from . import permissions
from .faults import Fault
from .interactions import Interaction
from .messages import Post
from .nouns import DM, KINDS, PRIVATE_THREAD, PUBLIC_THREAD, Channel, Json
from .options import NotPossible
from .refusal import Refusal

if TYPE_CHECKING:
    from .server import Discord

POLL_SECONDS = 0.01


class Door:
    """One method per action; what it returns is the answer's JSON. A caller's mistake is a 400."""

    def __init__(self, discord: "Discord") -> None:
        self._discord = discord
        self._world = discord.world

    async def serve(self, request: web.Request) -> web.Response:
        name = request.match_info["action"]
        action = None if name.startswith("_") or name == "serve" else getattr(self, name, None)
        if action is None:
            return web.json_response({"error": f"no such action: {name}"}, status=404)
        try:
            arguments = await request.json()
            inspect.signature(action).bind(**arguments)
            return web.json_response(await action(**arguments))
        except (NotPossible, ValueError, KeyError, TypeError) as error:
            return web.json_response({"error": f"{name}: {error}", "kind": type(error).__name__}, status=400)
        except Refusal as refusal:
            return web.json_response({"error": f"{name}: {refusal.message}", "kind": "Refusal"}, status=400)

    async def another(self) -> int:
        return await self._discord.sites.open()

    async def close(self, port: int) -> None:
        await self._discord.sites.close(port)

    # the world

    async def about(self) -> Json:
        world = self._world
        ids = {"application": world.application_id, "owner": world.owner.id}
        return {**ids, "token": world.token, "validating": self._discord.specs.active}

    async def add_user(self, name: str, **facts: Any) -> int:
        return self._world.add_user(name, **facts).id

    async def set_user(self, user: int, **facts: Any) -> None:
        for name, value in facts.items():
            if name not in ("takes_dms", "installed", "locale"):
                raise ValueError(f"a user has no {name} to set")
            setattr(self._world.user(user), name, value)

    async def add_guild(
        self, name: str, bot: list[str] | None, everyone: list[str] | None, locale: str
    ) -> Json:
        bot_bits = permissions.ORDINARY if bot is None else permissions.bits(bot)
        everyone_bits = permissions.ORDINARY if everyone is None else permissions.bits(everyone)
        guild = self._world.add_guild(name, bot_permissions=bot_bits, everyone=everyone_bits, locale=locale)
        return {"id": guild.id, "bot_role": next(role for role in guild.roles if role != guild.id)}

    async def add_role(self, guild: int, name: str, allowed: list[str], mentionable: bool) -> int:  # noqa: FBT001
        from .nouns import Role

        role = Role(self._world.clock.snowflake(), name, permissions.bits(allowed), mentionable=mentionable)
        self._world.guild(guild).roles[role.id] = role
        self._tell_role(guild, role.id)
        return role.id

    async def set_role(self, guild: int, role: int, allowed: list[str]) -> None:
        self._world.guild(guild).roles[role].permissions = permissions.bits(allowed)
        self._tell_role(guild, role)

    def _tell_role(self, guild: int, role: int) -> None:
        data = {"guild_id": str(guild), "role": self._world.guild(guild).roles[role].wire()}
        self._world.dispatch("GUILD_ROLE_UPDATE", data, guild_id=guild, intents=1)

    async def add_member(self, guild: int, user: int, roles: list[int]) -> None:
        self._world.join(self._world.guild(guild), self._world.user(user), roles)

    async def add_channel(self, guild: int, name: str, kind: str) -> int:
        return self._world.add_channel(self._world.guild(guild), name, KINDS[kind]).id

    async def add_thread(self, channel: int, name: str, private: bool) -> int:  # noqa: FBT001
        parent = self._channel(channel)
        guild = self._world.guild(parent.guild_id or 0)
        kind = PRIVATE_THREAD if private else PUBLIC_THREAD
        return self._world.add_channel(guild, name, kind, parent_id=parent.id, owner_id=guild.owner_id).id

    async def archive(self, channel: int, locked: bool) -> None:  # noqa: FBT001
        thread = self._channel(channel)
        thread.archived, thread.locked = True, locked
        self._world.update_channel(thread)

    async def open_dm(self, user: int) -> int:
        return self._world.dm_with(self._world.user(user)).id

    async def overwrite(self, channel: int, target: int | None, allow: list[str], deny: list[str]) -> None:
        place = self._channel(channel)
        target = target or self._world.bot.id
        kind = 0 if target in self._world.guild(place.guild_id or 0).roles else 1
        self._world.overwrite(place, target, kind, permissions.bits(allow), permissions.bits(deny))

    async def delete_channel(self, channel: int) -> None:
        self._world.delete_channel(self._channel(channel))

    async def leave_guild(self, guild: int) -> None:
        self._world.leave(self._world.guild(guild))

    async def return_to_guild(self, guild: int) -> None:
        self._world.come_back(self._world.guild(guild))

    async def populate(self, guilds: int, channels: int) -> list[list[int]]:
        made = []
        for i in range(guilds):
            guild = self._world.add_guild(
                f"guild {i}", bot_permissions=permissions.ORDINARY, everyone=permissions.ORDINARY
            )
            made.append([self._world.add_channel(guild, f"channel-{j}", 0).id for j in range(channels)])
        return made

    async def advance(self, seconds: float) -> None:
        self._world.clock.advance(seconds)

    def _channel(self, channel: int) -> Channel:
        if channel not in self._world.channels:
            raise KeyError(f"no channel {channel}")
        return self._world.channels[channel]

    # users

    async def say(self, user: int, channel: int, text: str) -> Json:
        """A user's own message."""
        post = self._discord.messages.create(
            self._channel(channel), self._world.user(user), {"content": text}, []
        )
        self._discord.messages.tell("MESSAGE_CREATE", post)
        return post.facts()

    async def slash(self, user: int, channel: int, name: str, options: Json) -> int:
        return self._discord.actions.run(self._world.user(user), self._channel(channel), name, options).id

    async def type_in(
        self, *, user: int, channel: int, name: str, option: str, text: str, options: Json
    ) -> int:
        actor, place = self._world.user(user), self._channel(channel)
        typed = {"option": option, "text": text, "options": options}
        return self._discord.actions.type_in(actor, place, name, **typed).id

    async def use_component(
        self, user: int, channel: int, message: int, name: str, values: list[str] | None
    ) -> int:
        post = self._discord.messages.find(self._channel(channel), message)
        return self._discord.actions.use_component(self._world.user(user), post, name, values).id

    async def burst(self, ran: list[Json], pressed: list[Json]) -> None:
        """Users run commands and press buttons all at once; arguments as of `slash` and `use_component`."""
        for one in ran:
            await self.slash(**one)
        for one in pressed:
            await self.use_component(**one)

    async def visible_commands(self, user: int, channel: int) -> list[str]:
        found = self._discord.actions.visible_commands(self._world.user(user), self._channel(channel))
        return [command["name"] for command in found]

    async def interaction(self, interaction: int, until: str, timeout: float) -> Json:  # noqa: ASYNC109
        """Wait until the interaction is `acknowledged` or `answered` or failed; tell what the user sees."""
        found = self._discord.interactions.get(interaction)
        done = {
            "acknowledged": lambda: found.callback is not None,
            "answered": lambda: found.answered_in is not None,
            "now": lambda: True,
        }[until]
        await self._wait(lambda: done() or _failed(found), timeout)
        return found.facts()

    # what is there

    async def messages(self, channel: int, count: int, timeout: float) -> list[Json]:  # noqa: ASYNC109
        """Wait for at least `count` messages that everyone sees; return all there are, oldest first."""
        place = self._channel(channel)

        def seen() -> list[Post]:
            return [post for post in place.messages.values() if post.seen_by is None]

        await self._wait(lambda: len(seen()) >= count, timeout)
        return [post.facts() for post in seen()]

    async def message_counts(self) -> dict[str, int]:
        return {str(c.id): len(c.messages) for c in self._world.channels.values() if c.messages}

    async def dm_of(self, user: int) -> int | None:
        found = [c.id for c in self._world.channels.values() if c.kind == DM and c.recipients[0].id == user]
        return found[0] if found else None

    async def commands(self) -> list[Json]:
        return list(self._world.commands.values())

    async def sessions(self, count: int, timeout: float) -> list[Json]:  # noqa: ASYNC109
        """Wait for at least `count` connected sessions."""
        gateway = self._discord.gateway

        def connected() -> list[Any]:
            return [s for s in gateway.sessions.values() if s.connection is not None]

        await self._wait(lambda: len(connected()) >= count, timeout)
        return [{"id": s.id, "shard": s.shard, "shards": s.shards, "seq": s.seq} for s in connected()]

    async def identifies(self) -> int:
        return self._discord.gateway.identifies

    async def calls(self, method: str | None, path: str | None) -> list[Json]:
        import re

        def matches(call: Any) -> bool:
            return (method in (None, call.method)) and (
                path is None or re.search(path, call.path) is not None
            )

        return self._discord.record.calls_matching(matches)

    async def payloads(self, event: str | None) -> list[Json]:
        return [p for p in self._discord.record.gateway if event is None or p.get("t") == event]

    async def violations(self, clear: bool) -> list[Json]:  # noqa: FBT001
        found = list(self._discord.record.violations)
        if clear:
            self._discord.record.violations.clear()
        return found

    async def too_fast(self) -> list[Json]:
        return self._discord.record.too_fast

    async def invalid_requests(self) -> int:
        return self._discord.limits.invalid

    # troubles

    async def fault(self, **order: Any) -> None:
        self._discord.faults.add(Fault(**order))

    async def faults(self, clear: bool) -> int:  # noqa: FBT001
        pending = self._discord.faults.pending()
        if clear:
            self._discord.faults.clear()
        return pending

    async def gateway_close(self, code: int, shard: int | None) -> int:
        return await self._discord.gateway.close_all(code, shard)

    async def gateway_drop(self, shard: int | None) -> int:
        return self._discord.gateway.drop_all(shard)

    async def gateway_reconnect(self, shard: int | None) -> int:
        return self._discord.gateway.ask_to_reconnect(shard)

    async def gateway_invalidate(self, resumable: bool, shard: int | None) -> int:  # noqa: FBT001
        return self._discord.gateway.invalidate(shard, resumable=resumable)

    async def gateway_heartbeats(self, acknowledged: bool) -> None:  # noqa: FBT001
        self._discord.gateway.acknowledges = acknowledged

    async def gateway_refuse(self, connections: int) -> None:
        self._discord.gateway.refuse_connections = connections

    async def gateway_setup(
        self, shards: int, max_concurrency: int, allowed_intents: list[str], starts_left: int
    ) -> None:
        self._discord.gateway.shards = shards
        self._discord.gateway.max_concurrency = max_concurrency
        self._discord.gateway.allowed_intents = set(allowed_intents)
        self._discord.gateway.starts_left = starts_left

    async def _wait(self, condition: Callable[[], bool], seconds: float) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while not condition():
            if asyncio.get_running_loop().time() > deadline:
                return
            await asyncio.sleep(POLL_SECONDS)


Action = Callable[..., Awaitable[Any]]


def _failed(interaction: Interaction) -> bool:
    return bool(interaction.facts()["failed"])
