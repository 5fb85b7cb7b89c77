"""The options of slash commands: what each takes, what it offers while one types, how it reads in a line.

An option becomes words of the line that the same wish would be at the prompt: `/subscribe near-cluster BTC
within=3`. So there is one place where a wish is read, and one kind of error.
"""

import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands

from liqbot.chat import times
from liqbot.chat.arguments import ALL, choices
from liqbot.chat.command import ACTIONS, Argument, CommandContext, Kind
from liqbot.rules.parameters import ANY_COIN, Parameter, ParameterError
from liqbot.rules.rule import Rule
from liqbot.rules.units import Unit
from liqbot.service.picture_query import FIXED, TAKES
from liqbot.service.windows import WINDOWS
from liqbot.text import N_, _

OFFERED = 25
"""Most choices of an option, and most answers while somebody types."""
NAME = 32
HELP = 100
CHOICE = 100
"""Most characters of an option's name, of its help, and of a choice."""

ALL_OF_THEM = -1
"""The number that stands for all subscriptions, since no text fits an option that takes a number."""
Given = Mapping[str, object]
"""The values of a command's options by their names; those that were not given are None."""
Offer = Callable[[CommandContext, str, Given], Awaitable[Mapping[str, str]]]
"""What an option offers while somebody types: values, each with a word on what it is."""
_HELP = {
    Kind.COIN: N_("the coin"),
    Kind.WINDOW: N_("how far back"),
    Kind.RULE: N_("what to look for"),
    Kind.NUMBER: N_("the number of a subscription"),
    Kind.TOPIC: N_("a command or a rule"),
    Kind.SPAN: N_("how long, as 90s, 10m, 4h or 1d"),
    Kind.HOURS: N_("from when to when, as 23:00-07:00; off for never"),
    Kind.ZONE: N_("a time zone, as Europe/Berlin"),
    Kind.ALERT: N_("the number of an alert"),
    Kind.COUNT: N_("a number"),
    Kind.SURE: N_("yes, if you are sure"),
    Kind.FILTER: N_("a coin or a rule, of a long list"),
    Kind.MOVE: N_("how far, as -3% for a fall or 3% for a rise"),
    Kind.SETTINGS: N_("what the rule takes, as name=value name=value"),
    Kind.SWITCH: N_("on or off; empty for a look"),
    Kind.ACTION: N_("what is to be done; empty for a look"),
    Kind.TEXT: N_("the words that go with it"),
    Kind.ACCOUNT: N_("the address of an account, as 0x…, a link with it, or its name here"),
    Kind.TESTED: N_("what to see a test of"),
    Kind.SUBJECT: N_("the coin; of watch the account"),
}
_TAKES: Mapping[Kind, object] = {
    Kind.NUMBER: int,
    Kind.ALERT: int,
    Kind.COUNT: app_commands.Range[int, 1, times.MOST],
}
"""What is no text."""
_FIXED: Mapping[Kind, tuple[str, ...]] = {
    Kind.WINDOW: tuple(WINDOWS),
    Kind.SURE: ("yes",),
    Kind.SWITCH: ("on", "off"),
    Kind.ACTION: ACTIONS,
}
"""All there is to choose from."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a slash command."""

    name: str
    takes: object
    """Its type, as discord.py reads it from an annotation."""
    help: str
    write: Callable[[object], Sequence[str]]
    """Returns the words that a given value is in a line."""
    required: bool = False
    choices: tuple[str, ...] = ()
    """All there is to choose from; empty where more is allowed."""
    offer: Offer | None = None


def of_argument(
    argument: Argument, topics: Callable[[CommandContext], Mapping[str, str]], *, may_be_all: bool = False
) -> Option:
    """Return the option for an argument of a command; `topics` are the names that `/help` explains.

    Of a number, `may_be_all` says whether all may be meant.
    """
    kind = argument.kind

    async def offer(context: CommandContext, typed: str, given: Given) -> Mapping[str, str]:
        del typed, given
        offered = await choices(kind, context, lambda: topics(context))
        if may_be_all and len(offered) > 1:
            return {**offered, str(ALL_OF_THEM): _("all of them")}
        return offered

    text = _(_HELP[kind]) if kind in _HELP else argument.name
    if isinstance(argument.default, str) and argument.default:
        text = _("{help}; default {default}", help=text, default=argument.default)
    return Option(
        name=argument.name,
        takes=_TAKES.get(kind, str),
        help=text,
        write=_word_by_word if kind is Kind.SETTINGS else _number_or_all if may_be_all else _as_it_is,
        required=argument.required and kind is not Kind.SETTINGS,
        choices=_FIXED.get(kind, ())[:OFFERED],
        offer=None if kind in (Kind.COUNT, Kind.TEXT, *_FIXED) else offer,
    )


def of_parameter(parameter: Parameter) -> Option:
    """Return the option for a parameter of a rule, or of a plugin's command.

    Percentages and plain numbers are numbers with bounds; dollars and spans of time are written with a unit
    (`5M`, `10m`), so they are text that is completed, and so are coins.
    """
    default = _("default {value}", value=parameter.show(parameter.default))

    def write(value: object) -> Sequence[str]:
        return [f"{parameter.name}={value!r}" if isinstance(value, float) else f"{parameter.name}={value}"]

    async def offer(context: CommandContext, typed: str, given: Given) -> Mapping[str, str]:
        del given
        return await _coins(context) if parameter.is_coin else _amounts(parameter, typed)

    is_text = parameter.is_coin or parameter.is_name

    takes: object = str
    fixed: tuple[str, ...] = parameter.choices if len(parameter.choices) <= OFFERED else ()
    is_number = not parameter.choices and not is_text
    if is_number and parameter.unit in (Unit.PERCENT, Unit.RATIO):
        bounds = parameter.bounds
        takes = float if bounds is None else app_commands.Range[float, float(bounds.low), float(bounds.high)]
    elif is_number and parameter.unit is Unit.WHOLE:
        bounds = parameter.bounds
        takes = int if bounds is None else app_commands.Range[int, int(bounds.low), int(bounds.high)]
    return Option(
        name=parameter.name.lower(),
        takes=takes,
        help="; ".join(part for part in (_(parameter.help), _unit(parameter), default) if part),
        write=write,
        choices=fixed,
        offer=offer if takes is str and not fixed and not parameter.is_name else None,
    )


def of_settings(rule_of: Callable[[Given], Rule | None]) -> Option:
    """Return the option in which all parameters of a rule are written as text, completed word by word."""

    async def offer(context: CommandContext, typed: str, given: Given) -> Mapping[str, str]:
        del context
        rule = rule_of(given)
        return {} if rule is None else _next_words(rule, typed)

    return Option("settings", str, _HELP[Kind.SETTINGS], write=_word_by_word, offer=offer)


def _written(name: str) -> Callable[[object], Sequence[str]]:
    return lambda value: [f"{name}={value}"]


async def _venues(context: CommandContext, typed: str, given: Given) -> Mapping[str, str]:
    del typed
    return context.services.markets.venues(str(given.get("coin") or "").upper())


async def _tiers(context: CommandContext, typed: str, given: Given) -> Mapping[str, str]:
    del context, typed, given
    return dict.fromkeys(("5x", "10x", "25x", "50x", "100x"), "")


async def _spans(context: CommandContext, typed: str, given: Given) -> Mapping[str, str]:
    del context, typed, given
    return dict.fromkeys(("1h", "4h", "24h", "3d", "7d"), "")


async def _others(context: CommandContext, typed: str, given: Given) -> Mapping[str, str]:
    del typed
    own = str(given.get("venue") or "").lower()
    venues = context.services.markets.venues(str(given.get("coin") or "").upper())
    return {name: about for name, about in venues.items() if name != own}


_OFFERS: Mapping[str, Offer] = {"venue": _venues, "tier": _tiers, "opened": _spans, "beside": _others}
BY_NAME = {
    name: Option(name, str, about, _written(name), choices=FIXED.get(name, ()), offer=_OFFERS.get(name))
    for name, about in TAKES.items()
}
"""The options of a command that shows a market, by the names of `Command.takes`."""


async def _watchable(context: CommandContext, typed: str, given: Given) -> Mapping[str, str]:
    del typed
    coin = str(given.get("coin") or "").upper()
    return {"best": _("default"), **context.services.markets.watchable(coin)}


VENUE = Option(
    "venue",
    str,
    N_("which map to read: an exchange, measured or modelled"),
    _written("venue"),
    offer=_watchable,
)
"""The option of a subscription that names a layer."""
UNTIL = Option("until", str, N_("when it ends by itself, as 7am or 3d"), _written("until"))
"""When a subscription ends."""
ROLE = Option(
    "role",
    discord.Role,
    N_("a role to ping with each alert; otherwise nobody is pinged"),
    write=lambda _value: (),
)
"""Who is pinged; it is checked before it becomes a word of the line."""


class _Channel(app_commands.Transformer[discord.Client]):
    """Takes what messages can be sent to, as Discord tells of it: it need not be known to the bot."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        """What Discord lets people choose."""
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        """Which of all channels are offered."""
        kind = discord.ChannelType
        threads = (kind.public_thread, kind.private_thread, kind.news_thread)
        return [kind.text, kind.news, kind.voice, *threads]

    async def transform(self, interaction: discord.Interaction[discord.Client], value: Any, /) -> Any:  # noqa: ANN401 - as the library has it
        """Return the channel as Discord tells of it."""
        del interaction
        return value


CHANNEL = Option(
    "channel",
    app_commands.Transform[Any, _Channel],
    N_("default: here"),
    write=lambda _value: (),
)
"""To which channel of the server it applies; it is checked, and becomes the chat that the line is for."""


def found(offered: Mapping[str, str], typed: str) -> list[tuple[str, str]]:
    """Return what of `offered` begins with or else contains what is typed: each value with its label."""
    wanted = typed.strip().lower()
    labelled = [(value, f"{value} · {about}" if about else value) for value, about in offered.items()]
    first = [item for item in labelled if item[0].lower().startswith(wanted)]
    then = [item for item in labelled if item not in first and wanted in item[1].lower()]
    fitting = [(value, label) for value, label in [*first, *then] if 0 < len(value) <= CHOICE]
    return [(value, _short(label, CHOICE)) for value, label in fitting[:OFFERED]]


def short_help(text: str, room: int = HELP) -> str:
    """Return a description that Discord takes: never empty, never too long."""
    return _short(" ".join(text.split()) or "…", room)


def _number_or_all(value: object) -> Sequence[str]:
    return [ALL if value == ALL_OF_THEM else str(value)]


def _as_it_is(value: object) -> Sequence[str]:
    return [str(value)]


def _word_by_word(value: object) -> Sequence[str]:
    try:
        return shlex.split(str(value))
    except ValueError:  # a quotation mark too few
        return str(value).split()


def _unit(parameter: Parameter) -> str:
    if parameter.choices or parameter.is_name:
        return ""
    if parameter.is_coin:
        return _("a coin")
    if parameter.unit is Unit.PERCENT:
        return _("in percent")
    if parameter.unit is Unit.USD:
        return _("dollars as 5M or 750k")
    return _("time as 90s, 10m or 1d") if parameter.unit is Unit.SECONDS else ""


async def _coins(context: CommandContext) -> Mapping[str, str]:
    """Return what a parameter that names a coin may be."""
    return {ANY_COIN: _("default"), **await choices(Kind.COIN, context)}


def _amounts(parameter: Parameter, typed: str) -> Mapping[str, str]:
    """Return what a parameter may be: of many choices all, else what was typed as it is understood."""
    if parameter.choices:
        return dict.fromkeys(parameter.choices, "")
    default = parameter.show(parameter.default).replace(" ", "")
    if not typed.strip():
        return {default: _("default")}
    try:
        return {typed.strip(): _("is {value}", value=parameter.show(parameter.parse(typed)))}
    except ParameterError:
        # What is offered has to look like what was typed, or Discord's users would not see it as an answer.
        return {default: _("{text} is not {takes}", text=typed.strip(), takes=parameter.takes)}


def _next_words(rule: Rule, typed: str) -> Mapping[str, str]:
    """Return the ways in which a text of settings may go on."""
    before, space, word = typed.rpartition(" ")
    used = {text.partition("=")[0].lower() for text in before.split()}
    offered: dict[str, str] = {}
    for parameter in rule.form.parameters:
        name, equals, _value = word.partition("=")
        if parameter.name in used or not parameter.name.startswith(name.lower() if not equals else name):
            continue
        default = parameter.show(parameter.default).replace(" ", "")
        values = parameter.choices or (default,)
        if equals and word not in [f"{parameter.name}={value}" for value in values]:
            offered[typed] = parameter.takes
        offered |= {f"{before}{space}{parameter.name}={value}": _(parameter.help) for value in values}
    return offered


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1].rstrip()}…"
