"""Reading what people type: finding what they mean, and saying what would be right."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from liqbot.chat.command import Argument, Ask, Command, Kind, Refusal
from liqbot.chat.desk import WINDOWS

_QUOTES = ("USDT", "USDC", "USD", "PERP")


def read_arguments(command: Command, words: Sequence[str], ask: Ask, topics: Iterable[str]) -> dict[str, Any]:
    """Return a value for each argument of `command`. Raises `Refusal` that says what is wrong, and the usage.

    `topics` are the names that `/help` explains.
    """
    values: dict[str, Any] = {}
    left = list(words)
    for argument in command.arguments:
        if argument.kind is Kind.SETTINGS:
            values[argument.name], left = _settings(left, command), []
        elif left and not (argument.required is False and "=" in left[0]):
            values[argument.name] = _value(argument, left.pop(0), ask, topics)
        elif argument.required:
            raise Refusal(f"{_missing(argument, ask)} Type {command.usage}")
        else:
            values[argument.name] = argument.default
    if left:
        raise Refusal(f"{' '.join(left)!r} is more than /{command.name} takes. Type {command.usage}")
    return values


def choices(kind: Kind, ask: Ask, topics: Iterable[str]) -> list[str]:
    """Return what may be typed for an argument of `kind`, for completion."""
    if kind is Kind.COIN:
        return list(ask.desk.views)
    if kind is Kind.WINDOW:
        return list(WINDOWS)
    if kind is Kind.RULE:
        return list(ask.desk.rules.by_name)
    if kind is Kind.NUMBER:
        return [str(item.number) for item in ask.desk.store.subscriptions.of(ask.chat)]
    return list(topics) if kind is Kind.TOPIC else []


def nearest(word: str, names: Iterable[str]) -> str | None:
    """Return the name that was probably meant, regardless of case; None where nothing is near."""
    by_lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.5)
    return by_lower[close[0]] if close else None


def _value(argument: Argument, word: str, ask: Ask, topics: Iterable[str]) -> str | int:
    names = choices(argument.kind, ask, topics)
    if argument.kind is Kind.NUMBER:
        return _number(word, names)
    if argument.kind is Kind.TOPIC:
        word = word.lstrip("/")
    for spelling in _spellings(word) if argument.kind is Kind.COIN else (word,):
        found = next((name for name in names if name.lower() == spelling.lower()), None)
        if found is not None:
            return found
    raise Refusal(_unknown(argument.kind, word, names))


def _spellings(coin: str) -> list[str]:
    """Return what a coin may have been written for: `btc-usdt`, `BTCUSDT`, `$btc` are `btc`."""
    bare = coin.lstrip("$#")
    quotes = [quote for quote in _QUOTES if bare.upper().endswith(quote)]
    return [bare, *(bare[: -len(quote)].rstrip("-/_") for quote in quotes)]


def _number(word: str, names: Sequence[str]) -> int:
    if word.lstrip("#") in names:
        return int(word.lstrip("#"))
    if not names:
        raise Refusal("This chat has no subscriptions. Make one with /subscribe")
    raise Refusal(f"There is no subscription {word!r} here; there is {_listed(names)}. See /subscriptions")


def _unknown(kind: Kind, word: str, names: Sequence[str]) -> str:
    what = {Kind.COIN: "coin", Kind.WINDOW: "window", Kind.RULE: "rule"}.get(kind, "command or rule")
    if not names:
        return f"There is no {what} to choose from yet: the market is still being read. See /status"
    near = nearest(word, names)
    if near:
        return f"There is no {what} {word!r} here. Did you mean {near}?"
    return f"There is no {what} {word!r} here; there is {_listed(names)}"


def _missing(argument: Argument, ask: Ask) -> str:
    names = choices(argument.kind, ask, ())
    what = {Kind.COIN: "Which coin?", Kind.RULE: "Which rule?", Kind.NUMBER: "Which subscription?"}
    return f"{what.get(argument.kind, 'Something is missing.')} There is {_listed(names) or 'none'}."


def _settings(words: Sequence[str], command: Command) -> dict[str, str]:
    settings: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise Refusal(f"{word!r} is not of the form name=value. Type {command.usage}")
        settings[name] = value
    return settings


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:12])
    return ", ".join(shown) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
