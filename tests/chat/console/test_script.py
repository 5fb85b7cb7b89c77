import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.app.tour import TOUR
from liqbot.chat.console.script import Move, Say, ScriptError, Type, WaitAlert, WaitMarket, parse_script

SCRIPT = """
# What this is about
  #   indented
#
/heatmap BTC 7d

move BTC -6 over 30m
move ETH +2.5% over 1h30m
wait alert
wait 2h
"""


def test_a_script_is_read_line_by_line():
    assert parse_script(SCRIPT) == [
        Say("What this is about"),
        Say("indented"),
        Say(""),
        Type("/heatmap BTC 7d"),
        Move("BTC", -6.0, 1_800.0),
        Move("ETH", 2.5, 5_400.0),
        WaitAlert(),
        WaitMarket(7_200.0),
    ]


def test_an_empty_script_has_no_steps():
    assert parse_script("") == parse_script("\n  \n") == []


STEPS = "not a step: write '# text', '/command', 'move COIN PERCENT over SPAN' or 'wait …'"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("heatmap BTC", STEPS),
        ("wait", STEPS),
        ("wait for it", STEPS),
        ("wait alert now", STEPS),
        ("move BTC", STEPS),
        ("move BTC -6 in 30m", STEPS),
        ("move BTC -6 over 30 m", STEPS),
        ("wait soon", "SPAN must be a span of time such as 90s, 10m, 4h or 1d, not 'soon'"),
        ("wait -2h", "SPAN must be a span of time such as 90s, 10m, 4h or 1d, not '-2h'"),
        ("wait 90", "SPAN must be a span of time such as 90s, 10m, 4h or 1d, not '90'"),
        ("move BTC -6 over 30", "SPAN must be a span of time such as 90s, 10m, 4h or 1d, not '30'"),
        ("move BTC much over 30m", "PERCENT must be a percentage such as 2 or 2.5%, not 'much'"),
        ("move BTC 1.2.3 over 30m", "PERCENT must be a percentage such as 2 or 2.5%, not '1.2.3'"),
        ("move BTC -100 over 30m", "PERCENT must be from -90% to 900%, not -100%"),
    ],
)
def test_a_line_that_makes_no_sense_is_named_with_its_number_and_the_reason(line, reason):
    with pytest.raises(ScriptError) as caught:
        parse_script(f"# first\n\n{line}\n/status\n")
    assert str(caught.value) == f"line 3: {line!r}: {reason}"


@given(st.text())
def test_any_text_is_a_script_or_a_script_error(text):
    try:
        parse_script(text)
    except ScriptError as error:
        assert str(error).startswith("line ")  # noqa: PT017 - either outcome is right


def test_the_tour_is_a_script():
    assert any(isinstance(step, WaitAlert) for step in parse_script(TOUR))
