"""How the two forms of a rule are read: a function of a view, and a class whose state the host keeps."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import msgspec

from liqbot.market.events import MarketEvent
from liqbot.market.view import MarketView
from liqbot.rules.hit import Reading, Remembered, checked, plain
from liqbot.rules.parameters import Form, Value
from liqbot.rules.wording import paragraphs


class Reader(Protocol):
    """Whatever reads a view for a rule: code in this process, or a worker beside it."""

    def read(
        self,
        view: MarketView,
        values: Mapping[str, Value],
        memory: bytes | None,
        events: Sequence[MarketEvent] = (),
    ) -> Reading:
        """Return what the rule says of `view` and of what led to it; raise anything where it fails."""
        ...

    def forget(self, memory: bytes, who: str) -> bytes:
        """Return `memory` without what it holds of an account or a person."""
        ...


@dataclass(frozen=True, slots=True)
class FunctionReader:
    """A function of a view, with or without a memory that it returns."""

    function: Callable[..., Any]
    memory: type[Any] | None = None
    reads_events: bool = False

    def read(
        self,
        view: MarketView,
        values: Mapping[str, Value],
        memory: bytes | None,
        events: Sequence[MarketEvent] = (),
    ) -> Reading:
        """Call the function; a memory that another version wrote begins afresh."""
        if self.reads_events:
            return Reading(checked(self.function(view, tuple(events), **values)))
        if self.memory is None:
            return Reading(checked(self.function(view, **values)))
        remembered = _remembered(self.function(view, _recalled(self.memory, memory), **values))
        written = msgspec.json.encode(remembered.memory, enc_hook=plain)
        return Reading(checked(remembered.hits), written)

    def forget(self, memory: bytes, who: str) -> bytes:
        """Return `memory` as it is: a function has no way to forget, and should keep nothing of people."""
        del who
        return memory


@dataclass(frozen=True, slots=True)
class _Stored:
    """A state as it is kept: what it was written by, so that a later version can take it over."""

    version: int
    state: msgspec.Raw


@dataclass(frozen=True, slots=True)
class ClassReader:
    """A class with `State` and `read`, and where it wants to `version`, `migrate` and `forget`.

    Each view is read by an instance of its own, so that nothing is remembered but the state.
    """

    kind: type[Any]
    state: type[Any]
    version: int
    reads_events: bool = False

    def read(
        self,
        view: MarketView,
        values: Mapping[str, Value],
        memory: bytes | None,
        events: Sequence[MarketEvent] = (),
    ) -> Reading:
        """Let the class read the view; what it leaves in its state is written once all hits are there."""
        state = self._recall(memory)
        read = (view, tuple(events), state) if self.reads_events else (view, state)
        hits = checked(self.kind().read(*read, **values))
        return Reading(hits, self._written(state))

    def forget(self, memory: bytes, who: str) -> bytes:
        """Return the state after the class's own `forget`; as it is where it has none."""
        forget = getattr(self.kind(), "forget", None)
        if forget is None:
            return memory
        state = self._recall(memory)
        forget(state, who)
        return self._written(state)

    def _written(self, state: object) -> bytes:
        raw = msgspec.Raw(msgspec.json.encode(state, enc_hook=plain))
        return msgspec.json.encode(_Stored(self.version, raw))

    def _recall(self, memory: bytes | None) -> Any:  # noqa: ANN401 - the rule's own type
        """Return a memory's state. What cannot be read begins afresh; a migration that fails is a fault."""
        if memory is None:
            return self.state()
        try:
            stored = msgspec.json.decode(memory, type=_Stored)
            if stored.version == self.version:
                return msgspec.json.decode(stored.state, type=self.state)
        except msgspec.DecodeError:
            return self.state()
        migrate = getattr(self.kind(), "migrate", None)
        if migrate is None:
            return self.state()
        migrated = migrate(msgspec.json.decode(stored.state), stored.version)
        if not isinstance(migrated, self.state):
            raise TypeError(f"migrate must return a {self.state.__name__}, not {migrated!r}")
        return migrated


def function_reader(
    function: Callable[..., Any], memory: type[Any] | None, *, reads_events: bool = False
) -> FunctionReader:
    """Return the reader of a function. Raises `TypeError` that says what is wrong with its shape."""
    _require_help(function)
    _require_plain(function)
    more = ["events"] if reads_events else ["memory"] if memory is not None else []
    _require_arguments(function, ["view", *more])
    if memory is not None:
        require_defaults(memory, "memory")
    return FunctionReader(function, memory, reads_events)


def class_reader(kind: type[Any], *, reads_events: bool = False) -> tuple[ClassReader, Form]:
    """Return the reader of a class, and its form. Raises `TypeError` that says what is wrong with it."""
    _require_help(kind)
    state, read, version = (getattr(kind, name, None) for name in ("State", "read", "version"))
    if not isinstance(state, type):
        raise TypeError("it needs a State: the type of what it remembers, a dataclass")
    if not inspect.isfunction(read):
        raise TypeError("it needs a method read(self, view, state, *, …)")
    version = 1 if version is None else version
    if type(version) is not int or version < 1:
        raise TypeError(f"its version must be a whole number from 1 on, not {version!r}")
    _require_plain(read)
    _require_arguments(read, ["self", "view", *(["events"] if reads_events else []), "state"])
    try:
        kind()
    except TypeError:
        raise TypeError("it must be made without arguments") from None
    require_defaults(state, "State")
    return ClassReader(kind, state, version, reads_events), Form.of(read)


def require_defaults(kind: type[Any], what: str) -> None:
    """Raise `TypeError` where `kind` cannot be made of nothing."""
    try:
        kind()
    except TypeError:
        raise TypeError(f"every field of its {what} {kind.__name__} needs a default") from None


def _require_help(thing: Callable[..., Any]) -> None:
    if not paragraphs(thing):
        raise TypeError("it needs a docstring: its first line is its help")


def _require_plain(function: Callable[..., Any]) -> None:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError("it must not be async: a rule only reads its view")


def _require_arguments(function: Callable[..., Any], takes: list[str]) -> None:
    kinds = [argument.kind for argument in inspect.signature(function).parameters.values()]
    leading = [kind for kind in kinds if kind is not inspect.Parameter.KEYWORD_ONLY]
    positional = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    if len(leading) != len(takes) or not positional.issuperset(leading):
        raise TypeError(f"it must take ({', '.join(takes)}, *, …): its parameters stand after a *")


def _recalled(kind: type[Any], memory: bytes | None) -> Any:  # noqa: ANN401 - the rule's own type
    if memory is None:
        return kind()
    try:
        return msgspec.json.decode(memory, type=kind)
    except msgspec.DecodeError:
        return kind()  # written by another version of the rule: it starts afresh


def _remembered(returned: object) -> Remembered[Any]:
    if isinstance(returned, Remembered):
        return cast("Remembered[Any]", returned)
    raise TypeError(f"it has a memory and must return Remembered(hits, memory), not {returned!r}")
