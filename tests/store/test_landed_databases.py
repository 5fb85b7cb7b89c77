"""Databases of every version that ever landed are taken over whole, and what has landed is never edited."""

import asyncio
import hashlib
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest
from platforms import Paper

from liqbot.alerts.dispatcher import Dispatcher
from liqbot.rules.rule import Hit
from liqbot.store.alerts import NewAlert
from liqbot.store.chats import ChatKey
from liqbot.store.deliveries import DeliveryStatus, Outcome
from liqbot.store.sqlite.database import open_database
from liqbot.store.sqlite.schema import differences
from liqbot.store.sqlite.store import SqliteStore

LANDED = sorted((Path(__file__).parent / "landed").glob("*.sql"))
"""Databases as liqbots have left them, one for each state in which `migrations/` has ever been."""
MIGRATIONS = Path(__file__).parents[2] / "migrations"
HASHES = {
    "0001_start.py": "7e2a61bcbae13743",
    "0002_alerts.py": "d274df0302666f5e",
    "0003_notes.py": "228d5a486e672de5",
    "0006_accounts.py": "8f7aef55ae96ec03",
    "0010_events.py": "ad806109028979ed",
    "0011_layers.py": "39fce4599d884b3b",
    "0013_observations.py": "7928a153a6bcaf0f",
    "0014_queue_heads.py": "c60e42f6defe809e",
    "0025_records.py": "163d8987d5e66f91",
    "0020_absences.py": "fc3e5ea62e72aa13",
    "0021_source_cursors.py": "97f3e97854dbe6fd",
    "0024_pictures.py": "f2b9cb21ca5ab3e5",
    "0015_numbers.py": "791dea70418677a6",
    "0025_access.py": "91c1f09d246b0c9f",
    "0026_manners.py": "35cca8d69461eef6",
    "0027_repeats.py": "8bec3913ecb9f2f8",
    "0028_guest_chats.py": "f59591c8bbfa5caa",
}
"""What each landed migration is. A new one gets its line here with its landing, and keeps it for ever."""
ANN, BOB = ChatKey("paper", "ann"), ChatKey("paper", "bob", "7")


def as_landed(file, path):
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(file.read_text(encoding="utf-8"))
    return path


@pytest.fixture(params=LANDED, ids=lambda file: file.stem, scope="module")
def migrated(request, tmp_path_factory):
    path = as_landed(request.param, tmp_path_factory.mktemp("migrated") / "liqbot.db")
    SqliteStore(path).close_now()
    return path


@pytest.fixture
def landed(migrated, path):
    shutil.copy(migrated, path)
    return path


async def arrived(store, chat, now_ms=5_000):
    """Send all that a chat is owed by then; return the numbers of the alerts, and why they were held."""
    numbers = []
    while heads := [
        head
        for head in await store.deliveries.queue_heads("paper", 9, now_ms, but_not=())
        if head.chat == chat
    ]:
        await store.deliveries.claim(heads)
        await store.deliveries.settle([Outcome(head, DeliveryStatus.SENT, now_ms) for head in heads])
        numbers += [(number, head.held) for head in heads for number in head.alerts]
    return numbers


async def test_chats_subscriptions_and_states_are_kept(landed):
    with SqliteStore(landed) as store:
        mine = await store.subscriptions.of(ANN)
        assert [(item.number, item.watch.coin, item.paused) for item in mine] == [
            (1, "BTC", False),
            (2, "ETH", False),
        ]
        assert [item.number for item in await store.subscriptions.of(BOB)] == [1]
        assert await store.alerts.state(mine[0].watch) == b"\0"


async def test_what_is_owed_is_delivered_in_its_order_and_so_is_what_comes_then(landed, view):
    with SqliteStore(landed) as store:
        await store.deliveries.recover()
        watch = (await store.subscriptions.of(BOB))[0].watch
        alert = NewAlert(watch, Hit("key", "text"), "first")
        assert await store.alerts.commit(view, [(watch, b"state")], [alert], 4_000) == 2
        assert await arrived(store, BOB) == [(1, None), (2, None), (4, None)]
        assert await arrived(store, ANN) == [(2, None), (4, None)]


async def test_a_dispatcher_delivers_what_is_owed(landed):
    paper = Paper({})

    async def undrawn(*_):
        return None

    with SqliteStore(landed) as store:
        dispatcher = Dispatcher(store, undrawn, clock=lambda: 8_000, clock_s=lambda: 8.0)
        dispatcher.connect("paper", paper)
        task = asyncio.create_task(dispatcher.run())
        dispatcher.wake()
        await dispatcher.drained()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await store.deliveries.owed() == 0
    assert sorted(name for name, _title in paper.got) == ["ann", "bob", "bob"]


async def test_what_was_held_comes_with_its_reason(landed):
    with SqliteStore(landed) as store:
        await arrived(store, ANN)
        if await store.deliveries.release(10_000):
            assert await arrived(store, ANN, 10_000) == [(3, "muted")]


def test_the_schema_is_then_that_of_a_new_database(landed):
    assert differences(landed) == []


def as_kills_leave_it(path, folder, monkeypatch):
    """Migrate a database; return it as a kill leaves it each time before a migration is noted as done."""
    connect, kills = sqlite3.connect, []

    def copy(statement):
        if not statement.startswith("INSERT INTO") or "_sqlite_migrations" not in statement:
            return
        killed = folder / f"{len(kills)}.db"
        shutil.copy(path, killed)
        with suppress(FileNotFoundError):
            shutil.copy(f"{path}-wal", f"{killed}-wal")
        kills.append(killed)

    def traced(*args, **kwargs):
        connection = connect(*args, **kwargs)
        if not kwargs.get("uri"):
            connection.set_trace_callback(copy)
        return connection

    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", traced)
        open_database(path).close()
    return kills


def test_a_migration_that_is_killed_at_its_end_is_done_by_the_next_start(path, monkeypatch, tmp_path):
    kills = as_kills_leave_it(as_landed(LANDED[-1], path), tmp_path, monkeypatch)
    assert len(kills) == len(HASHES) - 1
    for killed in kills:
        open_database(killed).close()
        assert differences(killed) == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DROP TABLE queue_heads", ["table queue_heads is missing", "index queue_heads_due is missing"]),
        ("DROP TRIGGER queue_heads_update", ["trigger queue_heads_update is missing"]),
        ("DROP INDEX deliveries_open", ["index deliveries_open is missing"]),
        ("ALTER TABLE chats DROP COLUMN quiet_from", ["column chats.quiet_from is missing"]),
        ("CREATE TABLE more (a)", ["table more should not be there"]),
    ],
)
def test_what_a_schema_lacks_is_named(path, statement, said):
    SqliteStore(path).close_now()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
    assert set(differences(path)) >= set(said)


def test_a_landed_migration_is_never_edited():
    found = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in MIGRATIONS.glob("[0-9]*.py")
    }
    assert found == HASHES
