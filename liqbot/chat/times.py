"""Spans, hours of the day, time zones and counts as people type them."""

import re
from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

from liqbot.alerts.timing import zone
from liqbot.chat.command import Kind, Refusal
from liqbot.market.figures import duration
from liqbot.rules.units import Unit, read_amount
from liqbot.rules.wording import nearest, quoted

OFF = ("off", "none", "never", "no")
LONGEST_SPAN_S = 30 * 86_400
MOST = 1_000
EXAMPLES: Mapping[Kind, tuple[str, ...]] = {
    Kind.SPAN: ("1h", "4h", "8h", "1d", "off"),
    Kind.HOURS: ("22:00-07:00", "23:00-08:00", "off"),
    Kind.ZONE: (
        "UTC",
        "America/New_York",
        "America/Los_Angeles",
        "America/Sao_Paulo",
        "Europe/London",
        "Europe/Berlin",
        "Europe/Istanbul",
        "Asia/Dubai",
        "Asia/Kolkata",
        "Asia/Singapore",
        "Asia/Shanghai",
        "Asia/Tokyo",
        "Australia/Sydney",
    ),
    Kind.COUNT: ("5", "10", "20", "50", "100"),
    Kind.SURE: ("yes",),
}
"""What is offered where one may type freely."""
_HOURS = re.compile(r"(\d{1,2})(?::?([0-5]\d))?\s*(?:-|–|to|until)\s*(\d{1,2})(?::?([0-5]\d))?", re.ASCII)


def read_span(word: str) -> float:
    """Return a span of time in seconds, 0 for `off`. Raises `Refusal`."""
    seconds = 0.0 if word.lower() in OFF else read_amount(word, Unit.SECONDS)
    if seconds is None:
        raise Refusal(f"{quoted(word)} is no span of time; write 90m, 4h or 1d, or off")
    if not 0 <= seconds <= LONGEST_SPAN_S:
        raise Refusal(f"{quoted(word)} is too long; at most {duration(LONGEST_SPAN_S)}")
    return seconds


def read_hours(word: str) -> str:
    """Return hours of the day as `23:00-07:00`, or `off`. Raises `Refusal`."""
    if word.lower() in OFF:
        return "off"
    match = _HOURS.fullmatch(word.strip().lower())
    if match is None or int(match[1]) > 24 or int(match[3]) > 24:
        raise Refusal(f"{quoted(word)} are no hours; write them as 23:00-07:00, or off")
    start, end = (
        f"{int(hour) % 24:02}:{minute or '00'}" for hour, minute in (match.group(1, 2), match.group(3, 4))
    )
    if start == end:
        raise Refusal("That would be all day or no time at all; /mute is for that")
    return f"{start}-{end}"


def minutes_of_day(hours: str) -> tuple[int, int]:
    """Return `23:00-07:00` in minutes after midnight."""
    start, end = (int(text[:2]) * 60 + int(text[3:]) for text in hours.split("-"))
    return start, end


def read_zone(word: str) -> str:
    """Return the name of a time zone: `Europe/Berlin` also for `berlin`. Raises `Refusal`."""
    names = _zones()
    bare = word.strip().replace(" ", "_").lower()
    found = names.get(bare)
    if found is not None and zone(found) is not None:
        return found
    near = nearest(bare, names)
    hint = f"Did you mean {names[near]}?" if near else "Write it as Europe/Berlin or Asia/Tokyo"
    raise Refusal(f"There is no time zone {quoted(word)}. {hint}")


def read_count(word: str) -> int:
    """Return a whole number from 1 to `MOST`. Raises `Refusal`."""
    if not (word.isascii() and word.isdecimal() and 1 <= int(word[:9]) <= MOST):
        raise Refusal(f"{quoted(word)} is no number from 1 to {MOST}")
    return int(word)


@cache
def _zones() -> dict[str, str]:
    """Return the names of all time zones, by what people may type for them."""
    zones = sorted(available_timezones())
    cities = {name.rpartition("/")[2].lower(): name for name in reversed(zones)}
    return cities | {name.lower(): name for name in zones}
