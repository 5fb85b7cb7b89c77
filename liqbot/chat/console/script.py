"""Scripts for the console: what a tour or a test types, in a file that reads like a conversation.

    # a line to be shown as narration
    /heatmap BTC 7d
    move BTC -6 over 30m
    wait alert
    wait 2h

A line that begins with `#` is shown, one that begins with `/` is typed. `move COIN PERCENT over SPAN` pushes
the simulated market, `wait alert` waits until an alert has been delivered, `wait SPAN` until that much of
the market's own time has passed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from liqbot.rules.parameters import Between, Parameter, ParameterError
from liqbot.rules.units import Unit

_SPAN = Parameter("SPAN", 0.0, unit=Unit.SECONDS)
_PERCENT = Parameter("PERCENT", 0.0, unit=Unit.PERCENT, bounds=Between(-90, 900))


class ScriptError(ValueError):
    """A line of a script makes no sense. The text names the line."""


@dataclass(frozen=True, slots=True)
class Say:
    """A line of narration."""

    text: str


@dataclass(frozen=True, slots=True)
class Type:
    """A line to type."""

    line: str


@dataclass(frozen=True, slots=True)
class Move:
    """A push to the simulated market."""

    coin: str
    percent: float
    over_s: float


@dataclass(frozen=True, slots=True)
class WaitAlert:
    """Wait until an alert has been delivered since the last such wait."""


@dataclass(frozen=True, slots=True)
class WaitMarket:
    """Wait until the market is this much older."""

    seconds: float


Step: TypeAlias = Say | Type | Move | WaitAlert | WaitMarket


def parse_script(text: str) -> Sequence[Step]:
    """Return the steps of a script. Raises `ScriptError` that names the line."""
    return list(_steps(text))


def _steps(text: str) -> Iterator[Step]:
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        try:
            yield _step(line.strip(), words)
        except (ParameterError, ScriptError) as error:
            raise ScriptError(f"line {number}: {line.strip()!r}: {error}") from None


def _step(line: str, words: Sequence[str]) -> Step:
    if line.startswith("#"):
        return Say(line.lstrip("# "))
    if line.startswith("/"):
        return Type(line)
    if words == ["wait", "alert"]:
        return WaitAlert()
    if words[0] == "wait" and len(words) == 2:
        return WaitMarket(_seconds(words[1]))
    move = re.fullmatch(r"move (\S+) (\S+) over (\S+)", " ".join(words))
    if move:
        return Move(move[1], float(_PERCENT.parse(move[2])), _seconds(move[3]))
    raise ScriptError("not a step: write '# text', '/command', 'move COIN PERCENT over SPAN' or 'wait …'")


def _seconds(text: str) -> float:
    return float(_SPAN.parse(text))
