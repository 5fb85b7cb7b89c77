"""Databases of both kinds, as tests look at them from behind."""

from contextlib import contextmanager

import pytest

from liqbot.store.opening import open_store
from liqbot.store.postgres.connections import Database
from liqbot.store.postgres.database import connect
from liqbot.store.sqlite.store import SqliteStore

KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
"""For a fixture's `params`: what asks for it runs on SQLite, and with `make postgres` on PostgreSQL too."""
ON_SQLITE = pytest.mark.parametrize("address", ["sqlite"], indirect=True)
"""For what is about SQLite alone."""


def address_of(request, folder):
    """Return where a new database is, for a fixture with `params=KINDS`."""
    return folder / "liqbot.db" if request.param == "sqlite" else request.getfixturevalue("postgres")


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


def look(store, statement):
    """Return the rows that a statement finds in a store."""
    with behind(store) as db:
        return db.execute(statement).fetchall()


def alter(store, statement):
    """Change what a store stands on."""
    with behind(store) as db:
        db.execute(statement)


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
