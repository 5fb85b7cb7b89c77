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
    """Something to tap. It says nothing but a command, so that it works after a restart as well."""

    label: str
    command: str
    """A line that the chat could have typed, at most 60 bytes of UTF-8: `/heatmap BTC 7d`."""
    renews: bool = False
    """True: the answer takes the place of the message that the button hangs on."""


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
    private: bool = False
    """True: only for the person who asked, where the platform can do that."""
