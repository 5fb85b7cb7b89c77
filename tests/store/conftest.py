"""Databases of the tests' own. Whoever asks for `store` or `address` is asked of both kinds of database."""

import pytest
from databases import KINDS, makes_addresses
from markets import long, short, view_of


@pytest.fixture
def path(tmp_path):
    return tmp_path / "liqbot.db"


@pytest.fixture(scope="session")
def view():
    """Return a view of BTC with a cluster on each side."""
    return view_of(long("ann", 2, at=95), short("bob", 1, at=104), spot=100.0, time_ms=1000)


@pytest.fixture(scope="module", params=KINDS)
def new_address(request, tmp_path_factory):
    """Return what makes an address of a new database at each call, for tests with many examples."""
    return makes_addresses(request, tmp_path_factory)
