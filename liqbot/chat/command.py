"""What a command is: `@command`, CommandContext, types of arguments; usage and help out of its docstring."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, TypeAlias, get_args, get_origin, get_type_hints, overload

from liqbot.message import Message
from liqbot.rules.parameters import Form
from liqbot.rules.wording import paragraphs
from liqbot.service.chats import ChatKey
from liqbot.service.services import Services
from liqbot.text import _


class Kind(StrEnum):
    """What an argument is, so that chats can complete it and refuse what it is not."""

    COIN = "COIN"
    WINDOW = "window"
    RULE = "RULE"
    NUMBER = "NUMBER"
    TOPIC = "command"
    SPAN = "time"
    HOURS = "FROM-TO"
    ZONE = "ZONE"
    ALERT = "ALERT"
    COUNT = "COUNT"
    SURE = "yes"
    FILTER = "COIN or RULE"
    MOVE = "move"
    SETTINGS = "name=value"
    SWITCH = "on or off"
    ACTION = "action"
    TEXT = "text"
    ACCOUNT = "ADDRESS"
    TESTED = "RULE|watch"
    SUBJECT = "COIN|ADDRESS"


Coin = Annotated[str, Kind.COIN]
"""A coin of which there is a view."""
Window = Annotated[str, Kind.WINDOW]
"""How far back a heatmap looks: a key of `WINDOWS`."""
RuleName = Annotated[str, Kind.RULE]
"""A rule that is loaded."""
Number = Annotated[int, Kind.NUMBER]
"""The number of one of the chat's subscriptions."""
Topic = Annotated[str, Kind.TOPIC]
"""A command or a rule to explain; empty for all."""
Span = Annotated[float, Kind.SPAN]
"""A span of time, in seconds."""
Hours = Annotated[str, Kind.HOURS]
"""From when to when, each day: `23:00-07:00`; `off` for never."""
Zone = Annotated[str, Kind.ZONE]
"""A time zone of the IANA database: `Europe/Berlin`; empty for none given."""
Count = Annotated[int, Kind.COUNT]
"""A whole number, 1 or more."""
Move = Annotated[float, Kind.MOVE]
"""A move of the price in percent, negative for a fall: `-3%`."""
Sure = Annotated[str, Kind.SURE]
"""`yes`, or empty."""
AlertNumber = Annotated[int, Kind.ALERT]
"""The number of an alert that the chat has got."""
Filter = Annotated[str, Kind.FILTER]
"""A coin or a rule that a list is cut down to; empty for the whole list."""
Settings = Annotated[Mapping[str, str], Kind.SETTINGS]
"""All that follows, as `name=value` pairs; none of them is needed."""


Switch = Annotated[str, Kind.SWITCH]
"""`on` or `off`; empty for a look."""
Action = Annotated[str, Kind.ACTION]
"""What an owner wants done: a word of `ACTIONS`; empty for a look."""
Text = Annotated[str, Kind.TEXT]
"""All that follows, as it was typed."""
Account = Annotated[str, Kind.ACCOUNT]
"""An account: its address, a link that holds it, or the name that the chat has given it."""
TestedRule = Annotated[str, Kind.TESTED]
"""A rule that is loaded, or `watch` for accounts."""
Subject = Annotated[str, Kind.SUBJECT]
"""What a rule is about: a coin, or of `watch` an account."""
ACTIONS = (
    "users",
    "block",
    "unblock",
    "allow",
    "disallow",
    "invite",
    "invites",
    "quota",
    "broadcast",
    "send",
    "pause",
    "resume",
    "troubles",
)
"""What `/admin` does."""


@dataclass(frozen=True, slots=True)
class CommandContext:
    """Who asks, where, and what there is to answer with."""

    chat: ChatKey
    services: Services
    person: str = ""
    """The platform's id of who asks; empty where there is but one person."""
    may_manage: bool = True
    """Whether they may change what the chat subscribes to and how it is spoken to."""
    language: str = ""
    """Theirs, as the platform names it: `en`, `pt-BR`; empty for unknown."""
    check_role: Callable[[str], str] | None = field(default=None, compare=False)
    """Returns why the role of an id cannot be pinged here, empty where it can; None where there are none."""

    @property
    def is_owner(self) -> bool:
        """Whether they own the bot."""
        return self.services.access.is_owner(self.chat, self.person)


@dataclass(frozen=True, slots=True)
class Argument:
    """One thing that is typed after a command's name."""

    name: str
    kind: Kind
    required: bool
    default: Any = None

    @property
    def usage(self) -> str:
        """How it stands in help: `COIN`, `[window]`, `[name=value …]`."""
        if self.kind is Kind.SETTINGS:
            return f"[{self.kind} …]"
        return self.kind.value if self.required else f"[{self.kind}]"


Answer: TypeAlias = Callable[..., Awaitable[Message]]
_LAYER = ("venue", "tier", "opened")


@dataclass(frozen=True, slots=True)
class Command:
    """A command, the same on every platform."""

    name: str
    function: Answer = field(repr=False)
    arguments: tuple[Argument, ...]
    manages: bool = False
    """It changes what a chat subscribes to, or how it is spoken to: in a group not for everyone."""
    public: bool = False
    """Its answer is for everyone in the chat; else for who asked, where the platform can do that."""
    owners: bool = False
    """It is for the owners of the bot alone."""
    draws: bool = False
    """It draws a picture, of which chats and people have so many."""
    form: Form | None = field(default=None, repr=False)
    """What its settings are; None where a rule says so, or it takes none."""
    takes: tuple[str, ...] = _LAYER
    """Without a form or a rule, the names of its settings: they single out what of a market is shown."""

    @property
    def usage(self) -> str:
        """How to type it: `/heatmap COIN [window]`."""
        return " ".join([f"/{self.name}", *(argument.usage for argument in self.arguments)])

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return _(paragraphs(self.function)[0])

    @property
    def details(self) -> tuple[str, ...]:
        """The other paragraphs of its docstring, each on one line."""
        return tuple(map(_, paragraphs(self.function)[1:]))


@overload
def command(function: Answer) -> Command: ...
@overload
def command(
    *,
    manages: bool = False,
    public: bool = False,
    owners: bool = False,
    draws: bool = False,
    name: str = "",
    form: Form | None = None,
    takes: Sequence[str] = _LAYER,
) -> Callable[[Answer], Command]: ...
def command(
    function: Answer | None = None,
    *,
    manages: bool = False,
    public: bool = False,
    owners: bool = False,
    draws: bool = False,
    name: str = "",
    form: Form | None = None,
    takes: Sequence[str] = _LAYER,
) -> Command | Callable[[Answer], Command]:
    """Make a command of a function, with its name: `@command`, or `@command(public=True)`.

    Raises `TypeError` for a wrong signature.
    """
    make = partial(_command, manages=manages, public=public, owners=owners, draws=draws, name=name)
    if function is not None:
        return make(function)
    return lambda answer: replace(make(answer), form=form, takes=tuple(takes))


def _command(
    function: Answer, *, manages: bool, public: bool, owners: bool, draws: bool, name: str
) -> Command:
    name = name or function.__name__
    if not paragraphs(function):
        raise TypeError(f"command {name} needs a docstring: its first line is its help")
    hints = get_type_hints(function, include_extras=True)
    first, *rest = inspect.signature(function).parameters.values()
    if hints.get(first.name) is not CommandContext:
        raise TypeError(f"command {name} must take a CommandContext first")
    arguments = tuple(_argument(name, hints[item.name], item) for item in rest)
    return Command(name, function, arguments, manages, public, owners, draws)


def _argument(command_name: str, hint: Any, parameter: inspect.Parameter) -> Argument:  # noqa: ANN401 - an annotation may be anything
    kinds = [extra for extra in get_args(hint) if isinstance(extra, Kind)]
    if get_origin(hint) is not Annotated or len(kinds) != 1:
        raise TypeError(f"argument {parameter.name} of command {command_name} must be a Coin, a Window, …")
    required = parameter.default is inspect.Parameter.empty
    return Argument(parameter.name, kinds[0], required, None if required else parameter.default)
