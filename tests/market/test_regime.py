import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.market.regime import Regime, ratio_of, regime_of

PUBLISHED = [
    pytest.param(0.48, 1.0, 0.48, Regime.LONG_LIQUIDATION, id="0.48 is a long-liquidation setup"),
    pytest.param(0.63, 1.0, 0.63, Regime.BALANCED, id="0.63 is balanced"),
    pytest.param(4.36, 1.0, 4.36, Regime.SHORT_SQUEEZE, id="4.36 is a short-squeeze setup"),
    pytest.param(0.91, 1.0, 0.91, Regime.BALANCED, id="0.91 is balanced"),
    pytest.param(2.08, 1.0, 2.08, Regime.SHORT_SQUEEZE, id="2.08 is a short-squeeze setup"),
    pytest.param(4.36e9, 2.68e9, 1.63, Regime.BALANCED, id="$4.36B up and $2.68B down is balanced"),
    pytest.param(
        0.0, 0.65e9, None, Regime.LONG_LIQUIDATION, id="0 up and $0.65B down has a direction, no ratio"
    ),
]


@pytest.mark.parametrize(("up_usd", "down_usd", "ratio", "regime"), PUBLISHED)
def test_a_published_reading_is_reproduced(up_usd, down_usd, ratio, regime):
    assert regime_of(up_usd, down_usd) is regime
    if ratio is None:
        assert ratio_of(up_usd, down_usd) is None
    else:
        assert ratio_of(up_usd, down_usd) == pytest.approx(ratio, abs=0.005)


def test_with_nothing_below_it_is_a_short_squeeze_setup_without_a_ratio():
    assert regime_of(1.0, 0.0) is Regime.SHORT_SQUEEZE
    assert ratio_of(1.0, 0.0) is None


def test_with_nothing_on_either_side_there_is_no_reading():
    assert regime_of(0.0, 0.0) is Regime.NO_READING
    assert ratio_of(0.0, 0.0) is None


@pytest.mark.parametrize(("up_usd", "down_usd"), [(2.0, 1.0), (1.0, 2.0)])
def test_exactly_two_to_one_is_still_balanced(up_usd, down_usd):
    assert regime_of(up_usd, down_usd) is Regime.BALANCED


def test_the_words_are_those_of_the_field():
    assert [regime.value for regime in Regime] == [
        "short-squeeze setup",
        "long-liquidation setup",
        "balanced",
        "no reading",
    ]


usd = st.floats(0.01, 1e12) | st.just(0.0)
MIRRORED = {
    Regime.SHORT_SQUEEZE: Regime.LONG_LIQUIDATION,
    Regime.LONG_LIQUIDATION: Regime.SHORT_SQUEEZE,
    Regime.BALANCED: Regime.BALANCED,
    Regime.NO_READING: Regime.NO_READING,
}


@given(usd, usd)
def test_swapping_the_sides_swaps_the_direction(up_usd, down_usd):
    assert regime_of(down_usd, up_usd) is MIRRORED[regime_of(up_usd, down_usd)]


@given(usd, usd, st.sampled_from([0.25, 4.0, 1024.0]))
def test_only_the_proportion_counts(up_usd, down_usd, factor):
    assert regime_of(up_usd * factor, down_usd * factor) is regime_of(up_usd, down_usd)
