"""An upgrade without downtime: processes of an older version and of this one on the same database, by turns.

As docs/pages/machines.md says it is done. Alerts go on all the time; nothing is lost, nothing comes twice
without saying so, and nobody dies.
"""

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass

import psycopg
import pytest
from beside import versions
from beside.plugin.waves import MINUTE_MS, market_ms
from beside.processes import Process, complaints_of, environment_of, until
from counterparts.telegram.fixtures import telegram, telegram_process

from liqbot.alerts.alert_message import MAY_REPEAT

__all__ = ["telegram", "telegram_process"]

pytestmark = [pytest.mark.long, pytest.mark.postgres]

PAIRS = {"engine": "engine,alerts", "sender": "telegram", "web": "web"}
NEW = [sys.executable, "-m", "liqbot"]
WAVE = re.compile(r"wave (\d+)")
PEOPLE = 6
WITHIN_S = 60
EXPECTED = {"no data of BTC", "processes"}
"""Troubles that there are: the market's clock is behind, and versions differ."""


@dataclass(frozen=True)
class Upgrade:
    """From where, in which order, and who is killed instead of being stopped."""

    commit: Callable[[], str | None]
    order: tuple[str, ...]
    killed: str = ""


UPGRADES = {
    "older schema": Upgrade(versions.of_an_older_schema, ("engine", "sender", "web")),
    "previous commit": Upgrade(versions.before_this_one, ("web", "sender", "engine"), killed="sender"),
}


class House:
    """The processes of one bot, and those that it serves."""

    def __init__(self, database, telegram, folder, old):
        self.database, self.telegram, self.folder, self._old = database, telegram, folder, old
        self.environment = environment_of(database) | {
            "LIQBOT_TELEGRAM__TOKEN": telegram.token,
            "LIQBOT_TELEGRAM__API_URL": telegram.api_url,
        }
        self.processes = []

    def begin(self, kind, *, is_new):
        """Begin a process with the roles of a pair."""
        number = sum(one.name.startswith(kind) for one in self.processes) + 1
        process = Process(
            NEW if is_new else self._old,
            ["--role", PAIRS[kind]],
            name=f"{kind}-{number}-{'new' if is_new else 'old'}",
            folder=self.folder,
            environment=self.environment,
        )
        self.processes.append(process)
        return process

    async def populate(self):
        """Let people come, and subscribe with the older version."""
        self.people = [await self.telegram.person(f"Ann{number}") for number in range(PEOPLE)]
        for person in self.people:
            await person.says("/limit 1000")
            await person.says("/subscribe wave BTC")
        for person in self.people:
            await self.hears(person, "Subscribed to wave BTC")

    async def hears(self, person, text):
        """Wait for an answer with a text among the alerts."""

        async def is_heard():
            return any(text in one.text for one in await person.messages())

        await until(is_heard, f"{person.name} is told of {text!r}", WITHIN_S)

    async def answers(self):
        """Ask for something, and wait for the answer."""
        person = await self.telegram.person("Eve")
        await person.says("/regime BTC")
        await self.hears(person, "BTC")

    async def waves(self):
        """Return by person the waves of which they were told, each as often as it came and whether marked."""
        found = {}
        for person in self.people:
            got = found[person.name] = defaultdict(list)
            for message in await person.messages():
                for number in dict.fromkeys(map(int, WAVE.findall(message.text))):
                    got[number].append(MAY_REPEAT in message.text)
        return found

    async def flows(self):
        """Wait until everybody has a wave that began after now."""
        newest = max((max(got, default=0) for got in (await self.waves()).values()), default=0)

        async def is_there():
            return all(max(got, default=0) > newest + 1 for got in (await self.waves()).values())

        await until(is_there, f"all are told of a wave after {newest}", WITHIN_S)

    def ask(self, statement, *values):
        with closing(psycopg.connect(self.database.url, autocommit=True)) as connection:
            return connection.execute(statement, values).fetchall()

    def leader(self, pair):
        """Return which of two processes holds a lease."""
        held = self.ask("SELECT holder FROM leases WHERE expires > clock_timestamp()")
        pids = Counter(int(holder.split("-")[-2]) for (holder,) in held)
        return max(pair, key=lambda one: pids[one.pid])

    async def upgrade(self, kind, pair, *, is_killed):
        """Upgrade a pair as the docs say: who stands by, then who leads; return the new pair."""
        leads = self.leader(pair)
        (stands_by,) = (one for one in pair if one is not leads)
        await stands_by.stop()
        first = await self._begun(kind)
        await self.serves([leads, first])
        if is_killed:
            leads.kill()
        else:
            await leads.stop()
        await self.serves([first])
        second = await self._begun(kind)
        await self.serves([first, second])
        return [first, second]

    async def serves(self, pair):
        """Fail unless alerts come, people are answered, and each process that is there is well."""
        if "web" in pair[0].name:
            for process in pair:
                await self._shows(process)
        else:
            await self.flows()
            await self.answers()
        assert all(process.is_alive for process in pair)

    async def _shows(self, process):
        """Wait until a page shows what came since."""
        begun_ms = market_ms(int(self.environment["WAVES_BEGUN_MS"]))

        async def is_shown():
            status, text = await process.asked("/api/v1/coins/BTC/view", page=True)
            return status == 200 and json.loads(text)["time_ms"] > begun_ms

        await until(is_shown, f"{process.name} shows news", WITHIN_S)

    async def _begun(self, kind):
        process = self.begin(kind, is_new=True)
        await process.started()

        async def is_ready():
            return (await process.asked("/readyz"))[0] == 200

        await until(is_ready, f"{process.name} is ready")
        return process

    async def delivered(self):
        """Wait until rules have read all that was seen, and all that is owed is delivered."""
        await until(lambda: not self.ask(_UNREAD, MINUTE_MS)[0][0], "all is read", WITHIN_S)
        await until(lambda: not self.ask(_OWED)[0][0], "nothing is owed", WITHIN_S)

    async def judge(self, first):
        """Fail if an alert since wave `first` is lost, or came twice without saying so."""
        raised = [number for (text,) in self.ask(_RAISED) if (number := int(WAVE.search(text)[1])) >= first]
        seen = {number for (number,) in self.ask(_SEEN, MINUTE_MS) if number >= first}
        assert sorted(raised) == sorted(seen), "each minute that was seen is an alert, and one alone"
        for person, got in (await self.waves()).items():
            assert not seen - got.keys(), f"lost to {person}"
            unmarked = [number for number, marks in got.items() if not all(marks[1:])]
            assert not unmarked, f"twice for {person} without a word"
        return len(seen)


_OWED = "SELECT count(*) FROM deliveries WHERE status IN ('due', 'sending', 'unknown', 'held')"
_RAISED = "SELECT convert_from(hit, 'UTF8') FROM alerts"
_SEEN = "SELECT DISTINCT time_ms / %s FROM observations"
_UNREAD = """
SELECT count(*) FROM (
    SELECT DISTINCT time_ms / %s AS number FROM observations
    EXCEPT SELECT time_ms / 60000 FROM alerts
) AS unread WHERE number > (SELECT min(time_ms / 60000) FROM alerts)
"""


@asynccontextmanager
async def house(server, telegram, folder, old):
    """Give the house of a database of its own; nothing of it lives on."""
    server.ask("CREATE DATABASE {}", "beside")
    made = House(server.url("beside"), telegram, folder, old)
    try:
        yield made
    finally:
        for process in made.processes:
            process.kill()
        server.drop(made.database)


@pytest.mark.parametrize("which", UPGRADES)
async def test_processes_of_two_versions_are_one_bot_while_one_after_the_other_is_upgraded(
    postgres_server, telegram, tmp_path, which
):
    asked = UPGRADES[which]
    commit = asked.commit()
    if commit is None:
        pytest.skip(f"no {which} to upgrade from: no git history here, or a shallow clone")
    old = versions.installed(commit, tmp_path)
    async with house(postgres_server, telegram, tmp_path, [old / "liqbot"]) as bot:
        pairs = {kind: [bot.begin(kind, is_new=False) for _ in range(2)] for kind in PAIRS}
        for process in bot.processes:
            await process.started()
        await bot.populate()
        await bot.flows()
        first = min(max(got) for got in (await bot.waves()).values())
        for kind in asked.order:
            pairs[kind] = await bot.upgrade(kind, pairs[kind], is_killed=kind == asked.killed)
        if which == "older schema":
            await refuses_a_newer_database(bot.begin("web", is_new=False))
        for process in pairs["engine"][:1]:
            await process.stop()
        await bot.delivered()
        count = await bot.judge(first)
        for process in (*pairs["engine"][1:], *pairs["sender"], *pairs["web"]):
            await process.stop()
        complaints = [line for process in bot.processes for line in complaints_of(process, EXPECTED)]
    assert count > 5
    assert not complaints


async def refuses_a_newer_database(process):
    """Fail unless an older process that begins anew says in one line why it does not."""
    assert await process.ended() == 1
    (line,) = process.log.read_text().splitlines()
    assert "was written by a newer liqbot" in line
