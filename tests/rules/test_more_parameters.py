"""Parameters that are whole numbers, words, and yes or no."""

from typing import Annotated

import pytest

from liqbot.plugin import Between, Help, Whole, Word, YesNo, rule
from liqbot.rules.parameters import Form, ParameterError


def counts(
    *, count: Annotated[Whole, Between(1, 9), Help("how many")] = 3, loud: YesNo = "no", tag: Word = ""
):
    """Nothing."""


FORM = Form.of(counts)


def parsed(**written):
    return FORM.parse(written)


@pytest.mark.parametrize("text", ["4", "4.0", " 4 ", "4x"])
def test_a_whole_number_is_an_int_for_the_function(text):
    value = FORM.own(parsed(count=text))["count"]
    assert (value, type(value)) == (4, int)


@pytest.mark.parametrize("text", ["2.5", "0", "10", "many", "", "nan"])
def test_what_is_none_is_refused_by_name(text):
    with pytest.raises(ParameterError, match="count must be"):
        parsed(count=text)


@pytest.mark.parametrize(
    ("text", "value"), [("yes", "yes"), ("ON", "yes"), ("true", "yes"), ("0", "no"), ("n", "no")]
)
def test_yes_and_no_are_understood_as_people_write_them(text, value):
    assert parsed(loud=text)["loud"] == value


def test_a_word_is_kept_as_it_is_and_none_is_empty():
    assert parsed(tag="My-Levels")["tag"] == "My-Levels"
    assert parsed(tag="none")["tag"] == ""


def test_all_of_them_are_written_and_read_back():
    values = parsed(count="7", loud="yes", tag="mine")
    assert FORM.restore(FORM.canonical(values)) == values
    assert FORM.show(values) == "count=7 loud=yes tag=mine"


def test_a_rule_gets_an_int_also_after_its_way_through_json():
    @rule("counting")
    def counting(view, *, count: Whole = 2):  # noqa: ARG001 - as every rule
        """It counts."""
        yield from range(count)

    assert counting.form.own(counting.form.restore('{"count": 5.0}'))["count"] == 5
    assert type(counting.form.own({"count": 5.0})["count"]) is int


def test_a_default_that_is_no_whole_number_is_refused_where_it_is_written():
    with pytest.raises(TypeError, match="whole number"):
        Form.of(_halves)


def _halves(*, count: Whole = 2.5):
    """Nothing."""
