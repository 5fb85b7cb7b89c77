"""Opening the database: the right file, of the right version, with the pragmas that keep its promises."""

import contextlib
import fcntl
import importlib.util
import os
import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import sqlite_utils
from sqlite_utils import Migrations

from liqbot.store.errors import DatabaseError

BUSY_MS = 10_000
"""How long to wait for another process that holds the write lock."""
BUSY_AT_WORK_MS = 200
"""The same for a bot at work: it has better things to do, and comes back to what could not be written."""
PAGES = 1_000
"""How many pages a backup copies at a time: between them, the bot may write."""
UNFINISHED = "-unfinished"
"""What stands behind the name of a backup until it is whole."""
OWNER_ONLY = 0o600
"""The mode of what is made: it holds what people subscribe to."""
_SET = "liqbot"


def open_database(path: Path) -> sqlite_utils.Database:
    """Open or create the database at `path` and bring it up to this version.

    WAL, synchronous FULL: what was committed survives a power cut. A database of a newer version, or of
    another program, is refused and left untouched. The connection may be used from any thread, by one at a
    time. Raises `DatabaseError`.
    """
    _applied(path)
    if _half_restored(path).exists() and not path.exists():
        raise DatabaseError(
            f"{path}: a backup was being put in its place when that was cut off. Nothing was changed; "
            f"`liqbot db restore` does it again, and what was there before is kept as {path.name}.before-…"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for_owner_only(path)
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000
        )
    except (OSError, sqlite3.Error) as error:
        raise DatabaseError(f"{path}: cannot be opened as liqbot's database: {error}") from error
    try:
        (journal,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if journal != "wal":
            raise sqlite3.OperationalError("its file system cannot keep a write-ahead log")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # who is forgotten leaves no bytes
        database = MigratedDatabase(connection)
        bring_up(database)
        connection.execute(f"PRAGMA busy_timeout = {BUSY_AT_WORK_MS}")
    except sqlite3.Error as error:
        connection.close()
        raise _unusable(path, error, "cannot be opened as liqbot's database") from error
    return database


def bring_up(database: sqlite_utils.Database) -> None:
    """Apply the migrations that `database` has not had. Raises what SQLite raises."""
    for migrations in _known():
        migrations.apply(database)


def open_reader(path: Path) -> sqlite3.Connection:
    """Open the database at `path` for reading beside its writer. Raises `DatabaseError`."""
    if not _is_there(path):
        raise DatabaseError(f"{path}: there is no database yet; `liqbot run` makes one")
    if _applied(path) < _known_names():
        raise DatabaseError(f"{path}: is not of this version yet; `liqbot run` brings it up to date")
    try:
        return sqlite3.connect(
            _uri_for_reading(path), uri=True, check_same_thread=False, timeout=BUSY_MS / 1000
        )
    except sqlite3.Error as error:
        raise DatabaseError(f"{path}: cannot be read: {error}") from error


def damage(path: Path, *, thorough: bool = False) -> str | None:
    """Return what is wrong with the database at `path`; None where all is well.

    `thorough` also compares indexes with their tables, and what refers to what, which takes longer. Raises
    `DatabaseError` where it cannot be read at all.
    """
    with closing(open_reader(path)) as connection:
        try:
            check = "integrity_check" if thorough else "quick_check"
            (found,) = connection.execute(f"PRAGMA {check}").fetchone()
            if thorough and found == "ok" and connection.execute("PRAGMA foreign_key_check").fetchone():
                return "rows refer to others that are not there"
        except sqlite3.DatabaseError as error:
            return str(error)
    return None if found == "ok" else found


def back_up(path: Path, copy: Path, progress: Callable[[int, int], None]) -> None:
    """Copy the database at `path`, which may be in use, to the new file `copy`.

    `progress` hears how many pages of how many are done. The copy has its name only once it is whole: what
    is killed amid it leaves a file that nobody takes for a backup, and the next one begins anew. Raises
    `DatabaseError`.
    """
    if copy.exists():
        raise DatabaseError(f"{copy}: is there already; a backup overwrites nothing")
    unfinished = copy.with_name(f"{copy.name}{UNFINISHED}")
    left_behind = unfinished, copy.with_name(f"{unfinished.name}-journal")
    with closing(open_reader(path)) as connection:
        try:
            for file in left_behind:
                file.unlink(missing_ok=True)
            for_owner_only(unfinished)
            with closing(sqlite3.connect(unfinished)) as target:
                connection.backup(
                    target, pages=PAGES, progress=lambda _, left, total: progress(total - left, total)
                )
            unfinished.rename(copy)
        except (OSError, sqlite3.Error) as error:
            unfinished.unlink(missing_ok=True)
            raise DatabaseError(f"{copy}: could not be written: {error}") from error


def restore(copy: Path, path: Path, aside: Path) -> None:
    """Put the database `copy` in the place of the one at `path`, which is kept as `aside`.

    The copy is read whole before: a damaged one, one of another program or of a newer liqbot is refused, and
    nothing is changed. Raises `DatabaseError`, also where a bot is at work on `path`.
    """
    if not _is_there(copy):
        raise DatabaseError(f"{copy}: there is no such backup")
    if not _applied(copy):
        raise DatabaseError(f"{copy}: is not a liqbot database")
    claim = Claim(path)
    try:
        with closing(sqlite3.connect(_uri_for_reading(copy), uri=True)) as source:
            found = source.execute("PRAGMA integrity_check").fetchone()[0]
            if found != "ok":
                raise DatabaseError(f"{copy} is damaged: {found}. Nothing was changed")
            new = _half_restored(path)
            new.unlink(missing_ok=True)
            for_owner_only(new)
            with closing(sqlite3.connect(new)) as target:
                source.backup(target)
        _put_aside(path, aside)
        new.rename(path)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseError(f"{path}: could not be restored: {error}") from error
    finally:
        claim.release()


def _put_aside(path: Path, aside: Path) -> None:
    """Give the files of a database another name, the log first: it must never be read into another one."""
    if path.exists():
        with contextlib.suppress(sqlite3.Error), closing(sqlite3.connect(path)) as old:  # it may be damaged
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for suffix in ("-wal", "-shm", ""):
        old_file = path.with_name(f"{path.name}{suffix}")
        if old_file.exists():
            old_file.rename(aside.with_name(f"{aside.name}{suffix}"))


def _half_restored(path: Path) -> Path:
    """Return where a backup lies while it is being put in the place of `path`."""
    return path.with_name(f"{path.name}-restoring")


def for_owner_only(path: Path) -> None:
    """Make an empty file that nobody else may read, where there is none. Raises `OSError`."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))


class MigratedDatabase(sqlite_utils.Database):
    """A database whose migrations are a transaction each: one that is cut short leaves nothing behind."""

    def executescript(self, sql: str) -> sqlite3.Cursor:
        """Execute one statement after the other; SQLite's own way would commit amid a migration."""
        cursor = self.conn.cursor()
        statement = ""
        for piece in sql.split(";")[:-1]:
            statement += f"{piece};"
            if sqlite3.complete_statement(statement):
                cursor.execute(statement)
                statement = ""
        return cursor


class Claim:
    """The right to be the one bot on a database: two would send every alert twice."""

    def __init__(self, path: Path) -> None:
        """Take it. Raises `DatabaseError` where another bot has it."""
        self._path = path.with_name(f"{path.name}-lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: int | None = os.open(self._path, os.O_CREAT | os.O_RDWR, OWNER_ONLY)
        except OSError as error:
            raise DatabaseError(f"{path}: cannot be opened as liqbot's database: {error.strerror}") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_ours = self._path.exists() and os.path.samestat(os.fstat(self._file), self._path.stat())
        except OSError:
            is_ours = False
        if not is_ours:  # locked, or removed by one that has just left
            os.close(self._file)
            raise DatabaseError(f"{path}: another liqbot is at work on it; stop that one first")

    def release(self) -> None:
        """Give it up."""
        if self._file is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = None


@contextmanager
def transaction(connection: sqlite3.Connection) -> Generator[sqlite3.Connection]:
    """Commit what happens inside as one, or nothing of it. The write lock is taken at the start."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _applied(path: Path) -> set[str]:
    """Return the names of the migrations that the database has had: none where it is still to be made.

    Raises `DatabaseError` for one of a newer version or of another program; it is not touched by the look.
    """
    if not _is_there(path):
        return set()
    try:
        with closing(sqlite3.connect(_uri_for_reading(path), uri=True)) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            tables = {name for (name,) in rows}
            names = _names(connection) if Migrations.migrations_table in tables else set[str]()
    except sqlite3.Error as error:
        raise _unusable(path, error, "is not a liqbot database") from error
    if not names and tables - {Migrations.migrations_table}:
        raise DatabaseError(f"{path}: is the database of another program. Nothing was changed")
    newer = sorted(names - _known_names())
    if newer:
        raise DatabaseError(
            f"{path}: was written by a newer liqbot (it has {', '.join(newer)}). Nothing was changed; "
            "use that liqbot, or set LIQBOT_DATABASE to another file"
        )
    return names


def _unusable(path: Path, error: sqlite3.Error, otherwise: str) -> DatabaseError:
    """Return what to tell of an error: that the file is damaged, or `otherwise`."""
    while str(error).startswith("cannot rollback") and isinstance(error.__context__, sqlite3.Error):
        error = error.__context__  # SQLite had taken everything back itself, such as on a full disk
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest of it says where in the file
    return DatabaseError(
        f"{path} is damaged: {error}. Put a backup in its place"
        if code == sqlite3.SQLITE_CORRUPT
        else f"{path}: {otherwise}: {error}"
    )


def _is_there(path: Path) -> bool:
    try:
        return path.exists() and path.stat().st_size > 0
    except OSError as error:
        raise DatabaseError(f"{path}: cannot be read: {error.strerror}") from None


def _names(connection: sqlite3.Connection) -> set[str]:
    rows = connection.execute(
        f"SELECT name FROM {Migrations.migrations_table} WHERE migration_set = ?",  # noqa: S608 - a constant
        [_SET],
    )
    return {name for (name,) in rows}


def _uri_for_reading(path: Path) -> str:
    """Return the address under which SQLite reads `path` and leaves nothing behind.

    Where there is no log, nobody has the database open: it is read as it lies, also in a folder that cannot
    be written to. Otherwise SQLite would make a log of its own, and a reader could not remove it.
    """
    is_open = path.with_name(f"{path.name}-wal").exists()
    return f"{path.absolute().as_uri()}?{'mode=ro' if is_open else 'immutable=1'}"


def known_migrations() -> Iterator[tuple[str, Callable[[sqlite_utils.Database], None]]]:
    """Yield the migrations of this version in their order: the name of each, and what it does."""
    with closing(sqlite_utils.Database(memory=True)) as empty:
        for known in _known():
            yield from ((one.name, one.fn) for one in known.pending(empty))


@cache
def _known() -> tuple[Migrations, ...]:
    """Return the migrations of this version in their order."""
    return tuple(_load(file) for file in sorted(_folder().glob("[0-9]*.py")))


@cache
def _known_names() -> frozenset[str]:
    return frozenset(name for name, _ in known_migrations())


def _folder() -> Path:
    """Return where migrations lie: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).parents[2]
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


def _load(file: Path) -> Migrations:
    spec = importlib.util.spec_from_file_location(f"liqbot_migration_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise DatabaseError(f"{file}: cannot be loaded as a migration")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.migrations
