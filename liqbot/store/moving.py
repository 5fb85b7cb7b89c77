"""Moving a database between SQLite and PostgreSQL: table by table, verified, resumable.

Rows go in the order of their keys, some of them a transaction, so that the last key in the target tells where
a move that was cut short goes on. At the end both sides are read once more beside each other, and every row
is compared. A target is unfinished, and no bot opens it, until that has gone well: a file has another name
until then, on a server a table says so. Nothing says afterwards that it was moved: a move that is begun again
when the last one was through finds that out by comparing.

Not here: the command (`operations/database_move.py`), tables row by row (`tables.py`).
"""

import hashlib
import math
import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import islice, zip_longest
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from liqbot.store.address import DatabaseAddress, PostgresUrl
from liqbot.store.errors import DatabaseError, DiskFullError
from liqbot.store.opening import require_driver
from liqbot.store.sql.rooms import Connection
from liqbot.store.sqlite.database import Claim, open_database, transaction
from liqbot.store.tables import Table, count, give_numbers, looking, rows, tables

BATCH = 2_000
"""So many rows are one transaction of the target."""
_GOES_ON = "make room, and the same `liqbot db move` goes on where it was"
DERIVED = "queue_heads"
"""A table that triggers keep: it is compared, and not copied."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far a move has come."""

    what: str
    """The table, or that rows are compared."""
    done: int
    total: int
    """Rows to be copied and compared, all tables together."""


class Target(Protocol):
    """A database that is being filled."""

    @property
    def db(self) -> Connection:
        """A connection to it."""
        ...

    def put(self, table: Table, batch: Sequence[tuple[Any, ...]]) -> None:
        """Add rows, as one transaction."""
        ...

    def finish(self) -> None:
        """Make it a database that a bot opens."""
        ...


def move(
    source: DatabaseAddress,
    target: DatabaseAddress,
    progress: Callable[[Step], None],
    *,
    in_use: bool = False,
) -> int:
    """Copy all rows of `source` to the new database `target`, and compare them; return how many there are.

    One that was cut short goes on where it was; a target that has everything already is only compared.
    `in_use`: the source is read as it is at the start, while its bot goes on, and the target must be new.
    Raises `DatabaseError`: for a target that holds something else, a source or a target on which a bot or
    another move is at work, a full disk, and rows that are not the same in the end.
    """
    if source == target:
        raise DatabaseError(f"{source}: is both; name two databases")
    try:
        return _moved(source, target, progress, in_use=in_use)
    except DiskFullError as error:
        raise DatabaseError(f"{error}; {_GOES_ON}") from error
    except sqlite3.Error as error:  # such as text that is none
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            raise DatabaseError(f"{target}: its disk is full; {_GOES_ON}") from error
        raise DatabaseError(f"{source} to {target}: {error}; what was copied is kept") from error


def _moved(
    source: DatabaseAddress, target: DatabaseAddress, progress: Callable[[Step], None], *, in_use: bool
) -> int:
    with ExitStack() as stack:
        stack.enter_context(_alone(source, in_use=in_use))
        db = stack.enter_context(looking(source))
        copied = [table for table in tables() if table.name != DERIVED]
        total = 2 * sum(count(db, table.name) for table in copied)
        if not isinstance(target, PostgresUrl):
            stack.enter_context(_claimed(target))
        if _is_made(target):
            _require_same(db, target, progress, total, in_use=in_use)
            return total // 2
        filled = stack.enter_context(_opened(target, _name(source, db)))
        done = 0
        for table in copied:
            for size in _copied(db, filled, table):
                done += size
                progress(Step(table.name, done, total))
            if table.is_numbered:
                with transaction_of(filled.db):
                    give_numbers(filled.db, table, _last_number(db, table))
        for table in tables():
            for size in _compared(db, filled.db, table):
                done += size if table.name != DERIVED else 0
                progress(Step("comparing", done, total))
        filled.finish()
    return total // 2


def _is_made(target: DatabaseAddress) -> bool:
    """Return whether a target holds something that no move is filling it with. Raises `DatabaseError`."""
    if isinstance(target, PostgresUrl):
        require_driver(target)
        return _server().is_made(target)
    return target.exists() and target.stat().st_size > 0


def _require_same(
    db: Connection, target: DatabaseAddress, progress: Callable[[Step], None], total: int, *, in_use: bool
) -> None:
    """Raise `DatabaseError` unless a target has all rows of the source, as a whole move leaves it."""
    if isinstance(target, PostgresUrl):
        what = "is not empty; a move overwrites nothing. Make another one with `createdb`"
    else:
        what = "is there already; a move overwrites nothing. Name a new file"
    refused = DatabaseError(f"{target}: {what}")
    if in_use:
        raise refused
    done = total // 2
    try:
        with looking(target) as copy:
            for table in tables():
                for size in _compared(db, copy, table):
                    done += size if table.name != DERIVED else 0
                    progress(Step("comparing", done, total))
    except DatabaseError as error:
        raise refused from error


def unfinished(path: Path) -> Path:
    """Return the file that becomes the one at `path` once everything is in it."""
    return path.with_name(f"{path.name}-moving")


@contextmanager
def transaction_of(db: Connection) -> Generator[None]:
    """Commit what happens inside, or nothing of it."""
    if isinstance(db, sqlite3.Connection):
        with transaction(db):
            yield
    else:
        with db.connection.transaction():  # type: ignore[attr-defined]
            yield


def _copied(db: Connection, filled: Target, table: Table) -> Iterator[int]:
    """Copy what the target has not of a table; yield by how many rows it has grown, the first time in all."""
    key = ", ".join(table.key)
    falling = ", ".join(f"{one} DESC" for one in table.key)
    last = filled.db.execute(f"SELECT {key} FROM {table.name} ORDER BY {falling} LIMIT 1").fetchone()  # noqa: S608 - names of the schema
    yield count(filled.db, table.name)
    left = rows(db, table, last)
    while batch := list(islice(left, BATCH)):
        try:
            filled.put(table, batch)
        except Exception as error:
            if (told := _not_held(table, batch)) is not None:
                raise DatabaseError(f"{told}. Correct it in the source, then begin again") from error
            raise
        yield len(batch)


def _not_held(table: Table, batch: Sequence[tuple[Any, ...]]) -> str | None:
    """Return which row holds what not every database does, and where; None for none."""
    for row in batch:
        for column, value in zip(table.columns, row, strict=True):
            is_cut = isinstance(value, str) and "\0" in value
            if is_cut or (isinstance(value, float) and math.isnan(value)):
                what = "text with a NUL in it, which PostgreSQL" if is_cut else "not a number, which SQLite"
                return f"{_key_text(table, row)}: {column} is {what} does not hold"
    return None


def _key_text(table: Table, row: Sequence[Any]) -> str:
    return f"{table.name} {', '.join(str(row[table.columns.index(one)]) for one in table.key)}"


def _compared(db: Connection, copy: Connection, table: Table) -> Iterator[int]:
    """Compare a table row by row; yield how many were compared since. Raises `DatabaseError`."""
    for at, (mine, other) in enumerate(zip_longest(rows(db, table), rows(copy, table)), 1):
        if mine != other:
            name = _key_text(table, mine or other or ())
            what = "is not in the copy" if other is None else "was not there" if mine is None else "differs"
            raise DatabaseError(
                f"{name}: {what}; the source changed meanwhile. Remove the copy and begin anew"
            )
        if at % BATCH == 0:
            yield BATCH
    yield count(db, table.name) % BATCH


def _name(source: DatabaseAddress, db: Connection) -> str:
    """Return what tells a source from others: what is in the target comes from there."""
    first = db.execute("SELECT min(created_ms), count(*) FROM chats").fetchone()
    text = f"{source.absolute() if isinstance(source, Path) else source} {first[0]}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _last_number(db: Connection, table: Table) -> int:
    if not isinstance(db, sqlite3.Connection):
        return _server().last_number(db, table.name)
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", [table.name]).fetchone()
    return row[0] if row else 0


@contextmanager
def _alone(source: DatabaseAddress, *, in_use: bool) -> Generator[None]:
    """Keep bots off a source meanwhile. Raises `DatabaseError` where one is at work on it."""
    if in_use:
        yield
    elif isinstance(source, PostgresUrl):
        require_driver(source)
        _server().require_nobody(source)
        yield
    elif not source.exists():
        raise DatabaseError(f"{source}: there is no such database")
    else:
        with _claimed(source):
            yield


@contextmanager
def _claimed(path: Path) -> Generator[None]:
    """Keep bots and other moves off a file. Raises `DatabaseError` where one is at work on it."""
    claim = Claim(path)
    try:
        yield
    finally:
        claim.release()


@contextmanager
def _opened(target: DatabaseAddress, source: str) -> Generator[Target]:
    if isinstance(target, PostgresUrl):
        require_driver(target)
        with _server().filling(target, source) as filled:
            yield filled
        return
    with closing(_File(target, source)) as filled:
        yield filled


class _File:
    """A new SQLite file, which has its name only in the end."""

    def __init__(self, path: Path, source: str) -> None:
        self._path = path
        self._unfinished = unfinished(path)
        self._database = open_database(self._unfinished)
        self.db: sqlite3.Connection = self._database.conn
        with transaction(self.db):
            self.db.execute("CREATE TABLE IF NOT EXISTS _moving (source TEXT)")
            found = self.db.execute("SELECT source FROM _moving").fetchone()
            if found is None:
                self.db.execute("INSERT INTO _moving VALUES (?)", [source])
        if found not in {None, (source,)}:
            self.close()
            raise DatabaseError(f"{self._unfinished}: is left of a move from elsewhere; remove it")

    def put(self, table: Table, batch: Sequence[tuple[Any, ...]]) -> None:
        names, marks = ", ".join(f'"{one}"' for one in table.columns), ", ".join("?" * len(table.columns))
        with transaction(self.db):
            self.db.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", batch)  # noqa: S608 - names of the schema

    def finish(self) -> None:
        self.db.execute("DROP TABLE _moving")
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.execute("PRAGMA journal_mode = DELETE")
        self.close()
        self._unfinished.rename(self._path)

    def close(self) -> None:
        self._database.close()


def _server() -> ModuleType:
    return import_module("liqbot.store.postgres.plain")
