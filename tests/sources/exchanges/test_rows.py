"""The rows of history: possible, each once, in the order of time."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.sources.exchanges.rows import (
    HOUR_MS,
    PERIOD_MS,
    Candle,
    OpenInterest,
    Sieve,
    interval_h,
)
from liqbot.sources.exchanges.windows import windows

ANYTHING = st.floats(allow_nan=True, allow_infinity=True)


@given(
    st.lists(
        st.builds(Candle, st.integers(0, 40).map(lambda n: n * 60_000), *[ANYTHING] * 4, ANYTHING),
        max_size=30,
    )
)
def test_whatever_comes_in_what_comes_out_makes_candles(rows):
    sieve = Sieve()
    kept = sieve.candles(rows, 0, 40 * 60_000)
    begins = [row.begin_ms for row in kept]
    assert begins == sorted(set(begins))
    assert all(row.low <= min(row[1:5]) and row.high >= max(row[1:5]) and row.low > 0 for row in kept)
    assert len({*kept} - {*rows}) == 0


@given(st.lists(st.builds(OpenInterest, st.integers(0, 50), ANYTHING), max_size=30))
def test_open_interest_is_above_0_and_its_times_rise(rows):
    sieve = Sieve()
    kept = sieve.open_interest(rows, 5, 45)
    assert all(0 < row.coins < 1e15 and 5 <= row.time_ms <= 45 for row in kept)
    assert [row.time_ms for row in kept] == sorted({row.time_ms for row in kept})
    assert sieve.refused.total() == sum(not 0 < row.coins < 1e15 for row in rows)


def test_of_a_row_that_comes_twice_the_later_word_counts():
    assert Sieve().open_interest([OpenInterest(1, 5.0), OpenInterest(1, 6.0)], 0, 9) == [OpenInterest(1, 6.0)]


def test_a_candle_between_two_periods_is_none():
    sieve = Sieve()
    assert sieve.candles([Candle(1, 1, 1, 1, 1, 1)], 0, 10 * PERIOD_MS) == []
    assert sieve.refused == {"a candle does not begin with a period": 1}


@pytest.mark.parametrize("hours", [1, 4, 8])
def test_the_interval_of_funding_is_that_between_the_last_two_payments_give_or_take_some_ms(hours):
    times = [place * hours * HOUR_MS + 7 * place for place in range(4)]
    assert interval_h(times) == hours


def test_a_payment_that_is_missing_does_not_make_funding_look_cheap():
    assert interval_h([0, 8 * HOUR_MS, 24 * HOUR_MS]) == 8
    assert interval_h([0]) == 8


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(10**4, 10**6))
def test_windows_cover_a_span_once(first, last, length):
    found = list(windows(first, last, length))
    assert all(0 <= end - begin < length for begin, end in found)
    if first <= last:
        assert found[0][0] == first
        assert found[-1][1] == last
        assert all(early[1] + 1 == late[0] for early, late in pairwise(found))
    else:
        assert found == []
