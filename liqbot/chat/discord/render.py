"""Messages as Discord shows them: an embed within every limit, its text escaped, its picture with alt text.

Text is cut at a line, never inside what would be read as markup, and says how much is left out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby

import discord

from liqbot.charts import theme
from liqbot.message import Message, Picture, Tone
from liqbot.text import _, ngettext
from liqbot.text.tables import columns

TITLE, DESCRIPTION, FOOTER = 256, 4096, 1500
"""Most characters of an embed's parts. Discord would take a footer of 2048, but no more than 6000 in all."""
CONTENT = 2000
"""Most characters of a message without an embed."""
ALT = 1024
"""Most characters of a picture's alt text."""
PICTURE_BYTES = 10 * 2**20
COLOURS = {
    Tone.NEUTRAL: discord.Colour.from_rgb(*theme.DIM),
    Tone.LONGS: discord.Colour.from_rgb(*theme.HUE.long),
    Tone.SHORTS: discord.Colour.from_rgb(*theme.HUE.short),
    Tone.WARNING: discord.Colour.from_rgb(254, 231, 92),
}
_MARKUP = re.compile(r"[\\*_~`|<>\[\]]")
_AT_START = re.compile(r"(?:[-+#]|\d+(?=[.)]))")
"""What makes a list or a heading at the start of a line: `- `, `# `, `1. `."""
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.-]+")
_ELLIPSIS = "…"
_FENCE = "```"
_INDENT = "\N{EM SPACE}"
"""Discord swallows ordinary spaces at the start of a line."""


def embed_of(message: Message) -> discord.Embed:
    """Return the embed that shows a message; its picture, if it has one, goes along as a file."""
    made = discord.Embed(colour=COLOURS[message.tone], title=_cut(message.title or "—", TITLE))
    ending = _notes(message)
    if message.picture is not None and not fits(message.picture):
        ending.insert(0, escaped(_("The picture is too large for Discord.")))
    made.description = body(message, DESCRIPTION, [*ending, *_time(message)]) or None
    if message.provenance:
        made.set_footer(text=_shortened(" ".join(message.provenance.split()), FOOTER))
    if message.picture is not None and fits(message.picture):
        made.set_image(url=f"attachment://{file_name(message.picture)}")
    return made


def plain(message: Message) -> str:
    """Return a message as text alone, for a channel where embeds and files are not allowed."""
    title = f"**{_cut(message.title or '—', TITLE)}**"
    provenance = [f"-# {_cut(message.provenance, FOOTER // 3)}"] if message.provenance else []
    ending = [*_notes(message), *provenance, *_time(message)]
    return f"{title}\n{body(message, CONTENT - len(title) - 1, ending)}".rstrip()


def files_of(message: Message) -> list[discord.File]:
    """Return the files to send with the embed of a message; they can be sent once."""
    picture = message.picture
    if picture is None or not fits(picture):
        return []
    alt = _shortened(picture.alt, ALT)
    return [discord.File(BytesIO(picture.png), file_name(picture), description=alt or None)]


def fits(picture: Picture) -> bool:
    """Return whether Discord takes a picture of that size."""
    return len(picture.png) <= PICTURE_BYTES


def file_name(picture: Picture) -> str:
    """Return the picture's name of such letters that Discord leaves as they are: an embed refers to it."""
    stem = _NOT_IN_A_NAME.sub("-", picture.name.removesuffix(".png")).strip("-.")
    return f"{stem[:100] or 'picture'}.png"


def escaped(text: str) -> str:
    """Return text that Discord shows letter by letter as it stands, whatever it would mean as markup."""
    return "".join(_pieces(text))


def body(message: Message, room: int, ending: Sequence[str] = ()) -> str:
    """Return what a message says below its title, within `room` characters, and `ending`, which is markup.

    Where not all has room, the last line that has any is followed by how many more there are.
    """
    last = "\n".join(ending)
    room -= len(last) + 1 if last else 0
    return "\n".join(part for part in (_fitting(list(_lines(message)), room), last) if part)


@dataclass(frozen=True, slots=True)
class _Line:
    """One line as markup; those of tables stand in a block of equal letters."""

    markup: str
    in_block: bool = False


def _lines(message: Message) -> Iterator[_Line]:
    for line in message.lines:
        yield from (_Line(escaped(part)) for part in (line.splitlines() or [""]))
    for fact in message.facts:
        yield _Line(f"**{_one_line(fact.label)}** {_one_line(fact.value)}")
    everywhere = [row for table in message.tables for row in table.rows]
    for table in message.tables:
        if table.heading:
            yield _Line(f"**{_one_line(table.heading)}**")
        for row in columns(table.rows, alongside=everywhere):
            yield _Line(row.replace("`", "ˋ"), in_block=True)


def _notes(message: Message) -> list[str]:
    """Return the notes as small print, within a quarter of an embed."""
    room = DESCRIPTION // 4 // max(len(message.notes), 1) - 4
    return [f"-# {_cut(note, room)}" for note in message.notes]


def _time(message: Message) -> list[str]:
    return [] if message.time_ms is None else [f"-# <t:{message.time_ms // 1000}:R>"]


def _joined(lines: Sequence[_Line]) -> str:
    parts: list[str] = []
    for in_block, group in groupby(lines, lambda line: line.in_block):
        text = "\n".join(line.markup for line in group)
        parts.append(f"{_FENCE}\n{text}\n{_FENCE}" if in_block else text)
    return "\n".join(parts)


def _fitting(lines: Sequence[_Line], room: int) -> str:
    if len(whole := _joined(lines)) <= room:
        return whole
    reserve = len(_more(len(lines))) + 1
    low, high = 0, len(lines)
    while low < high:  # how many lines have room: more never need less
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(_joined(lines[:middle])) <= room - reserve else (low, middle - 1)
    kept = list(lines[:low])
    if not kept and lines:  # a single line that is too long: better its beginning than nothing
        kept.append(_Line(_cut_markup(lines[0].markup, room - reserve)))
    left = len(lines) - len(kept)
    return _joined([*kept, _Line(_more(left))] if left else kept)


def _more(count: int) -> str:
    return _ELLIPSIS + " " + ngettext("and {count} more line", "and {count} more lines", count)


def _one_line(text: str) -> str:
    return escaped(" ".join(text.split()))


def _cut_markup(text: str, room: int) -> str:
    """Return the beginning of escaped text, cut between a letter and the next one's escape."""
    if len(text) <= room:
        return text
    kept = text[: room - 1]
    escapes = len(kept) - len(kept.rstrip("\\"))
    return (kept[:-1] if escapes % 2 else kept).rstrip() + _ELLIPSIS


def _cut(text: str, room: int) -> str:
    """Return text on one line, escaped, in at most `room` characters."""
    text = " ".join(text.split())
    whole = escaped(text)
    if len(whole) <= room:
        return whole
    kept, used = "", len(_ELLIPSIS)
    for piece in _pieces(text):
        used += len(piece)
        if used > room:
            break
        kept += piece
    return kept.rstrip() + _ELLIPSIS


def _shortened(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1].rstrip() + _ELLIPSIS


def _pieces(text: str) -> Iterator[str]:
    """Yield the escaped text of a line letter by letter, a letter and its escape together."""
    stripped = text.lstrip(" ")
    yield from _INDENT * ((len(text) - len(stripped) + 1) // 2)
    start = _AT_START.match(stripped)
    if start is not None:
        sign = start[0]
        yield f"{sign}\\{stripped[len(sign)]}" if sign.isdigit() else f"\\{sign}"
        stripped = stripped[len(sign) + sign.isdigit() :]
    for letter in stripped:
        yield f"\\{letter}" if _MARKUP.fullmatch(letter) else letter
