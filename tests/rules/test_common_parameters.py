"""The parameters that every rule has: how they are written, told, kept, and what policy they make."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markets import long, view_of

from liqbot.rules.common_parameters import LONGEST_S, Policy, common_parameters, policy_of
from liqbot.rules.parameters import ParameterError, Percent
from liqbot.rules.rule import Hit, rule

USUAL = Policy(hold=60, recover=30, cooldown=7_200, escalate=2)
VIEW = [inspect.Parameter("view", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
STANDING = {"for", "cooldown", "repeat", "resolved"}


@rule("near", policy=USUAL)
def near(view, *, within: Percent = 2.0):
    """Something lies within `within` of spot."""
    yield Hit("key", f"within {within} of {view.spot}")


FORM = near.form


def test_every_rule_has_them_after_its_own_with_its_policy_as_their_defaults():
    assert [parameter.name for parameter in FORM.parameters if not parameter.standing] == ["within"]
    assert {parameter.name for parameter in FORM.parameters if parameter.standing} == STANDING
    assert FORM.defaults() == {
        "within": 2.0,
        "for": 60.0,
        "cooldown": 7_200.0,
        "repeat": 0.0,
        "resolved": "no",
    }


def test_what_is_as_usual_is_neither_kept_nor_told():
    assert FORM.canonical(FORM.defaults()) == '{"within":2.0}'
    assert FORM.show(FORM.defaults()) == "within=2%"
    written = FORM.parse({"for": "1m", "cooldown": "2h", "repeat": "0", "resolved": "no"})
    assert FORM.canonical(written) == '{"within":2.0}'


def test_what_is_not_as_usual_is_kept_and_told():
    values = FORM.parse({"FOR": "10m", "cooldown": "0s", "repeat": "1h30m", "resolved": "YES"})
    assert FORM.canonical(values) == (
        '{"cooldown":0.0,"for":600.0,"repeat":5400.0,"resolved":"yes","within":2.0}'
    )
    assert FORM.show(values) == "within=2% for=10min cooldown=0s repeat=1h30min resolved=yes"
    assert FORM.restore(FORM.canonical(values)) == values


def test_a_rule_gets_its_own_parameters_only():
    values = FORM.parse({"within": "3%", "for": "10m"})
    assert FORM.own(values) == {"within": 3.0}
    (hit,) = near.read(view_of(long("ann", 1, at=90)), values).hits
    assert hit.text == "within 3.0 of 100.0"


def test_what_was_kept_before_there_were_any_has_the_usual_ones():
    assert FORM.restore('{"within":3.0}') == FORM.defaults() | {"within": 3.0}


def test_one_who_asked_for_what_is_usual_follows_the_rule_when_its_policy_changes():
    changed = rule("near", policy=Policy(cooldown=60))(near.function)
    assert changed.policy_for(changed.form.restore('{"within":2.0}')).cooldown == 60
    assert changed.policy_for(changed.form.restore('{"cooldown":7200.0,"within":2.0}')).cooldown == 7_200


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"for": "10"}, "for must be a span of time such as 90s, 10m, 4h or 1d, not '10'"),
        ({"cooldown": "31d"}, "cooldown must be from 0 s to 30 d, not 31 d"),
        ({"repeat": "-1h"}, "repeat must be a span of time such as 90s, 10m, 4h or 1d, not '-1h'"),
        ({"resolved": "maybe"}, "resolved must be no or yes, not 'maybe'"),
        ({"repaet": "1h"}, "there is no parameter 'repaet'; did you mean repeat?"),
    ],
)
def test_what_they_do_not_take_is_refused(written, said):
    with pytest.raises(ParameterError) as caught:
        FORM.parse(written)
    assert str(caught.value) == said


@pytest.mark.parametrize("name", ["cooldown", "repeat", "resolved"])
def test_a_rule_cannot_have_one_of_their_names(name):
    def own(view, **parameters): ...

    own.__doc__ = "It has a parameter of that name."
    taken = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=2.0, annotation=Percent)
    own.__signature__ = inspect.Signature([*VIEW, taken])
    own.__annotations__ = {name: Percent}
    with pytest.raises(TypeError, match=f"rule own: parameter {name} is one that every rule has anyway"):
        rule("own")(own)


def test_a_rule_cannot_have_the_name_of_how_alerts_are_brought():
    def own(view, *, digest: Percent = 2.0):
        """It has a parameter of that name."""

    with pytest.raises(TypeError, match="rule own: parameter digest would be taken for how its alerts"):
        rule("own")(own)


def test_they_change_the_policy_and_leave_the_rest_of_it():
    values = FORM.parse({"for": "10m", "cooldown": "0s", "repeat": "1h", "resolved": "yes"})
    assert near.policy_for(values) == Policy(
        hold=600, recover=30, cooldown=0, repeat=3_600, escalate=2, resolve=True
    )
    assert near.policy_for(FORM.defaults()) == USUAL
    assert policy_of(USUAL, {}) == USUAL


def test_a_policy_that_tells_what_is_over_can_be_told_not_to():
    telling = rule("telling", policy=Policy(resolve=True))(near.function)
    assert telling.form.defaults()["resolved"] == "yes"
    assert not telling.policy_for(telling.form.parse({"resolved": "no"})).resolve
    assert telling.form.show(telling.form.parse({"resolved": "no"})) == "within=2% resolved=no"


spans = st.floats(0, LONGEST_S) | st.integers(0, LONGEST_S).map(float)


@given(
    st.fixed_dictionaries({"for": spans, "cooldown": spans, "repeat": spans}), st.sampled_from(["no", "yes"])
)
def test_what_is_told_of_them_can_be_typed_and_means_the_same(values, resolved):
    wish = FORM.defaults() | values | {"resolved": resolved}
    assert FORM.restore(FORM.canonical(wish)) == wish
    shown = dict(pair.split("=") for pair in FORM.show(wish).split())
    again = FORM.parse(shown)
    assert {
        name: pytest.approx(value) if name != "resolved" else value for name, value in wish.items()
    } == again


def test_all_of_them_have_a_line_of_help():
    assert all(parameter.help and parameter.takes for parameter in common_parameters(Policy()))
