"""Who holds what, as told piece by piece."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markets import long, seen, short

from liqbot.engine.position_book import Book


def held(book: Book, *coins: str) -> dict[str, dict[str, float]]:
    """Return coins held by account, by coin."""
    return {
        coin: {
            book.names[account]: size
            for account, size in zip(
                book.positions(coin).account.tolist(), book.positions(coin).size.tolist(), strict=True
            )
        }
        for coin in coins or ("BTC",)
    }


def book_of(*updates) -> Book:
    book = Book()
    for update in updates:
        book.see(update)
    return book


def test_an_account_that_was_not_looked_at_keeps_its_positions():
    book = book_of(seen(long("ann", 1), short("bob", 2)), seen(long("ann", 3), time_ms=1))
    assert held(book) == {"BTC": {"ann": 3, "bob": -2}}


def test_an_account_that_was_looked_at_and_holds_a_coin_no_more_has_closed_it():
    book = book_of(
        seen(long("ann", 1, coin="BTC"), long("ann", 1, coin="ETH")),
        seen(long("ann", 1, coin="ETH"), time_ms=1),
    )
    assert held(book, "BTC", "ETH") == {"BTC": {}, "ETH": {"ann": 1}}
    assert book.coins() == ["ETH"]


def test_an_account_that_was_looked_at_and_holds_nothing_has_closed_all():
    book = book_of(
        seen(long("ann", 1), long("ann", 1, coin="ETH"), short("bob", 1)), seen(flat=("ann",), time_ms=1)
    )
    assert held(book, "BTC", "ETH") == {"BTC": {"bob": -1}, "ETH": {}}


def test_nobody_holds_a_coin_that_was_never_heard_of():
    assert len(Book().positions("BTC")) == 0
    assert Book().coins() == []


def test_what_is_older_than_what_is_known_of_an_account_is_ignored_and_counted():
    book = book_of(seen(long("ann", 1), time_ms=5), seen(long("ann", 9), long("bob", 1), time_ms=4))
    assert held(book) == {"BTC": {"ann": 1, "bob": 1}}
    assert book.rejected == {"older than what is known": 1}


def test_of_two_answers_of_one_instant_the_later_counts():
    book = book_of(seen(long("ann", 1), time_ms=5), seen(long("ann", 2), time_ms=5))
    assert held(book) == {"BTC": {"ann": 2}}


def test_when_a_position_was_seen_is_kept():
    book = book_of(seen(long("ann", 1), short("bob", 1)), seen(long("ann", 1), time_ms=7))
    positions = book.positions("BTC")
    seen_ms = {
        book.names[account]: at
        for account, at in zip(positions.account.tolist(), positions.seen_ms.tolist(), strict=True)
    }
    assert seen_ms == {"ann": 7, "bob": 0}


@pytest.mark.parametrize("size", [math.nan, math.inf, -math.inf, 0.0])
def test_a_size_that_is_none_is_refused_and_counted(size):
    book = book_of(seen(long("ann", size), long("bob", 1)))
    assert held(book) == {"BTC": {"bob": 1}}
    assert book.rejected == {"size is zero or not a number": 1}


@pytest.mark.parametrize("entry", [math.nan, math.inf, 0.0, -5.0])
def test_an_entry_price_that_is_none_is_refused_and_counted(entry):
    book = book_of(seen(long("ann", 1, entry=entry), long("bob", 1)))
    assert held(book) == {"BTC": {"bob": 1}}
    assert book.rejected == {"entry price is not a number above 0": 1}


@pytest.mark.parametrize("level", [None, math.inf, 0.0, -5.0])
def test_a_liquidation_price_that_is_none_is_no_reason_to_refuse_a_position(level):
    book = book_of(seen(long("ann", 1, at=level)))
    assert math.isnan(book.positions("BTC").liquidation[0])
    assert not book.rejected


def test_of_a_position_that_is_told_twice_the_last_word_counts():
    book = book_of(seen(long("ann", 1), short("bob", 1), long("ann", 2)))
    assert held(book) == {"BTC": {"ann": 2, "bob": -1}}
    assert book.rejected == {"account and coin twice in one update": 1}


def test_a_name_that_is_listed_twice_is_one_account_and_one_coin():
    update = dataclasses.replace(
        seen(long("ann", 1), long("bob", 2), long("cid", 3, coin="ETH"), long("cid", 4)),
        accounts=("ann", "ann", "cid"),
        coins=("BTC", "BTC"),
    )
    book = book_of(update)
    assert held(book) == {"BTC": {"ann": 2, "cid": 4}}
    assert book.rejected == {"account and coin twice in one update": 2}


def test_positions_that_were_not_seen_for_long_are_dropped():
    book = book_of(seen(long("ann", 1)), seen(long("bob", 1), time_ms=5))
    book.forget_before(5)
    assert held(book) == {"BTC": {"bob": 1}}


def test_an_account_that_was_dropped_can_be_seen_again():
    book = book_of(seen(long("ann", 1)))
    book.forget_before(5)
    book.see(seen(long("ann", 2), time_ms=6))
    assert held(book) == {"BTC": {"ann": 2}}


def test_an_account_keeps_its_number():
    book = book_of(seen(long("ann", 1), long("bob", 1)))
    numbers = [book.number(name) for name in ("ann", "bob", "cid")]
    book.see(seen(long("dan", 1), long("bob", 1), time_ms=1))
    assert len(book.positions("BTC")) == 3
    assert [book.number(name) for name in ("ann", "bob", "cid")] == numbers
    assert [book.names[number] for number in numbers] == ["ann", "bob", "cid"]


def test_only_accounts_that_a_source_has_told_of_were_seen():
    book = Book()
    remembered = book.number("ann")
    assert book.have_been_seen(np.array([remembered]), 0).tolist() == [False]
    book.see(seen(flat=("ann",)))
    assert book.have_been_seen(np.array([book.number("bob"), remembered]), 0).tolist() == [False, True]


def test_the_generation_tells_when_positions_may_have_changed():
    book = book_of(seen(long("ann", 1)))
    book.positions("BTC")
    before = book.generation
    book.positions("BTC")
    book.forget_before(0)
    assert book.generation == before
    book.see(seen(long("ann", 1), time_ms=1))
    book.positions("BTC")
    assert book.generation > before


rows = st.lists(
    st.builds(
        lambda account, size, coin, level: (long if size > 0 else short)(
            account, abs(size), level, coin=coin
        ),
        st.sampled_from("abcd"),
        st.sampled_from([1.0, -2.0, 3.0, 0.0, math.nan]),
        st.sampled_from(["BTC", "ETH"]),
        st.sampled_from([90.0, None]),
    ),
    max_size=6,
)
updates = st.lists(
    st.builds(
        lambda some, time_ms, flat: seen(*some, time_ms=time_ms, flat=tuple(flat)),
        rows,
        st.integers(0, 5),
        st.sets(st.sampled_from("abcd"), max_size=2),
    ),
    max_size=8,
)


@given(updates, st.data())
def test_many_updates_at_once_are_the_same_as_one_after_the_other(told, data):
    at_once, one_by_one = Book(), Book()
    for update in told:
        at_once.see(update)
        one_by_one.see(update)
        if data.draw(st.booleans()):
            one_by_one.positions("BTC")
    for coin in ("BTC", "ETH"):
        one, other = at_once.positions(coin), one_by_one.positions(coin)
        for field in dataclasses.fields(one):
            assert np.array_equal(
                getattr(one, field.name), getattr(other, field.name), equal_nan=field.name != "margin_mode"
            )
    assert at_once.rejected == one_by_one.rejected


@given(updates)
def test_an_account_never_has_two_positions_in_a_coin(told):
    book = book_of(*told)
    for coin in ("BTC", "ETH"):
        account = book.positions(coin).account.tolist()
        assert len(account) == len(set(account))


def test_a_book_does_not_put_off_its_work_without_end():
    book = Book()
    for time_ms in range(10_000):
        book.see(seen(long("ann", 1), time_ms=time_ms))
    assert len(book._waiting) < 5_000


def without(update, *pairs):
    """Return `update`, which says nothing of what some accounts have in some coins."""
    coins = tuple(dict.fromkeys([*update.coins, *(coin for _, coin in pairs)]))
    kept = [(update.accounts.index(account), coins.index(coin)) for account, coin in pairs]
    return dataclasses.replace(update, coins=coins, kept=np.array(kept, dtype=np.int64))


def test_a_position_of_which_a_look_says_nothing_stands_as_old_as_it_was():
    book = book_of(
        seen(long("ann", 1), long("ann", 5, coin="ETH"), short("bob", 1, coin="ETH"), time_ms=1),
        without(seen(long("ann", 2), flat=("bob",), time_ms=9), ("ann", "ETH")),
    )
    assert held(book, "BTC", "ETH") == {"BTC": {"ann": 2}, "ETH": {"ann": 5}}
    assert book.positions("ETH").seen_ms.tolist() == [1]


def test_it_stands_though_it_came_in_the_update_just_before():
    book = Book()
    book.see(seen(long("ann", 5, coin="ETH"), time_ms=1))
    book.see(without(seen(long("ann", 2), time_ms=2), ("ann", "ETH")))
    book.see(without(seen(long("ann", 3), time_ms=3), ("ann", "ETH")))
    assert held(book, "BTC", "ETH") == {"BTC": {"ann": 3}, "ETH": {"ann": 5}}


def test_what_is_told_of_such_a_position_all_the_same_counts():
    book = book_of(
        seen(long("ann", 5, coin="ETH"), time_ms=1),
        without(seen(long("ann", 7, coin="ETH"), time_ms=2), ("ann", "ETH")),
        without(seen(flat=("ann",), time_ms=3), ("ann", "SOL")),
    )
    assert held(book, "ETH") == {"ETH": {}}
