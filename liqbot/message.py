"""What anyone says to a chat: a plain noun with structure, without any platform's markup or layout.

A plugin needs no more than a title and lines. What the bot itself says has its figures as `facts` (a label
and a value) and `tables`, so that a phone, a page and a program can each lay it out their own way; nothing of
the meaning lies in punctuation.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Signs that steer a terminal, or turn the direction of what follows; no database keeps all of them."""


def printable(text: str) -> str:
    """Return a text without signs that do something instead of being read; lines and tabs stay."""
    return _UNPRINTABLE.sub("", text)


class Tone(StrEnum):
    """What a message is about, for its colour and its icon."""

    NEUTRAL = "neutral"
    LONGS = "longs"
    """Long liquidations: forced sells below spot."""
    SHORTS = "shorts"
    """Short liquidations: forced buys above spot."""
    WARNING = "warning"
    """Something is wrong with the request or with the data."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn chart."""

    png: bytes = field(repr=False)
    alt: str
    """The same in words, for those who cannot see it; at most 1024 characters."""
    name: str
    """A file name: `BTC-heatmap-24h.png`."""


class Weight(StrEnum):
    """What a button is among the others of its message."""

    PLAIN = "plain"
    MAIN = "main"
    """What most people will want to do next."""
    BACK = "back"
    """One step back in a guided conversation."""
    CHOSEN = "chosen"
    """What is the case already, among several to choose from."""


@dataclass(frozen=True, slots=True)
class Button:
    """Something to tap. It says nothing but a command, so that it works after a restart as well."""

    label: str
    command: str
    """A line that the chat could have typed, at most 60 bytes of UTF-8: `/heatmap BTC 7d`."""
    renews: bool = False
    """True: the answer takes the place of the message that the button hangs on."""
    weight: Weight = Weight.PLAIN


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure, or another short answer, with its name."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of the same columns; what matters most comes first in a row, since a phone may break after it."""

    rows: tuple[tuple[str, ...], ...]
    heading: str = ""
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, slots=True)
class Message:
    """Title, text, facts, tables, notes, picture, actions, provenance and time, shown in that order."""

    title: str
    """What matters, in at most 80 characters: a phone's notification shows no more."""
    lines: tuple[str, ...] = ()
    """Sentences."""
    facts: tuple[Fact, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    """What is said in small print: caveats, what to do next, what may be a duplicate."""
    tone: Tone = Tone.NEUTRAL
    picture: Picture | None = None
    actions: tuple[Button, ...] = ()
    time_ms: int | None = None
    """When what it says was so, ms since 1970 UTC."""
    provenance: str | None = None
    """Venue, basis, coverage, age."""
    private: bool = False
    """True: only for the person who asked, where the platform can do that."""

    @property
    def text(self) -> tuple[str, ...]:
        """All that it says below the title, line by line, for whoever can show nothing but lines."""
        return tuple(self._text())

    def _text(self) -> Iterator[str]:
        yield from self.lines
        for fact in self.facts:
            yield f"{fact.label}: {fact.value}"
        for table in self.tables:
            if table.heading:
                yield table.heading
            yield from ("  ".join(cell for cell in row if cell) for row in table.rows)
        yield from self.notes
