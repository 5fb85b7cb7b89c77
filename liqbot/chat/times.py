"""Spans, hours of the day, time zones and counts as people type them."""

import re
from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

from liqbot.alerts.timing import Hold, hold_digest, local_time, zone
from liqbot.chat.command import Kind, Refusal
from liqbot.market.figures import duration
from liqbot.rules.units import Unit, read_amount
from liqbot.rules.wording import nearest, quoted
from liqbot.store.chats import ChatSettings

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
_BETWEEN_HOURS = re.compile(r"\s*(?:-|–|to|until)\s*")
_HOUR = re.compile(r"(\d{1,2})(?::?([0-5]\d))?\s*(am|pm)?", re.ASCII)
_OFFSET = re.compile(r"(?:utc|gmt)?_*([+-])(\d{1,2})(?::?([0-5]\d))?", re.ASCII)
_WEEK_MS = 6 * 86_400_000
"""Up to so far ahead a day of the week is not mistaken for another one."""


def read_span(word: str) -> float:
    """Return a span of time in seconds, 0 for `off`. Raises `Refusal`."""
    seconds = 0.0 if word.lower() in OFF else read_amount(word, Unit.SECONDS)
    if seconds is None:
        raise Refusal(f"How long is {quoted(word)}? Write 90m, 4h or 1d, or off")
    if not 0 <= seconds <= LONGEST_SPAN_S:
        raise Refusal(f"{quoted(word)} is too long: at most {duration(LONGEST_SPAN_S)}")
    return seconds


def read_hours(word: str) -> str:
    """Return hours of the day as `23:00-07:00`, or `off`. Raises `Refusal`."""
    if word.lower() in OFF:
        return "off"
    hours = [_hour(part) for part in _BETWEEN_HOURS.split(word.strip().lower())]
    match hours:
        case [str(start), str(end)] if start != end:
            return f"{start}-{end}"
        case [str(), str()]:
            raise Refusal("That would be all day or no time at all. For a while without alerts: /mute 4h")
        case _:
            raise Refusal(f"From when to when is {quoted(word)}? Write 23:00-07:00, or off")


def minutes_of_day(hours: str) -> tuple[int, int]:
    """Return `23:00-07:00` in minutes after midnight."""
    start, end = (int(text[:2]) * 60 + int(text[3:]) for text in hours.split("-"))
    return start, end


def read_zone(word: str) -> str:
    """Return the name of a time zone: `Europe/Berlin` also for `berlin`. Raises `Refusal`."""
    names = _zones()
    bare = word.strip().replace(" ", "_").lower()
    found = _offset(bare) or names.get(bare)
    if found is not None and zone(found) is not None:
        return found
    near = None if _OFFSET.fullmatch(bare) else nearest(bare, names)
    hint = f"Did you mean {names[near]}?" if near else "Write a city, as Europe/Berlin, or UTC+2"
    raise Refusal(f"There is no time zone {quoted(word)}. {hint}")


def read_count(word: str) -> int:
    """Return a whole number from 1 to `MOST`. Raises `Refusal`."""
    if not (word.isascii() and word.isdecimal() and len(word) <= 9 and 1 <= int(word) <= MOST):
        raise Refusal(f"{quoted(word)} is not a number from 1 to {MOST}")
    return int(word)


def told_zone(name: str) -> str:
    """Return a time zone in words: `Europe/Berlin`, and `UTC+2` for the `Etc/GMT-2` of the database."""
    sign, hours = name.removeprefix("Etc/GMT")[:1], name.removeprefix("Etc/GMT")[1:]
    if not name.startswith("Etc/GMT") or sign not in ("+", "-"):
        return name
    return f"UTC{'-' if sign == '+' else '+'}{hours}" if hours != "0" else "UTC"


def told_time(zone_name: str, time_ms: int) -> str:
    """Return what clocks show in a time zone: `14:05`."""
    return f"{local_time(ChatSettings(zone_name), time_ms):%H:%M}"


def told_until(settings: ChatSettings, time_ms: int, now_ms: int) -> str:
    """Return a time to come as a chat's clocks show it: `05:00`, `Wed 05:00`, `Wed 14 Jan 05:00`."""
    then, now = local_time(settings, time_ms), local_time(settings, now_ms)
    if then.date() == now.date():
        return f"{then:%H:%M} {told_zone(settings.time_zone)}"
    day = f"{then:%a}" if time_ms - now_ms <= _WEEK_MS else f"{then:%a} {then.day} {then:%b}"
    return f"{day} {then:%H:%M} {told_zone(settings.time_zone)}"


def told_rest(settings: ChatSettings, now_ms: int) -> str | None:
    """Return why and until when no alerts come: `Muted until 05:00 UTC`; None where they come."""
    rest = hold_digest(settings, now_ms)
    if rest is None:
        return None
    why = "Muted" if rest[1] is Hold.MUTED else "Quiet hours"
    return f"{why} until {told_until(settings, rest[0], now_ms)}"


def all_zones() -> list[str]:
    """Return the names of all time zones that people live in."""
    return sorted(name for name in _zones().values() if "/" in name and not name.startswith("Etc/"))


def _hour(text: str) -> str | None:
    """Return an hour of the day as `07:00`: `7`, `7:00`, `0700`, `7am`; None where it is none."""
    match = _HOUR.fullmatch(text)
    if match is None:
        return None
    hour, minute, half = int(match[1]), match[2] or "00", match[3]
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (half == "pm")
    if hour > 24 or (hour == 24 and minute != "00"):
        return None
    return f"{hour % 24:02}:{minute}"


def _offset(bare: str) -> str | None:
    """Return the zone of `utc+2`, `gmt-5` or `+2`, whole hours; None for other words.

    The database calls them the other way round: `Etc/GMT-2` is two hours ahead of UTC.
    """
    match = _OFFSET.fullmatch(bare)
    if match is None or int(match[3] or 0):
        return None
    sign, hours = match[1], int(match[2])
    return "UTC" if hours == 0 else f"Etc/GMT{'-' if sign == '+' else '+'}{hours}"


@cache
def _zones() -> dict[str, str]:
    """Return the names of all time zones, by what people may type for them."""
    zones = sorted(available_timezones())
    named = [name for name in reversed(zones) if not name.startswith("Etc/")]
    cities = {name.rpartition("/")[2].lower(): name for name in named}
    return cities | {name.lower(): name for name in zones}
