"""Words that errors and help share: the name that was meant, what was written, what there is."""

import difflib
import inspect
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import Any

QUOTED = 40
"""Of what somebody wrote, an answer repeats at most this many characters."""
PART = 3
"""A part of a name has at least this many letters, to be taken for it."""
LISTED = 12
"""At most this many names are listed in an answer."""


def nearest(word: str, names: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return the name that was probably meant, regardless of case; None where nothing is near.

    `cutoff` is how alike they must be, from 0 to 1. What is a part of one name alone, as `flip` of
    `regime-flip`, means that one: it is less alike than two short words that have letters in common.
    """
    by_lower = {name.lower(): name for name in names}
    typed = word[:QUOTED].lower()
    close = difflib.get_close_matches(typed, by_lower, n=1, cutoff=cutoff)
    if not close and len(typed) >= PART:
        close = [name for name in by_lower if typed in name]
    return by_lower[close[0]] if len(close) == 1 else None


def quoted(text: str) -> str:
    """Return what somebody wrote as it can be repeated to them: in quotes, on one line, not too long."""
    shown = repr(text)
    return shown if len(shown) <= QUOTED + 2 else f"{shown[: QUOTED + 1]}…{shown[0]}"


def listed(names: Collection[str]) -> str:
    """Return names as a list: `BTC, ETH, SOL`, of very many the first."""
    shown = list(names)[:LISTED]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def counted(count: int, what: str) -> str:
    """Return how many of something there are: `1 account`, `2 accounts`, `3 deliveries`."""
    if count == 1:
        return f"1 {what}"
    is_ies = what.endswith("y") and what[-2] not in "aeiou"
    return f"{count} {what[:-1]}ies" if is_ies else f"{count} {what}s"


@lru_cache(maxsize=1_000)  # every command that is read asks for it
def paragraphs(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the paragraphs of a docstring, each on one line; the first one is the summary."""
    text = inspect.getdoc(function) or ""
    return tuple(" ".join(part.split()) for part in text.split("\n\n") if part.strip())
