"""Arguments of a typed line: coin, window, number, rule, settings; a near match, or what is refused and why.

Not here: cleaning what is typed (`input_cleaning.py`), spans and times (`times.py`).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from liqbot.alerts.account_rule import WATCH_ACCOUNT
from liqbot.alerts.alert_message import headline
from liqbot.alerts.hold_policy import zone
from liqbot.chat.command import ACTIONS, Command, CommandContext, Kind
from liqbot.chat.market_words import regime_name
from liqbot.chat.times import (
    EXAMPLES,
    all_zones,
    read_count,
    read_hours,
    read_move,
    read_span,
    read_zone,
    told_time,
    until_s,
)
from liqbot.rules.units import Unit, read_amount
from liqbot.rules.wording import nearest, quoted
from liqbot.service.addresses import looks_like_address
from liqbot.service.errors import UserError
from liqbot.service.windows import WINDOWS
from liqbot.text import N_, _
from liqbot.text.figures import listed, price

Topics: TypeAlias = Callable[[], Mapping[str, str]]
"""Gives the names that `/help` explains, each with its summary: made only where somebody asks for help."""
_QUOTE = re.compile(r"([-/_:.]?(USD[TC]?|PERP|SWAP)|\.P)$", re.IGNORECASE)
"""What exchanges and charts add to a coin: `BTCUSDT`, `BTC-USDT-SWAP`, `BTC/USDT:USDT`, `BTCUSDT.P`."""
_EXCHANGE = re.compile(
    r"^(binance|bybit|okx|bitget|gate|gateio|hyperliquid|coinbase|kraken|bitmex):", re.IGNORECASE
)
"""What charts put in front of a coin: `BINANCE:BTCUSDT`."""
_WHICH = {
    Kind.COIN: N_("Which coin?"),
    Kind.WINDOW: N_("Which window?"),
    Kind.RULE: N_("Which rule?"),
    Kind.NUMBER: N_("Which subscription?"),
    Kind.TOPIC: N_("Which command or rule?"),
    Kind.ALERT: N_("Which alert?"),
    Kind.HOURS: N_("Which hours?"),
    Kind.ZONE: N_("Which time zone?"),
    Kind.COUNT: N_("How many?"),
    Kind.SPAN: N_("How long?"),
    Kind.SURE: N_("Are you sure?"),
    Kind.FILTER: N_("Of which coin or rule?"),
    Kind.MOVE: N_("Which move?"),
    Kind.SWITCH: N_("On or off?"),
    Kind.ACTION: N_("What is to be done?"),
    Kind.TEXT: N_("What is it?"),
    Kind.ACCOUNT: N_("Which account?"),
    Kind.TESTED: N_("Which rule?"),
    Kind.SUBJECT: N_("Which coin or account?"),
}
_NO_SUCH = {
    Kind.COIN: N_("There is no coin {text} here."),
    Kind.WINDOW: N_("There is no window {text} here."),
    Kind.RULE: N_("There is no rule {text} here."),
    Kind.TESTED: N_("There is no rule {text} here."),
    Kind.NUMBER: N_("There is no subscription {text} here."),
    Kind.TOPIC: N_("There is no command or rule {text} here."),
    Kind.ALERT: N_("There is no alert {text} here."),
    Kind.ACTION: N_("Owners cannot do {text}."),
    Kind.SWITCH: N_("Write on or off, not {text}."),
}
_NOTHING_THERE = {
    Kind.COIN: N_("No coin is known yet: the market is still being read. See /status"),
    Kind.RULE: N_("No rule is loaded. See /status"),
    Kind.NUMBER: N_("This chat has no subscriptions. Make one with /subscribe"),
    Kind.ALERT: N_("This chat has not got an alert yet."),
}
_FREE = {
    Kind.SPAN: read_span,
    Kind.HOURS: read_hours,
    Kind.ZONE: read_zone,
    Kind.COUNT: read_count,
    Kind.MOVE: read_move,
}
"""How to read arguments of which more is possible than is offered."""
_NUMBERED = (Kind.NUMBER, Kind.ALERT)
_OWN = (Kind.NUMBER, Kind.FILTER, Kind.ALERT, Kind.ACCOUNT, Kind.SUBJECT, Kind.TESTED)
"""What names something of the chat's own, or may."""
_WORDY = (Kind.SPAN, Kind.HOURS, Kind.ZONE, Kind.COUNT, Kind.TEXT)
"""Kinds that may be written in several words: `new york`, `11 pm to 7 am`."""
_COMMA = re.compile(r"\$?\d+,(\d{1,2}|\d{4,})\s*[%a-zA-Z]*")
"""A number whose comma does not stand between thousands: `2,5%`."""
_NAMED = re.compile(r"\w[\w-]*=")
"""How a setting begins; a link, in which a `=` may be as well, begins otherwise."""
_LONGEST_NUMBER = 18
"""Digits: what is longer fits no database."""
_ALERT = re.compile(r"[aA]\d+")
_MOST_SUGGESTED = 8
_EXAMPLES = {Kind.WINDOW: tuple(WINDOWS), Kind.SWITCH: ("on", "off"), **EXAMPLES}
ALERTS_OFFERED = 25
ALL = "all"
"""What people type for all subscriptions, or for all coins."""


def no_topics() -> Mapping[str, str]:
    """Explain nothing."""
    return {}


async def read_arguments(
    command: Command, words: Sequence[str], context: CommandContext, topics: Topics = no_topics
) -> dict[str, Any]:
    """Return a value for each argument of `command`. Raises `UserError` that says what is wrong.

    `topics` gives the names that `/help` explains.
    """
    values: dict[str, Any] = {}
    has_settings = _has_settings(command)
    left = _joined(command, settings_last(command, words))
    for argument in command.arguments:
        if argument.kind is Kind.ACCOUNT and left:
            _require_no_rule(left, context)
        if argument.kind is Kind.SETTINGS:
            values[argument.name], left = _settings(left, command), []
        elif left and argument.kind is Kind.FILTER and left[0].isdecimal():
            values[argument.name] = argument.default  # a page of the whole list
        elif left and not (has_settings and "=" in left[0] and not _is_link(argument.kind, left[0])):
            kind = _wanted(argument.kind, values)
            values[argument.name] = await _value(kind, left.pop(0), context, topics)
        elif argument.required:
            raise await _lacking(command, _wanted(argument.kind, values), context, topics, values)
        else:
            values[argument.name] = argument.default
    if left:
        raise UserError(
            "{text} is more than /{command} takes. Type {usage}",
            text=quoted(" ".join(left)),
            command=command.name,
            usage=command.usage,
        )
    return values


def _wanted(kind: Kind, values: Mapping[str, Any]) -> Kind:
    """Return what an argument is after the `values` before it: of a watch it is an account that is tested."""
    return Kind.ACCOUNT if kind is Kind.SUBJECT and WATCH_ACCOUNT.name in values.values() else kind


def _require_no_rule(words: Sequence[str], context: CommandContext) -> None:
    """Raise `UserError` where an account is asked for and a rule is named: other bots call that a watch."""
    if words[0].lower() in context.services.rules.by_name:
        raise UserError(
            "{rule} is a rule, and this takes an account. /subscribe takes a rule and a coin.",
            rule=words[0].lower(),
            suggestions=(" ".join(["/subscribe", *words]),),
        )


def _is_link(kind: Kind, word: str) -> bool:
    """Return whether a word with a `=` in it names an account, as links do."""
    return kind is Kind.ACCOUNT and "://" in word


def settings_last(command: Command, words: Sequence[str]) -> list[str]:
    """Return `words` with the settings that a command takes behind the others, wherever they were written."""
    return sorted(words, key=lambda word: _has_settings(command) and _NAMED.match(word) is not None)


def _has_settings(command: Command) -> bool:
    return any(argument.kind is Kind.SETTINGS for argument in command.arguments)


def _joined(command: Command, words: Sequence[str]) -> list[str]:
    """Return `words` with those of a last argument that may have several as one."""
    kinds = [argument.kind for argument in command.arguments]
    if not kinds or kinds[-1] not in _WORDY or len(words) <= len(kinds):
        return list(words)
    return [*words[: len(kinds) - 1], " ".join(words[len(kinds) - 1 :])]


async def choices(kind: Kind, context: CommandContext, topics: Topics = no_topics) -> Mapping[str, str]:
    """Return what may be typed for an argument of `kind`, each with a word on what it is."""
    if kind in _OWN:
        return await _own_choices(kind, context)
    services = context.services
    if kind is Kind.COIN:
        return {
            view.coin: f"{price(view.spot)} · {regime_name(view.regime)}" for view in services.markets.all()
        }
    if kind is Kind.RULE:
        return {name: rule.summary for name, rule in services.rules.by_name.items()}
    if kind is Kind.ACTION:
        return dict.fromkeys(ACTIONS if context.is_owner else (), "")
    if kind is Kind.ZONE:
        common = {name: told_time(name, services.clock()) for name in EXAMPLES[kind]}
        return common | {name: "" for name in all_zones() if name not in common}
    return topics() if kind is Kind.TOPIC else dict.fromkeys(_EXAMPLES.get(kind, ()), "")


async def _own_choices(kind: Kind, context: CommandContext) -> Mapping[str, str]:
    """Return what may be typed for an argument that names something of the chat's own."""
    services = context.services
    if kind is Kind.ALERT:
        alerts = await services.alerts.newest(context.chat, ALERTS_OFFERED)
        return {str(alert.id): headline(alert) for alert in alerts}
    if kind is Kind.ACCOUNT:
        own = await services.account_watches.names(context.chat)
        return own | {one: venue for one, venue in services.accounts.examples.items() if one not in own}
    if kind is Kind.SUBJECT:
        coins = await choices(Kind.COIN, context)
        return {**coins, **await services.account_watches.names(context.chat)}
    if kind is Kind.TESTED:
        own = {WATCH_ACCOUNT.name: _("an account")} if services.accounts.places else {}
        return {**await choices(Kind.RULE, context), **own}
    mine = await services.subscriptions.numbers(context.chat)
    if kind is Kind.FILTER:
        return dict.fromkeys((word for line in mine.values() for word in line.split()[:2]), "")
    return {str(number): line for number, line in mine.items()}


async def _lacking(
    command: Command,
    kind: Kind,
    context: CommandContext,
    topics: Topics,
    before: Mapping[str, Any],
) -> UserError:
    if kind is Kind.ACCOUNT:
        offered = list(await choices(kind, context, topics))[:_MOST_SUGGESTED]
        return UserError(
            "{question} Type its address: {usage}",
            question=_(_WHICH[kind]),
            usage=command.usage,
            suggestions=tuple(" ".join([f"/{command.name}", *before.values(), one]) for one in offered),
        )
    if kind is Kind.TEXT:
        return UserError("{question} Type {usage}", question=_(_WHICH[kind]), usage=command.usage)
    offered = await _offered(kind, context, topics)
    names = listed([f"A{name}" for name in offered] if kind is Kind.ALERT else offered)
    question = _(_WHICH[kind])
    if kind in _FREE:
        return UserError(
            "{question} For example {names}. Type {usage}",
            question=question,
            names=names,
            usage=command.usage,
        )
    return UserError(
        "{question} Choose from {names}. Type {usage}", question=question, names=names, usage=command.usage
    )


async def _offered(kind: Kind, context: CommandContext, topics: Topics) -> Mapping[str, str]:
    names = await choices(kind, context, topics)
    if not names:
        raise UserError(_NOTHING_THERE[kind])
    return names


async def _value(kind: Kind, word: str, context: CommandContext, topics: Topics) -> str | float:
    if kind is Kind.SPAN and word.lower().startswith(("until ", "till ", "til ")):
        settings = await context.services.chats.settings(context.chat)
        return until_s(word, context.services.clock(), zone(settings.time_zone))
    if kind in _FREE:
        return _FREE[kind](word)
    if kind is Kind.FILTER:
        return coin_of(word, context) or word.lower().replace("_", "-")
    if kind in (Kind.TEXT, Kind.ACCOUNT):
        return word
    if kind is Kind.SURE and word.lower() != "yes":
        raise UserError("Only yes does it, not {text}. Nothing was changed.", text=quoted(word))
    if kind is Kind.NUMBER and word.lower() == ALL:
        return 0
    reading = _tested if kind in (Kind.SUBJECT, Kind.TESTED) else _one_of
    return await reading(kind, word, context, topics)


async def _tested(kind: Kind, word: str, context: CommandContext, topics: Topics) -> str | float:
    """Return the rule, or the coin, that is to be tested; what names an account is left as it was typed."""
    names_one = await is_account(word, context)
    if names_one and kind is Kind.TESTED:
        raise UserError(
            "{text} is an account. Type /test watch {text}", text=word, suggestions=(f"/test watch {word}",)
        )
    if names_one:
        return word
    return await _one_of(Kind.COIN if kind is Kind.SUBJECT else kind, word, context, topics)


async def is_account(word: str, context: CommandContext) -> bool:
    """Return whether a word is an address, right or wrong, or what the chat calls an account."""
    names = await context.services.account_watches.names(context.chat)
    return looks_like_address(word) or word.lower() in (name.lower() for name in names.values())


async def _one_of(kind: Kind, word: str, context: CommandContext, topics: Topics) -> str | int:
    """Return which of the names that there are was meant."""
    if kind is Kind.NUMBER and _ALERT.fullmatch(word):
        raise UserError("{text} is an alert. Subscriptions have numbers such as #3.", text=word)
    requests = context.services.coin_requests
    if kind is Kind.COIN and known_coin(word, context) is None:
        further = coin_of(word, context)
        if further is not None:
            await requests.follow(further)
            return further
    names = await _offered(kind, context, topics)
    if kind is Kind.RULE and word.lower() == WATCH_ACCOUNT.name:
        raise UserError("An account is watched with /watch and its address.", instead=("/subscribe ", "/"))
    is_no_rule = kind in (Kind.RULE, Kind.TESTED) and word.lower() not in names
    if is_no_rule and (coin := coin_of(word, context)) is not None:
        raise UserError(
            "Which rule for {coin}? Choose from {names}.",
            coin=coin,
            names=listed(names),
            suggestions=tuple(
                f"/{'subscribe' if kind is Kind.RULE else 'test'} {rule} {coin}"
                for rule in names
                if rule != WATCH_ACCOUNT.name
            )[:_MOST_SUGGESTED],
        )
    by_lower = {name.lower(): name for name in names}
    for spelling in _spellings(kind, word):
        found = spelling if spelling in names else by_lower.get(spelling.lower())
        if found is not None:
            if kind is Kind.COIN:
                requests.use(found)
            return int(found) if kind in _NUMBERED else found
    bare = word.lstrip("#aA")
    if kind is Kind.ALERT and bare.isdecimal() and len(bare) <= _LONGEST_NUMBER and int(bare):
        return int(bare)  # an older one than those that are offered
    raise _no_such(kind, word, names, requests.listed if kind is Kind.COIN else ())


def _no_such(kind: Kind, word: str, names: Mapping[str, str], further: Sequence[str] = ()) -> UserError:
    """Return that there is no such thing; what is meant may also be one of `further`."""
    near = nearest(word, [*names, *further]) if kind not in (*_NUMBERED, Kind.WINDOW, Kind.SWITCH) else None
    said = _(_NO_SUCH[kind], text=quoted(word))
    if near:
        return UserError("{said} Did you mean {near}?", said=said, near=near, instead=(word, near))
    shown = [f"A{name}" for name in names] if kind is Kind.ALERT else names
    return UserError("{said} Choose from {names}.", said=said, names=listed(shown))


def coin_of(word: str, context: CommandContext) -> str | None:
    """Return the coin that a word names, however it is written, also one that could be followed, or None."""
    known = known_coin(word, context)
    if known is not None:
        return known
    named = map(context.services.coin_requests.named, _spellings(Kind.COIN, word))
    return next((coin for coin in named if coin is not None), None)


def known_coin(word: str, context: CommandContext) -> str | None:
    """Return the same of those that are followed already."""
    by_lower = {coin.lower(): coin for coin in context.services.markets.coins}
    found = (by_lower.get(spelling.lower()) for spelling in _spellings(Kind.COIN, word))
    return next((coin for coin in found if coin is not None), None)


def _spellings(kind: Kind, word: str) -> Iterator[str]:
    """Yield what `word` may have been written for: `$btc` and `BTC-PERP` for `BTC`, `1d` for `24h`."""
    signs = {Kind.COIN: "$#", Kind.NUMBER: "#", Kind.ALERT: "#aA", Kind.TOPIC: "/"}
    word = word.lstrip(signs.get(kind, ""))
    yield word
    if kind is Kind.COIN:
        word = _EXCHANGE.sub("", word)
        yield word
        while _QUOTE.search(word):
            word = _QUOTE.sub("", word)
            yield word
    if kind in (Kind.RULE, Kind.TESTED, Kind.TOPIC):
        yield word.replace("_", "-")
    if kind is Kind.WINDOW:
        seconds = read_amount(word, Unit.SECONDS)
        yield from (window for window, length_ms in WINDOWS.items() if length_ms / 1000 == seconds)


def _settings(words: Sequence[str], command: Command) -> dict[str, str]:
    settings: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UserError(
                "{text} is not of the form name=value. Type {usage}", text=quoted(word), usage=command.usage
            )
        if _COMMA.fullmatch(value):
            right = value.replace(",", ".")
            raise UserError(
                "Write {right}, not {text}: a comma stands between thousands only.",
                right=right,
                text=value,
                instead=(word, f"{name}={right}"),
            )
        if name in settings:
            raise UserError("{text} is given twice. Type {usage}", text=quoted(name), usage=command.usage)
        settings[name] = value
    return settings
