"""What a plugin may bring besides rules: commands, overlays, sources, chat adapters."""

import inspect
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, TypeVar, cast

from liqbot.market.marks import Mark
from liqbot.market.source import Source
from liqbot.market.view import MarketView
from liqbot.message import Message
from liqbot.rules.parameters import Form, Value
from liqbot.rules.rule import Rule, place_of, require_name
from liqbot.rules.wording import paragraphs

if TYPE_CHECKING:  # every worker loads this, and it takes long to load
    from pydantic import BaseModel

API = 1
"""Version of the public face. A plugin that says `__liqbot_api__ = 2` is refused by a liqbot that has 1."""

Options: TypeAlias = Mapping[str, object]
"""What the operator has set for a plugin, under its name in `[plugins.options.NAME]`."""


@dataclass(frozen=True, slots=True)
class PluginCommand:
    """A command of a plugin: `/NAME COIN [name=value …]`. A function of a view, as a rule is."""

    name: str
    function: Callable[..., Any] = field(repr=False)
    form: Form = field(repr=False)
    text: tuple[str, ...] = field(repr=False)
    file: str
    line: int | None

    def answer(self, view: MarketView, values: Mapping[str, Value]) -> Message:
        """Return what the function says of `view`; raise anything where it fails."""
        message = self.function(view, **self.form.own(values))
        if not isinstance(message, Message):
            raise TypeError(f"it must return a Message, not {message!r:.60}")
        return message


@dataclass(frozen=True, slots=True)
class Overlay:
    """Draws on heatmaps: a function of a view that gives marks, as data."""

    name: str
    function: Callable[[MarketView], Iterable[Mark]] = field(repr=False)
    text: tuple[str, ...] = field(repr=False)
    file: str
    line: int | None

    def marks(self, view: MarketView) -> tuple[Mark, ...]:
        """Return what it wants drawn on the heatmap of `view`; raise anything where it fails."""
        found = tuple(cast("Iterable[object]", self.function(view) or ()))
        for mark in found:
            if not isinstance(mark, Mark):
                raise TypeError(f"it yielded {mark!r:.60}, not a Mark")
        return cast("tuple[Mark, ...]", found)


def _clock_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """What a source is made of."""

    argument: str
    """What stands after the colon in `LIQBOT_SOURCES`: of `replay:FILE` the file."""
    coins: tuple[str, ...]
    now_ms: int
    """The clock's time, ms since 1970 UTC."""
    options: Options
    database: object = Path("liqbot.db")
    """Where the bot's own database is, as in `store/address.py`, for a source that remembers something."""
    clock: Callable[[], int] = _clock_ms
    """The time as it goes on, ms since 1970 UTC."""


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A source that can be named in `LIQBOT_SOURCES`."""

    name: str
    function: Callable[[SourceRequest], Source] = field(repr=False)
    text: tuple[str, ...] = field(repr=False)
    file: str
    line: int | None
    settings: "type[BaseModel] | None" = None
    """What its options must be; None where it reads them as they are."""
    takes: str = ""
    """What stands after its name: `FILE` of `replay:FILE`; empty where nothing does."""
    all_coins: bool = False
    """Whether it takes `("all",)` for its coins; another source gets the default ones then."""


class ChatAddress(NamedTuple):
    """A chat as its platform knows it."""

    platform: str
    name: str
    thread: str = ""
    """Thread or topic, empty for none."""


class Undelivered(Exception):  # noqa: N818 - it says what happened
    """A message did not arrive. `final` where another try cannot help."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


class ChatAdapter(Protocol):
    """Brings messages to the chats of one platform."""

    def send(self, chat: ChatAddress, message: Message) -> Awaitable[None]:
        """Bring `message` to `chat`; raise `Undelivered` where that did not work."""
        ...


@dataclass(frozen=True, slots=True)
class AdapterKind:
    """A chat platform: its name is the `platform` of its chats."""

    name: str
    function: Callable[[Options], ChatAdapter] = field(repr=False)
    text: tuple[str, ...] = field(repr=False)
    file: str
    line: int | None


Contribution: TypeAlias = Rule | PluginCommand | Overlay | SourceKind | AdapterKind
KIND_WORDS: dict[type[Contribution], str] = {
    Rule: "rule",
    PluginCommand: "command",
    Overlay: "overlay",
    SourceKind: "source",
    AdapterKind: "chat adapter",
}
"""What a contribution is called in errors and lists."""
_Made = TypeVar("_Made", Overlay, SourceKind, AdapterKind)


def command(name: str) -> Callable[[Callable[..., Message]], PluginCommand]:
    """Make a command of a function of a view that returns a `Message`.

    Its keyword-only parameters are a form like a rule's; people type `/NAME COIN [name=value …]`. The first
    line of its docstring is its help. Raises `TypeError` or `ValueError` that says what is wrong.
    """
    require_name("command", name)

    def make(function: Callable[..., Message]) -> PluginCommand:
        try:
            text = _require(function, ["view"])
            form = Form.of(function)
        except TypeError as error:
            raise TypeError(f"command {name}: {error}") from None
        return PluginCommand(name, function, form, text, *place_of(function))

    return make


def overlay(name: str) -> Callable[[Callable[[MarketView], Iterable[Mark]]], Overlay]:
    """Make an overlay of a function of a view that yields a `line`, a `band` or a `point` for each mark.

    Raises `TypeError` or `ValueError` that says what is wrong.
    """
    return _making(Overlay, name, "view")


def source(
    name: str, *, settings: "type[BaseModel] | None" = None, takes: str = "", all_coins: bool = False
) -> Callable[[Callable[[SourceRequest], Source]], SourceKind]:
    """Make a source of a function that is given a `SourceRequest` and returns a `Source`.

    `settings` is what its options must be, `takes` what stands after its name in `LIQBOT_SOURCES`, and with
    `all_coins` it understands `("all",)` for its coins. It runs inside the bot, so its plugin must be
    trusted. Raises `TypeError` or `ValueError`.
    """
    make = _making(SourceKind, name, "request")
    return lambda function: replace(make(function), settings=settings, takes=takes, all_coins=all_coins)


def adapter(name: str) -> Callable[[Callable[[Options], ChatAdapter]], AdapterKind]:
    """Make a chat platform of a function that is given its options and returns a `ChatAdapter`.

    It runs inside the bot, so its plugin must be trusted. Raises `TypeError` or `ValueError`.
    """
    return _making(AdapterKind, name, "options")


def _making(kind: type[_Made], name: str, takes: str) -> Callable[[Callable[[Any], Any]], _Made]:
    what = KIND_WORDS[kind]
    require_name(what, name)

    def make(function: Callable[[Any], Any]) -> _Made:
        try:
            text = _require(function, [takes])
            _require_no_form(function)
        except TypeError as error:
            raise TypeError(f"{what} {name}: {error}") from None
        return kind(name, function, text, *place_of(function))

    return make


def _require_no_form(function: Callable[..., Any]) -> None:
    if Form.of(function).parameters:
        raise TypeError("it takes no parameters of its own")


def _require(function: Callable[..., Any], takes: list[str]) -> tuple[str, ...]:
    text = paragraphs(function)
    if not text:
        raise TypeError("it needs a docstring: its first line is its help")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError("it must not be async")
    kinds = [argument.kind for argument in inspect.signature(function).parameters.values()]
    leading = [kind for kind in kinds if kind is not inspect.Parameter.KEYWORD_ONLY]
    allowed = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    if len(leading) != len(takes) or not allowed.issuperset(leading):
        raise TypeError(f"it must take ({', '.join(takes)}); parameters of its own stand after a *")
    return text
