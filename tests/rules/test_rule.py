# ruff: noqa: ARG005 - a rule takes a view, whether it looks at it or not
import re
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from itertools import count

import numpy as np
import pytest
from markets import long, view_of

from liqbot.market.side import Side
from liqbot.rules.common_parameters import Policy
from liqbot.rules.hit import checked
from liqbot.rules.parameters import Percent, Usd
from liqbot.rules.rule import Hit, Remembered, RuleFault, rule

VIEW = view_of(long("ann", 2, at=95), spot=100)


@dataclass(frozen=True)
class Count:
    views: int = 0


@dataclass(frozen=True)
class Incomplete:
    views: int


@rule("plain", policy=Policy(cooldown=60))
def plain(view, *, within: Percent = 2.0, at_least: Usd = 5_000_000) -> Iterator[Hit]:
    """A cluster of at least `at_least` within `within`.

    It says nothing else. Never did: not even
    below `at_least`.

    Really.
    """
    yield Hit("key", f"{view.coin} {within} {at_least}")


@rule("counting", memory=Count)
def counting(view, memory: Count):  # noqa: ARG001 - the shape of a rule
    """The how manieth view this is."""
    return Remembered([Hit("count", str(memory.views + 1))], Count(memory.views + 1))


def rule_of(function, **more):
    function.__doc__ = "Something."
    return rule("some-rule", **more)(function)


def read(function, **more):
    return rule_of(function, **more).read(VIEW, {})


def hits_of(*hits):
    return read(lambda view: list(hits)).hits


def fault_of(function, **more) -> str:
    with pytest.raises(RuleFault) as caught:
        read(function, **more)
    return str(caught.value)


class TestDecorating:
    def test_a_rule_knows_its_name_its_form_its_policy_and_where_it_is(self):
        assert plain.name == "plain"
        assert plain.form.show(plain.form.defaults()) == "within=2% at_least=$5M"
        assert plain.policy == Policy(cooldown=60)
        assert plain.file == __file__
        assert plain.line is not None
        assert plain.function(VIEW) is not None, "it can still be called"

    def test_its_summary_is_its_first_line_with_the_values_in_place_of_the_names(self):
        assert plain.summary == "A cluster of at least $5M within 2%."
        values = plain.form.parse({"within": "0.5", "at_least": "1.25M"})
        assert plain.describe(values) == "A cluster of at least $1.25M within 0.5%."

    def test_its_details_are_the_paragraphs_that_follow_each_on_one_line(self):
        assert plain.details == ("It says nothing else. Never did: not even below $5M.", "Really.")

    @pytest.mark.parametrize("name", ["wall", "near-wall", "a1", "wall-2x"])
    def test_a_name_is_lower_case_words_with_hyphens(self, name):
        assert rule(name)(plain.function).name == name

    @pytest.mark.parametrize(
        "name", ["", "Wall", "near wall", "near_wall", "-wall", "wall-", "2x", "mür", "a--b"]
    )
    def test_any_other_name_is_refused_since_no_chat_could_type_it(self, name):
        with pytest.raises(ValueError, match="a rule's name is lower-case letters, digits and hyphens, not "):
            rule(name)

    def test_a_rule_without_a_docstring_is_refused(self):
        def silent(view): ...

        with pytest.raises(
            TypeError, match=r"^rule quiet: it needs a docstring: its first line is its help$"
        ):
            rule("quiet")(silent)

    @pytest.mark.parametrize(
        ("function", "memory", "takes"),
        [
            (lambda: None, None, "(view, *, …)"),
            (lambda *, within=2.0: None, None, "(view, *, …)"),
            (lambda view, within=2.0: None, None, "(view, *, …)"),
            (lambda *views: None, None, "(view, *, …)"),
            (lambda view, **more: None, None, "(view, *, …)"),
            (lambda view, memory: None, None, "(view, *, …)"),
            (lambda view: None, Count, "(view, memory, *, …)"),
        ],
    )
    def test_a_rule_that_takes_anything_but_a_view_and_named_parameters_is_refused(
        self, function, memory, takes
    ):
        said = f"rule some-rule: it must take {takes}: its parameters stand after a *"
        with pytest.raises(TypeError, match=f"^{re.escape(said)}$"):
            rule_of(function, memory=memory)

    def test_a_wrong_parameter_is_named_with_its_rule(self):
        def wrong(view, *, within: Percent): ...

        with pytest.raises(TypeError, match=r"^rule some-rule: parameter within needs a default"):
            rule_of(wrong)

    def test_a_rule_cannot_be_async(self):
        async def asynchronous(view): ...

        async def generating(view):
            yield Hit("key", view.coin)

        for function in (asynchronous, generating):
            with pytest.raises(TypeError, match=r"^rule some-rule: it must not be async"):
                rule_of(function)

    def test_a_memory_whose_fields_have_no_defaults_is_refused(self):
        with pytest.raises(
            TypeError, match=r"^rule some-rule: every field of its memory Incomplete needs a default$"
        ):
            rule_of(lambda view, memory: None, memory=Incomplete)


class TestReading:
    def test_it_gives_the_hits_that_the_function_yields_or_returns(self):
        assert plain.read(VIEW, plain.form.defaults()).hits == (Hit("key", "BTC 2.0 5000000.0"),)
        assert hits_of(Hit("one", "1"), Hit("two", "2")) == (Hit("one", "1"), Hit("two", "2"))
        assert hits_of() == ()
        assert read(lambda view: None).hits == ()

    def test_numbers_of_numpy_are_as_good_as_pythons(self):
        hits = hits_of(Hit("k", "t", value=np.float64(1.5)), Hit("l", "t", value=np.float32(2)))
        assert [(type(hit.value), hit.value) for hit in hits] == [(float, 1.5), (float, 2.0)]

    def test_a_value_that_is_no_number_is_no_value(self):
        assert hits_of(Hit("k", "t", value=float("nan"))) == (Hit("k", "t", value=None),)

    def test_a_side_may_be_written_as_a_word(self):
        assert hits_of(Hit("k", "t", side="long"))[0].side is Side.LONG

    def test_a_rule_with_a_memory_is_given_what_it_returned_last_time(self):
        first = counting.read(VIEW, {})
        second = counting.read(VIEW, {}, first.memory)
        assert [reading.hits[0].text for reading in (first, second)] == ["1", "2"]

    def test_a_memory_that_another_version_wrote_begins_anew(self):
        for memory in (b'{"views":"many"}', b"not JSON", b"\xff"):
            assert counting.read(VIEW, {}, memory).hits[0].text == "1"

    def test_a_memory_may_hold_numbers_of_numpy(self):
        @dataclass
        class Seen:
            usd: float = 0.0
            all: list[float] = dataclass_field(default_factory=list)

        reading = read(lambda view, seen: Remembered([], Seen(np.float64(2), [np.float32(1)])), memory=Seen)
        assert reading.memory == b'{"usd":2.0,"all":[1.0]}'

    def test_what_a_rule_returns_may_name_its_memorys_type(self):
        assert Remembered[Count]((), Count(1)).memory == Count(1)


def raising(view):
    raise KeyError(view.coin)


def yielding_then_raising(view):
    yield Hit("one", view.coin)
    raise ZeroDivisionError


class TestFaults:
    def test_a_fault_names_the_rule_the_file_the_line_and_the_error(self):
        line = raising.__code__.co_firstlineno + 1
        assert fault_of(raising) == f"rule some-rule ({__file__}, line {line}): KeyError: 'BTC'"

    def test_a_generator_may_fail_after_it_has_yielded(self):
        line = yielding_then_raising.__code__.co_firstlineno + 2
        assert f"line {line}): ZeroDivisionError" in fault_of(yielding_then_raising)

    def test_a_fault_deeper_down_names_the_line_in_the_rules_own_file(self):
        def calling(view):
            return np.linalg.inv(np.zeros((2, 2))), view

        line = calling.__code__.co_firstlineno + 1
        assert f"({__file__}, line {line}): LinAlgError" in fault_of(calling)

    @pytest.mark.parametrize(
        ("returned", "said"),
        [
            (["text"], "TypeError: it yielded 'text', not a Hit"),
            ([None], "TypeError: it yielded None, not a Hit"),
            (7, "TypeError: 'int' object is not iterable"),
            ((Hit(str(n), "") for n in count()), "ValueError: it yielded more than 1000 hits of one view"),
            ([Hit("k" * 201, "a")], "ValueError: it yielded a key of more than 200 letters"),
            ([Hit("k\0", "a")], "ValueError: it yielded a key with signs that nobody can read: 'k\\x00'"),
            ([Hit("one", "a"), Hit("one", "b")], "ValueError: it yielded the same key twice: ['one', 'one']"),
            ([Hit("one", 7)], "ValidationError: Expected `str`, got `int` - at `$[0].text`"),
            ([Hit(None, "text")], "ValidationError: Expected `str`, got `null` - at `$[0].key`"),
            ([Hit("one", "text", side="up")], "ValidationError: Invalid enum value 'up' - at `$[0].side`"),
            ([Hit("one", "text", value=1j)], "TypeError: 1j cannot be written down"),
            ([Hit("one", "\ud800")], "UnicodeEncodeError: "),
        ],
    )
    def test_what_is_no_hit_that_can_be_told_is_a_fault_at_the_rules_own_line(self, returned, said):
        def giving(view):  # noqa: ARG001 - the shape of a rule
            return returned

        where = f"({__file__}, line {giving.__code__.co_firstlineno})"
        assert fault_of(giving).startswith(f"rule some-rule {where}: {said}")

    def test_words_are_a_line_each_and_a_longer_one_is_cut(self):
        [hit] = checked([Hit("k", "two\n lines", means="word " * 3_000, caveat="as it is")])
        assert (hit.text, len(hit.means), hit.means[-1], hit.caveat) == ("two lines", 500, "…", "as it is")

    @pytest.mark.parametrize("odd", ["\x1b", "\0", "\u202e", "\x9b", "\x07", "\u2066"])
    def test_signs_that_steer_a_terminal_or_turn_a_line_are_not_told(self, odd):
        [hit] = checked([Hit("k", f"a{odd}b", means=odd, caveat=f"{odd}c")])
        assert (hit.text, hit.means, hit.caveat) == ("ab", "", "c")

    def test_a_rule_with_a_memory_must_return_it(self):
        said = fault_of(lambda view, memory: [Hit("one", "a")], memory=Count)
        assert "TypeError: it has a memory and must return Remembered(hits, memory), not [Hit(" in said

    def test_a_memory_that_cannot_be_written_down_is_a_fault(self):
        said = fault_of(lambda view, memory: Remembered([], object()), memory=Count)
        assert "cannot be written down" in said
