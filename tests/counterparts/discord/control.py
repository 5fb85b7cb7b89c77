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
from pathlib import Path
from typing import Any, Self

import aiohttp

from .asking import WAIT, Asking
from .told import Answer, Guild, Json, Message

TESTS = Path(__file__).resolve().parents[2]


class Refused(Exception):  # noqa: N818 - says what the door would not do
    """The control door refused; the message names the action and why."""


class Discord(Asking):
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

    async def burst(self, ran: Sequence[Json] = (), pressed: Sequence[Json] = ()) -> None:
        """Users run commands and press buttons all at once, and nobody waits for the answers.

        Each of `ran` has user, channel, name and options; of `pressed` user, channel, message, name, values.
        """
        await self._do("burst", ran=list(ran), pressed=list(pressed))

    async def say(self, text: str, channel: int, *, user: int | None = None) -> Message:
        """A user writes a message of their own."""
        return Message.of(await self._do("say", user=user or self.owner, channel=channel, text=text))

    async def visible_commands(self, channel: int, *, user: int | None = None) -> list[str]:
        """Return the names of the commands that a user is offered in a channel."""
        return await self._do("visible_commands", user=user or self.owner, channel=channel)
