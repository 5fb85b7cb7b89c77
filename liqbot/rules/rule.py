"""What a rule is: a function of a view whose keyword-only arguments are its form."""

import inspect
import re
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, Generic, TypeVar, cast

import msgspec
import numpy as np

from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.rules.parameters import Form, Value
from liqbot.rules.standing import MANNER, Policy, policy_of, standing_parameters
from liqbot.rules.wording import paragraphs

Memory = TypeVar("Memory")

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that a rule found in a view. While it is found, an alert of its `key` is on."""

    key: str
    """What it is about: a cluster's identity, a side, a regime. The same key is the same alert."""
    text: str
    """What was seen, in one line."""
    means: str = ""
    """What that means for a trader, in one line."""
    caveat: str = ""
    """What it does not mean, in one line."""
    value: float | None = None
    """The reading that was compared, for `/subscriptions` and for later comparison."""
    side: Side | None = None
    """The side whose positions would be force-closed, for the colour."""
    holding: bool = False
    """True: only enough to keep an alert on that is on already (the exit threshold), not to start one."""


@dataclass(frozen=True)  # without slots: `Remembered[Mine](…)` is not possible with them
class Remembered(Generic[Memory]):
    """What a rule with a memory returns: its hits, and what it wants to be given next time."""

    hits: Iterable[Hit]
    memory: Memory


_USUAL = Policy()


class RuleFault(Exception):  # noqa: N818 - a fault of the plugin, not an error of ours
    """A rule failed. The text names the rule, the file and the line."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a rule said of one view."""

    hits: tuple[Hit, ...]
    memory: bytes | None = None
    """The rule's memory, encoded, to be given back with the next view."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as the host sees it."""

    name: str
    function: Callable[..., Any] = field(repr=False)
    form: Form = field(repr=False)
    policy: Policy = _USUAL
    memory: type[Any] | None = None
    """The type of what it remembers from view to view; None for a pure function of one view."""

    @property
    def summary(self) -> str:
        """What it finds as long as nothing else is asked for: its docstring's first line, with defaults."""
        return self.describe(self.form.defaults())

    @property
    def details(self) -> tuple[str, ...]:
        """The other paragraphs of its docstring, each on one line."""
        defaults = self.form.defaults()
        return tuple(self.form.fill_in(text, defaults) for text in paragraphs(self.function)[1:])

    def describe(self, values: Mapping[str, Value]) -> str:
        """Return what it finds with these parameters, in one sentence."""
        return self.form.fill_in(paragraphs(self.function)[0], values)

    @property
    def file(self) -> str:
        """The file that it is defined in."""
        return inspect.getsourcefile(self.function) or "?"

    @property
    def line(self) -> int | None:
        """The line on which its function begins, None where there is no source."""
        code = getattr(self.function, "__code__", None)
        return code.co_firstlineno if isinstance(code, CodeType) else None

    def policy_for(self, values: Mapping[str, Value]) -> Policy:
        """Return how its hits become alerts where these parameters were asked for."""
        return policy_of(self.policy, values)

    def read(self, view: MarketView, values: Mapping[str, Value], memory: bytes | None = None) -> Reading:
        """Return what the rule says of `view`. Raises `RuleFault` for whatever goes wrong inside."""
        try:
            if self.memory is None:
                return Reading(_checked(self.function(view, **self.form.own(values))))
            remembered = _remembered(self.function(view, self._recall(memory), **self.form.own(values)))
            written = msgspec.json.encode(remembered.memory, enc_hook=_plain)
            return Reading(_checked(remembered.hits), written)
        except Exception as error:
            text = f"rule {self.name} ({self._where(error)}): {type(error).__name__}: {error}"
            raise RuleFault(text) from error

    def _recall(self, memory: bytes | None) -> Any:  # noqa: ANN401 - the rule's own type
        kind = cast("type[Any]", self.memory)
        if memory is None:
            return kind()
        try:
            return msgspec.json.decode(memory, type=kind)
        except msgspec.DecodeError:
            return kind()  # written by another version of the rule: it starts afresh

    def _where(self, error: Exception) -> str:
        """Return the rule's file, and the line of it where `error` arose or else where the rule begins."""
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == self.file]
        line = own[-1].lineno if own else self.line
        return f"{self.file}, line {line}" if line else self.file


def rule(
    name: str, *, policy: Policy | None = None, memory: type[Any] | None = None
) -> Callable[[Callable[..., Any]], Rule]:
    """Make a rule of a function.

    The function takes a `MarketView` and keyword-only parameters with defaults, and yields (or returns) a
    `Hit` for everything it finds. With a `memory` type (a dataclass whose fields all have defaults) it takes
    what it remembered as its second argument and returns `Remembered(hits, memory)`.

    The first line of its docstring says what it finds; the name of a parameter in backticks stands for the
    value that was asked for: "A cluster of at least `at_least`."

    Raises `TypeError` or `ValueError` that says what is wrong with the function or the name.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"a rule's name is lower-case letters, digits and hyphens, not {name!r}")

    def make(function: Callable[..., Any]) -> Rule:
        try:
            _require_shape(function, memory)
            form = Form.of(function).joined(standing_parameters(policy or Policy()))
            _require_names(form)
        except TypeError as error:
            raise TypeError(f"rule {name}: {error}") from None
        return Rule(name, function, form, policy or Policy(), memory)

    return make


def _require_shape(function: Callable[..., Any], memory: type[Any] | None) -> None:
    if not paragraphs(function):
        raise TypeError("it needs a docstring: its first line is its help")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError("it must not be async: a rule only reads its view")
    kinds = [argument.kind for argument in inspect.signature(function).parameters.values()]
    leading = [kind for kind in kinds if kind is not inspect.Parameter.KEYWORD_ONLY]
    takes = ["view"] if memory is None else ["view", "memory"]
    positional = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    if len(leading) != len(takes) or not positional.issuperset(leading):
        raise TypeError(f"it must take ({', '.join(takes)}, *, …): its parameters stand after a *")
    if memory is not None:
        try:
            memory()
        except TypeError:
            raise TypeError(f"every field of its memory {memory.__name__} needs a default") from None


def _require_names(form: Form) -> None:
    for parameter in form.parameters:
        if parameter.name in MANNER:
            raise TypeError(f"parameter {parameter.name} would be taken for how its alerts are brought")


def _remembered(returned: object) -> Remembered[Any]:
    if isinstance(returned, Remembered):
        return cast("Remembered[Any]", returned)
    raise TypeError(f"it has a memory and must return Remembered(hits, memory), not {returned!r}")


def _checked(hits: object) -> tuple[Hit, ...]:
    """Return `hits` as they can be written down, or raise an error that says what is wrong with them."""
    if hits is None:
        return ()
    found = tuple(cast("Iterable[object]", hits))
    for hit in found:
        if not isinstance(hit, Hit):
            raise TypeError(f"it yielded {hit!r}, not a Hit")
    written = _hits.decode(msgspec.json.encode(found, enc_hook=_plain))
    keys = [hit.key for hit in written]
    if len(set(keys)) != len(keys):
        raise ValueError(f"it yielded the same key twice: {sorted(keys)}")
    return written


def _plain(value: object) -> object:
    """Return a number of numpy's as one of Python's: rules compute with arrays."""
    if isinstance(value, np.generic):
        return cast("object", value.item())
    raise TypeError(f"{value!r} cannot be written down")


_hits = msgspec.json.Decoder(tuple[Hit, ...])
