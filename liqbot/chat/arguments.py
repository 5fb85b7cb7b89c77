"""Reading what people type: finding what they mean, and saying what would be right."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from liqbot.alerts.telling import headline
from liqbot.chat.command import Ask, Command, Kind, Refusal
from liqbot.chat.desk import WINDOWS
from liqbot.chat.times import EXAMPLES, all_zones, read_count, read_hours, read_span, read_zone, told_time
from liqbot.market.figures import price
from liqbot.rules.units import Unit, read_amount
from liqbot.rules.wording import listed, nearest, quoted

_QUOTE = re.compile(r"([-/_:.]?(USD[TC]?|PERP|SWAP)|\.P)$", re.IGNORECASE)
"""What exchanges and charts add to a coin: `BTCUSDT`, `BTC-USDT-SWAP`, `BTC/USDT:USDT`, `BTCUSDT.P`."""
_WHAT = {
    Kind.COIN: "coin",
    Kind.WINDOW: "window",
    Kind.RULE: "rule",
    Kind.NUMBER: "subscription",
    Kind.TOPIC: "command or rule",
    Kind.ALERT: "alert",
    Kind.HOURS: "hours",
    Kind.ZONE: "time zone",
    Kind.COUNT: "number",
    Kind.SPAN: "span of time",
    Kind.SURE: "answer",
}
_NUMBERED = (Kind.NUMBER, Kind.ALERT)
_NOTHING_THERE = {
    Kind.COIN: "No coin is known yet: the market is still being read. See /status",
    Kind.RULE: "No rule is loaded. See /status",
    Kind.NUMBER: "This chat has no subscriptions. Make one with /subscribe",
    Kind.ALERT: "This chat has not got an alert yet",
}
_FREE = {Kind.SPAN: read_span, Kind.HOURS: read_hours, Kind.ZONE: read_zone, Kind.COUNT: read_count}
"""How to read arguments of which more is possible than is offered."""
_WORDY = (Kind.SPAN, Kind.HOURS, Kind.ZONE)
"""Kinds that may be written in several words: `new york`, `11 pm to 7 am`."""
_LONGEST_NUMBER = 18
"""Digits: what is longer fits no database."""
_EXAMPLES = {Kind.WINDOW: tuple(WINDOWS), **EXAMPLES}
ALERTS_OFFERED = 25


async def read_arguments(
    command: Command, words: Sequence[str], ask: Ask, topics: Mapping[str, str]
) -> dict[str, Any]:
    """Return a value for each argument of `command`. Raises `Refusal` that says what is wrong, and the usage.

    `topics` are the names that `/help` explains.
    """
    values: dict[str, Any] = {}
    left = _joined(command, words)
    has_settings = any(argument.kind is Kind.SETTINGS for argument in command.arguments)
    for argument in command.arguments:
        if argument.kind is Kind.SETTINGS:
            values[argument.name], left = _settings(left, command), []
        elif left and not (has_settings and "=" in left[0]):
            values[argument.name] = await _value(argument.kind, left.pop(0), ask, topics)
        elif argument.required:
            names = listed(await _offered(argument.kind, ask, topics))
            hint = f"For example {names}" if argument.kind in _FREE else f"Choose from {names}"
            raise Refusal(f"Which {_WHAT[argument.kind]}? {hint}. Type {command.usage}")
        else:
            values[argument.name] = argument.default
    if left:
        raise Refusal(f"{quoted(' '.join(left))} is more than /{command.name} takes. Type {command.usage}")
    return values


def _joined(command: Command, words: Sequence[str]) -> list[str]:
    """Return `words` with those of a last argument that may have several as one."""
    kinds = [argument.kind for argument in command.arguments]
    if not kinds or kinds[-1] not in _WORDY or len(words) <= len(kinds):
        return list(words)
    return [*words[: len(kinds) - 1], " ".join(words[len(kinds) - 1 :])]


async def choices(kind: Kind, ask: Ask, topics: Mapping[str, str]) -> Mapping[str, str]:
    """Return what may be typed for an argument of `kind`, each with a word on what it is."""
    desk = ask.desk
    if kind is Kind.COIN:
        return {coin: f"{price(view.spot)} · {view.regime}" for coin, view in desk.views.items()}
    if kind is Kind.RULE:
        return {name: rule.summary for name, rule in desk.rules.by_name.items()}
    if kind is Kind.ALERT:
        return await _alerts(ask)
    if kind is Kind.NUMBER:
        mine = await desk.store.subscriptions.of(ask.chat)
        return {str(item.number): desk.words(item.watch) for item in mine}
    if kind is Kind.ZONE:
        common = {name: told_time(name, desk.clock()) for name in EXAMPLES[kind]}
        return common | {name: "" for name in all_zones() if name not in common}
    return topics if kind is Kind.TOPIC else dict.fromkeys(_EXAMPLES.get(kind, ()), "")


async def _alerts(ask: Ask) -> dict[str, str]:
    alerts = await ask.desk.store.alerts.newest_of(ask.chat, ALERTS_OFFERED)
    return {str(alert.id): headline(alert) for alert in alerts}


async def _offered(kind: Kind, ask: Ask, topics: Mapping[str, str]) -> Mapping[str, str]:
    names = await choices(kind, ask, topics)
    if not names:
        raise Refusal(_NOTHING_THERE[kind])
    return names


async def _value(kind: Kind, word: str, ask: Ask, topics: Mapping[str, str]) -> str | float:
    if kind in _FREE:
        return _FREE[kind](word)
    if kind is Kind.SURE and word.lower() != "yes":
        raise Refusal(f"Only yes does it, not {quoted(word)}. Nothing was changed")
    names = await _offered(kind, ask, topics)
    by_lower = {name.lower(): name for name in names}
    for spelling in _spellings(kind, word):
        found = spelling if spelling in names else by_lower.get(spelling.lower())
        if found is not None:
            return int(found) if kind in _NUMBERED else found
    bare = word.lstrip("#")
    if kind is Kind.ALERT and bare.isdecimal() and len(bare) <= _LONGEST_NUMBER:
        return int(bare)  # an older one than those that are offered
    near = nearest(word, names) if kind not in (*_NUMBERED, Kind.WINDOW) else None
    hint = f"Did you mean {near}?" if near else f"Choose from {listed(names)}"
    raise Refusal(f"There is no {_WHAT[kind]} {quoted(word)} here. {hint}")


def _spellings(kind: Kind, word: str) -> Iterator[str]:
    """Yield what `word` may have been written for: `$btc` and `BTC-PERP` for `BTC`, `1d` for `24h`."""
    word = word.lstrip({Kind.COIN: "$#", Kind.NUMBER: "#", Kind.ALERT: "#", Kind.TOPIC: "/"}.get(kind, ""))
    yield word
    if kind is Kind.COIN:
        while _QUOTE.search(word):
            word = _QUOTE.sub("", word)
            yield word
    if kind is Kind.WINDOW:
        seconds = read_amount(word, Unit.SECONDS)
        yield from (window for window, length_ms in WINDOWS.items() if length_ms / 1000 == seconds)


def _settings(words: Sequence[str], command: Command) -> dict[str, str]:
    settings: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise Refusal(f"{quoted(word)} is not of the form name=value. Type {command.usage}")
        if name in settings:
            raise Refusal(f"{quoted(name)} is given twice. Type {command.usage}")
        settings[name] = value
    return settings
