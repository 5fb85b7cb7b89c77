"""What a rule gives: hits, and what goes with them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Generic, TypeVar, cast

import msgspec
import numpy as np

from liqbot.market.side import Side
from liqbot.message import printable

Memory = TypeVar("Memory")

MOST_HITS = 1_000
"""A rule that yields more of one view is at fault: each may become an alert."""
LONGEST_KEY = 200
LONGEST_LINE = 500
"""Letters of a hit's words that are told; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that a rule found in a view. While it is found, an alert of its `key` is on."""

    key: str
    """What it is about: a cluster's identity, a side, a regime. The same key is the same alert."""
    text: str
    """What was seen, in one line."""
    means: str = ""
    """What that means for a trader, in one line."""
    caveat: str = ""
    """What it does not mean, in one line."""
    value: float | None = None
    """The reading that was compared, for `/subscriptions` and for later comparison."""
    side: Side | None = None
    """The side whose positions would be force-closed, for the colour."""
    holding: bool = False
    """True: only enough to keep an alert on that is on already (the exit threshold), not to start one."""
    known: bool = False
    """True: it was so before anybody asked. It counts as on, and nothing is told of it."""
    live: bool = False
    """True: its alert is kept up to date while it is on, in the message that was sent where a platform can
    change that: once its value has grown by a quarter, or it has other words than 5 minutes ago."""
    over: bool = False
    """True: it is over, and this says what it came to. It ends an alert that is on, and begins none."""
    level: float | None = None
    """A price (USD) that it is about: the picture of its alert marks it across the heat, with its figure."""


@dataclass(frozen=True)  # without slots: `Remembered[Mine](…)` is not possible with them
class Remembered(Generic[Memory]):
    """What a rule with a memory returns: its hits, and what it wants to be given next time."""

    hits: Iterable[Hit]
    memory: Memory


class RuleFault(Exception):  # noqa: N818 - a fault of the plugin, not an error of ours
    """A rule failed. The text names the rule, the file and the line."""


class NotAsked(RuleFault):
    """There was no time to ask it about this view: no fault of its own, it is asked about the next one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a rule said of one view."""

    hits: tuple[Hit, ...]
    memory: bytes | None = None
    """The rule's memory, encoded, to be given back with the next view."""


def checked(hits: object) -> tuple[Hit, ...]:
    """Return `hits` as they can be written down, or raise an error that says what is wrong with them."""
    if hits is None:
        return ()
    found = tuple(islice(cast("Iterable[object]", hits), MOST_HITS + 1))
    if len(found) > MOST_HITS:
        raise ValueError(f"it yielded more than {MOST_HITS} hits of one view")
    for hit in found:
        if not isinstance(hit, Hit):
            raise TypeError(f"it yielded {hit!r}, not a Hit")
    written = _hits.decode(msgspec.json.encode(found, enc_hook=plain))
    keys = [hit.key for hit in written]
    if len(set(keys)) != len(keys):
        raise ValueError(f"it yielded the same key twice: {sorted(keys)}")
    if any(len(key) > LONGEST_KEY for key in keys):
        raise ValueError(f"it yielded a key of more than {LONGEST_KEY} letters")
    if odd := [key for key in keys if printable(key) != key]:
        raise ValueError(f"it yielded a key with signs that nobody can read: {odd[0]!r}")
    return tuple(_in_lines(hit) for hit in written)


def _in_lines(hit: Hit) -> Hit:
    """Return a hit whose words are a line each: a longer one would push others out of a message."""
    words = hit.text, hit.means, hit.caveat
    text, means, caveat = (_line(one) for one in words)
    return hit if words == (text, means, caveat) else replace(hit, text=text, means=means, caveat=caveat)


def _line(text: str) -> str:
    line = printable(" ".join(text.split()))
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…"


def plain(value: object) -> object:
    """Return a number of numpy's as one of Python's: rules compute with arrays."""
    if isinstance(value, np.generic):
        return cast("object", value.item())
    raise TypeError(f"{value!r} cannot be written down")


_hits = msgspec.json.Decoder(tuple[Hit, ...])
