"""Spans, hours of the day, time zones, counts and moves of the price as people type them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from liqbot.alerts.hold_policy import zone
from liqbot.chat.command import Kind
from liqbot.chat.zone_places import BROKEN_OFFSETS, CITIES, cities_of_country, without_accents
from liqbot.rules.units import Unit, read_amount
from liqbot.rules.wording import nearest, quoted
from liqbot.service.errors import UserError
from liqbot.text.figures import clock, duration

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
    Kind.COUNT: ("5", "10", "20", "50", "100", "off"),
    Kind.SURE: ("yes",),
    Kind.MOVE: ("-1%", "-3%", "-5%", "-10%", "3%", "5%"),
}
"""What is offered where one may type freely."""
ABBREVIATIONS = {
    **dict.fromkeys(("pst", "pdt", "pt"), "america/los_angeles"),
    **dict.fromkeys(("mdt", "mt"), "america/denver"),
    **dict.fromkeys(("cdt", "ct"), "america/chicago"),
    **dict.fromkeys(("edt", "et", "est"), "america/new_york"),
    **dict.fromkeys(("gmt", "z", "zulu"), "utc"),
    "brt": "america/sao_paulo",
    **dict.fromkeys(("cet", "cest"), "europe/berlin"),
    **dict.fromkeys(("eet", "eest"), "europe/helsinki"),
    **dict.fromkeys(("wet", "west"), "europe/lisbon"),
    "msk": "europe/moscow",
    "trt": "europe/istanbul",
    "hkt": "asia/hong_kong",
    "sgt": "asia/singapore",
    "jst": "asia/tokyo",
    "kst": "asia/seoul",
    **dict.fromkeys(("aest", "aedt"), "australia/sydney"),
    **dict.fromkeys(("nzst", "nzdt"), "pacific/auckland"),
}
"""What abbreviations stand for: the place, so that its summer time is kept."""
AMBIGUOUS = {
    "ist": "Kolkata, Dublin, Jerusalem",
    "cst": "Chicago, Shanghai, Havana",
    "bst": "London, Dhaka",
    "mst": "Denver, Phoenix",
    "ast": "Halifax, Riyadh",
    "gst": "Dubai",
}
"""Abbreviations of several places."""
_BETWEEN_HOURS = re.compile(r"\s*(?:-|–|to|until)\s*")
_HOUR = re.compile(r"(\d{1,2})(?:[:h]?([0-5]\d))?\s*(am|pm)?h?", re.ASCII)
_AN_HOUR = re.compile(r"\s*(/|per|an|a)\s*h(our)?$", re.IGNORECASE)
_OFFSET = re.compile(r"(?:utc|gmt)?_*([+-])(\d{1,2})(?::?([0-5]\d))?", re.ASCII)


def read_span(word: str) -> float:
    """Return a span of time in seconds, 0 for `off`. Raises `UserError`."""
    seconds = 0.0 if word.lower() in OFF else read_amount(word, Unit.SECONDS)
    if seconds == 0 and word.lower() not in OFF:
        raise UserError("{text} is no time at all. To end it: off", text=quoted(word))
    if seconds is None and word.isascii() and word.isdecimal() and len(word) <= 3:
        raise UserError(
            "{number} minutes or hours? Write {number}m or {number}h.",
            number=word,
            instead=(word, f"{word}m", f"{word}h"),
        )
    if seconds is None:
        raise UserError("How long is {text}? Write 90m, 4h or 1d, or off.", text=quoted(word))
    if not 0 <= seconds <= LONGEST_SPAN_S:
        raise UserError(
            "{text} is too long: at most {span}.", text=quoted(word), span=duration(LONGEST_SPAN_S)
        )
    return seconds


def read_move(word: str) -> float:
    """Return a move of the price in percent: -3 for `-3%`. Raises `UserError`."""
    percent = read_amount(word.replace("−", "-"), Unit.PERCENT)
    if percent is None:
        raise UserError("How far is {text}? Write -3% for a fall, or 3% for a rise.", text=quoted(word))
    return percent


def until_s(words: str, now_ms: int, zone_of_chat: ZoneInfo | None) -> float:
    """Return how many seconds it is `until 7am` or `until 07:30` by the chat's clocks. Raises `UserError`."""
    seconds = seconds_to(words.partition(" ")[2], now_ms, zone_of_chat)
    if seconds is None:
        raise UserError("Until when is {text}? Write until 7am or until 07:30.", text=quoted(words))
    return seconds


def seconds_to(hour_said: str, now_ms: int, zone_of_chat: ZoneInfo | None) -> float | None:
    """Return how many seconds it is to `7am` or `07:30` by the chat's clocks; None where that is no hour."""
    hour = _hour(hour_said.lower().strip())
    if hour is None:
        return None
    now = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone_of_chat or UTC)
    then = now.replace(hour=int(hour[:2]), minute=int(hour[3:]), second=0, microsecond=0)
    if then <= now:
        then = (then + timedelta(days=1)).replace(fold=0)
    return then.timestamp() - now_ms / 1000


def read_hours(word: str) -> str:
    """Return hours of the day as `23:00-07:00`, or `off`. Raises `UserError`."""
    if word.lower() in OFF:
        return "off"
    hours = [_hour(part) for part in _BETWEEN_HOURS.split(word.strip().lower().removeprefix("from "))]
    match hours:
        case [str(start), str(end)] if start != end:
            return f"{start}-{end}"
        case [str(), str()]:
            raise UserError("That would be all day or no time at all. For a while without alerts: /mute 4h")
        case _:
            raise UserError("From when to when is {text}? Write 23:00-07:00, or off.", text=quoted(word))


def minutes_of_day(hours: str) -> tuple[int, int]:
    """Return `23:00-07:00` in minutes after midnight."""
    start, end = (int(text[:2]) * 60 + int(text[3:]) for text in hours.split("-"))
    return start, end


def read_zone(word: str) -> str:
    """Return the name of a time zone: `Europe/Berlin` also for `berlin`. Raises `UserError`."""
    names = _zones()
    bare = without_accents(word.strip()).replace(" ", "_").lower()
    cities = cities_of_country(bare.replace("_", " "))
    if len(cities) > 1 and bare not in names:
        raise UserError(
            "{text} has several time zones. Write a city: {cities}.",
            text=word.strip(),
            cities=", ".join(city.rpartition("/")[2].replace("_", " ") for city in cities),
            suggestions=tuple(f"/timezone {city}" for city in cities),
        )
    if bare in AMBIGUOUS:
        raise UserError(
            "{text} is the name of several time zones. Write a city: {cities}.",
            text=word.upper(),
            cities=AMBIGUOUS[bare],
            suggestions=tuple(f"/timezone {city}" for city in AMBIGUOUS[bare].split(", ")),
        )
    bare = ABBREVIATIONS.get(bare, bare)
    found = _offset(bare) or next(iter(cities), None) or CITIES.get(bare) or names.get(bare)
    if found is not None and zone(found) is not None:
        return found
    near = None if _OFFSET.fullmatch(bare) else nearest(bare, names, cutoff=0.75)
    if near:
        raise UserError(
            "There is no time zone {text}. Did you mean {near}?",
            text=quoted(word),
            near=names[near],
            suggestions=(f"/timezone {names[near]}",),
        )
    raise UserError("There is no time zone {text}. Write a city, as Berlin, or UTC+2.", text=quoted(word))


def read_count(word: str) -> int:
    """Return a whole number from 1 to `MOST`, which `off` stands for as well. Raises `UserError`."""
    if word.lower() in OFF:
        return MOST
    word = _AN_HOUR.sub("", word)
    if not (word.isascii() and word.isdecimal() and len(word) <= 9 and 1 <= int(word) <= MOST):
        raise UserError("{text} is not a number from 1 to {most}.", text=quoted(word), most=MOST)
    return int(word)


def told_time(zone_name: str, time_ms: int) -> str:
    """Return what clocks show in a time zone: `14:05`."""
    return clock(time_ms, zone(zone_name) or UTC)


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
    """Return the zone of `utc+2`, `gmt-5`, `+2` or `+5:30`; None for other words.

    The database calls them the other way round: `Etc/GMT-2` is two hours ahead of UTC.
    """
    match = _OFFSET.fullmatch(bare)
    if match is None:
        return None
    sign, hours, minutes = match[1], int(match[2]), int(match[3] or 0)
    if minutes:
        return BROKEN_OFFSETS.get(f"{sign}{hours}:{minutes}")
    return "UTC" if hours == 0 else f"Etc/GMT{'-' if sign == '+' else '+'}{hours}"


@cache
def _zones() -> dict[str, str]:
    """Return the names of all time zones, by what people may type for them."""
    zones = sorted(available_timezones())
    named = [name for name in reversed(zones) if not name.startswith("Etc/")]
    cities = {name.rpartition("/")[2].lower(): name for name in named}
    return cities | {name.lower(): name for name in zones}
