"""An upgrade as an operator makes it: an installed bot fills a database, and the next version takes it over.

    PYTHONPATH=tests python tests/upgraded.py BIN COMMAND…

BIN is the folder of an environment in which the older liqbot is installed; COMMAND installs the newer one
there. Both run as a service against the Telegram counterpart, in the current folder, which has to be empty.
"""

# ruff: noqa: ASYNC221, ASYNC230, ASYNC240 - a script that waits for files and programs, and for nothing else
# ruff: noqa: T201 - it tells its result

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import asynccontextmanager, closing
from pathlib import Path

from counterparts.telegram.control import Telegram
from counterparts.telegram.process import start

PATIENCE_S = 120
DATABASE, LOG = Path("liqbot.db"), Path("log")
WHALE = "0x00000000000000000000000000000000000000aa"
PEOPLE = (
    *("chats", "subscriptions", "watches", "alerts", "journal", "communities", "accounts", "absences"),
    *("standings", "invitations", "quotas", "guest_chats"),
)
"""Tables of which no row may be lost, whatever a bot does."""
MARKET = ("history", "events", "readings", "prices", "cases", "scores")
"""Tables of which an upgrade may lose no row. A simulated market makes them anew at each start."""
MOVING = {
    "chats": ("last_number", "mute_until_ms"),
    "accounts": ("polled_ms", "lively_ms", "notional_usd"),
}
"""Columns that a bot at work changes in rows that it keeps."""
MAY_BE_EMPTY = {"scores", "communities", "accounts", "absences"}
NOTE = "kept over the upgrade"


def query(statement, database=DATABASE):
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(statement)]


def content(tables=PEOPLE, database=DATABASE):
    """Return the rows that must be kept, by table."""
    there = {row["name"] for row in query("SELECT name FROM sqlite_master WHERE type = 'table'", database)}
    found = {}
    for table in [table for table in tables if table in there]:
        rows = query(f"SELECT * FROM {table}", database)  # noqa: S608 - a name of our own
        found[table] = [{n: v for n, v in row.items() if n not in MOVING.get(table, ())} for row in rows]
    return found


def lost(before, after):
    """Return what of `before` is not there as it was; columns that came since are free."""
    gone = []
    for table, rows in before.items():
        columns = list(rows[0]) if rows else []
        now = {tuple(row[name] for name in columns) for row in after.get(table, [])}
        gone += [(table, row) for row in rows if tuple(row.values()) not in now]
    return gone


def whole():
    """Return all that is in the database, as text: schema, migrations and rows."""
    with closing(sqlite3.connect(f"{DATABASE.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return list(connection.iterdump())


def deliveries(condition="1"):
    return {
        row["id"]: row
        for row in query(f"SELECT id, chat_id, status, message_id FROM deliveries WHERE {condition}")  # noqa: S608
    }


async def until(holds, what):
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():  # noqa: ASYNC110 - another process changes it
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"waited {PATIENCE_S} s until {what}; {LOG.read_text()[-3000:]}") from None


@asynccontextmanager
async def bot(folder, environment):
    """Run the installed bot as a service; it has to end in order."""
    with LOG.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *(folder / "liqbot", "run", "--serve"),
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stderr=out,
        )
    try:
        await until(
            lambda: b"bot_started" in LOG.read_bytes() or process.returncode is not None, "it started"
        )
        yield
        assert process.returncode is None, LOG.read_text()
        process.terminate()
        async with asyncio.timeout(PATIENCE_S):
            assert await process.wait() == 0, LOG.read_text()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


class Town:
    """Who uses the bot: its owner, Bob with all options, one blocked, one muted, one gone, and a group."""

    def __init__(self, telegram):
        self._telegram = telegram

    async def comes(self):
        self.owner, self.bob, self.cid, self.dora, self.eve = [
            await self._telegram.person(name) for name in ("Olga", "Bob", "Cid", "Dora", "Eve")
        ]
        self.group = await self._telegram.supergroup("Traders", self.owner, members=[self.bob])

    async def ask(self, person, text, *, to=None):
        """Return the answer to a command; alerts come as pictures, and are passed over."""
        await person.says(text, to=to)
        while (answer := await self._telegram.next_message(to or person, within=PATIENCE_S)).file_id:
            pass
        return answer.text

    async def fill(self):
        """Use the bot in all the ways of which its database knows."""
        while "still being read" in await self.ask(self.owner, "/regime BTC"):
            pass
        code = (await self.ask(self.owner, "/admin invite 5 9")).split()[2]
        for person in (self.bob, self.cid, self.dora, self.eve):
            assert "let in" in await self.ask(person, f"/join {code}")
        for text in (
            "/subscribe near-cluster BTC within=40% cooldown=10m silent=yes",
            "/subscribe near-cluster ETH within=40% at_least=1M once=yes until=30d",
            "/subscribe trapped BTC,ETH digest=hourly",
            "/subscribe regime-flip BTC digest=daily",
            f"/watch {WHALE} name=whale near=7% silent=yes",
            "/pause 4",
            "/timezone Europe/Berlin",
            "/limit 7",
            "/grouping off",
            "/look theme=light format=square",
        ):
            assert "⚠️" not in (answer := await self.ask(self.bob, text)), (text, answer)
        await self.ask(self.owner, "/subscribe near-cluster BTC within=40%", to=self.group)
        await self.ask(self.cid, "/subscribe near-cluster BTC within=40%")
        await self.ask(self.owner, f"/admin block telegram:{self.cid.id}")
        await self.ask(self.owner, f"/admin quota telegram:{self.bob.id} subscriptions=77")
        for person in (self.dora, self.eve):
            await self.ask(person, "/subscribe near-cluster BTC within=40%")
        await self.ask(self.dora, "/mute 4h")

        await self.eve.blocks()

    async def owed(self):
        """Let alerts be owed: one refused, one that may have arrived, one of a muted chat; return them."""
        await self.ask(self.bob, "/test near-cluster BTC")
        await until(lambda: deliveries("status = 'sent'"), "an alert has come")
        await self.ask(self.bob, f"/note A1 {NOTE}")
        await self.ask(self.dora, "/test near-cluster BTC")
        for kind, chat in (("server_error", self.bob), ("too_many", self.group)):
            await self._telegram.fail(kind, "sendMessage|sendPhoto", chat=chat, times=None)
        await self.bob.says("/test near-cluster ETH")
        await self.owner.says(f"/test@{self._telegram.username} near-cluster BTC", to=self.group)
        await until(
            lambda: deliveries("status = 'due'") and deliveries("status = 'unknown'"),
            "one has been refused, and of another nobody knows",
        )
        assert deliveries("status = 'held'")
        return deliveries("status IN ('due', 'unknown', 'held')")

    async def finds_all(self):
        """Ask the upgraded bot for what was set, and for what it owes."""
        listed = await self.ask(self.bob, "/subscriptions")
        for number, subscription in enumerate(
            (
                "near-cluster BTC",
                "near-cluster ETH",
                "trapped BTC",
                "trapped ETH",
                "regime-flip BTC",
                "watch",
            ),
            1,
        ):
            assert f"#{number} {subscription}" in listed, listed
        assert NOTE in await self.ask(self.bob, "/journal")
        await self._telegram.silence(self.cid, within=0)
        assert "does not serve you" in await self.ask(self.cid, "/regime BTC")
        await self.ask(self.dora, "/mute off")


def keeps(rows, now):
    """Fail if a row is lost."""
    gone = lost(rows, now)
    assert not gone, f"{len(gone)} rows are lost, the first: {gone[:3]}"


def sent():
    return deliveries("status = 'sent'")


def opened(folder, database):
    """Let the installed liqbot open a database and close it, and do nothing else."""
    code = (
        "import pathlib, sys; from liqbot.store.opening import open_store\n"
        "open_store(pathlib.Path(sys.argv[1])).close_now()"
    )
    subprocess.run([folder / "python", "-c", code, database], check=True)


def settings(telegram, owner):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIQBOT_")}
    return kept | {
        "LIQBOT_DATABASE": str(DATABASE),
        "LIQBOT_SOURCES": "simulator,hyperliquid",  # of the second nobody answers: it has accounts to watch
        "LIQBOT_COINS": "BTC,ETH",
        "LIQBOT_SIMULATOR__BACKFILL_DAYS": "1",
        "LIQBOT_HYPERLIQUID__API_URL": "http://127.0.0.1:1",
        "LIQBOT_HYPERLIQUID__WS_URL": "ws://127.0.0.1:1/ws",
        "LIQBOT_HYPERLIQUID__LEADERBOARD_URL": "http://127.0.0.1:1/leaderboard",
        "LIQBOT_TELEGRAM__TOKEN": telegram.token,
        "LIQBOT_TELEGRAM__API_URL": telegram.api_url,
        "LIQBOT_WEB__ENABLED": "false",
        "LIQBOT_ACCESS__MODE": "invite",
        "LIQBOT_ACCESS__OWNERS": f"telegram:{owner.id}",
    }


async def upgrade(telegram, folder, command):
    town = Town(telegram)
    await town.comes()
    environment = settings(telegram, town.owner)
    async with bot(folder, environment):
        await town.fill()
        owed = await town.owed()
    everything, arrived = content(PEOPLE + MARKET), sent()
    empty = {table for table, rows in everything.items() if not rows} - MAY_BE_EMPTY
    assert not empty, f"nothing was written into {empty}"
    subprocess.run(command, check=True)
    shutil.copy(DATABASE, copy := DATABASE.with_name("copy.db"))
    opened(folder, copy)
    keeps(everything, content(PEOPLE + MARKET, copy))
    await telegram.heal()
    people = {table: rows for table, rows in everything.items() if table in PEOPLE}
    async with bot(folder, environment):
        await town.finds_all()
        await until(
            lambda: {row["status"] for number, row in deliveries().items() if number in owed} == {"sent"},
            "all that was owed has been delivered",
        )
    keeps(people, content())
    assert arrived.items() <= sent().items(), "nothing is sent twice"
    first, people, arrived = whole(), content(), sent()
    opened(folder, DATABASE)
    assert whole() == first, "a second upgrade does nothing"
    async with bot(folder, environment):
        await town.ask(town.bob, "/subscriptions")
    keeps(people, content())
    assert arrived.items() <= sent().items()
    rows = sum(map(len, everything.values()))
    print(f"upgraded: {rows} rows of {len(everything)} tables kept, {len(owed)} alerts owed and delivered")


async def main():
    folder, command = Path(sys.argv[1]).absolute(), sys.argv[2:]
    running = start()
    try:
        async with Telegram(running) as telegram:
            await upgrade(telegram, folder, command)
            assert not await telegram.violations()
    finally:
        running.stop()


if __name__ == "__main__":
    asyncio.run(main())
