"""What a rule is: a function of a view whose keyword-only arguments are its form."""

import inspect
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, Generic, TypeVar, cast

import msgspec

from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.rules.parameters import Form, Value

Memory = TypeVar("Memory")


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


@dataclass(frozen=True, slots=True)
class Policy:
    """How a rule's hits become alerts; spans in seconds."""

    hold: float = 0
    """A hit must last this long before its alert goes out (`for`)."""
    recover: float = 0
    """It must be gone this long before its alert is over."""
    cooldown: float = 3_600
    """After an alert of a key, no other of the same key for this long."""


@dataclass(frozen=True, slots=True)
class Remembered(Generic[Memory]):
    """What a rule with a memory returns: its hits, and what it wants to be given next time."""

    hits: Iterable[Hit]
    memory: Memory


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
    policy: Policy = Policy()
    memory: type[Any] | None = None
    """The type of what it remembers from view to view; None for a pure function of one view."""

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return (inspect.getdoc(self.function) or "").split("\n", maxsplit=1)[0]

    @property
    def file(self) -> str:
        """The file that it is defined in."""
        return inspect.getsourcefile(self.function) or "?"

    @property
    def line(self) -> int | None:
        """The line on which its function begins, None where there is no source."""
        code = getattr(self.function, "__code__", None)
        return code.co_firstlineno if isinstance(code, CodeType) else None

    def read(self, view: MarketView, values: Mapping[str, Value], memory: bytes | None = None) -> Reading:
        """Return what the rule says of `view`. Raises `RuleFault` for whatever goes wrong inside."""
        try:
            if self.memory is None:
                return Reading(_checked(self.function(view, **values)))
            remembered: Remembered[Any] = self.function(view, self._recall(memory), **values)
            return Reading(_checked(remembered.hits), msgspec.json.encode(remembered.memory))
        except Exception as error:
            raise RuleFault(f"rule {self.name} ({self._where(error)}): {error!r}") from error

    def _recall(self, memory: bytes | None) -> Any:  # noqa: ANN401 - the rule's own type
        kind = cast("type[Any]", self.memory)
        if memory is None:
            return kind()
        try:
            return msgspec.json.decode(memory, type=kind)
        except msgspec.DecodeError:
            return kind()  # written by another version of the rule: it starts afresh

    def _where(self, error: Exception) -> str:
        """Return file and line of the innermost frame in the rule's own file."""
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == self.file]
        return f"{self.file}, line {own[-1].lineno}" if own else self.file


def rule(
    name: str, *, policy: Policy | None = None, memory: type[Any] | None = None
) -> Callable[[Callable[..., Any]], Rule]:
    """Make a rule of a function.

    The function takes a `MarketView` and keyword-only parameters with defaults, and yields (or returns) a
    `Hit` for everything it finds. With a `memory` type (a dataclass whose fields all have defaults) it takes
    what it remembered as its second argument and returns `Remembered(hits, memory)`.

    Raises `TypeError` or `ValueError` that says what is wrong with the function or the name.
    """
    if not name or name != name.lower() or not name.replace("-", "").isalnum():
        raise ValueError(f"a rule's name is lower-case letters, digits and hyphens, not {name!r}")

    def make(function: Callable[..., Any]) -> Rule:
        if not inspect.getdoc(function):
            raise TypeError(f"rule {name} needs a docstring: its first line is its help")
        return Rule(name, function, Form.of(function), policy or Policy(), memory)

    return make


def _checked(hits: object) -> tuple[Hit, ...]:
    if hits is None:
        return ()
    found = tuple(cast("Iterable[object]", hits))
    for hit in found:
        if not isinstance(hit, Hit):
            raise TypeError(f"it yielded {hit!r}, not a Hit")
    keys = [hit.key for hit in cast("tuple[Hit, ...]", found)]
    if len(set(keys)) != len(keys):
        raise ValueError(f"it yielded the same key twice: {sorted(keys)}")
    return cast("tuple[Hit, ...]", found)
