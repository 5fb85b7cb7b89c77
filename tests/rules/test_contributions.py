"""What a plugin may bring besides rules."""

import pytest
from markets import long, view_of

from liqbot.plugin import Coin, Message, Percent, Window, adapter, band, command, line, overlay, point, source
from liqbot.rules.parameters import Form, ParameterError

VIEW = view_of(long("ann", 2, at=95), spot=100)


@command("depth")
def depth(view, *, within: Percent = 2.0):
    """How much lies within `within`."""
    return Message(f"{view.coin} {within:g}")


def test_a_command_is_a_function_of_a_view_with_a_form():
    assert depth.answer(VIEW, depth.form.parse({"within": "3%"})) == Message("BTC 3")
    assert depth.text == ("How much lies within `within`.",)
    assert (depth.file, type(depth.line)) == (__file__, int)


def test_a_command_that_answers_with_anything_but_a_message_says_so():
    @command("odd")
    def odd(view):
        """It is odd."""
        return view.coin

    with pytest.raises(TypeError, match="it must return a Message, not 'BTC'"):
        odd.answer(VIEW, {})


def test_an_overlay_gives_marks_as_data():
    @overlay("round-numbers")
    def marks(view):
        """A line at spot, a band and a point."""
        yield line(view.spot, "spot")
        yield band(90, 95)
        yield point(view.time_ms, 100.0, "here")

    assert [mark.shape for mark in marks.marks(VIEW)] == ["line", "band", "point"]


def test_an_overlay_that_yields_anything_else_says_so():
    @overlay("odd")
    def odd(view):
        """It is odd."""
        return [view.spot]

    with pytest.raises(TypeError, match="it yielded 100, not a Mark"):
        odd.marks(VIEW)


@pytest.mark.parametrize("prices", [(0, 1), (2, 1), (1, float("inf")), (float("nan"), 1)])
def test_a_mark_lies_at_prices_that_there_are(prices):
    with pytest.raises(ValueError, match="a mark lies at prices above 0"):
        band(*prices)


@pytest.mark.parametrize("make", [command, overlay, source, adapter])
def test_each_needs_a_name_a_docstring_and_its_arguments(make):
    def silent(view):
        return view

    def greedy(view, more):
        """It wants more."""
        return view, more

    with pytest.raises(ValueError, match="name is lower-case letters, digits and hyphens"):
        make("Not A Name")
    with pytest.raises(TypeError, match="needs a docstring"):
        make("silent")(silent)
    with pytest.raises(TypeError, match="it must take"):
        make("greedy")(greedy)


def test_only_rules_and_commands_have_parameters():
    def formed(view, *, within: Percent = 1):
        """It has a form."""

    with pytest.raises(TypeError, match="overlay formed: it takes no parameters of its own"):
        overlay("formed")(formed)


def with_coin(view, *, coin: Coin = "", window: Window = "24h"):
    """It takes a coin."""


@pytest.mark.parametrize(
    ("written", "value"),
    [("eth", "ETH"), ("$BTC", "BTC"), ("kPEPE", "kPEPE"), ("any", ""), ("", ""), ("xyz:TSLA", "xyz:TSLA")],
)
def test_a_coin_is_a_name_or_left_open(written, value):
    assert Form.of(with_coin).parse({"coin": written})["coin"] == value


def test_what_is_no_coin_or_no_window_is_answered_with_what_is():
    form = Form.of(with_coin)
    with pytest.raises(ParameterError, match="coin must be a coin such as ETH, or any, not 'two words'"):
        form.parse({"coin": "two words"})
    with pytest.raises(ParameterError, match="window must be 12h, 24h, 3d, 7d or 30d, not '2h'"):
        form.parse({"window": "2h"})
    assert form.show(form.defaults()) == "coin=any window=24h"
    assert form.restore(form.canonical(form.parse({"coin": "eth"})))["coin"] == "ETH"
