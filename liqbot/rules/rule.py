"""What a rule is: a function of a view, or a class with a state; keyword-only arguments are its form."""

import inspect
import re
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import CodeType
from typing import Any

from liqbot.market.events import MarketEvent
from liqbot.market.view import MarketView
from liqbot.rules.common_parameters import MANNER, Policy, common_parameters, policy_of, refused_parameters
from liqbot.rules.hit import Hit, Reading, Remembered, RuleFault
from liqbot.rules.parameters import Form, Value
from liqbot.rules.readers import Reader, class_reader, function_reader
from liqbot.rules.wording import paragraphs
from liqbot.text import _

__all__ = [
    "Hit",
    "Need",
    "Policy",
    "Reading",
    "Remembered",
    "Rule",
    "RuleFault",
    "event_rule",
    "place_of",
    "require_name",
    "rule",
]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_RESERVED = {"rule": ("all", "watch"), "command": ("all", "start", "stop")}
"""What would be out of reach: all that there is, an account, and what Telegram has for its chats."""


class Need(StrEnum):
    """What a rule cannot do without."""

    BOTH_MAPS = "a measured and a modelled map"
    ACCOUNTS = "positions of accounts"
    BOOK = "the order book"
    FUNDING = "funding"
    OPEN_INTEREST = "open interest"
    LIQUIDATIONS = "liquidations as they happen"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as the host sees it."""

    name: str
    function: Callable[..., Any] = field(repr=False)
    """The function or the class itself."""
    form: Form = field(repr=False)
    reader: Reader = field(repr=False)
    text: tuple[str, ...] = field(repr=False)
    """The paragraphs of its docstring, each on one line."""
    file: str
    """The file that it is defined in."""
    line: int | None
    """The line on which its code begins, None where there is no source."""
    policy: Policy = field(default_factory=Policy)
    needs: frozenset[Need] = frozenset()
    """What there must be, or it never finds anything."""

    @property
    def summary(self) -> str:
        """What it finds as long as nothing else is asked for: its docstring's first line, with defaults."""
        return self.describe(self.form.defaults())

    @property
    def details(self) -> tuple[str, ...]:
        """The other paragraphs of its docstring, each on one line."""
        defaults = self.form.defaults()
        return tuple(self.form.fill_in(_(text), defaults) for text in self.text[1:])

    def describe(self, values: Mapping[str, Value]) -> str:
        """Return what it finds with these parameters, in one sentence."""
        return self.form.fill_in(_(self.text[0]), values)

    def policy_for(self, values: Mapping[str, Value]) -> Policy:
        """Return how its hits become alerts where these parameters were asked for."""
        return policy_of(self.policy, values)

    def read(
        self,
        view: MarketView,
        values: Mapping[str, Value],
        memory: bytes | None = None,
        events: Sequence[MarketEvent] = (),
    ) -> Reading:
        """Return what the rule says of `view`, and of the `events` that led to it where it reads them.

        Raises `RuleFault` for whatever goes wrong inside.
        """
        try:
            return self.reader.read(view, self.form.own(values), memory, events)
        except RuleFault:
            raise
        except Exception as error:
            raise self._fault(error) from error

    def forget(self, memory: bytes, who: str) -> bytes:
        """Return `memory` without what it holds of `who`, an account or a person. Raises `RuleFault`."""
        try:
            return self.reader.forget(memory, who)
        except RuleFault:
            raise
        except Exception as error:
            raise self._fault(error) from error

    def _fault(self, error: Exception) -> RuleFault:
        return RuleFault(f"rule {self.name} ({self._where(error)}): {type(error).__name__}: {error}")

    def _where(self, error: Exception) -> str:
        """Return the rule's file, and the line of it where `error` arose or else where the rule begins."""
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == self.file]
        line = own[-1].lineno if own else self.line
        return f"{self.file}, line {line}" if line else self.file


def rule(
    name: str,
    *,
    policy: Policy | None = None,
    memory: type[Any] | None = None,
    renamed: Mapping[str, str] | None = None,
    needs: Collection[Need] = (),
) -> Callable[[Callable[..., Any]], Rule]:
    """Make a state rule of a function or of a class: it yields a hit as long as something holds.

    A function takes a `MarketView` and keyword-only parameters with defaults, and yields (or returns) a
    `Hit` for everything it finds. With a `memory` type (a dataclass whose fields all have defaults) it takes
    what it remembered as its second argument and returns `Remembered(hits, memory)`.

    A class has a `State` (a dataclass whose fields all have defaults) and a method
    `read(self, view, state, *, …)` that yields hits and changes `state` in place. The host keeps the state,
    in the same transaction as the alerts that follow. A class whose state has changed its shape counts up its
    `version` and brings `migrate(self, state, version)`: the old state as plain objects, and its version. One
    whose state holds something of accounts or people brings `forget(self, state, who)`.

    The first line of the docstring says what is found; the name of a parameter in backticks stands for the
    value that was asked for: "A cluster of at least `at_least`."

    `renamed` says which parameters once had another name, `{"old": "new"}`: subscriptions that have the old
    one go on.

    `needs` says without what it never finds anything: who subscribes to it all the same is told.

    Raises `TypeError` or `ValueError` that says what is wrong with the shape or the name.
    """
    return _making(name, policy or Policy(), memory, renamed or {}, frozenset(needs))


def event_rule(
    name: str, *, cooldown: float = 0, needs: Collection[Need] = ()
) -> Callable[[Callable[..., Any]], Rule]:
    """Make an event rule of a function or of a class: it yields a hit once for each event that matters.

    As `rule`, but it takes the events since the view before as well: a function `(view, events, *, …)`, and
    a method `read(self, view, events, state, *, …)`. Of two hits with the same key within `cooldown` seconds,
    the second is not told. `for`, `repeat` and `resolved` are refused: they make no sense for an event.

    Raises `TypeError` or `ValueError` that says what is wrong with the shape or the name.
    """
    return _making(name, Policy(cooldown=cooldown, is_event=True), None, {}, frozenset(needs))


def _making(
    name: str,
    policy: Policy,
    memory: type[Any] | None,
    renamed: Mapping[str, str],
    needs: frozenset[Need] = frozenset(),
) -> Callable[[Callable[..., Any]], Rule]:
    require_name("rule", name)

    def make(function: Callable[..., Any]) -> Rule:
        try:
            reader, form = _reader(function, memory, reads_events=policy.is_event)
            form = form.joined(common_parameters(policy), renamed=renamed, refused=refused_parameters(policy))
            _require_names(form)
        except TypeError as error:
            raise TypeError(f"rule {name}: {error}") from None
        file, line = place_of(function)
        return Rule(name, function, form, reader, paragraphs(function), file, line, policy, needs)

    return make


def _reader(
    function: Callable[..., Any], memory: type[Any] | None, *, reads_events: bool
) -> tuple[Reader, Form]:
    if not isinstance(function, type):
        return function_reader(function, memory, reads_events=reads_events), Form.of(function)
    if memory is not None:
        raise TypeError("a class says what it remembers with its State, not with memory=")
    return class_reader(function, reads_events=reads_events)


def _require_names(form: Form) -> None:
    for parameter in form.parameters:
        if parameter.name in MANNER:
            raise TypeError(f"parameter {parameter.name} would be taken for how its alerts are brought")


def require_name(what: str, name: str) -> None:
    """Raise `ValueError` for a name that no chat could type, or that would be taken for something else."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"a {what}'s name is lower-case letters, digits and hyphens, not {name!r}")
    if name in _RESERVED.get(what, ()):
        raise ValueError(f"no {what} can be called {name}: in a chat that means something else")


def place_of(function: Callable[..., Any]) -> tuple[str, int | None]:
    """Return the file and the line of a function, or of a class's `read`."""
    named: Any = inspect.unwrap(getattr(function, "read", function))
    code = getattr(named, "__code__", None)
    line = code.co_firstlineno if isinstance(code, CodeType) else None
    file = code.co_filename if isinstance(code, CodeType) else None
    return file or "?", line
