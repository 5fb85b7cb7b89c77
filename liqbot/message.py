"""What anyone says to a chat: a plain noun without any platform's markup."""

from dataclasses import dataclass, field
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class Button:
    """Something to tap. `command` is a line that the chat could have typed: `/heatmap BTC 7d`."""

    label: str
    command: str


@dataclass(frozen=True, slots=True)
class Message:
    """Title, body lines, picture, buttons, time and tone."""

    title: str
    lines: tuple[str, ...] = ()
    tone: Tone = Tone.NEUTRAL
    picture: Picture | None = None
    buttons: tuple[Button, ...] = ()
    time_ms: int | None = None
    """When what it says was so, ms since 1970 UTC."""
    footer: str | None = None
    """Provenance: venue, basis, coverage, age."""
