"""A bot at home in a Discord on loopback: real adapter, real library, a market of two lines."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from chat.stand_ins import BTC, ETH, PaperStudio
from counterparts.discord import Discord

from liqbot.alerts.platform import OutgoingMessage, Receipt
from liqbot.builtin import RULES
from liqbot.chat.adapter import Reception
from liqbot.chat.answering import Answering
from liqbot.chat.bot_commands import COMMANDS
from liqbot.chat.command import CommandContext, Window, command
from liqbot.chat.discord.adapter import DiscordAdapter
from liqbot.chat.discord.settings import DiscordSettings
from liqbot.message import Button, Message, Picture, Tone
from liqbot.rules.plugin_loading import Rules
from liqbot.service.services import Services
from liqbot.store.chats import ChatKey
from liqbot.store.store import Store

DEADLINE_S = 15


@command(public=True)
async def weather(ask: CommandContext, window: Window = "24h") -> Message:
    """Nothing but what tests look at: a picture, and buttons of every kind."""
    return Message(
        f"Weather of {window}",
        ("*dry*, no_rain",),
        tone=Tone.SHORTS,
        picture=Picture(b"\x89PNG", f"{window} of sun", f"weather-{window}.png"),
        actions=(
            Button("Refresh", f"/weather {window}", renews=True),
            Button("7d", "/weather 7d"),
            Button("Oh", "/fail", renews=True),
            Button("Subscriptions", "/subscriptions"),
            Button("Forget it", "/unsubscribe 1"),
        ),
        time_ms=ask.services.clock(),
        provenance="measured *by hand*",
    )


@command(public=True)
async def fail(ask: CommandContext) -> Message:
    """Fails: what comes of it is a warning."""
    raise RuntimeError(ask.chat.native_id)


@dataclass
class House:
    """A store, what is answered from it, and the Discord that it is served on."""

    discord: Discord
    guild: int
    channel: int
    store: Store
    settings: DiscordSettings
    rules: Rules = field(default_factory=Rules)
    commands: tuple = (*COMMANDS, weather, fail)
    shards: tuple[range, int] | None = None
    """Which shards this process serves; None for all."""

    def __post_init__(self) -> None:
        self.rules.add(RULES)
        self.services = Services(
            self.store,
            self.rules,
            PaperStudio(),
            lambda: 1_700_000_000_000,
        )
        self.services.markets.views.update({"BTC": BTC, "ETH": ETH})

    @property
    def chat(self) -> ChatKey:
        return ChatKey("discord", str(self.channel))

    def adapter(self) -> DiscordAdapter:
        async def turn(_: ChatKey) -> None:
            """Let everyone speak."""

        answering = Answering(self.commands)
        return DiscordAdapter(
            self.settings, Reception("discord", answering, self.services, turn, shards=self.shards)
        )

    @asynccontextmanager
    async def open(self, *, synced: bool = True) -> AsyncIterator[DiscordAdapter]:
        """Serve for as long as the block lasts; Discord knows the commands when it begins."""
        adapter = self.adapter()
        task = asyncio.create_task(adapter.run())
        try:
            await eventually(lambda: task.done() or adapter.is_connected)
            if task.done():
                task.result()
            await self.discord.sessions()
            if synced:
                await eventually(
                    lambda: self.store.notes.get("discord.commands"), lambda found: found is not None
                )
            yield adapter
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def slash(self, name: str, /, **options):
        return await self.discord.slash(name, self.channel, **options)

    async def followup(self, answer):
        """Wait for the message beside an answer."""
        async with asyncio.timeout(DEADLINE_S):
            while not answer.followups:
                answer = await self.discord.answer(answer.id, until="acknowledged")
        return answer.followups[0]

    async def messages(self, at_least: int = 0):
        return await self.discord.messages(self.channel, at_least=at_least)


def text_of(message) -> str:
    """Return what is to be read in a message's embed, without escapes."""
    [embed] = message.embeds
    return "\n".join(part for part in (embed["title"], embed.get("description")) if part).replace("\\", "")


async def bring(
    adapter: DiscordAdapter, chat: ChatKey, message: Message, key: str = "d-1", **more
) -> Receipt:
    async with asyncio.timeout(DEADLINE_S):
        return await adapter.send(OutgoingMessage(chat, message, key, **more))


async def eventually(ask, is_so=bool, seconds: float = DEADLINE_S) -> None:
    """Wait until what `ask()` returns, which may have to be awaited, `is_so`."""

    async def holds():
        found = ask()
        return is_so(await found if inspect.isawaitable(found) else found)

    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - it looks at another process
            await asyncio.sleep(0.01)
