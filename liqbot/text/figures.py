"""Figures, times and lists as traders write them: $15.8M, +3.5%, 4 min, Wed 05:00, BTC, ETH and 3 more."""

import math
from collections.abc import Collection
from datetime import UTC, datetime, tzinfo

from liqbot.text.catalogue import _

LISTED = 12
"""At most this many names are listed in an answer."""
_WEEK_S = 6 * 86_400
"""Up to so far ahead a day of the week is not mistaken for another one."""
_STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def usd(value: float) -> str:
    """Return dollars in three digits or so: `$15.8M`, `$750k`, `$93`; thousands and up carry a letter."""
    sign, size = ("-" if value < 0 else ""), abs(value)
    for step, letter in _STEPS:
        if size >= step * 0.9995:
            return f"{sign}${_short(size / step)}{letter}"
    return f"{sign}${size:.0f}"


def signed_usd(value: float) -> str:
    """Return a gain or a loss in dollars: `+$12k`, `−$340`; the minus is a real one."""
    return f"{'−' if value < 0 else '+'}{usd(abs(value))}" if round(abs(value)) else usd(0.0)


def price(value: float) -> str:
    """Return a price in full, with as many decimals as its size asks for: `62,031`, `24.17`, `0.00002134`."""
    if value >= 1000:
        return f"{value:,.0f}"
    decimals = min(12, max(2, 3 - math.floor(math.log10(value)))) if value > 0 else 2
    return f"{value:,.{decimals}f}"


def gap(value: float) -> str:
    """Return how far apart two prices are, in full, in dollars: `$3,050`, `$24.2`, `$4.00`, `$0.0123`."""
    if value >= 100:
        return f"${value:,.0f}"
    if value >= 1:
        return f"${value:.1f}" if value >= 10 else f"${value:.2f}"
    decimals = min(12, max(2, 2 - math.floor(math.log10(value)))) if value > 0 else 2
    return f"${value:.{decimals}f}"


def percent(value: float, *, signed: bool = False) -> str:
    """Return a percentage: `2%`, `2.5%`, `+3.5%` where `signed`; the minus is a real one."""
    digits = f"{abs(value):.1f}".removesuffix(".0")
    sign = "−" if value < 0 and digits != "0" else "+" if signed and digits != "0" else ""
    return f"{sign}{digits}%"


def apart(value: float) -> str:
    """Return a distance in percent, which is never quite nothing where it is not: `4.9%`, `<0.1%`."""
    return "<0.1%" if 0 < value < 0.05 else percent(value)


def share(value: float) -> str:
    """Return a share (0 to 1) as a whole percentage: `42%`, and `<1%` for what is not quite nothing."""
    whole = round(value * 100)
    return "<1%" if whole == 0 and value > 0 else f"{whole}%"


def ratio(value: float | None) -> str:
    """Return a ratio in three digits: `0.77`, `12.3`, `—` where there is none."""
    if value is None:
        return "—"
    if value >= 1000:
        return ">999"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def duration(seconds: float) -> str:
    """Return a span of time, one unit: `40 s`, `4 min`, `3 h`, `12 d`."""
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 1.5 * length or (seconds >= length and seconds % length == 0):
            return f"{seconds / length:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.0f} s"


def short_address(address: str) -> str:
    """Return an account's address as it is recognised: `0x1234…cdef`."""
    return f"{address[:6]}…{address[-4:]}" if len(address) > 13 else address


def utc(time_ms: int) -> str:
    """Return a time as it is written where nobody's time zone is known: `2026-02-05 12:44 UTC`."""
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def clock(time_ms: int, zone: tzinfo) -> str:
    """Return what clocks show in a time zone: `14:05`."""
    return f"{_local(time_ms, zone):%H:%M}"


def weekday_clock(time_ms: int, zone: tzinfo) -> str:
    """Return a time of the last days: `Wed 14:05`."""
    return f"{_local(time_ms, zone):%a %H:%M}"


def time_gone_by(time_ms: int, now_ms: int, zone: tzinfo) -> str:
    """Return a time of the past that is no other one's name: `Wed 14:05`, before that `14 Jan 14:05`."""
    then = _local(time_ms, zone)
    if now_ms - time_ms <= _WEEK_S * 1000:
        return f"{then:%a %H:%M}"
    return f"{then.day} {then:%b %H:%M}"


def time_to_come(time_ms: int, now_ms: int, zone: tzinfo) -> str:
    """Return a time to come as clocks in a time zone show it: `05:00`, `Wed 05:00`, `Wed 14 Jan 05:00`."""
    then, now = _local(time_ms, zone), _local(now_ms, zone)
    if then.date() == now.date():
        return f"{then:%H:%M}"
    if (time_ms - now_ms) / 1000 <= _WEEK_S:
        return f"{then:%a %H:%M}"
    return f"{then:%a} {then.day} {then:%b %H:%M}"


def listed(names: Collection[str]) -> str:
    """Return names as a list: `BTC, ETH, SOL`, of very many the first."""
    shown = list(names)[:LISTED]
    more = len(names) - len(shown)
    text = ", ".join(shown)
    return _("{names} and {count} more", names=text, count=more) if more else text


def _local(time_ms: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(zone)


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 99.95 else f"{value:.1f}".removesuffix(".0")
