import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.market import figures
from liqbot.text.figures import apart, gap, short_address, signed_usd


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "$0"),
        (93.4, "$93"),
        (999.4, "$999"),
        (999.6, "$1k"),
        (1_250, "$1.2k"),
        (750_000, "$750k"),
        (999_700, "$1M"),
        (15_840_000, "$15.8M"),
        (2.68e9, "$2.7B"),
        (1.5e12, "$1.5T"),
        (-15_840_000, "-$15.8M"),
    ],
)
def test_dollars_are_written_in_three_digits_and_a_letter(value, words):
    assert figures.usd(value) == words


@given(st.floats(1, 1e14))
def test_dollars_take_little_room(value):
    assert len(figures.usd(value)) <= len("$99.9M")


@pytest.mark.parametrize(
    ("value", "words"), [(62_031.4, "62,031"), (24.17, "24.17"), (1.5, "1.500"), (0.00002134, "0.00002134")]
)
def test_a_price_has_as_many_decimals_as_its_size_asks_for(value, words):
    assert figures.price(value) == words


@pytest.mark.parametrize(
    ("value", "words"), [(2, "2%"), (2.5, "2.5%"), (0.04, "0%"), (-0.04, "0%"), (-3.5, "−3.5%")]
)
def test_a_percentage_has_one_decimal_at_most(value, words):
    assert figures.percent(value) == words


@pytest.mark.parametrize(("value", "words"), [(4.94, "4.9%"), (0.06, "0.1%"), (0.04, "<0.1%"), (0, "0%")])
def test_a_distance_is_nothing_only_where_there_is_none(value, words):
    assert apart(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(3_050.4, "$3,050"), (900, "$900"), (24.17, "$24.2"), (4, "$4.00"), (0.0123, "$0.0123")],
)
def test_a_gap_between_prices_is_written_in_full(value, words):
    assert gap(value) == words


@pytest.mark.parametrize(("value", "words"), [(12_000, "+$12k"), (-340, "−$340"), (0.2, "$0")])
def test_a_gain_or_a_loss_has_its_sign(value, words):
    assert signed_usd(value) == words


def test_an_address_is_shortened_so_that_it_is_recognised():
    assert short_address(f"0x1234{'0' * 32}cdef") == "0x1234…cdef"
    assert short_address("0x12") == "0x12"


@pytest.mark.parametrize(("value", "words"), [(3.5, "+3.5%"), (-3.5, "−3.5%"), (0.01, "0%")])
def test_a_signed_percentage_says_which_way(value, words):
    assert figures.percent(value, signed=True) == words


@pytest.mark.parametrize(("value", "words"), [(0, "0%"), (0.004, "<1%"), (0.42, "42%"), (1, "100%")])
def test_a_share_is_a_whole_percentage_and_a_little_is_not_nothing(value, words):
    assert figures.share(value) == words


@pytest.mark.parametrize(
    ("value", "words"), [(None, "—"), (0.774, "0.77"), (12.34, "12.3"), (123.4, "123"), (5000, ">999")]
)
def test_a_ratio_is_short_and_none_is_a_dash(value, words):
    assert figures.ratio(value) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (40, "40 s"),
        (60, "1 min"),
        (240, "4 min"),
        (3600, "1 h"),
        (10_800, "3 h"),
        (86_400 * 12, "12 d"),
    ],
)
def test_a_span_of_time_has_one_unit(seconds, words):
    assert figures.duration(seconds) == words
