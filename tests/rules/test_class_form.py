"""The class form: a rule with a typed state that the host keeps."""

from dataclasses import dataclass, field

import pytest
from markets import long, view_of

from liqbot.rules.parameters import Percent
from liqbot.rules.rule import Hit, RuleFault, rule

VIEW = view_of(long("ann", 2, at=95), spot=100)


@dataclass
class Seen:
    views: int = 0
    accounts: list[str] = field(default_factory=list)


@rule("counting")
class Counting:
    """It has seen more than `over` views.

    The second paragraph.
    """

    State = Seen

    def read(self, view, state, *, over: Percent = 1):
        state.views += 1
        state.accounts.append(f"0x{state.views}")
        if state.views > over:
            yield Hit("seen", f"{view.coin} {state.views}")

    def forget(self, state, who):
        state.accounts = [account for account in state.accounts if account != who]


def read(a_rule, memory=None, **values):
    return a_rule.read(VIEW, a_rule.form.defaults() | values, memory)


def test_it_has_a_form_a_help_and_a_place_like_any_rule():
    assert Counting.form.show(Counting.form.defaults()) == "over=1%"
    assert Counting.summary == "It has seen more than 1% views."
    assert Counting.details == ("The second paragraph.",)
    assert Counting.file == __file__
    assert Counting.line is not None


def test_what_it_leaves_in_its_state_is_given_back_with_the_next_view():
    first = read(Counting)
    assert first.hits == ()
    assert [hit.text for hit in read(Counting, first.memory).hits] == ["BTC 2"]


def test_nothing_is_remembered_but_the_state():
    @rule("sly")
    class Sly:
        """It keeps what it knows to itself."""

        State = Seen

        def read(self, view, state):  # noqa: ARG002 - the shape of a rule
            before = getattr(self, "before", 0)
            self.before = before + 1
            yield Hit("key", str(before))

    assert [read(Sly).hits[0].text for _ in range(2)] == ["0", "0"]


def test_a_state_is_written_only_after_the_last_hit():
    @rule("late")
    class Late:
        """It changes its state after it has spoken."""

        State = Seen

        def read(self, view, state):  # noqa: ARG002 - the shape of a rule
            yield Hit("key", str(state.views))
            state.views += 1

    assert read(Late, read(Late).memory).hits[0].text == "1"


def version_of(number, **methods):
    body = {
        "__doc__": "It grows.",
        "State": Seen,
        "version": number,
        "read": lambda self, view, state: [Hit("key", str(state.views))],  # noqa: ARG005 - the shape of a rule
        **methods,
    }
    return rule("growing")(type("Growing", (), body))


def test_a_state_of_an_earlier_version_is_migrated_by_the_rule_itself():
    def migrate(self, state, version):  # noqa: ARG001 - a method
        return Seen(views=state["views"] * 10 + version)

    old = read(Counting).memory
    assert read(version_of(2, migrate=migrate), old).hits[0].text == "11"
    assert read(version_of(2), old).hits[0].text == "0", "without migrate it begins afresh"


def test_a_migration_that_fails_is_a_fault_so_that_the_old_state_is_kept():
    old = read(Counting).memory
    with pytest.raises(RuleFault, match=r"rule growing .*ZeroDivisionError"):
        read(version_of(2, migrate=lambda self, state, version: 1 / 0), old)  # noqa: ARG005 - a method
    with pytest.raises(RuleFault, match="migrate must return a Seen, not 7"):
        read(version_of(2, migrate=lambda self, state, version: 7), old)  # noqa: ARG005 - a method


def test_it_forgets_an_account_and_keeps_the_rest():
    memory = read(Counting, read(Counting).memory).memory
    forgotten = Counting.forget(memory, "0x1")
    assert b"0x1" not in forgotten
    assert b"0x2" in forgotten
    assert read(Counting, forgotten).hits[0].text == "BTC 3"
    assert version_of(1).forget(memory, "0x1") == memory, "one that does not forget leaves it"


SHAPES = {
    "it needs a docstring": {"__doc__": None},
    "it needs a State": {"State": None},
    "it needs a method read": {"read": None},
    "it must take .self, view, state": {"read": lambda self, view: ()},  # noqa: ARG005 - a wrong shape
    "its version must be a whole number from 1 on, not 0": {"version": 0},
    "it must be made without arguments": {"__init__": lambda self, x: None},  # noqa: ARG005 - a wrong shape
}


@pytest.mark.parametrize("said", SHAPES)
def test_a_wrong_shape_is_refused_and_says_why(said):
    body = {"__doc__": "Help.", "State": Seen, "read": lambda self, view, state: ()} | SHAPES[said]  # noqa: ARG005 - the shape of a rule
    with pytest.raises(TypeError, match=f"rule shaped: {said}"):
        rule("shaped")(type("Shaped", (), body))


def test_a_state_without_defaults_and_a_memory_beside_a_state_are_refused():
    @dataclass
    class Needy:
        views: int

    body = {"__doc__": "Help.", "State": Needy, "read": lambda self, view, state: ()}  # noqa: ARG005 - the shape of a rule
    with pytest.raises(TypeError, match="every field of its State Needy needs a default"):
        rule("needy")(type("Shaped", (), body))
    with pytest.raises(TypeError, match="not with memory="):
        rule("double", memory=Seen)(type("Shaped", (), body | {"State": Seen}))
