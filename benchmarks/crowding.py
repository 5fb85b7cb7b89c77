"""A cascade of different alerts: hundreds of watches fire in one tick, each with a picture of its own.

The bot is the whole bot, `liqbot run --serve` in a process of its own, with SQLite on a disk; Telegram and
Discord are their counterparts of the tests, with their limits. Each picture is owed to one chat of each
platform. Told is how long after the tick each chat has its alert, how many came with their picture, and what
calm people wait for answers meanwhile.
"""

import argparse
import asyncio
import itertools
import math
import os
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks.flooding import ROOT, file_system, met, running
from benchmarks.measure import percentile

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
from counterparts.discord import Answer, Discord
from counterparts.telegram.control import Telegram
from counterparts.telegram.process import start

PICTURES = 150
"""So many watches fire, each with its own picture, for one chat on each platform."""
COINS = ("BTC", "ETH", "SOL")
CALM = 12
"""So many people on each platform ask a little meanwhile."""
ASKED = ("regime", "heatmap")
ASK_S = 1.5
"""On each platform one of them asks so often."""
BEFORE_S = 4.0
"""So long they ask before the tick already."""
PATIENCE_S = 180.0
AT_ONCE = 20
"""So many subscribe at once."""
A_SECOND, SPARE_S = 29.0, 3.0
"""Of a hundred alerts 99 are there within what Telegram's pace takes for all of them, and so much more."""
MOST_ANSWER_S = 2.0
"""Of a hundred answers 99 are."""
GO = "go"
"""The file at whose sight all watches fire."""
RULE = f'''
import time
from pathlib import Path

from liqbot.plugin import Hit, MarketView, Usd, rule

@rule("crowd")
def crowd(view: MarketView, *, number: Usd = 1):
    """An alert of its own for each number, once."""
    if (Path(__file__).parent.parent / "{GO}").exists():
        said = f"crowd-{{number:.0f}}-{{round(1000 * time.time())}}"
        yield Hit("all", said, level=view.spot * (1 + number / 10_000))
'''
_SAID = re.compile(r"crowd-(\d+)-(\d+)")


@dataclass(frozen=True)
class Arrived:
    """An alert that has reached its chat."""

    number: int
    after_s: float
    """How long after it arose."""
    with_picture: bool


class Crowd(Protocol):
    """The people of one platform."""

    platform: str

    async def gather(self, pictures: int) -> None:
        """Let as many people subscribe, each to a watch of their own, and the calm ones come."""
        ...

    async def ask(self, what: str) -> None:
        """Let the next of the calm people ask."""
        ...

    async def alerts(self) -> list[Arrived]:
        """Return what has reached whom."""
        ...

    async def answers(self, what: str) -> list[float]:
        """Return how long the calm people waited for answers of a kind, s; infinite where none came."""
        ...

    async def refused(self) -> int:
        """Return how often the platform found the bot too fast."""
        ...


class TelegramCrowd:
    """Private chats on Telegram."""

    platform = "Telegram"

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram
        self._calm: list[int] = []
        self._turns: itertools.cycle[int] = itertools.cycle(())
        self._asked: defaultdict[int, list[tuple[str, float]]] = defaultdict(list)
        self._after = 0

    async def gather(self, pictures: int) -> None:
        """Let as many people subscribe, each to a watch of their own, and the calm ones come."""
        people = await self._telegram.people(pictures)
        said = [(one, one, f"/subscribe crowd {coin} number={n}") for n, coin, one in _numbered(people)]
        for some in _batched(said):
            await self._telegram.burst(list(some))
            for chat, *_ in some:
                told = (await self._telegram.messages(chat, at_least=1, within=PATIENCE_S))[0]
                if not told.text.startswith("Subscribed"):
                    raise RuntimeError(f"not subscribed: {told.text}")
        self._calm = await self._telegram.people(CALM)
        self._turns = itertools.cycle(self._calm)
        self._after = (await self._telegram.calls())[-1].number

    async def ask(self, what: str) -> None:
        """Let the next of the calm people ask."""
        one = next(self._turns)
        self._asked[one].append((what, time.time()))
        await self._telegram.burst([(one, one, f"/{what} BTC")])

    async def alerts(self) -> list[Arrived]:
        """Return what has reached whom."""
        return [
            _arrived(text, at, with_picture=method == "sendPhoto")
            for at, _, text, method in await self._sent()
            if _SAID.search(text)
        ]

    async def answers(self, what: str) -> list[float]:
        """Return how long the calm people waited for answers of a kind, s; infinite where none came."""
        arrived: defaultdict[int, list[float]] = defaultdict(list)
        for at, chat, _, _ in await self._sent():
            arrived[chat].append(at)
        return [
            at - since
            for chat, asked in self._asked.items()
            for (kind, since), at in itertools.zip_longest(
                asked, arrived[chat][: len(asked)], fillvalue=math.inf
            )
            if kind == what
        ]

    async def _sent(self) -> list[tuple[float, int, str, str]]:
        return [
            (
                call.at,
                int(call.chat or 0),
                str(call.parameters.get("text") or call.parameters.get("caption")),
                call.method,
            )
            for call in await self._telegram.calls(after=self._after)
            if call.method in ("sendMessage", "sendPhoto") and call.status == 200
        ]

    async def refused(self) -> int:
        """Return how often the platform found the bot too fast."""
        return sum(call.status == 429 for call in await self._telegram.calls(after=self._after))


class DiscordCrowd:
    """Channels on Discord, each of a server of its own."""

    platform = "Discord"

    def __init__(self, discord: Discord) -> None:
        self._discord = discord
        self._turns: itertools.cycle[tuple[int, int]] = itertools.cycle(())
        self._asked: list[tuple[str, asyncio.Future[Answer]]] = []
        self._since = 0.0

    async def gather(self, pictures: int) -> None:
        """Let as many people subscribe, each to a watch of their own, and the calm ones come."""
        people = [await self._person() for _ in range(pictures)]
        limit = asyncio.Semaphore(AT_ONCE)

        async def subscribe(number: int, coin: str, user: int, channel: int) -> None:
            async with limit:
                told = await self._discord.slash(
                    "subscribe another_rule",
                    channel,
                    user=user,
                    rule="crowd",
                    coin=coin,
                    settings=f"number={number}",
                    wait=PATIENCE_S,
                )
            if told.message is None or not told.message.embeds[0]["title"].startswith("Subscribed"):
                raise RuntimeError(f"not subscribed: {told}")

        await asyncio.gather(*(subscribe(number, coin, *one) for number, coin, one in _numbered(people)))
        self._turns = itertools.cycle([await self._person() for _ in range(CALM)])
        self._since = time.time()

    async def ready(self) -> None:
        """Wait until the bot knows the market."""
        user, channel = await self._person()
        async with asyncio.timeout(PATIENCE_S):
            while True:
                told = await self._discord.slash("regime", channel, user=user, coin="BTC", wait=PATIENCE_S)
                if told.message is not None and "BTC" in told.message.embeds[0]["title"]:
                    return
                await asyncio.sleep(4)  # as often as one person may ask

    async def _person(self) -> tuple[int, int]:
        guild = await self._discord.add_guild(
            "traders",
            everyone=[
                *("view_channel", "send_messages", "embed_links", "attach_files", "read_message_history"),
                *("use_application_commands", "manage_guild"),
            ],
        )
        user = await self._discord.add_user("somebody")
        await self._discord.add_member(guild.id, user)
        return user, await self._discord.add_channel(guild.id, "alerts")

    async def ask(self, what: str) -> None:
        """Let the next of the calm people ask."""
        user, channel = next(self._turns)
        asked = self._discord.slash(what, channel, user=user, coin="BTC", wait=PATIENCE_S)
        self._asked.append((what, asyncio.ensure_future(asked)))

    async def alerts(self) -> list[Arrived]:
        """Return what has reached whom."""
        return [
            _arrived(str(call.body), call.at, with_picture=bool(call.files))
            for call in await self._discord.calls("POST", r"^/channels/\d+/messages$")
            if call.at >= self._since and call.status == 200 and _SAID.search(str(call.body))
        ]

    async def answers(self, what: str) -> list[float]:
        """Return how long the calm people waited for answers of a kind, s; infinite where none came."""
        told = [await answer for kind, answer in self._asked if kind == what]
        return [math.inf if one.answered_in is None else one.answered_in for one in told]

    async def refused(self) -> int:
        """Return how often the platform found the bot too fast."""
        return sum(call.status == 429 and call.at >= self._since for call in await self._discord.calls())


def main() -> int:
    """Print what chats and calm people waited; return 1 where that was too long."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowding", description=__doc__)
    parser.add_argument("--pictures", type=int, default=PICTURES, help="so many different watches fire")
    parser.add_argument("--folder", type=Path, default=ROOT, help="on whose disk the database is")
    asked = parser.parse_args()
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"the database lies on {file_system(asked.folder)}; load before: {load}")
    with tempfile.TemporaryDirectory(prefix=".crowded-", dir=asked.folder) as folder:
        is_good = asyncio.run(_measured(Path(folder), asked.pictures))
    said = "held" if is_good else "missed"
    print(f"alerts p99 ≤ {_most_s(asked.pictures):.1f} s and answers p99 ≤ {MOST_ANSWER_S:.0f} s: {said}")
    return 0 if is_good else 1


async def _measured(folder: Path, pictures: int) -> bool:
    telegram_process = start()
    try:
        async with (
            Telegram(telegram_process) as telegram,
            Discord.start("--validate-every", "20") as discord,
            running(folder, telegram, discord, rule=RULE),
        ):
            crowds = (TelegramCrowd(telegram), DiscordCrowd(discord))
            await met(telegram, discord)
            await crowds[1].ready()
            await asyncio.gather(*(crowd.gather(pictures) for crowd in crowds))
            await _cascade(folder, crowds, pictures)
            holds = [await _told(crowd, pictures) for crowd in crowds]
            return all(holds)
    finally:
        telegram_process.stop()


async def _cascade(folder: Path, crowds: Sequence[Crowd], pictures: int) -> None:
    """Let all watches fire, and wait until all alerts are there; meanwhile calm people ask."""
    asking = [asyncio.create_task(_ask(crowd)) for crowd in crowds]
    await asyncio.sleep(BEFORE_S)
    (folder / GO).touch()
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if all([len(await crowd.alerts()) >= pictures for crowd in crowds]):
            break
        await asyncio.sleep(0.5)
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)


async def _ask(crowd: Crowd) -> None:
    for what in itertools.cycle(ASKED):
        await crowd.ask(what)
        await asyncio.sleep(ASK_S)


async def _told(crowd: Crowd, pictures: int) -> bool:
    """Say what came of it on a platform; return whether the bounds were kept."""
    alerts = await crowd.alerts()
    late = [one.after_s for one in alerts]
    late += [math.inf] * (pictures - len({one.number for one in alerts}))
    with_picture = sum(one.with_picture for one in alerts)
    print(
        f"{crowd.platform:<9} {len(alerts)} alerts: {_spread(late)}; {with_picture} with their picture; "
        f"twice: {len(alerts) - len({one.number for one in alerts})}; 429s: {await crowd.refused()}"
    )
    holds = percentile(late, 99) <= _most_s(pictures)
    for what in ASKED:
        waited = await crowd.answers(what)
        until = time.monotonic() + PATIENCE_S
        while math.inf in waited and time.monotonic() < until:
            await asyncio.sleep(0.2)
            waited = await crowd.answers(what)
        print(f"{'':<9} {len(waited)} answers to /{what}: {_spread(waited)}", flush=True)
        holds = holds and percentile(waited, 99) <= MOST_ANSWER_S
    return holds


def _most_s(pictures: int) -> float:
    """Return within how many seconds alerts are to be there."""
    return pictures / A_SECOND + SPARE_S


def _spread(values: list[float]) -> str:
    middle, late = percentile(values, 50), percentile(values, 99)
    return f"p50 {middle:.2f} s, p99 {late:.2f} s, at most {max(values):.2f} s"


def _arrived(text: str, at: float, *, with_picture: bool) -> Arrived:
    [(number, ms), *_] = _SAID.findall(text)
    return Arrived(int(number), at - int(ms) / 1000, with_picture)


def _numbered(people: Sequence[Any]) -> list[tuple[int, str, Any]]:
    """Return the number of each one's watch, and its coin."""
    return [(number, COINS[number % len(COINS)], one) for number, one in enumerate(people, 1)]


def _batched(said: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (said[first : first + AT_ONCE] for first in range(0, len(said), AT_ONCE))


if __name__ == "__main__":
    sys.exit(main())
