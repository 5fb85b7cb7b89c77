"""The schema in PostgreSQL, made from the migrations: there is one answer to what a database looks like.

`migrations/` make an SQLite database. A new PostgreSQL database gets the tables and indexes that they make of
an empty one, translated; one that is there gets the migrations that it has not had, translated statement by
statement. What SQLite's triggers do stands in `triggers.sql`. A whole number is BIGINT, also a truth;
text is ordered by its bytes, as SQLite orders it.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, LiteralString, cast

import psycopg

from liqbot.store.address import PostgresUrl
from liqbot.store.errors import DatabaseError
from liqbot.store.postgres.database import unusable
from liqbot.store.sqlite.database import MigratedDatabase, bring_up, known_migrations
from liqbot.store.tables import by_reference

APPLIED = "liqbot_migrations"
"""The table of the migrations that a database has had."""
MOVING = "liqbot_moving"
"""A table that is there while a database is being filled: from where. Until then no bot opens it."""
BASELINE = "0026_manners"
"""The first PostgreSQL databases had the migrations up to this one; what came later is applied to them."""
WRITE_LOCK = 0x6C69_7177  # "liqw"
"""The advisory lock that whoever writes shares or has alone. A migration has it alone: processes of the
version before are at work meanwhile, and lock tables in an order of their own."""
_LOCK = 0x6C69_7162_6F74  # "liqbot"
"""The advisory lock under which a schema is made: of several processes that start at once, one does it."""


def prepare(url: PostgresUrl, connection: psycopg.Connection[Any]) -> None:
    """Bring a database up to this version, all or nothing: a new one is made, an older one migrated.

    One of a newer version, or of another program, is refused and left untouched. Raises `DatabaseError`.
    """
    try:
        if applied(url, connection) == known_names():
            return
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            found = applied(url, connection)
            if not found:
                _require_nowhere_else(url, connection)
                create(connection)
            else:
                connection.execute("SELECT pg_advisory_xact_lock(%s)", [WRITE_LOCK])
                _migrate(connection, found)
            _note(connection, known_names() - found)
    except psycopg.Error as error:
        raise unusable(url, error) from error


def require_current(url: PostgresUrl, connection: psycopg.Connection[Any]) -> None:
    """Raise `DatabaseError` where a database is not of this version, or none of ours."""
    found = applied(url, connection)
    if not found:
        raise DatabaseError(f"{url}: there is no database of liqbot's yet; `liqbot run` makes one")
    if found != known_names():
        raise DatabaseError(f"{url}: is not of this version yet; `liqbot run` brings it up to date")


def applied(url: PostgresUrl, connection: psycopg.Connection[Any]) -> frozenset[str]:
    """Return the names of the migrations that a database has had; none where it is still to be made.

    Raises `DatabaseError` for one of a newer version or of another program.
    """
    tables = {name for (name,) in connection.execute(_TABLES)}
    if APPLIED not in tables:
        if tables:
            raise DatabaseError(f"{url}: is the database of another program. Nothing was changed")
        return frozenset()
    if MOVING in tables:
        raise DatabaseError(f"{url}: is half filled; `liqbot db move` goes on with it")
    names = frozenset(name for (name,) in connection.execute(f"SELECT name FROM {APPLIED}"))
    newer = sorted(names - known_names())
    if newer:
        raise DatabaseError(
            f"{url}: was written by a newer liqbot (it has {', '.join(newer)}). Nothing was changed; "
            "use that liqbot, or set LIQBOT_DATABASE to another database"
        )
    return names


def moving_from(connection: psycopg.Connection[Any]) -> str | None:
    """Return from where a database is being filled; None where it is not."""
    if MOVING not in {name for (name,) in connection.execute(_TABLES)}:
        return None
    row = connection.execute(f"SELECT source FROM {MOVING}").fetchone()
    return row[0] if row else None


@cache
def known_names() -> frozenset[str]:
    """Return the names of all migrations of this version."""
    return frozenset(name for name, _ in known_migrations())


def create(connection: psycopg.Connection[Any]) -> None:
    """Make all tables, indexes and triggers in an empty database."""
    for statement in statements():
        _run(connection, statement)


@cache
def statements() -> tuple[str, ...]:
    """Return what makes a new database, in its order."""
    with closing(MigratedDatabase(memory=True)) as model:
        bring_up(model)
        rows = model.conn.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
        ).fetchall()
    mine = [row for row in rows if not row[1].startswith(("sqlite_", "_sqlite", "idx__sqlite"))]
    made = {name: sql for kind, name, sql in mine if kind == "table"}
    tables = [made[name] for name in by_reference(made)]
    indexes = [sql for kind, _, sql in mine if kind == "index"]
    return (*map(translated, [*tables, *indexes]), _APPLIED_TABLE, triggers(), cluster())


def triggers() -> str:
    """Return what makes the triggers, in place of any there are."""
    return files("liqbot.store.postgres").joinpath("triggers.sql").read_text(encoding="utf-8")


def cluster() -> str:
    """Return what makes the tables through which processes speak to each other, unless they are there."""
    return files("liqbot.store.postgres").joinpath("cluster.sql").read_text(encoding="utf-8")


def translated(statement: str) -> str:
    """Return a statement of a migration as PostgreSQL takes it."""
    for pattern, replacement in _WORDS:
        statement = re.sub(pattern, replacement, statement)
    return statement


class Migrated:
    """An existing database as a migration sees it: what it executes is translated."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def executescript(self, sql: str) -> None:
        """Execute one statement after the other; those about triggers are left to `triggers.sql`."""
        for statement in _split(sql):
            _run(self._connection, translated(statement))

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> psycopg.Cursor[Any]:
        """Execute one statement."""
        return self._connection.execute(
            cast("LiteralString", translated(sql).replace("%", "%%").replace("?", "%s")), parameters
        )


def _require_nowhere_else(url: PostgresUrl, connection: psycopg.Connection[Any]) -> None:
    """Refuse to make a second set of tables: two processes with other search paths would be two bots."""
    row = connection.execute(
        "SELECT schemaname, current_schema() FROM pg_tables WHERE tablename = %s LIMIT 1", [APPLIED]
    ).fetchone()
    if row is not None and row[1] is not None:  # else it cannot be made at all, and the server says so
        raise DatabaseError(
            f"{url}: liqbot's tables are in the schema {row[0]} there, and search_path leads to {row[1]}; "
            "set it alike for all processes, or use a database of its own. Nothing was changed"
        )


def _migrate(connection: psycopg.Connection[Any], found: frozenset[str]) -> None:
    for name, migration in known_migrations():
        if name not in found:
            migration(cast("Any", Migrated(connection)))
    _run(connection, triggers())
    _run(connection, cluster())


def _note(connection: psycopg.Connection[Any], names: frozenset[str]) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    connection.cursor().executemany(
        f"INSERT INTO {APPLIED} (name, applied_at) VALUES (%s, %s)", [(name, now) for name in sorted(names)]
    )


def _run(connection: psycopg.Connection[Any], statement: str) -> None:
    connection.execute(cast("LiteralString", statement))


def _split(sql: str) -> Iterator[str]:
    """Yield the statements of a script, without those about triggers."""
    plain = re.sub(r"--[^\n]*", "", sql)
    plain = re.sub(r"CREATE TRIGGER.*?\bEND;", "", plain, flags=re.DOTALL)
    plain = re.sub(r"DROP TRIGGER[^;]*;", "", plain)
    yield from (statement.strip() for statement in plain.split(";") if statement.strip())


_TABLES = (
    "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() "
    "UNION ALL SELECT viewname FROM pg_views WHERE schemaname = current_schema()"
)
_APPLIED_TABLE = f"""CREATE TABLE {APPLIED} (name TEXT COLLATE "C" PRIMARY KEY, applied_at TEXT NOT NULL)"""
_WORDS = (
    (r"--[^\n]*", ""),
    (r"\bid INTEGER PRIMARY KEY( AUTOINCREMENT)?", "id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"),
    (r"\bINTEGER\b", "BIGINT"),
    (r"\bREAL\b", "DOUBLE PRECISION"),
    (r"\bBLOB\b", "BYTEA"),
    (r"\bTEXT\b", 'TEXT COLLATE "C"'),
    (r"\)\s*(STRICT|WITHOUT ROWID)(,\s*(STRICT|WITHOUT ROWID))?", ")"),
    (r"\bWHERE NOT (\w+)", r"WHERE \1 = 0"),
    (r"\bINSERT OR IGNORE INTO ([^;]*)", r"INSERT INTO \1 ON CONFLICT DO NOTHING"),
)
"""What SQLite writes otherwise."""
