"""The tables row by row, as an export and a move want them: each in the order of its key."""

import re
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from liqbot.store.address import DatabaseAddress, PostgresUrl
from liqbot.store.errors import DatabaseError
from liqbot.store.opening import require_driver
from liqbot.store.sql.rooms import Connection
from liqbot.store.sqlite.database import MigratedDatabase, bring_up, open_database, open_reader, transaction

PAGE = 500
"""So many rows are read at a time."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of this version's schema."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    """The columns of its primary key."""

    @property
    def is_numbered(self) -> bool:
        """Whether the database gives its rows their numbers."""
        return self.key == ("id",)


@cache
def tables() -> tuple[Table, ...]:
    """Return all tables, each behind those that its rows refer to."""
    with closing(MigratedDatabase(memory=True)) as model:
        bring_up(model)
        made = dict(
            model.conn.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'table' "
                "AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_sqlite%' ESCAPE '\\'"
            ).fetchall()
        )
        found = {name: _table(name, model[name].columns) for name in made}
    return tuple(found[name] for name in by_reference(made))


def by_reference(made: dict[str, str]) -> list[str]:
    """Return the names of tables, given what makes each, so that each comes after those it refers to."""
    done: list[str] = []
    while len(done) < len(made):
        for name, statement in made.items():
            if name not in done and set(re.findall(r'REFERENCES "?(\w+)"?', statement)) <= {*done}:
                done.append(name)
    return done


def rows(db: Connection, table: Table, after: Sequence[Any] | None = None) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table in the order of its key, from behind the key `after` on."""
    names, key = ", ".join(f'"{one}"' for one in table.columns), ", ".join(table.key)
    places = [table.columns.index(one) for one in table.key]
    marks = ", ".join("?" * len(places))
    while True:
        where = "" if after is None else f"WHERE ({key}) > ({marks}) "
        statement = f"SELECT {names} FROM {table.name} {where}ORDER BY {key} LIMIT {PAGE}"  # noqa: S608 - names of the schema
        page = db.execute(statement, [] if after is None else list(after)).fetchall()
        yield from map(tuple, page)
        if len(page) < PAGE:
            return
        after = [page[-1][place] for place in places]


def count(db: Connection, name: str) -> int:
    """Return how many rows a table has."""
    return db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608 - a name of the schema


@contextmanager
def looking(address: DatabaseAddress) -> Generator[Connection]:
    """Give a connection that sees one state of a database, also beside its bot. Raises `DatabaseError`."""
    if isinstance(address, PostgresUrl):
        with _plain(address).looking(address) as db:
            yield db
        return
    with closing(open_reader(address)) as db:
        db.isolation_level = None
        db.execute("BEGIN")
        yield db


@contextmanager
def writing(address: DatabaseAddress) -> Generator[Connection]:
    """Give a connection in one transaction of a database, which is made where there is none.

    Raises `DatabaseError`; then nothing was written.
    """
    if isinstance(address, PostgresUrl):
        with _plain(address).writing(address) as db:
            yield db
        return
    database = open_database(address)
    try:
        with transaction(database.conn) as db:
            yield db
    except sqlite3.Error as error:
        raise DatabaseError(str(error)) from error
    finally:
        database.close()


def give_numbers(db: Connection, table: Table, last: int = 0) -> None:
    """Let the next row of a table get a number behind `last`, and behind those that were put into it."""
    if isinstance(db, sqlite3.Connection):
        if last and _gives_no_number_again(db, table.name):
            if not db.execute("SELECT 1 FROM sqlite_sequence WHERE name = ?", [table.name]).fetchone():
                db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, 0)", [table.name])
            db.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", [last, table.name])
        return
    import_module("liqbot.store.postgres.plain").give_numbers_from(db, table.name, last)


def _gives_no_number_again(db: sqlite3.Connection, name: str) -> bool:
    """Return whether SQLite keeps the last number that a table has given, also where its row is gone."""
    (made,) = db.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", [name]).fetchone()
    return "AUTOINCREMENT" in made


def _plain(address: PostgresUrl) -> ModuleType:
    """Return what does the same with PostgreSQL; its driver is an extra."""
    require_driver(address)
    return import_module("liqbot.store.postgres.plain")


def _table(name: str, columns: Sequence[Any]) -> Table:
    key = sorted((one.is_pk, one.name) for one in columns if one.is_pk)
    return Table(name, tuple(one.name for one in columns), tuple(label for _, label in key))
