"""A message as Telegram shows it: plain text with entities, within its limits.

Entities instead of markup: nothing in a text can be taken for markup, and no cut falls inside a tag. Lengths
are counted as Telegram counts, in UTF-16 code units.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from telegram import MessageEntity

from liqbot.message import Message, Tone
from liqbot.text import ngettext
from liqbot.text.figures import utc
from liqbot.text.tables import columns

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
TOAST_LIMIT = 200
"""Of the answer to a tap."""
_ICONS = {Tone.NEUTRAL: "", Tone.LONGS: "🟠 ", Tone.SHORTS: "🔵 ", Tone.WARNING: "⚠️ "}
"""Orange is for longs and blue for shorts, as in the pictures."""
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
    room = limit - text.units - _ending_units(message, limit)
    for line in _fitting(list(_lines(message)), room):
        line.add_to(text)
    _add_ending(text, message, limit)
    if message.picture is not None and limit - text.units - 1 >= _LEAST_PART:
        alt = _cut(" ".join(message.picture.alt.split()), limit - text.units - 1)
        text.add(f"\n{alt}", MessageEntity.EXPANDABLE_BLOCKQUOTE)
    return Rendered(text.whole, tuple(text.entities))


def toast(message: Message) -> str:
    """Return a message as the answer to a tap: one short text."""
    return _cut("\n".join([message.title, *message.text]), TOAST_LIMIT)


def units(text: str) -> int:
    """Return the length of a text in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


class _Text:
    """A text that grows, with its entities."""

    def __init__(self) -> None:
        self.whole = ""
        self.units = 0
        self.entities: list[MessageEntity] = []

    @property
    def ends_in_table(self) -> bool:
        """Whether its last letters belong to a table."""
        last = self.entities[-1]
        return last.type == MessageEntity.PRE and last.offset + last.length == self.units

    def extend(self, text: str) -> None:
        """Append `text` to the last entity."""
        last = self.entities[-1]
        self.entities[-1] = MessageEntity(last.type, last.offset, last.length + units(text))
        self.whole += text
        self.units += units(text)

    def add(self, text: str, kind: str | None = None, **more: object) -> None:
        """Append `text`; all of it but the line breaks before it becomes an entity of `kind`."""
        bare = text.lstrip("\n")
        if kind is not None and bare.strip():
            start = self.units + len(text) - len(bare)
            self.entities.append(MessageEntity(kind, start, units(bare), **more))  # pyright: ignore[reportArgumentType]
        self.whole += text
        self.units += units(text)


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the body, and how it is set off: a label in front, a heading, or a line of a table."""

    text: str
    kind: str | None = None
    label: str = ""

    @property
    def units(self) -> int:
        """Its length with its line break."""
        return units(self.label) + units(self.text) + 1

    def add_to(self, text: "_Text") -> None:
        """Append it below what there is."""
        if self.kind == MessageEntity.PRE and text.entities and text.ends_in_table:
            text.extend(f"\n{self.text}")  # a table is one block
            return
        text.add(f"\n{self.label}" if self.label else "\n", MessageEntity.BOLD if self.label else None)
        text.add(self.text, self.kind)


def _lines(message: Message) -> Iterator[_Line]:
    yield from map(_Line, message.lines)
    for fact in message.facts:
        yield _Line(f" {fact.value}", label=fact.label)
    everywhere = [row for table in message.tables for row in table.rows]
    for table in message.tables:
        if table.heading:
            yield _Line(table.heading, MessageEntity.BOLD)
        for row in columns(table.rows, alongside=everywhere):
            yield _Line(row, MessageEntity.PRE)


def _add_ending(text: _Text, message: Message, limit: int) -> None:
    """Append the small print: notes, where it is from, and from when."""
    for note in message.notes:
        text.add(f"\n{_cut(note, limit // 4 // len(message.notes))}", MessageEntity.ITALIC)
    if message.provenance:
        text.add(f"\n{_cut(message.provenance, CAPTION_LIMIT // 4)}", MessageEntity.ITALIC)
    if message.time_ms is not None:
        text.add(" · " if message.provenance else "\n")
        time = datetime.fromtimestamp(message.time_ms // 1000, UTC)
        text.add(
            utc(message.time_ms),
            MessageEntity.DATE_TIME,
            unix_time=time,
            date_time_format=_TIME_FORMAT,
        )


def _ending_units(message: Message, limit: int) -> int:
    text = _Text()
    _add_ending(text, message, limit)
    return text.units


def _fitting(lines: Sequence[_Line], room: int) -> list[_Line]:
    """Return the lines that fit into `room` units with their line breaks, and how many do not."""
    if sum(line.units for line in lines) <= room:
        return list(lines)
    for kept in range(len(lines) - 1, -1, -1):
        hidden = len(lines) - kept
        room_left = room - sum(line.units for line in lines[:kept])
        part = _beginning(lines[kept], room_left - (_more(hidden - 1).units if hidden > 1 else 0))
        more = [_more(hidden - len(part))] if hidden > len(part) else []
        if sum(line.units for line in (*part, *more)) <= room_left:
            return [*lines[:kept], *part, *more]
    return []


def _beginning(line: _Line, room: int) -> list[_Line]:
    """Return as much of a line as has room with its line break, if it is worth its place."""
    if room <= _LEAST_PART or line.label:
        return []
    return [replace(line, text=_cut(line.text, room - 1))]


def _more(count: int) -> _Line:
    return _Line("… " + ngettext("and {count} more line", "and {count} more lines", count))


def _cut(text: str, limit: int) -> str:
    """Return `text`, or as much of it as fits into `limit` units, cut at a word."""
    if units(text) <= limit:
        return text
    kept = text[: limit - 1]
    while units(kept) > limit - 1:
        kept = kept[:-1]
    at_word = kept.rsplit(maxsplit=1)[0] if " " in kept[-40:] else kept
    return f"{at_word.rstrip()}…"
