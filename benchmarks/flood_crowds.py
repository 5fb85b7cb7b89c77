"""Who floods a bot on a platform, and who else is there: people of the counterparts of Telegram and Discord.

Of each crowd some ask a little and are alerted, the others; whoever floods is somebody new each time.
"""

import asyncio
import itertools
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
from counterparts.discord import Answer, Discord
from counterparts.telegram.control import Telegram
from counterparts.telegram.rooms import Room

OTHERS = 30
"""So many others are there on each platform."""
GROUP = 200
"""So many people are in a group or a server."""
CHANNELS = 50
"""So many channels a server has that are flooded."""
ASKED = "/regime BTC"
PATIENCE_S = 60.0
HOURLY = 1_000
"""So many alerts an hour the others want one by one."""
_WAVE = re.compile(r"wave-(\d+)")
Burst = Callable[[range], Any]
"""Lets so many more commands or taps come at once, by their numbers."""


class Crowd(Protocol):
    """The people of one platform."""

    platform: str
    who: tuple[str, ...]
    """Who may flood it."""

    async def gather(self) -> None:
        """Let the others come and subscribe to alerts."""
        ...

    async def flood(self, kind: str, who: str) -> Burst:
        """Return what lets somebody new flood."""
        ...

    async def begin(self) -> None:
        """Forget what others waited so far."""
        ...

    async def ask(self) -> None:
        """Let the next of the others ask something."""
        ...

    async def settle(self) -> None:
        """Wait until the others have their answers, or for `PATIENCE_S`."""
        ...

    async def answers(self) -> list[float]:
        """Return how long the others waited for each answer, s; infinite where none came."""
        ...

    async def alerts(self) -> dict[int, list[float]]:
        """Return how long after it arose each alert reached the others, s, by the ms when it arose."""
        ...

    async def refused(self) -> int:
        """Return how often the platform found the bot too fast."""
        ...


class TelegramCrowd:
    """People on Telegram: private chats, a group, and fifty groups."""

    platform = "Telegram"
    who = ("a person", "a group", "50 groups")

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram
        self._others: list[int] = []
        self._turns: itertools.cycle[int] = itertools.cycle(())
        self._asked: defaultdict[int, list[float]] = defaultdict(list)
        self._after = 0

    async def gather(self) -> None:
        """Let the others come and subscribe to alerts."""
        self._others = await self._telegram.people(OTHERS)
        self._turns = itertools.cycle(self._others)
        for said in (f"/limit {HOURLY}", "/subscribe wave BTC"):
            await self._telegram.burst([(one, one, said) for one in self._others])
        for one in self._others:
            count, seen = 2, await self._telegram.messages(one, at_least=2, within=PATIENCE_S)
            while not any(message.text.startswith("Subscribed") for message in seen):
                count += 1  # its first alert may have been faster
                seen = await self._telegram.messages(one, at_least=count, within=PATIENCE_S)

    async def flood(self, kind: str, who: str) -> Burst:
        """Return what lets somebody new flood."""
        people = await self._telegram.people(1 if who == "a person" else GROUP)
        chats = (
            people if who == "a person" else await self._groups(people, 1 if who == "a group" else CHANNELS)
        )
        if kind == "taps":
            hanging = [
                await self._buttons(people[place % len(people)], chat) for place, chat in enumerate(chats)
            ]
        else:
            hanging = []

        async def burst(numbers: range) -> None:
            if kind == "taps":
                tapped = [
                    (people[one % len(people)], chats[one % len(chats)], *hanging[one % len(chats)](one))
                    for one in numbers
                ]
                await self._telegram.burst(tapped=tapped)
            else:
                await self._telegram.burst(
                    [(people[one % len(people)], chats[one % len(chats)], line(kind, one)) for one in numbers]
                )

        return burst

    async def _groups(self, people: list[int], count: int) -> list[int]:
        owner = await self._telegram.person("Olga")
        members = [_Id(one) for one in people]
        rooms: list[Room] = [
            await self._telegram.supergroup(f"Group {number}", owner, members=members)
            for number in range(count)
        ]
        return [room.id for room in rooms]

    async def _buttons(self, person: int, chat: int) -> Callable[[int], tuple[int, str]]:
        await self._telegram.burst([(person, chat, "/clusters BTC")])
        [*_, shown] = await self._telegram.messages(chat, at_least=1, within=PATIENCE_S)
        buttons = [
            button["callback_data"] for row in shown.rows for button in row if "callback_data" in button
        ]
        return lambda number: (shown.id, buttons[number % len(buttons)])

    async def begin(self) -> None:
        """Forget what others waited so far."""
        self._asked.clear()
        calls = await self._telegram.calls()
        self._after = calls[-1].number

    async def ask(self) -> None:
        """Let the next of the others ask something."""
        one = next(self._turns)
        self._asked[one].append(time.time())
        await self._telegram.burst([(one, one, ASKED)])

    async def settle(self) -> None:
        """Wait until the others have their answers, or for `PATIENCE_S`."""
        asked = sum(map(len, self._asked.values()))
        until = time.monotonic() + PATIENCE_S
        while len(await self.answers(there_only=True)) < asked and time.monotonic() < until:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.2)
        await self._telegram.settled(within=PATIENCE_S)

    async def answers(self, *, there_only: bool = False) -> list[float]:
        """Return how long the others waited for each answer, s; infinite where none came."""
        arrived: defaultdict[int, list[float]] = defaultdict(list)
        for at, chat, text in await self._sent():
            if "BTC" in text and not _WAVE.search(text):  # a refusal is no answer
                arrived[chat].append(at)
        waited: list[float] = []
        for chat, asked in self._asked.items():
            there = [at - since for at, since in zip(arrived[chat], asked, strict=False)]
            waited += there if there_only else there + [float("inf")] * (len(asked) - len(there))
        return waited

    async def alerts(self) -> dict[int, list[float]]:
        """Return how long after it arose each alert reached the others, s, by the ms when it arose."""
        return _late((at, text) for at, _, text in await self._sent())

    async def _sent(self) -> list[tuple[float, int, str]]:
        others = set(self._others)
        return [
            (call.at, int(call.chat), str(call.parameters.get("text") or call.parameters.get("caption")))
            for call in await self._telegram.calls(after=self._after)
            if call.method.startswith("send") and call.status == 200 and call.chat in others
        ]

    async def refused(self) -> int:
        """Return how often the platform found the bot too fast."""
        return sum(call.status == 429 for call in await self._telegram.calls(after=self._after))


class DiscordCrowd:
    """People on Discord: direct messages, a channel, and a server of fifty channels."""

    platform = "Discord"
    who = ("a person", "a group", "a server")

    def __init__(self, discord: Discord) -> None:
        self._discord = discord
        self._others: list[tuple[int, int]] = []
        self._turns: itertools.cycle[tuple[int, int]] = itertools.cycle(())
        self._asked: list[asyncio.Future[Any]] = []
        self._since = 0.0

    async def gather(self) -> None:
        """Let the others come and subscribe to alerts."""
        for number in range(OTHERS):
            guild, [one] = await self._server(1)
            self._others.append((one, await self._discord.add_channel(guild, f"other-{number}")))
        self._turns = itertools.cycle(self._others)
        await asyncio.gather(*(self._subscribe(user, channel) for user, channel in self._others))

    async def _subscribe(self, user: int, channel: int) -> None:
        await self._discord.slash("limit", channel, user=user, number=HOURLY, wait=PATIENCE_S)
        told = await self._discord.slash("subscribe wave", channel, user=user, coin="BTC", wait=PATIENCE_S)
        if told.message is None or not told.message.embeds[0]["title"].startswith("Subscribed"):
            raise RuntimeError(f"not subscribed: {told}")

    async def ready(self) -> None:
        """Wait until the bot knows the market."""
        guild, [user] = await self._server(1)
        channel = await self._discord.add_channel(guild, "waiting")
        async with asyncio.timeout(PATIENCE_S):
            while True:
                told = await self._discord.slash("regime", channel, user=user, coin="BTC", wait=PATIENCE_S)
                if told.message is not None and told.message.embeds[0]["title"].count("BTC"):
                    return
                await asyncio.sleep(4)  # as often as one person may ask

    async def _server(self, people: int) -> tuple[int, list[int]]:
        guild = await self._discord.add_guild(
            "traders",
            everyone=[
                *("view_channel", "send_messages", "embed_links", "attach_files", "read_message_history"),
                *("use_application_commands", "manage_guild"),
            ],
        )
        members = [await self._discord.add_user(f"somebody-{number}") for number in range(people)]
        for member in members:
            await self._discord.add_member(guild.id, member)
        return guild.id, members

    async def flood(self, kind: str, who: str) -> Burst:
        """Return what lets somebody new flood."""
        guild, people = await self._server(1 if who == "a person" else GROUP)
        channels = (
            [await self._discord.open_dm(people[0])]
            if who == "a person"
            else [
                await self._discord.add_channel(guild, f"flooded-{number}")
                for number in range(1 if who == "a group" else CHANNELS)
            ]
        )
        hanging = [
            await self._buttons(people[place % len(people)], channel)
            for place, channel in enumerate(channels if kind == "taps" else ())
        ]

        async def burst(numbers: range) -> None:
            chosen = [(one, people[one % len(people)], one % len(channels)) for one in numbers]
            if kind == "taps":
                pressed = [
                    {"user": user, "channel": channels[place], "values": None} | hanging[place](one)
                    for one, user, place in chosen
                ]
                await self._discord.burst(pressed=pressed)
            else:
                ran = [
                    {"user": user, "channel": channels[place]}
                    | dict(zip(("name", "options"), slash(kind, one), strict=True))
                    for one, user, place in chosen
                ]
                await self._discord.burst(ran=ran)

        return burst

    async def _buttons(self, user: int, channel: int) -> Callable[[int], dict[str, Any]]:
        shown = (
            await self._discord.slash("clusters", channel, user=user, coin="BTC", wait=PATIENCE_S)
        ).message
        buttons = [
            one["custom_id"] for row in shown.components for one in row["components"] if "custom_id" in one
        ]
        return lambda number: {"message": shown.id, "name": buttons[number % len(buttons)]}

    async def begin(self) -> None:
        """Forget what others waited so far."""
        self._asked.clear()
        self._since = time.time()

    async def ask(self) -> None:
        """Let the next of the others ask something."""
        user, channel = next(self._turns)
        asked = self._discord.slash("regime", channel, user=user, coin="BTC", wait=PATIENCE_S)
        self._asked.append(asyncio.ensure_future(asked))

    async def settle(self) -> None:
        """Wait until the others have their answers, or for `PATIENCE_S`."""
        await asyncio.gather(*self._asked)

    async def answers(self) -> list[float]:
        """Return how long the others waited for each answer, s; infinite where none came."""
        return [_waited(await one) for one in self._asked]

    async def alerts(self) -> dict[int, list[float]]:
        """Return how long after it arose each alert reached the others, s, by the ms when it arose."""
        mine = {str(channel) for _, channel in self._others}
        calls = await self._discord.calls("POST", r"^/channels/\d+/messages$")
        return _late(
            (call.at, str(call.body))
            for call in calls
            if call.at >= self._since and call.status == 200 and call.path.split("/")[2] in mine
        )

    async def refused(self) -> int:
        """Return how often the platform found the bot too fast."""
        return sum(call.status == 429 and call.at >= self._since for call in await self._discord.calls())


def _waited(answer: Answer) -> float:
    """Return how long an answer took, s; infinite for none, and for one that is none to what was asked."""
    told = answer.message
    is_one = told is not None and told.embeds and "BTC" in told.embeds[0].get("title", "")
    return float("inf") if answer.answered_in is None or not is_one else answer.answered_in


class _Id:
    """Somebody of whom only the id is asked."""

    def __init__(self, number: int) -> None:
        self.id = number


def line(kind: str, number: int) -> str:
    """Return what is typed on Telegram in a flood of a kind."""
    name, options = slash(kind, number)
    if kind == "subscriptions":
        return f"/subscribe near-cluster BTC within={options['within']}%"
    return " ".join([f"/{name}", *map(str, options.values())])


def slash(kind: str, number: int) -> tuple[str, dict[str, str | float]]:
    """Return the command of Discord, and its options, in a flood of a kind."""
    match kind:
        case "commands":
            return "help", {}
        case "pictures":
            return "heatmap", {"coin": ("BTC", "ETH", "SOL")[number % 3]}
        case _:
            return "subscribe near-cluster", {"coin": "BTC", "within": 1 + number % 400 / 10}


def _late(sent: Iterable[tuple[float, str]]) -> dict[int, list[float]]:
    late: defaultdict[int, list[float]] = defaultdict(list)
    for at, text in sent:
        for wave in _WAVE.findall(text):
            late[int(wave)].append(at - int(wave) / 1000)
    return dict(late)
