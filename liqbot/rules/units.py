"""Amounts as people write them: reading `2.5%`, `$5M` or `1h30m`, and writing them back in full.

Figures of the market are rounded for the eye; a parameter is what somebody asked for, and stays exact.
"""

import math
import re
from decimal import Decimal
from enum import StrEnum


class Unit(StrEnum):
    """What a number counts."""

    PERCENT = "percent"
    USD = "dollars"
    SECONDS = "duration"
    RATIO = "ratio"
    WHOLE = "whole number"


EXAMPLES = {
    Unit.PERCENT: "a percentage such as 2 or 2.5%",
    Unit.USD: "dollars such as 5M or 750k",
    Unit.SECONDS: "a span of time such as 90s, 10m, 4h or 1d",
    Unit.RATIO: "a number such as 0.2",
    Unit.WHOLE: "a whole number such as 3",
}
"""What may be written, in words."""

ABSURD = 1e15
"""From here on a number is not worth its unit."""

_NUMBER = r"([-+]?(?:\d{1,3}(?:,\d{3})+|\d*)(?:\.\d*)?(?:e[-+]?\d{1,3})?)"
"""A comma stands between thousands only: whether `2,5` is 2.5 or a slip, nobody but its writer knows."""
_FORMS = {
    Unit.PERCENT: re.compile(rf"{_NUMBER}()(?:%|percent|pct)?", re.ASCII),
    Unit.USD: re.compile(rf"\$?{_NUMBER}([a-z]*?)(?:\$|usd[tc]?|dollars?)?", re.ASCII),
    Unit.RATIO: re.compile(rf"{_NUMBER}()x?", re.ASCII),
    Unit.WHOLE: re.compile(rf"{_NUMBER}()x?", re.ASCII),
}
_SPAN_PART = r"(\d+(?:\.\d*)?|\.\d+)([a-z]+)"
_LETTERS = {"T": 12, "B": 9, "M": 6, "k": 3}
"""How dollars are shortened: powers of ten, the greatest first."""
_SCALES = {
    "": 0,
    **dict.fromkeys(("k", "thousand"), 3),
    **dict.fromkeys(("m", "mm", "mn", "mio", "mln", "million"), 6),
    **dict.fromkeys(("b", "bn", "bln", "billion"), 9),
    **dict.fromkeys(("t", "tn", "trillion"), 12),
}
_SPANS = {"d": 86_400, "h": 3_600, "min": 60}
"""How spans of time are written, the longest first; what is left are seconds."""
_SECONDS = {
    **dict.fromkeys(("s", "sec", "second"), 1),
    **dict.fromkeys(("m", "min", "minute"), 60),
    **dict.fromkeys(("h", "hr", "hour"), 3_600),
    **dict.fromkeys(("d", "day"), 86_400),
    **dict.fromkeys(("w", "wk", "week"), 604_800),
}


def read_amount(text: str, unit: Unit) -> float | None:
    """Return the finite number that `text` says, in percent, dollars or seconds; None where it says none."""
    if re.search(r"\d\s+\d", text):
        return None
    text = "".join(text.lower().split())
    try:
        exact = _span(text) if unit is Unit.SECONDS else _scaled(text, unit)
    except ArithmeticError:  # digits without end, or none
        return None
    number = math.nan if exact is None else float(exact)
    return number + 0.0 if math.isfinite(number) else None  # + 0.0: minus nothing is nothing


def show_amount(value: float, unit: Unit) -> str:
    """Return a finite number as people write it, in full: `2.5%`, `$1.25M`, `1 h 30 min`, `0.2`."""
    if abs(value) >= ABSURD:
        return f"{value:g}"
    exact = Decimal(repr(float(value)))
    if unit is Unit.PERCENT:
        return f"{_plain(exact)}%"
    if unit is Unit.USD:
        return _dollars(exact)
    return _units_of_time(exact) if unit is Unit.SECONDS else _plain(exact)


def _scaled(text: str, unit: Unit) -> Decimal | None:
    match = _FORMS[unit].fullmatch(text)
    scale = _SCALES.get(match[2]) if match else None
    # Decimals, since 4.1 million in floats is not 4,100,000.
    return None if match is None or scale is None else Decimal(match[1].replace(",", "")) * 10**scale


def _span(text: str) -> Decimal | None:
    if not re.fullmatch(f"(?:{_SPAN_PART})+", text, re.ASCII):
        return Decimal(0) if text == "0" else None
    total = Decimal(0)
    for number, unit in re.findall(_SPAN_PART, text, re.ASCII):
        seconds = _SECONDS.get(unit if len(unit) <= 2 else unit.removesuffix("s"))
        if seconds is None:
            return None
        total += Decimal(number) * seconds
    return total


def _dollars(exact: Decimal) -> str:
    sign, size = ("-" if exact < 0 else ""), abs(exact)
    for letter, power in _LETTERS.items():
        if size >= 10**power:
            return f"{sign}${_plain(size.scaleb(-power))}{letter}"
    return f"{sign}${_plain(size)}"


def _units_of_time(exact: Decimal) -> str:
    parts: list[str] = []
    for unit, seconds in _SPANS.items():
        count, exact = divmod(exact, seconds)
        if count:
            parts.append(f"{_plain(count)} {unit}")
    if exact or not parts:
        parts.append(f"{_plain(exact)} s")
    return " ".join(parts)


def _plain(exact: Decimal) -> str:
    return f"{exact.normalize():f}"
