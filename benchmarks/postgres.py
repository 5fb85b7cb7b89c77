"""A PostgreSQL server for the benchmarks: the one that the tests start, with a disk that is waited for."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from liqbot.store.address import PostgresUrl

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # where the server of the tests is
from postgres_server import Server, programs, running

from benchmarks.measure import Row

WANTING = "not measured: PostgreSQL is not installed"


@contextmanager
def server() -> Generator[Server | None]:
    """Give a server of the benchmarks' own; None where PostgreSQL is not installed."""
    found = programs()
    if found is None:
        yield None
        return
    with running(found, settings=()) as started:
        yield started


@contextmanager
def database(on: Server, template: str = "liqbot_model") -> Generator[PostgresUrl]:
    """Give a new database like another one, and remove it."""
    url = on.make(template)
    try:
        yield url
    finally:
        on.drop(url)


def not_measured(what: str) -> Row:
    """Return the row of what could not be measured."""
    return Row(what, "", WANTING)
