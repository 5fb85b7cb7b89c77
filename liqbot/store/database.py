"""Opening the database: the right file, of the right version, with the pragmas that keep its promises."""

import importlib.util
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import sqlite_utils
from sqlite_utils import Migrations

BUSY_MS = 10_000
"""How long to wait for another process that holds the write lock."""
_SET = "liqbot"


class DatabaseError(Exception):
    """The database cannot be used. The text names the file and says what to do."""


def open_database(path: Path) -> sqlite_utils.Database:
    """Open or create the database at `path` and bring it up to this version.

    WAL, synchronous FULL: what was committed survives a power cut. A database of a newer version is refused
    and left untouched. The connection may be used from any thread, by one at a time. Raises `DatabaseError`.
    """
    _refuse_newer(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000
        )
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        database = sqlite_utils.Database(connection)
        for migrations in _known():
            migrations.apply(database)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseError(f"{path}: cannot be opened as liqbot's database: {error}") from error
    return database


def open_reader(path: Path) -> sqlite3.Connection:
    """Open the database at `path` for reading beside its writer. Raises `DatabaseError`."""
    if not path.exists():
        raise DatabaseError(f"{path}: there is no database yet; `liqbot run` makes one")
    _refuse_newer(path)
    try:
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False, timeout=BUSY_MS / 1000
        )
    except sqlite3.Error as error:
        raise DatabaseError(f"{path}: cannot be read: {error}") from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Generator[sqlite3.Connection]:
    """Commit what happens inside as one, or nothing of it. The write lock is taken at the start."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _refuse_newer(path: Path) -> None:
    if not path.exists() or path.stat().st_size == 0:
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute(
                "SELECT name FROM _sqlite_migrations WHERE migration_set = ?", [_SET]
            ).fetchall()
    except sqlite3.DatabaseError as error:
        raise DatabaseError(f"{path}: is not a liqbot database: {error}") from error
    newer = sorted({name for (name,) in rows} - _known_names())
    if newer:
        raise DatabaseError(
            f"{path}: was written by a newer liqbot (it has {', '.join(newer)}). Nothing was changed; "
            "use that liqbot, or set LIQBOT_DATABASE to another file"
        )


@cache
def _known() -> tuple[Migrations, ...]:
    """Return the migrations of this version in their order."""
    return tuple(_load(file) for file in sorted(_folder().glob("[0-9]*.py")))


def _known_names() -> set[str]:
    empty = sqlite_utils.Database(memory=True)
    return {migration.name for migrations in _known() for migration in migrations.pending(empty)}


def _folder() -> Path:
    """Return where migrations lie: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


def _load(file: Path) -> Migrations:
    spec = importlib.util.spec_from_file_location(f"liqbot_migration_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise DatabaseError(f"{file}: cannot be loaded as a migration")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.migrations
