import numpy as np
import pytest

from liqbot.market.candles import Candles
from liqbot.market.updates import CandlesSeen, OpenInterestSeen

MINUTE = 60_000


def candles(*, begin_ms=(0, MINUTE), **other):
    columns = {"open": [10, 11], "high": [12, 11], "low": [9, 10], "close": [11, 10.5], **other}
    return Candles.of(MINUTE, begin_ms, **columns)


def test_a_candle_ends_its_length_after_it_began():
    assert candles().end_ms.tolist() == [MINUTE, 2 * MINUTE]
    assert candles().until_ms == 2 * MINUTE
    assert CandlesSeen("BTC", candles()).time_ms == 2 * MINUTE


def test_without_candles_there_is_no_end():
    none = candles().take(slice(0, 0))
    assert len(none) == 0
    assert none.until_ms == 0


def test_a_venue_may_leave_candles_out():
    assert len(candles(begin_ms=[0, 5 * MINUTE])) == 2


def test_a_volume_that_is_not_told_is_unknown():
    assert np.isnan(candles().volume).all()
    assert candles(volume=[0, 3]).volume.tolist() == [0, 3]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"begin_ms": [0, MINUTE - 1]}, "follow each other and not overlap"),
        ({"begin_ms": [MINUTE, 0]}, "follow each other"),
        ({"low": [10.5, 10]}, "between its low and its high"),
        ({"high": [10.5, 11]}, "between its low and its high"),
        ({"close": [float("nan"), 10]}, "numbers above 0"),
        ({"low": [0, 10]}, "numbers above 0"),
        ({"open": [10]}, "differ in length"),
    ],
)
def test_candles_that_cannot_be_are_refused(wrong, reason):
    with pytest.raises(ValueError, match=reason):
        candles(**wrong)


def test_a_length_of_nothing_is_refused():
    with pytest.raises(ValueError, match="more than 0 ms"):
        Candles.of(0, [], open=[], high=[], low=[], close=[])


def test_open_interest_is_told_in_the_order_of_time():
    assert OpenInterestSeen.of("BTC", [1, 2], [5, 6]).time_ms == 2
    assert OpenInterestSeen.of("BTC", [], []).time_ms == 0
    with pytest.raises(ValueError, match="must rise"):
        OpenInterestSeen.of("BTC", [2, 2], [5, 6])
    with pytest.raises(ValueError, match="2 times do not go with 1"):
        OpenInterestSeen.of("BTC", [1, 2], [5])
