"""Messages as Discord shows them: an embed within every limit, its text escaped, its picture with alt text.

Text is cut at a line, never inside what would be read as markup, and says how much is left out.
"""

import re
from collections.abc import Iterator, Sequence
from io import BytesIO

import discord

from liqbot.charts import theme
from liqbot.message import Message, Picture, Tone

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
_INDENT = "\N{EM SPACE}"
"""Discord swallows ordinary spaces at the start of a line."""


def embed_of(message: Message) -> discord.Embed:
    """Return the embed that shows a message; its picture, if it has one, goes along as a file."""
    made = discord.Embed(colour=COLOURS[message.tone], title=_cut(message.title or "—", TITLE))
    ending = [] if message.time_ms is None else [f"<t:{message.time_ms // 1000}:R>"]
    if message.picture is not None and not fits(message.picture):
        ending.insert(0, "The picture is too large for Discord.")
    made.description = body(message.lines, DESCRIPTION, ending) or None
    if message.footer:
        made.set_footer(text=_shortened(" ".join(message.footer.split()), FOOTER))
    if message.picture is not None and fits(message.picture):
        made.set_image(url=f"attachment://{file_name(message.picture)}")
    return made


def plain(message: Message) -> str:
    """Return a message as text alone, for a channel where embeds and files are not allowed."""
    title = f"**{_cut(message.title or '—', TITLE)}**"
    footer = [escaped(" ".join(message.footer.split()))] if message.footer else []
    ending = [*footer, *([] if message.time_ms is None else [f"<t:{message.time_ms // 1000}:R>"])]
    return f"{title}\n{body(message.lines, CONTENT - len(title) - 1, ending)}".rstrip()


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


def body(lines: Sequence[str], room: int, ending: Sequence[str] = ()) -> str:
    """Return `lines`, escaped, within `room` characters, and below them `ending`, which is markup and stays.

    Where not all have room, the last one that has any is followed by how many more there are.
    """
    last = "\n".join(ending)
    room -= len(last) + 1 if last else 0
    separate = [part for line in lines for part in (line.splitlines() or [""])]
    return "\n".join(part for part in (_fitting(separate, room), last) if part)


def _fitting(lines: Sequence[str], room: int) -> str:
    whole = [escaped(line) for line in lines]
    if sum(map(len, whole)) + len(whole) - 1 <= room:
        return "\n".join(whole)
    reserve = len(_more(len(lines))) + 1
    kept: list[str] = []
    used = 0
    for line in whole:
        if used + len(line) + 1 > room - reserve:
            break
        kept.append(line)
        used += len(line) + 1
    if not kept and lines:  # a single line that is too long: better its beginning than nothing
        kept.append(_cut(lines[0], room - reserve))
    left = len(lines) - len(kept)
    return "\n".join([*kept, _more(left)] if left else kept)


def _more(count: int) -> str:
    return f"{_ELLIPSIS} and {count} more lines" if count != 1 else f"{_ELLIPSIS} and 1 more line"


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
