import json
import re
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.rules.parameters import (
    Between,
    Duration,
    Form,
    Help,
    Parameter,
    ParameterError,
    Percent,
    Ratio,
    SideChoice,
    Usd,
)
from liqbot.rules.units import Unit


def rule_function(
    view,
    *,
    within: Annotated[Percent, Between(0.1, 50), Help("how near")] = 2,
    at_least: Usd = 5_000_000,
    confirm: Duration = 600,
    band: Ratio = 0.2,
    factor: float = 1,
    side: SideChoice = "either",
    depth: Literal["0%", "5%"] = "0%",
):
    """All kinds of parameters."""


FORM = Form.of(rule_function)
texts = st.one_of(
    st.text(),
    st.from_regex(r"[0-9]{1,400}[a-z%]?", fullmatch=True),
    st.from_regex(r"[-+$]?[0-9.,e]{0,8} ?[a-zA-Z%]{0,6}", fullmatch=True),
)


def form_of(hint, default) -> Form:
    def function(*, value=default): ...

    function.__annotations__ = {} if hint is None else {"value": hint}
    return Form.of(function)


def without_default() -> Form:
    def function(*, value: Percent): ...

    return Form.of(function)


def refusal(**written) -> str:
    with pytest.raises(ParameterError) as caught:
        FORM.parse(written)
    return str(caught.value)


def test_a_form_has_the_keyword_only_arguments_in_their_order_with_units_bounds_help_and_defaults():
    assert [parameter.name for parameter in FORM.parameters] == [
        *("within", "at_least", "confirm", "band", "factor", "side", "depth")
    ]
    within, at_least, confirm, band, factor, side, depth = FORM.parameters
    assert (within.unit, within.bounds, within.help) == (Unit.PERCENT, Between(0.1, 50), "how near")
    assert [parameter.unit for parameter in (at_least, confirm)] == [Unit.USD, Unit.SECONDS]
    assert [parameter.unit for parameter in (band, factor)] == [Unit.RATIO, Unit.RATIO]
    assert (side.choices, depth.choices) == (("either", "long", "short"), ("0%", "5%"))
    numbers = {"within": 2.0, "at_least": 5e6, "confirm": 600.0, "band": 0.2, "factor": 1.0}
    assert FORM.defaults() == numbers | {"side": "either", "depth": "0%"}
    assert isinstance(within.default, float), "a rule always gets floats"


def test_what_is_not_written_has_its_default():
    assert FORM.parse({}) == FORM.defaults()
    assert FORM.parse({"within": "3"}) == FORM.defaults() | {"within": 3.0}


def test_names_are_found_in_any_case_and_with_hyphens():
    assert FORM.parse({"AT-least": "1M"})["at_least"] == 1e6


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *((text, "long") for text in ("long", "Long", "LONGS", " longs ")),
        *((text, "either") for text in ("either", "EITHER")),
    ],
)
def test_a_choice_is_found_in_any_case_singular_or_plural(written, value):
    assert FORM.parse({"side": written})["side"] == value


@pytest.mark.parametrize("written", ["5%", "5", " 5 % ", "5 %"])
def test_a_choice_of_percentages_needs_no_sign(written):
    assert FORM.parse({"depth": written})["depth"] == "5%"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"within": "300"}, "within must be from 0.1% to 50%, not 300%"),
        ({"within": "0.01%"}, "within must be from 0.1% to 50%, not 0.01%"),
        ({"within": "-2"}, "within must be from 0.1% to 50%, not -2%"),
        ({"within": "2,5"}, "within must be a percentage such as 2 or 2.5%, not '2,5'"),
        ({"at_least": "lots"}, "at_least must be dollars such as 5M or 750k, not 'lots'"),
        ({"at_least": "5T"}, "at_least must be from $0 to $1T, not $5T"),
        ({"confirm": "90"}, "confirm must be a span of time such as 90s, 10m, 4h or 1d, not '90'"),
        ({"confirm": "400d"}, "confirm must be from 0 s to 366 d, not 400 d"),
        ({"confirm": "9" * 60 + "d"}, "confirm must be from 0 s to 366 d, not 8.64e+64"),
        ({"at_least": "9" * 60}, "at_least must be from $0 to $1T, not 1e+60"),
        ({"within": "1e-300"}, "within must be from 0.1% to 50%, not 0.0000000000000000000000"),
        ({"band": "much"}, "band must be a number such as 0.2, not 'much'"),
        ({"side": "loong"}, "side must be either, long or short, not 'loong'"),
        ({"depth": "7%"}, "depth must be 0% or 5%, not '7%'"),
        ({"withni": "2"}, "there is no parameter 'withni'; did you mean within?"),
        (
            {"zzz": "2"},
            "there is no parameter 'zzz'; it takes within, at_least, confirm, band, factor, side, depth",
        ),
    ],
)
def test_a_wrong_value_or_name_is_answered_with_what_would_be_right(written, said):
    assert refusal(**written) == said


def test_a_parameter_that_is_given_twice_is_refused():
    with pytest.raises(ParameterError, match="within is given twice"):
        FORM.parse({"within": "2", "Within": "3"})


def test_a_refusal_repeats_only_the_beginning_of_a_long_text():
    assert len(refusal(within="x" * 10_000)) < 120
    assert len(refusal(**{"x" * 10_000: "2"})) < 180


def test_a_rule_without_parameters_takes_none():
    empty = Form.of(lambda view: None)  # noqa: ARG005 - the shape of a rule
    assert (empty.parse({}), empty.canonical({}), empty.show({})) == ({}, "{}", "")
    with pytest.raises(ParameterError, match="there is no parameter 'within'; it takes none"):
        empty.parse({"within": "2"})


@given(st.dictionaries(st.one_of(st.sampled_from(list(FORM.defaults())), st.text()), texts, max_size=3))
def test_parsing_any_text_gives_values_or_a_parameter_error_and_nothing_else(written):
    try:
        values = FORM.parse(written)
    except ParameterError as error:
        assert 0 < len(str(error)) < 200  # noqa: PT017 - either outcome is right
    else:
        assert FORM.restore(FORM.canonical(values)) == values


@st.composite
def wishes(draw):
    values = FORM.defaults()
    for parameter in FORM.parameters:
        if parameter.choices:
            values[parameter.name] = draw(st.sampled_from(parameter.choices))
        else:
            values[parameter.name] = draw(st.floats(parameter.bounds.low, parameter.bounds.high))
    return values


@given(wishes())
def test_what_is_shown_can_be_typed_again_and_is_the_same_wish(values):
    written = dict(pair.split("=") for pair in FORM.show(values).split(" "))
    assert FORM.parse(written) == values


@given(wishes())
def test_a_wish_is_the_same_after_it_was_stored(values):
    assert FORM.restore(FORM.canonical(values)) == values


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"within": "2%", "side": "EITHER"}),
        ({"at_least": "4.1M"}, {"at_least": "4,100,000"}),
        ({"at_least": "4.1M"}, {"at_least": "$4100k"}),
        ({"confirm": "90m"}, {"confirm": "1h30m"}),
        ({"band": "0"}, {"band": "-0"}),
        ({"within": "3", "side": "longs"}, {"side": "long", "within": "3.0%"}),
    ],
)
def test_equal_wishes_have_equal_canonical_texts(one, other):
    assert FORM.canonical(FORM.parse(one)) == FORM.canonical(FORM.parse(other))


def test_different_wishes_have_different_canonical_texts():
    assert FORM.canonical(FORM.parse({"within": "2"})) != FORM.canonical(FORM.parse({"within": "2.000001"}))


class TestRestoring:
    def test_a_parameter_that_was_added_since_has_its_default(self):
        assert FORM.restore('{"within":3.0}') == FORM.defaults() | {"within": 3.0}

    def test_a_parameter_that_was_removed_since_is_forgotten(self):
        assert FORM.restore('{"within":3.0,"older":1.0}') == FORM.defaults() | {"within": 3.0}

    def test_a_value_outside_bounds_that_changed_since_is_refused_by_name(self):
        with pytest.raises(ParameterError, match=r"^within must be from 0.1% to 50%, not 80%$"):
            FORM.restore('{"within":80.0}')

    def test_a_choice_that_is_no_longer_there_is_refused_by_name(self):
        with pytest.raises(ParameterError, match=r"^side must be either, long or short, not 'both'$"):
            FORM.restore('{"side":"both"}')

    @pytest.mark.parametrize(
        "value", ['"2"', "null", "true", "NaN", "Infinity", "9" * 400, "9" * 9_999, "[2]"]
    )
    def test_what_is_no_number_is_a_parameter_error(self, value):
        with pytest.raises(ParameterError):
            FORM.restore(f'{{"within":{value}}}')

    @pytest.mark.parametrize("stored", ["", "not JSON", "[]", "null", "2.0", '{"side":2.0}', '{"side":null}'])
    def test_what_makes_no_sense_is_a_parameter_error(self, stored):
        with pytest.raises(ParameterError):
            FORM.restore(stored)

    @given(
        st.dictionaries(
            st.sampled_from(list(FORM.defaults())),
            st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists),
        )
    )
    def test_whatever_was_stored_gives_values_or_a_parameter_error_and_nothing_else(self, stored):
        try:
            FORM.restore(json.dumps(stored))
        except ParameterError as error:
            assert 0 < len(str(error)) < 200  # noqa: PT017 - either outcome is right


DEFAULT = "its own default is not allowed: value must be"


@pytest.mark.parametrize(
    ("hint", "default", "said"),
    [
        (
            None,
            2.0,
            "parameter value has no type; it must be Percent, Usd, Duration, Ratio, Whole, Coin, Word",
        ),
        (list[float], 2.0, "parameter value has the type list[float]; it must be Percent, Usd"),
        (int, 2.5, f"{DEFAULT} a whole number such as 3, not 2.5"),
        (bytes, b"", "parameter value has the type bytes; it must be Percent, Usd"),
        (Literal[1, 2], 1, "parameter value has the type typing.Literal[1, 2]; it must be Percent, Usd"),
        (Annotated[Percent, Between(1, 5)], 9, f"{DEFAULT} from 1% to 5%, not 9%"),
        (Usd, "5M", f"{DEFAULT} dollars such as 5M or 750k, not '5M'"),
        (Usd, None, f"{DEFAULT} dollars such as 5M or 750k, not None"),
        (Ratio, True, f"{DEFAULT} a number such as 0.2, not True"),
        (Percent, float("nan"), f"{DEFAULT} a percentage such as 2 or 2.5%, not nan"),
        (SideChoice, "both", f"{DEFAULT} either, long or short, not 'both'"),
        (Literal["only"], "other", f"{DEFAULT} only, not 'other'"),
    ],
)
def test_a_form_that_cannot_work_is_refused_and_says_why(hint, default, said):
    with pytest.raises(TypeError, match=f"^{re.escape(said)}"):
        form_of(hint, default)


def test_a_parameter_without_a_default_is_refused_by_name():
    with pytest.raises(TypeError, match=r"^parameter value needs a default: a rule works as soon as"):
        without_default()


def test_names_in_backticks_are_filled_in_with_what_was_asked_for():
    text = "At least `at_least` within `within` for `confirm`, `no parameter`."
    said = FORM.fill_in(text, FORM.parse({"within": "3", "at_least": "10M"}))
    assert said == "At least $10M within 3% for 10 min, no parameter."


NAME = Parameter("name", "", "what it is called", is_name=True)


@pytest.mark.parametrize(
    ("written", "name"), [("whale", "whale"), ("my  whale", "my-whale"), ("Käte_2", "Käte_2"), ("none", "")]
)
def test_a_name_is_one_word_of_letters_and_digits(written, name):
    assert NAME.parse(written) == NAME.check(name) == name
    assert NAME.parse(NAME.show(name)) == name


@pytest.mark.parametrize("written", ["0xabc", "12", "a" * 25, "@everyone", "a/b", "-x", "<b>"])
def test_what_could_be_taken_for_something_else_is_no_name(written):
    with pytest.raises(ParameterError, match="name must be a name of at most 24 letters"):
        NAME.parse(written)
