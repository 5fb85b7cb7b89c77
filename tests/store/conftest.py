"""Databases of the tests' own."""

import pytest
from markets import long, short, view_of

from liqbot.store.sqlite.store import SqliteStore


@pytest.fixture
def path(tmp_path):
    return tmp_path / "liqbot.db"


@pytest.fixture
async def store(path):
    store = SqliteStore(path)
    yield store
    await store.close()


@pytest.fixture(scope="session")
def view():
    """Return a view of BTC with a cluster on each side."""
    return view_of(long("ann", 2, at=95), short("bob", 1, at=104), spot=100.0, time_ms=1000)
