"""What a source may say: columns that cannot be are refused where they are made."""

import pytest

from liqbot.market.updates import AccountRatioSeen, FundingSeen, OpenInterestSeen

SERIES = pytest.mark.parametrize("kind", [OpenInterestSeen, FundingSeen, AccountRatioSeen])


@SERIES
def test_a_series_is_as_new_as_its_last_instant(kind):
    assert kind.of("BTC", [1, 5], [0.1, 0.2]).time_ms == 5
    assert kind.of("BTC", [], []).time_ms == 0


@SERIES
def test_a_series_has_one_value_a_time(kind):
    with pytest.raises(ValueError, match="2 times do not go with 1"):
        kind.of("BTC", [1, 5], [0.1])


@SERIES
def test_the_times_of_a_series_must_rise(kind):
    with pytest.raises(ValueError, match="must rise"):
        kind.of("BTC", [5, 5], [0.1, 0.2])
