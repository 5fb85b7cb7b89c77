import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.rules.units import Unit, read_amount, show_amount

SPELLINGS = {
    Unit.PERCENT: {
        2.0: "2|2%|2 %| 2.0 |2pct|2 percent|2 Percent|+2|2e0|2.",
        2.5: "2.5|2.5%|0.25e1",
        0.5: ".5|0.5%",
        1000: "1,000%|1000",
    },
    Unit.USD: {
        5e6: "5000000|5,000,000|$5,000,000|5M|5m|$5M|5M$|5 M|$ 5 M|5mn|5mio|5 million|5 million dollars|5MUSD"
        "|5 mln usd|5M usdt|5m usdc|5e6|0.005bn",
        750e3: "750k|$750K|750 thousand|0.75m",
        1.5e9: "1.5B|1.5bn|1,500M|1.5 billion",
        2e12: "2T|2 trillion",
        4_100_000: "4.1M|4100k|4100000",
        93: "93|$93|93 dollars",
        0: "0|$0|0M",
    },
    Unit.SECONDS: {
        90: "90s|90 s|90sec|90 seconds|1m30s|1 min 30 s|1.5m|1.5 minutes",
        600: "10m|10min|10 mins|10 minutes|600s",
        3_600: "1h|1 hr|1 hour|60m",
        14_400: "4h|4H|4 hours",
        86_400: "1d|1 day|24h",
        1_209_600: "2w|2 weeks|14d",
        0: "0|0s",
    },
    Unit.RATIO: {0.2: "0.2|.2|2e-1", 3.0: "3|3x|3.0X", 0.0: "0|-0"},
    Unit.WHOLE: {3: "3|3x|3.0|+3", 0: "0|-0", 1_000_000: "1,000,000|1e6"},
}
NONSENSE = {
    Unit.PERCENT: "|%|two|2%%|2$|nan|inf|1e999|2,5|1,00|1 0|--2|2x|0x2|²",
    Unit.USD: "|$|M|5Q|5KM|1.2.3|five million|5 0 0|€5M|5 horses|1,5M",
    Unit.SECONDS: "|90|s|5ms|5 hs|-5m|1h-5m|10 parsecs|1e3s|h1|0parsecs|1,000s",
    Unit.RATIO: "|x|two|1/2|50%|.|+|e5",
    Unit.WHOLE: "|x|two|1/2|50%|3k|1 0|$3",
}
amounts = st.one_of(
    st.floats(0, 1e12),
    st.integers(0, 10**12).map(float),
    st.sampled_from([0.1, 1 / 3, 1e-7, 4.1e6, 1_234_567.0, 1_250_000.0, 5_400.0, 90.5, 86_399.0, 999_999.5]),
)


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        (unit, value, text)
        for unit in Unit
        for value in SPELLINGS[unit]
        for text in SPELLINGS[unit][value].split("|")
    ],
)
def test_an_amount_is_read_in_every_usual_spelling(unit, value, text):
    assert read_amount(text, unit) == value


@pytest.mark.parametrize(
    ("unit", "text"), [(unit, text) for unit in Unit for text in NONSENSE[unit].split("|")]
)
def test_what_may_mean_something_else_is_not_read_at_all(unit, text):
    assert read_amount(text, unit) is None


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        (Unit.PERCENT, 2.0, "2%"),
        (Unit.PERCENT, 2.5, "2.5%"),
        (Unit.PERCENT, 1e-7, "0.0000001%"),
        (Unit.USD, 5_000_000, "$5M"),
        (Unit.USD, 1_250_000, "$1.25M"),
        (Unit.USD, 1_234_567, "$1.234567M"),
        (Unit.USD, 750_000, "$750k"),
        (Unit.USD, 93.5, "$93.5"),
        (Unit.USD, 1e12, "$1T"),
        (Unit.USD, 0, "$0"),
        (Unit.SECONDS, 0, "0 s"),
        (Unit.SECONDS, 90, "1 min 30 s"),
        (Unit.SECONDS, 600, "10 min"),
        (Unit.SECONDS, 5_400, "1 h 30 min"),
        (Unit.SECONDS, 366 * 86_400, "366 d"),
        (Unit.SECONDS, 0.5, "0.5 s"),
        (Unit.RATIO, 0.2, "0.2"),
        (Unit.RATIO, 1e6, "1000000"),
        (Unit.SECONDS, 1e300, "1e+300"),
        (Unit.USD, -1e15, "-1e+15"),
    ],
)
def test_an_amount_is_written_in_full_and_in_the_unit_that_suits_it(unit, value, text):
    assert show_amount(value, unit) == text


@given(amounts, st.sampled_from(Unit))
def test_what_is_written_reads_as_the_very_same_number(value, unit):
    assert read_amount(show_amount(value, unit), unit) == value
    assert read_amount(show_amount(value, unit).replace(" ", ""), unit) == value


@given(st.text(), st.sampled_from(Unit))
def test_any_text_is_a_finite_number_or_none(text, unit):
    number = read_amount(text, unit)
    assert number is None or abs(number) < float("inf")


@given(st.integers(1, 9), st.sampled_from([" ", ",", ".", "9", "h", "1h", "$"]), st.sampled_from(Unit))
def test_a_very_long_text_is_refused_as_fast_as_a_short_one(first, piece, unit):
    read_amount(f"{first}{piece * 20_000}!", unit)
