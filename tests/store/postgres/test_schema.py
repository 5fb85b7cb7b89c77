"""The schema in PostgreSQL is what the migrations make: there is one answer to what a database looks like."""

import asyncio
import threading
from contextlib import closing

import psycopg
import pytest
from databases import look

from liqbot.store.errors import DatabaseError
from liqbot.store.maintenance import differences
from liqbot.store.opening import open_store
from liqbot.store.postgres import schema
from liqbot.store.sqlite import database
from liqbot.store.sqlite.database import MigratedDatabase, bring_up, known_migrations

LANDED = database._known()
EMPTY = MigratedDatabase(memory=True)


@pytest.fixture
def connection(postgres):
    with closing(psycopg.connect(postgres.url, autocommit=True)) as opened:
        yield opened


def columns(connection):
    rows = connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    )
    return set(rows)


def test_every_table_has_the_columns_that_it_has_in_sqlite(connection):
    with closing(MigratedDatabase(memory=True)) as model:
        bring_up(model)
        expected = {
            (table, column)
            for table in model.table_names()
            if not table.startswith(("_sqlite", "sqlite_"))
            for column in model[table].columns_dict
        }
    kept = {table for table, _ in expected}
    assert {(table, column) for table, column in columns(connection) if table in kept} == expected


def test_a_database_has_had_every_migration_and_is_made_once(connection, postgres):
    assert schema.applied(postgres, connection) == schema.known_names()
    before = connection.execute("SELECT oid, relname FROM pg_class ORDER BY 1").fetchall()
    schema.prepare(postgres, connection)
    assert connection.execute("SELECT oid, relname FROM pg_class ORDER BY 1").fetchall() == before


def test_a_newer_database_is_refused_and_not_touched(connection, postgres):
    connection.execute(f"INSERT INTO {schema.APPLIED} (name, applied_at) VALUES ('9000_colours', '')")
    with pytest.raises(DatabaseError, match=r"newer liqbot \(it has 9000_colours\)"):
        schema.prepare(postgres, connection)


def test_the_database_of_another_program_is_refused(connection, postgres):
    connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE pictures (id int)")
    with pytest.raises(DatabaseError, match="database of another program"):
        schema.prepare(postgres, connection)


def test_one_that_is_no_database_of_liqbots_yet_cannot_be_read(connection, postgres):
    connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    with pytest.raises(DatabaseError, match="no database of liqbot's yet"):
        schema.require_current(postgres, connection)


# Migrations that a database has not had


def test_a_migration_that_a_database_has_not_had_is_applied_in_postgresqls_words(
    connection, postgres, monkeypatch
):
    def colours(db):
        db.executescript(
            """
            -- What people like; of each chat one.
            CREATE TABLE colours (
                chat_id INTEGER PRIMARY KEY REFERENCES chats (id) ON DELETE CASCADE,
                colour TEXT NOT NULL DEFAULT 'it''s 100%',
                share REAL,
                picture BLOB
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX colours_liked ON colours (colour) WHERE share IS NOT NULL;
            ALTER TABLE chats ADD COLUMN liked INTEGER NOT NULL DEFAULT 0;
            CREATE TRIGGER colours_insert AFTER INSERT ON colours
            BEGIN
                UPDATE chats SET liked = 1 WHERE id = NEW.chat_id;
            END;
            INSERT INTO colours (chat_id, share) SELECT id, 0.5 FROM chats;
            """
        )
        assert db.execute("SELECT count(*) FROM colours WHERE share > ?", [0.1]).fetchone() == (1,)

    known = [*known_migrations(), ("9000_colours", colours)]
    connection.execute("INSERT INTO chats (platform, native_id, created_ms) VALUES ('paper', 'ann', 1)")
    monkeypatch.setattr(schema, "known_migrations", lambda: iter(known))
    monkeypatch.setattr(schema, "known_names", lambda: frozenset(name for name, _ in known))
    schema.prepare(postgres, connection)
    assert connection.execute("SELECT * FROM colours").fetchall() == [(1, "it's 100%", 0.5, None)]
    assert "9000_colours" in schema.applied(postgres, connection)


def test_a_migration_that_fails_leaves_nothing(connection, postgres, monkeypatch):
    def half(db):
        db.executescript("CREATE TABLE half (id INTEGER PRIMARY KEY); SELECT 1 FROM nowhere;")

    known = [*known_migrations(), ("9000_half", half)]
    monkeypatch.setattr(schema, "known_migrations", lambda: iter(known))
    monkeypatch.setattr(schema, "known_names", lambda: frozenset(name for name, _ in known))
    with pytest.raises(DatabaseError, match="nowhere"):
        schema.prepare(postgres, connection)
    assert connection.execute("SELECT to_regclass('half')").fetchone() == (None,)


def test_a_database_of_the_first_version_on_postgresql_becomes_what_a_new_one_is(
    connection, postgres, monkeypatch
):
    """Made with the migrations up to `BASELINE`, and then given those that came later."""
    later = [name for name, _ in known_migrations() if name > schema.BASELINE]
    with monkeypatch.context() as before:
        before.setattr(schema, "bring_up", brought_up)
        made = schema.statements.__wrapped__()
    connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    for statement in made:
        connection.execute(statement)
    connection.cursor().executemany(
        f"INSERT INTO {schema.APPLIED} (name, applied_at) VALUES (%s, '')",
        [(name,) for name, _ in known_migrations() if name not in later],
    )
    schema.prepare(postgres, connection)
    assert schema.applied(postgres, connection) == schema.known_names()
    assert differences(postgres) == []


def known_up_to(name):
    return tuple(one for one in LANDED if all(each.name <= name for each in one.pending(EMPTY)))


def brought_up(model):
    for migrations in known_up_to(schema.BASELINE):
        migrations.apply(model)


async def test_a_migration_waits_for_what_an_older_process_is_writing_and_holds_nothing_meanwhile(
    connection, postgres, monkeypatch
):
    """Both lock several tables, in orders of their own: one would have to give way, and be it the upgrade."""

    def widened(db):
        db.execute("ALTER TABLE watches ADD COLUMN colour TEXT")
        db.execute("ALTER TABLE chats ADD COLUMN colour TEXT")

    older = open_store(postgres)
    writes, waits = threading.Event(), threading.Event()

    def write(db):
        db.execute("LOCK chats IN ROW EXCLUSIVE MODE")
        writes.set()
        assert waits.wait(20)
        db.execute("LOCK watches IN ROW EXCLUSIVE MODE")

    writing = asyncio.ensure_future(older.connections.write(write, beside=True))
    await asyncio.to_thread(writes.wait, 20)
    names = schema.known_names()
    monkeypatch.setattr(schema, "known_names", lambda: names | {"9000_colours"})
    monkeypatch.setattr(schema, "known_migrations", lambda: [("9000_colours", widened)])
    migrating = asyncio.ensure_future(asyncio.to_thread(schema.prepare, postgres, connection))
    async with asyncio.timeout(20):
        while not (held := look(older, _LOCKS, [connection.info.backend_pid])):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert held == [("advisory",)], "it waits, and has locked no table"
    waits.set()
    await writing
    await migrating
    assert schema.applied(postgres, connection) == names | {"9000_colours"}
    await older.close()


_LOCKS = """
SELECT locktype FROM pg_locks WHERE pid = ? AND (NOT granted
    OR locktype = 'relation' AND mode = 'AccessExclusiveLock')
"""
