"""When a chat wants to hear: why an alert is held (mute, quiet hours, hourly limit), until when; pure."""

from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import product
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from liqbot.store.chats import ChatSettings
from liqbot.store.deliveries import HoldReason

HOUR_MS = 3_600_000
DIGEST_HOUR = 8
"""At what hour of a chat's own time its daily digest comes."""


def hold(
    settings: ChatSettings, digest: str, sent_lately: int, first_sent_ms: int | None, now_ms: int
) -> tuple[int, HoldReason] | None:
    """Return until when an alert is to be held back, and why; None where it may go out at `now_ms`.

    `digest` is `off`, `hourly` or `daily`, as the subscription asks; `sent_lately` counts the messages of the
    last hour, of which the first arrived at `first_sent_ms`.
    """
    waits = [wait for wait in _waits(settings, digest, now_ms) if wait[0] > now_ms]
    if sent_lately >= settings.hourly_limit and first_sent_ms is not None:
        waits.append((first_sent_ms + HOUR_MS, HoldReason.LIMIT))
    return max(waits, default=None)


def hold_digest(settings: ChatSettings, now_ms: int) -> tuple[int, HoldReason] | None:
    """Return until when a digest that is due is to be held back, and why; None where it may go out."""
    waits = [wait for wait in _waits(settings, "off", now_ms) if wait[0] > now_ms]
    return max(waits, default=None)


def zone(name: str) -> ZoneInfo | None:
    """Return a time zone of the IANA database by its name; None where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def told_zone(name: str) -> str:
    """Return a time zone in words: `Europe/Berlin`, and `UTC+2` for the `Etc/GMT-2` of the database."""
    sign, hours = name.removeprefix("Etc/GMT")[:1], name.removeprefix("Etc/GMT")[1:]
    if not name.startswith("Etc/GMT") or sign not in ("+", "-"):
        return name
    return f"UTC{'-' if sign == '+' else '+'}{hours}" if hours != "0" else "UTC"


def local_time(settings: ChatSettings, time_ms: int) -> datetime:
    """Return a time as a chat's clocks show it."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(_zone(settings.time_zone))


@cache
def _zone(name: str) -> ZoneInfo:
    return zone(name) or ZoneInfo("UTC")


def _waits(settings: ChatSettings, digest: str, now_ms: int) -> list[tuple[int, HoldReason]]:
    local = local_time(settings, now_ms)
    waits = [(settings.mute_until_ms, HoldReason.MUTED)]
    if settings.quiet is not None and _within(settings.quiet, 60 * local.hour + local.minute):
        waits.append((_next(local, settings.quiet[1]), HoldReason.QUIET))
    if digest == "hourly":
        waits.append(((now_ms // HOUR_MS + 1) * HOUR_MS, HoldReason.DIGEST))
    if digest == "daily":
        waits.append((_next(local, 60 * DIGEST_HOUR), HoldReason.DIGEST))
    return waits


def _within(quiet: tuple[int, int], minute: int) -> bool:
    start, end = quiet
    return start <= minute < end if start <= end else minute >= start or minute < end


def _next(local: datetime, minute: int) -> int:
    """Return when clocks show so many minutes after midnight next, ms since 1970 UTC."""
    for days, fold in product((0, 1), (0, 1)):  # where clocks go back, they show some minutes twice
        of_day = time(minute // 60 % 24, minute % 60, fold=fold)
        then = datetime.combine(local.date() + timedelta(days=days), of_day, local.tzinfo)
        if then.timestamp() > local.timestamp():
            return round(then.timestamp() * 1000)
    raise AssertionError("a time of day comes within two days")
