"""The accounts that are known, kept for the next start."""

import sqlite3
import threading

import pytest

from liqbot.store.accounts import Accounts, KnownAccount
from liqbot.store.database import SqlError
from liqbot.store.store import Store

ANN = KnownAccount("0xann", 1000, 2000, 2000, 5e6)
BOB = KnownAccount("0xbob", 1500, 0, 1500, 10.0)


@pytest.fixture
def accounts(path):
    accounts = Accounts(path, "hyperliquid")
    yield accounts
    accounts.close()


def test_what_is_saved_is_there_after_a_restart_the_largest_first(accounts, path):
    accounts.save([BOB, ANN])
    accounts.close()
    again = Accounts(path, "hyperliquid")
    assert again.load() == [ANN, BOB]
    again.close()


def test_an_account_is_kept_as_it_was_last_known_but_for_when_it_was_first_seen(accounts):
    accounts.save([ANN])
    accounts.save([ANN._replace(first_seen_ms=9000, polled_ms=9000, lively_ms=9000, notional_usd=1.0)])
    assert accounts.load() == [KnownAccount("0xann", 1000, 9000, 9000, 1.0)]


def test_what_is_forgotten_is_gone(accounts):
    accounts.save([ANN, BOB])
    accounts.forget([ANN.address, "0xnobody"])
    assert accounts.load() == [BOB]


def test_venues_do_not_mix(accounts, path):
    accounts.save([ANN])
    other = Accounts(path, "elsewhere")
    assert other.load() == []
    other.forget([ANN.address])
    other.close()
    assert accounts.load() == [ANN]


def test_a_save_is_whole_or_not_at_all(accounts):
    with pytest.raises(SqlError):
        accounts.save([ANN, BOB._replace(notional_usd="much")])
    assert accounts.load() == []


def test_it_works_beside_the_bots_own_connection_and_from_another_thread(store, path):
    assert isinstance(store, Store)
    accounts = Accounts(path, "hyperliquid")
    thread = threading.Thread(target=accounts.save, args=([ANN],))
    thread.start()
    thread.join()
    assert accounts.load() == [ANN]
    accounts.close()
    with pytest.raises(sqlite3.ProgrammingError):
        accounts.load()
