"""Chaos on both platforms: faults of all kinds at random, and a bot that is killed again and again.

In the end every alert has to have arrived in every chat, alone or in a digest; none twice on Discord, and on
Telegram only where the second says that it may be one.
"""

import asyncio
import json
import random
import re
import subprocess
import sys
import time
from array import array
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from counterparts.discord import Discord
from counterparts.telegram.control import Telegram
from crash.life import COIN, rules

from liqbot.store.chats import ChatKey
from liqbot.store.sqlite.store import SqliteStore

TESTS = Path(__file__).resolve().parents[1]
HASTE = 60
"""How much faster the clock of deliveries goes: a chat that is away is tried again after seconds."""
LOTS = 10
FAULT_S = 0.4
"""Between two faults."""
WAVE = re.compile(r"wave (\d+)")
TELEGRAM_FAULTS = (
    *({"kind": kind} for kind in ("reset", "bad_gateway", "server_error", "blocked")),
    *({"kind": kind, "after": True} for kind in ("reset", "bad_gateway")),
    *({"kind": "page", "status": status} for status in (403, 404, 413, 503)),
    {"kind": "says", "status": 400, "text": "Bad Request: TOPIC_CLOSED"},
    {"kind": "says", "status": 400, "text": "Bad Request: BUTTON_DATA_INVALID"},
    {"kind": "too_many", "seconds": 1},
    {"kind": "delay", "seconds": 0.5},
)
POLL_FAULTS = (
    {"kind": "conflict"},
    {"kind": "unauthorized"},
    {"kind": "reset"},
    {"kind": "page", "status": 404},
)
DISCORD_FAULTS = (
    *({"status": status} for status in (500, 503, 403, 404, 429)),
    *({"status": status, "after": True} for status in (502, 503)),
    *({"status": 400, "code": code, "times": 3} for code in (50013, 50083, 160005)),
    {"status": 400, "code": 50035},
    *({"reset": True, "after": after} for after in (False, True)),
    {"delay": 0.5},
)


@dataclass
class Outcome:
    """What came of it."""

    expected: int = 0
    lost: int = 0
    doubled: int = 0
    marked: int = 0
    own_429: int = 0
    log_bytes: int = 0
    lag_ms: float = 0.0
    lives: int = 0
    too_fast: list[str] = field(default_factory=list)
    """What each 429 of our own making was about."""
    faults: Counter = field(default_factory=Counter)

    def __str__(self):
        return (
            f"{self.expected} alerts to chats, {self.lives} lives, {self.faults.total()} faults: "
            f"{self.lost} lost, {self.doubled} doubled, {self.marked} marked as repeats, "
            f"{self.own_429} own 429, log {self.log_bytes / 1e6:.2f} MB, lag p99 {self.lag_ms:.1f} ms"
        )


class Chaos:
    """A campaign in a folder."""

    def __init__(self, folder, discord: Discord, telegram: Telegram, *, chats, every_s, seed=7):
        self.folder = folder
        self.discord = discord
        self.telegram = telegram
        self.chats = chats
        self.every_s = every_s
        self.chance = random.Random(seed)  # noqa: S311 - a reproducible choice
        self.outcome = Outcome()
        self.start_ms = time.time_ns() // 1_000_000
        self.database = folder / "chaos.db"
        self.lots: dict[ChatKey, int] = {}
        self.begun: list[float] = []
        """When each life began."""

    async def run(self, seconds, *, kill_every_s):
        """Let the bot live under faults for so long, then heal the world and let it finish; count."""
        await self._settle_in()
        faults = asyncio.create_task(self._trouble())
        while seconds > 0:
            life = self._begin(finish=False)
            await self._comes_alive(life)
            lasts_s = min(seconds, kill_every_s * self.chance.uniform(0.5, 1.5))
            seconds -= lasts_s
            await asyncio.sleep(lasts_s)
            life.kill()
            await asyncio.to_thread(life.wait)
        faults.cancel()
        await asyncio.gather(faults, return_exceptions=True)
        await self.telegram.heal()
        await self.discord.faults_left(clear=True)
        await asyncio.to_thread(self._begin(finish=True).wait, 240)
        return await self._count()

    async def _settle_in(self):
        guild = await self.discord.add_guild()
        channels = [await self.discord.add_channel(guild.id) for _ in range(self.chats // 2)]
        people = await self.telegram.people(self.chats - len(channels))
        keys = [ChatKey("discord", str(one)) for one in channels] + [
            ChatKey("telegram", str(one)) for one in people
        ]
        self.lots = {key: place % LOTS for place, key in enumerate(keys)}
        form = rules().by_name["wave"].form
        with SqliteStore(self.database) as store:
            for key, lot in self.lots.items():
                parameters = form.canonical(form.parse({"lot": str(lot)}))
                await store.subscriptions.subscribe(
                    key, rule="wave", coin=COIN, parameters=parameters, now_ms=0
                )

    async def _comes_alive(self, life):
        """Wait until a life has begun: it then writes down how its loop does."""
        lag = self.folder / "lag"
        before = lag.stat().st_size if lag.exists() else 0
        while life.poll() is None and not (lag.exists() and lag.stat().st_size > before):  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.05)

    def _begin(self, *, finish):
        self.outcome.lives += 1
        self.begun.append(time.time())
        order = self.folder / "order.json"
        discord = {
            "token": self.discord.token,
            "api_url": self.discord.api_url,
            "gateway_url": self.discord.gateway_url,
        }
        order.write_text(
            json.dumps(
                {
                    "database": str(self.database),
                    "lag": str(self.folder / "lag"),
                    "start_ms": self.start_ms,
                    "haste": HASTE,
                    "every_s": self.every_s,
                    "finish": finish,
                    "discord": discord,
                    "telegram": {"token": self.telegram.token, "api_url": self.telegram.api_url},
                }
            )
        )
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "chaos.life", str(order)], cwd=TESTS, stdout=log, stderr=log
            )

    async def _trouble(self):
        while True:
            await asyncio.sleep(self.chance.expovariate(1 / FAULT_S))
            with suppress(OSError):
                await self._one_trouble()

    async def _one_trouble(self):
        match self.chance.randrange(8):
            case 0:
                fault = dict(self.chance.choice(POLL_FAULTS))
                await self.telegram.fail(fault.pop("kind"), "getUpdates", **fault)
            case 1:
                await self.discord.gateway_drop()
            case 2 | 3 | 4:
                fault = dict(self.chance.choice(TELEGRAM_FAULTS))
                await self.telegram.fail(fault.pop("kind"), "sendMessage|sendPhoto", **fault)
            case _:
                await self.discord.fault(
                    "POST", "/channels/.*/messages", **self.chance.choice(DISCORD_FAULTS)
                )
        self.outcome.faults["all"] += 1

    async def _count(self):
        with SqliteStore(self.database) as store:
            waves = int(await store.notes.get("wave") or 0)
            raised = Counter(
                json.loads(parameters)["lot"]
                for (parameters,) in store._db.execute("SELECT parameters FROM alerts")
            )
        assert waves
        for key, lot in self.lots.items():
            texts = await self._texts(key)
            told = Counter(int(number) for text in texts for number in WAVE.findall(text))
            marked = Counter(
                int(number) for text in texts if "Possible duplicate" in text for number in WAVE.findall(text)
            )
            self.outcome.expected += raised[float(lot)]
            self.outcome.lost += raised[float(lot)] - len(told)
            self.outcome.marked += sum(marked.values())
            allowed = marked if key.platform == "telegram" else Counter()
            self.outcome.doubled += sum(max(0, count - 1 - allowed[number]) for number, count in told.items())
        await self._count_refusals()
        self.outcome.log_bytes = (self.folder / "log").stat().st_size
        late = array("L")
        late.frombytes((self.folder / "lag").read_bytes())
        self.outcome.lag_ms = sorted(late)[int(len(late) * 0.99)] / 1000 if late else 0.0
        return self.outcome

    async def _count_refusals(self):
        """Note every 429 of our own making, with what went before it to the same chat."""
        # A flood wait goes on after the fault that began it: only what we caused ourselves counts.
        calls = await self.telegram.calls()
        for call in (one for one in calls if one.cause == "limit"):
            before = [one.at for one in calls if one.status == 200 and 0 <= call.at - one.at < 2]
            there = [
                round(call.at - one.at, 2)
                for one in calls
                if one.chat == call.chat and 0 < call.at - one.at < 10
            ]
            self._note_refusal("telegram", call.at, f"{call.method}, {len(before)} in 2 s", there)
        for call in await self.discord.too_fast():
            about = f"{call['method']} {call['path']}, {call['all']} in 10 s"
            self._note_refusal("discord", call["at"], about, call["there"])
        self.outcome.own_429 = len(self.outcome.too_fast)

    def _note_refusal(self, platform, at, about, there):
        life = max((begun for begun in self.begun if begun <= at), default=at)
        self.outcome.too_fast.append(
            f"{platform}, {at - life:.1f} s into a life: {about}; there {there} s ago"
        )

    async def _texts(self, key):
        if key.platform == "telegram":
            return [one.text for one in await self.telegram.messages(int(key.native_id))]
        return [
            json.dumps(one.embeds, ensure_ascii=False) + one.content
            for one in await self.discord.messages(int(key.native_id))
        ]
