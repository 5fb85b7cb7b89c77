"""Databases of both kinds, as tests look at them from behind."""

from contextlib import contextmanager

import pytest

from liqbot.store.opening import open_store
from liqbot.store.postgres.connections import Database
from liqbot.store.postgres.database import connect
from liqbot.store.sqlite.store import SqliteStore
from liqbot.store.tables import looking, rows, tables

KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
"""For a fixture's `params`: what asks for it runs on SQLite, and with `make postgres` on PostgreSQL too."""
ON_BOTH = pytest.mark.parametrize("address", KINDS, indirect=True)
"""Where a database is one of SQLite unless a test asks for both kinds."""
ON_SQLITE = pytest.mark.parametrize("address", ["sqlite"], indirect=True)
"""For what is about SQLite alone."""


def address_of(request, folder):
    """Return where a new database is: of SQLite where neither a fixture nor a test names a kind."""
    kind = getattr(request, "param", "sqlite")
    return folder / "liqbot.db" if kind == "sqlite" else request.getfixturevalue("emptied_postgres")


@contextmanager
def opened(address, **options):
    """Give the store at an address."""
    store = open_store(address, **options)
    try:
        yield store
    finally:
        store.close_now()


@contextmanager
def behind(store):
    """Give a connection to what a store stands on, while nothing is asked of the store."""
    if isinstance(store, SqliteStore):
        yield store._db
        return
    connection = connect(store.address)
    try:
        yield Database(connection)
    finally:
        connection.close()


def look(store, statement, values=()):
    """Return the rows that a statement finds in a store."""
    with behind(store) as db:
        return db.execute(statement, values).fetchall()


def all_written(store):
    """Return all bytes of a store's files, which are closed by that, or of its rows."""
    if isinstance(store, SqliteStore):
        store.close_now()
        files = store.path.parent.glob(f"{store.path.name}*")
        return b"".join(file.read_bytes() for file in files)
    with behind(store) as db:
        names = db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        found = [row for (name,) in names for row in db.execute(f"SELECT * FROM {name}")]  # noqa: S608 - a schema's name
    return b"\n".join(one if isinstance(one, bytes) else str(one).encode() for row in found for one in row)


def contents(address):
    """Return all rows of the database at an address, by table."""
    with looking(address) as db:
        return {table.name: list(rows(db, table)) for table in tables()}


def alter(store, statement, values=()):
    """Change what a store stands on."""
    with behind(store) as db:
        db.execute(statement, values)


def faster(store):
    """Let a test write much: what survives a power cut is not its subject."""
    if isinstance(store, SqliteStore):
        store._db.execute("PRAGMA synchronous = OFF")
    return store


def makes_addresses(request, tmp_path_factory):
    """Return what makes an address of a new database at each call, for a fixture with `params=KINDS`."""
    if request.param == "sqlite":
        return lambda: tmp_path_factory.mktemp("database") / "liqbot.db"
    server = request.getfixturevalue("postgres_server")
    return lambda: server.make("liqbot_model")
