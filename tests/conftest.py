"""What all tests share: how hypothesis looks for counter-examples, and who listens to what is logged."""

import gc
import os
import sqlite3
from contextlib import closing

import pytest
from databases import KINDS, address_of
from hypothesis import HealthCheck, settings
from listening import LISTENER, listen
from postgres_server import programs as postgres_programs
from postgres_server import running as running_postgres

from liqbot.store.maintenance import differences
from liqbot.store.opening import open_store
from liqbot.store.sqlite import database

settings.register_profile(
    "liqbot",
    deadline=None,  # numpy warms up on the first example
    max_examples=60,
    derandomize=True,  # whether a change lands must not depend on luck; `make soak` goes on searching
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "soak", settings.get_profile("liqbot"), derandomize=False, max_examples=2000, print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "liqbot"))


def pytest_collection_finish():
    """Take thousands of tests and what they import out of the searches for garbage."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter):
    """Print the tables that tests have recorded as the property `table`."""
    for report in terminalreporter.stats.get("passed", []):
        for name, text in getattr(report, "user_properties", ()):
            if name == "table":
                terminalreporter.write_line(f"\n{text}")


@pytest.hookimpl(tryfirst=True)  # before those are left out that are not asked for
def pytest_collection_modifyitems(items):
    """Mark what needs PostgreSQL: `make postgres` runs it."""
    for item in items:
        if "postgres_server" in item.fixturenames:
            item.add_marker(pytest.mark.postgres)


@pytest.fixture(scope="session", autouse=True)
def nothing_secret_is_logged():
    """No token and nobody's words may stand in any log line of the whole suite."""
    listen()
    yield
    assert not LISTENER.found


@pytest.fixture(scope="session", autouse=True)
def new_databases_are_copies():
    """Bring a new database up by copying one that the migrations have made: many tests begin with one."""
    bring_up = database.bring_up
    with closing(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)) as model:
        bring_up(database.MigratedDatabase(model))

        def copied(new):
            if new.conn.execute("SELECT 1 FROM sqlite_master").fetchone():
                bring_up(new)
            else:
                new.conn.execute("PRAGMA synchronous = OFF")  # there is nothing yet that could be lost
                model.backup(new.conn)
                new.conn.execute("PRAGMA synchronous = FULL")

        database.bring_up = copied
        yield
        database.bring_up = bring_up


@pytest.fixture(scope="session")
def postgres_server():
    """Give a PostgreSQL server of this run's own; without PostgreSQL's programs the test is skipped."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed; tests/store/postgres/postgresql.sh installs Debian's")
    with running_postgres(programs) as server:
        yield server


@pytest.fixture
def postgres(postgres_server):
    """Give the URL of a PostgreSQL database of the test's own, with an empty schema of this version."""
    url = postgres_server.make("liqbot_model")
    yield url
    postgres_server.drop(url)


@pytest.fixture(scope="session")
def postgres_to_be_emptied(postgres_server):
    """Give the URL of a database that tests have one after the other; none of them changes its schema."""
    url = postgres_server.make("liqbot_model")
    yield url
    postgres_server.empty(url)
    assert differences(url) == []
    postgres_server.drop(url)


@pytest.fixture
def emptied_postgres(postgres_server, postgres_to_be_emptied):
    """Give the URL of a PostgreSQL database with an empty schema of this version."""
    postgres_server.empty(postgres_to_be_emptied)
    return postgres_to_be_emptied


@pytest.fixture(params=KINDS)
def address(request, tmp_path):
    """Give where a new database is: whoever asks for it is asked of both kinds."""
    return address_of(request, tmp_path)


@pytest.fixture
async def store(address):
    """Give an empty store, of both kinds."""
    store = open_store(address)
    yield store
    await store.close()
