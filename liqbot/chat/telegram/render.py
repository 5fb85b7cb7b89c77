"""A message as Telegram shows it: plain text with entities, within its limits.

Entities instead of markup: nothing in a text can be taken for markup, and no cut falls inside a tag. Lengths
are counted as Telegram counts, in UTF-16 code units.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from telegram import MessageEntity

from liqbot.message import Message, Tone

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
TOAST_LIMIT = 200
"""Of the answer to a tap."""
_ICONS = {Tone.NEUTRAL: "", Tone.LONGS: "🟠 ", Tone.SHORTS: "🔵 ", Tone.WARNING: "⚠️ "}
"""Orange is for longs and blue for shorts, as in the pictures."""
_HEADINGS = ("▲ ", "▼ ", "— ")
_LEAST_PART = 80
"""Less of a line, or of the picture's description, is not worth its place."""
_TIME_FORMAT = "dt"
"""The reader's own short date and short time."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """Text with its entities, as the Bot API takes them."""

    text: str
    entities: tuple[MessageEntity, ...]


def rendered(message: Message) -> Rendered:
    """Return the text of a message, or the caption where it has a picture.

    A caption carries what the picture says in words too, folded, for those who cannot see it. What does not
    fit is left out from the end of the body, at a line; where it is from and from when stays.
    """
    limit = CAPTION_LIMIT if message.picture is not None else TEXT_LIMIT
    text = _Text()
    text.add(_cut(_ICONS[message.tone] + message.title, limit // 2), MessageEntity.BOLD)
    room = limit - text.units - _provenance_units(message)
    for line in _fitting(message.lines, room):
        text.add(f"\n{line}", MessageEntity.BOLD if line.startswith(_HEADINGS) else None)
    _add_provenance(text, message)
    if message.picture is not None and limit - text.units - 1 >= _LEAST_PART:
        alt = _cut(" ".join(message.picture.alt.split()), limit - text.units - 1)
        text.add(f"\n{alt}", MessageEntity.EXPANDABLE_BLOCKQUOTE)
    return Rendered(text.whole, tuple(text.entities))


def toast(message: Message) -> str:
    """Return a message as the answer to a tap: one short text."""
    return _cut("\n".join([message.title, *message.lines]), TOAST_LIMIT)


def units(text: str) -> int:
    """Return the length of a text in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


class _Text:
    """A text that grows, with its entities."""

    def __init__(self) -> None:
        self.whole = ""
        self.units = 0
        self.entities: list[MessageEntity] = []

    def add(self, text: str, kind: str | None = None, **more: object) -> None:
        """Append `text`; all of it but the line breaks before it becomes an entity of `kind`."""
        bare = text.lstrip("\n")
        if kind is not None and bare.strip():
            start = self.units + len(text) - len(bare)
            self.entities.append(MessageEntity(kind, start, units(bare), **more))  # pyright: ignore[reportArgumentType]
        self.whole += text
        self.units += units(text)


def _add_provenance(text: _Text, message: Message) -> None:
    if message.footer:
        text.add(f"\n{_cut(message.footer, CAPTION_LIMIT // 4)}", MessageEntity.ITALIC)
    if message.time_ms is not None:
        text.add(" · " if message.footer else "\n")
        time = datetime.fromtimestamp(message.time_ms // 1000, UTC)
        text.add(
            _stamp(message.time_ms),
            MessageEntity.DATE_TIME,
            unix_time=time,
            date_time_format=_TIME_FORMAT,
        )


def _provenance_units(message: Message) -> int:
    text = _Text()
    _add_provenance(text, message)
    return text.units


def _stamp(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def _fitting(lines: Sequence[str], room: int) -> list[str]:
    """Return the lines that fit into `room` units with their line breaks, and how many do not.

    The last line stays: it may say that the message may be a repeat.
    """
    if _units_of(lines) <= room:
        return list(lines)
    *body, last = lines
    last = _cut(last, room // 4 if body else room - 1)
    for kept in range(len(body) - 1, -1, -1):
        hidden = len(body) - kept
        left = room - _units_of([*body[:kept], _more(hidden), last])
        if left < 0:
            continue
        part = [_cut(body[kept], left - 1)] if left > _LEAST_PART else []
        more = [_more(hidden - len(part))] if hidden > len(part) else []
        return [*body[:kept], *part, *more, last]
    return [last]


def _more(lines: int) -> str:
    return f"… {lines} more {'line' if lines == 1 else 'lines'}"


def _units_of(lines: Sequence[str]) -> int:
    return sum(units(line) + 1 for line in lines)


def _cut(text: str, limit: int) -> str:
    """Return `text`, or as much of it as fits into `limit` units, cut at a word."""
    if units(text) <= limit:
        return text
    kept = text[: limit - 1]
    while units(kept) > limit - 1:
        kept = kept[:-1]
    at_word = kept.rsplit(maxsplit=1)[0] if " " in kept[-40:] else kept
    return f"{at_word.rstrip()}…"
