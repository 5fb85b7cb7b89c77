"""The client of the control door: what tests tell this Discord to do, and ask it about.

    async with Discord.start() as discord:
        guild = await discord.add_guild("traders", bot=["view_channel", "send_messages"])
        channel = await discord.add_channel(guild.id, "alerts")
        ...start a bot with discord.token, discord.api_url and discord.gateway_url...
        answer = await discord.slash("heatmap", channel, coin="BTC")
        assert answer.message.files[0]["description"]
        await discord.assert_clean()

Ids are numbers. Permissions are lists of names, as in `permissions.NAMES`. `user` is always the id of a user
and by default the operator, who owns every guild. Actions that a user could not do raise `Refused`.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import aiohttp

Json = dict[str, Any]
WAIT = 10.0
TESTS = Path(__file__).resolve().parents[2]


class Refused(Exception):  # noqa: N818 - says what the door would not do
    """The control door refused; the message names the action and why."""


@dataclass(frozen=True)
class Guild:
    """A server; `bot_role` is the bot's own role in it."""

    id: int
    bot_role: int


@dataclass(frozen=True)
class Message:
    """A message as users see it.

    `files` are all of its files, also those that an embed shows: each with id, filename, size, content_type,
    description (the alt text, where there is one), sha256, url, embedded; for PNG with width and height.
    """

    id: int
    channel: int
    content: str
    embeds: list[Json]
    files: list[Json]
    components: list[Json]
    flags: int
    edits: int
    wire: Json = field(repr=False)  # all of it, as Discord would send it

    @classmethod
    def of(cls, wire: Json) -> Self:
        return cls(
            id=int(wire["id"]),
            channel=int(wire["channel_id"]),
            content=wire["content"],
            embeds=wire["embeds"],
            files=wire["files"],
            components=wire["components"],
            flags=wire["flags"],
            edits=wire["edits"],
            wire=wire,
        )

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & 64)

    @property
    def labels(self) -> list[str]:
        """The labels of its buttons, in order."""
        return [
            button["label"]
            for row in self.components
            for button in row.get("components", [])
            if "label" in button
        ]


@dataclass(frozen=True)
class Answer:
    """How the bot answered a user. Times are in seconds since the user acted, as the server saw them.

    `failed` means "The application did not respond": no acknowledgement within 3 seconds. `callback` is the
    type of the acknowledgement: 4 message, 5 deferred, 6 deferred update, 7 update, 8 autocomplete, 9 modal.
    """

    id: int
    failed: bool
    callback: int | None
    acknowledged_in: float | None
    answered_in: float | None
    message: Message | None
    followups: list[Message]
    choices: list[Json] | None
    modal: Json | None

    @classmethod
    def of(cls, facts: Json) -> Self:
        message = facts["message"]
        return cls(
            **{
                k: facts[k]
                for k in ("id", "failed", "callback", "acknowledged_in", "answered_in", "choices", "modal")
            },
            message=Message.of(message) if message else None,
            followups=[Message.of(wire) for wire in facts["followups"]],
        )


@dataclass(frozen=True)
class Call:
    """A REST request: `path` without `/api/v10`, `code` Discord's own, `fault` what befell it."""

    method: str
    path: str
    at: float
    query: dict[str, str]
    body: Any
    files: list[Json]
    status: int
    code: int
    ms: float
    fault: str | None


class Discord:
    """One running counterpart."""

    def __init__(self, port: int, session: aiohttp.ClientSession) -> None:
        self.port = port
        self._session = session
        self.token = ""
        self.application = 0
        self.owner = 0
        self.validating = False

    @property
    def api_url(self) -> str:
        """The whole base of the REST API."""
        return f"http://127.0.0.1:{self.port}/api/v10"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gw"

    @classmethod
    @asynccontextmanager
    async def start(cls, *arguments: str) -> AsyncIterator[Self]:
        """Start a counterpart as a process of its own and stop it in the end.

        `arguments` are those of `python -m counterparts.discord`; identifies need not be 5 s apart.
        """
        command = [sys.executable, "-m", "counterparts.discord", "--identify-every", "0", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(TESTS)}
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=asyncio.subprocess.PIPE
        )
        try:
            line = await asyncio.wait_for(process.stdout.readline(), 30)
            if not line:
                raise RuntimeError(f"the Discord counterpart did not start: exit code {await process.wait()}")
            async with aiohttp.ClientSession() as session:
                discord = cls(json.loads(line)["port"], session)
                await discord._learn()
                yield discord
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()

    @classmethod
    @asynccontextmanager
    async def at(cls, port: int) -> AsyncIterator[Self]:
        """Direct a counterpart that already runs."""
        async with aiohttp.ClientSession() as session:
            discord = cls(port, session)
            await discord._learn()
            yield discord

    @asynccontextmanager
    async def another(self) -> AsyncIterator[Self]:
        """Open a fresh Discord in the same process: nothing of this one is in it, and it starts at once."""
        port = await self._do("another")
        try:
            async with type(self).at(port) as discord:
                yield discord
        finally:
            await self._do("close", port=port)

    async def _learn(self) -> None:
        about = await self._do("about")
        self.token, self.application = about["token"], about["application"]
        self.owner, self.validating = about["owner"], about["validating"]

    async def _do(self, action: str, /, **arguments: Any) -> Any:
        url = f"http://127.0.0.1:{self.port}/control/{action}"
        async with self._session.post(url, json=arguments) as response:
            answer = await response.json()
            if response.status != 200:
                raise Refused(answer["error"])
            return answer

    # the world

    async def add_user(self, name: str, *, locale: str = "en-US", installed: bool = False) -> int:
        """Add somebody. `installed`: they added the bot for themselves (a user install)."""
        return await self._do("add_user", name=name, locale=locale, installed=installed)

    async def set_user(self, user: int, **facts: Any) -> None:
        """Change `takes_dms` (False: 50007 on a DM), `installed` or `locale`."""
        await self._do("set_user", user=user, **facts)

    async def add_guild(
        self,
        name: str = "traders",
        *,
        bot: Sequence[str] | None = None,
        everyone: Sequence[str] | None = None,
        locale: str = "en-US",
    ) -> Guild:
        """Add a server with the bot in it; `bot` and `everyone` are permissions, by default ordinary ones.

        The bot also has everyone's, so to withhold one give both lists, or `overwrite` it in a channel.
        """
        facts = {
            "bot": None if bot is None else list(bot),
            "everyone": None if everyone is None else list(everyone),
        }
        return Guild(**await self._do("add_guild", name=name, locale=locale, **facts))

    async def add_role(
        self, guild: int, name: str, allowed: Sequence[str] = (), *, mentionable: bool = False
    ) -> int:
        return await self._do(
            "add_role", guild=guild, name=name, allowed=list(allowed), mentionable=mentionable
        )

    async def set_role(self, guild: int, role: int, allowed: Sequence[str]) -> None:
        """Change a role's permissions; everyone's role has the guild's id."""
        await self._do("set_role", guild=guild, role=role, allowed=list(allowed))

    async def add_member(self, guild: int, user: int, roles: Sequence[int] = ()) -> None:
        await self._do("add_member", guild=guild, user=user, roles=list(roles))

    async def add_channel(self, guild: int, name: str = "alerts", kind: str = "text") -> int:
        """Add a channel: text, news, voice, forum or category."""
        return await self._do("add_channel", guild=guild, name=name, kind=kind)

    async def add_thread(self, channel: int, name: str = "thread", *, private: bool = False) -> int:
        return await self._do("add_thread", channel=channel, name=name, private=private)

    async def archive(self, thread: int, *, locked: bool = False) -> None:
        """Archive a thread; a message opens it again unless it is locked (50083)."""
        await self._do("archive", channel=thread, locked=locked)

    async def open_dm(self, user: int) -> int:
        """Return the channel of a user's direct messages with the bot."""
        return await self._do("open_dm", user=user)

    async def dm_of(self, user: int) -> int | None:
        """Return that channel if the bot or the user has opened it."""
        return await self._do("dm_of", user=user)

    async def overwrite(
        self, channel: int, target: int | None = None, *, allow: Sequence[str] = (), deny: Sequence[str] = ()
    ) -> None:
        """Set what a role or a user, by default the bot, may do in a channel."""
        await self._do("overwrite", channel=channel, target=target, allow=list(allow), deny=list(deny))

    async def delete_channel(self, channel: int) -> None:
        await self._do("delete_channel", channel=channel)

    async def leave_guild(self, guild: int) -> None:
        """Remove the bot from a server."""
        await self._do("leave_guild", guild=guild)

    async def return_to_guild(self, guild: int) -> None:
        await self._do("return_to_guild", guild=guild)

    async def populate(self, *, guilds: int, channels: int) -> list[list[int]]:
        """Add many servers, each with `channels` text channels; return their ids, a list for each server."""
        return await self._do("populate", guilds=guilds, channels=channels)

    async def advance(self, seconds: float) -> None:
        """Set Discord's clock forward: interaction tokens and nonces grow old; rate limits do not."""
        await self._do("advance", seconds=seconds)

    # users

    async def slash(
        self,
        name: str,
        channel: int,
        /,
        *,
        user: int | None = None,
        until: str = "answered",
        wait: float = WAIT,
        **options: Any,
    ) -> Answer:
        """Run `/name` with options, e.g. `slash("subscribe", channel, rule="regime-flip", coin="BTC")`.

        Subcommands follow the name ("alerts list"); a user, role or channel option takes an id. Waits until
        the bot has "answered" (a deferred answer: edited in), or "acknowledged", or does not wait ("now").
        """
        return await self.run(name, channel, options, user=user, until=until, wait=wait)

    async def run(
        self,
        name: str,
        channel: int,
        options: Json,
        *,
        user: int | None = None,
        until: str = "answered",
        wait: float = WAIT,
    ) -> Answer:
        """As `slash`, for options whose names are taken or are not Python's."""
        who = user or self.owner
        return await self.answer(
            await self._do("slash", user=who, channel=channel, name=name, options=options),
            until=until,
            wait=wait,
        )

    async def autocomplete(
        self, name: str, channel: int, option: str, text: str, /, *, user: int | None = None, **options: Any
    ) -> Answer:
        """Type `text` into an option, others filled in; the answer's `choices` are what the bot offers."""
        facts = {"name": name, "option": option, "text": text, "options": options}
        made = await self._do("type_in", user=user or self.owner, channel=channel, **facts)
        return await self.answer(made, until="acknowledged")

    async def press(
        self,
        message: Message,
        button: str,
        *,
        user: int | None = None,
        until: str = "answered",
        wait: float = WAIT,
    ) -> Answer:
        """Press a button, named by its label or custom_id."""
        return await self._use(message, button, None, user=user, until=until, wait=wait)

    async def choose(
        self,
        message: Message,
        menu: str,
        values: Sequence[str],
        *,
        user: int | None = None,
        wait: float = WAIT,
    ) -> Answer:
        """Choose values in a select menu, named by its custom_id."""
        return await self._use(message, menu, list(values), user=user, until="answered", wait=wait)

    async def _use(
        self,
        message: Message,
        name: str,
        values: list[str] | None,
        *,
        user: int | None,
        until: str,
        wait: float,
    ) -> Answer:
        place = {"channel": message.channel, "message": message.id}
        made = await self._do("use_component", user=user or self.owner, name=name, values=values, **place)
        return await self.answer(made, until=until, wait=wait)

    async def answer(self, interaction: int, *, until: str = "answered", wait: float = WAIT) -> Answer:
        """Wait for an interaction, given by its id, to be answered, acknowledged or failed."""
        return Answer.of(await self._do("interaction", interaction=interaction, until=until, timeout=wait))

    async def say(self, text: str, channel: int, *, user: int | None = None) -> Message:
        """A user writes a message of their own."""
        return Message.of(await self._do("say", user=user or self.owner, channel=channel, text=text))

    async def visible_commands(self, channel: int, *, user: int | None = None) -> list[str]:
        """Return the names of the commands that a user is offered in a channel."""
        return await self._do("visible_commands", user=user or self.owner, channel=channel)

    # what is there

    async def messages(self, channel: int, *, at_least: int = 0, wait: float = WAIT) -> list[Message]:
        """Return a channel's messages, oldest first, no ephemeral ones; waits for `at_least` so many."""
        return [
            Message.of(wire)
            for wire in await self._do("messages", channel=channel, count=at_least, timeout=wait)
        ]

    async def message_counts(self) -> dict[int, int]:
        """Return how many messages each channel has, where there are any."""
        return {int(channel): count for channel, count in (await self._do("message_counts")).items()}

    async def download(self, file: Json) -> bytes:
        """Return a file's bytes, as a user's client would load them."""
        async with self._session.get(file["url"]) as response:
            response.raise_for_status()
            return await response.read()

    async def commands(self) -> list[Json]:
        """Return the registered application commands, as stored."""
        return await self._do("commands")

    async def sessions(self, *, at_least: int = 1, wait: float = WAIT) -> list[Json]:
        """Wait for so many connected gateway sessions; return id, shard, shards and seq of each."""
        return await self._do("sessions", count=at_least, timeout=wait)

    async def identifies(self) -> int:
        """Return how many times a shard has begun a new session."""
        return await self._do("identifies")

    async def calls(self, method: str | None = None, path: str | None = None) -> list[Call]:
        """Return the REST requests so far, oldest first; `path` is a regular expression, searched for."""
        return [Call(**call) for call in await self._do("calls", method=method, path=path)]

    async def payloads(self, event: str | None = None) -> list[Json]:
        """Return gateway payloads: op, d, s, t, `direction` (sent, received), shard; `replayed` if so."""
        return await self._do("payloads", event=event)

    async def violations(self, *, clear: bool = False) -> list[Json]:
        """Return every breach of the published contract: kind, where, what."""
        return await self._do("violations", clear=clear)

    async def assert_clean(self) -> None:
        """Assert that neither the bot nor this server has broken the contract."""
        found = await self.violations()
        assert not found, "\n".join(f"{v['kind']} {v['where']}: {v['what']}" for v in found)

    async def invalid_requests(self) -> int:
        """Return how many answers of the last ten minutes were 401, 403 or 429."""
        return await self._do("invalid_requests")

    # troubles

    async def fault(
        self,
        method: str,
        path: str,
        *,
        status: int | None = None,
        times: int = 1,
        after: bool = False,
        reset: bool = False,
        delay: float = 0.0,
        retry_after: float = 0.3,
        via: bool = True,
        is_global: bool = False,
    ) -> None:
        """Order trouble for the next `times` requests whose method and path match (regular expressions).

        Either a `status` (429, 500, 502, 503), or a `reset` of the connection, or only a `delay` in seconds.
        With `after` the request is done first and only its answer is lost. Without `via`, a 429 comes from
        Cloudflare.
        """
        await self._do(
            "fault",
            method=method,
            path=path,
            status=status,
            times=times,
            after=after,
            reset=reset,
            delay=delay,
            retry_after=retry_after,
            via=via,
            is_global=is_global,
        )

    async def faults_left(self, *, clear: bool = False) -> int:
        """Return how many ordered faults have not befallen a request yet."""
        return await self._do("faults", clear=clear)

    async def gateway_close(self, code: int = 4000, *, shard: int | None = None) -> int:
        """Close the websockets with a code; 4004, 4007 and 4009 also end the session. Returns how many."""
        return await self._do("gateway_close", code=code, shard=shard)

    async def gateway_drop(self, *, shard: int | None = None) -> int:
        """Cut the connections without a close frame."""
        return await self._do("gateway_drop", shard=shard)

    async def gateway_reconnect(self, *, shard: int | None = None) -> int:
        """Send op 7."""
        return await self._do("gateway_reconnect", shard=shard)

    async def gateway_invalidate(self, *, resumable: bool, shard: int | None = None) -> int:
        """Send op 9."""
        return await self._do("gateway_invalidate", resumable=resumable, shard=shard)

    async def gateway_heartbeats(self, *, acknowledged: bool) -> None:
        """Stop or resume acknowledging heartbeats."""
        await self._do("gateway_heartbeats", acknowledged=acknowledged)

    async def gateway_refuse(self, connections: int) -> None:
        """Answer the next so many websocket handshakes with 503."""
        await self._do("gateway_refuse", connections=connections)

    async def gateway_setup(
        self,
        *,
        shards: int = 1,
        max_concurrency: int = 1,
        allowed_intents: Sequence[str] = (),
        starts_left: int = 1000,
    ) -> None:
        """Set what GET /gateway/bot recommends, and grant intents: presences, members, message_content."""
        facts = {"shards": shards, "max_concurrency": max_concurrency, "starts_left": starts_left}
        await self._do("gateway_setup", allowed_intents=list(allowed_intents), **facts)
