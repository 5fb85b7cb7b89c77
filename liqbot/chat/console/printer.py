"""Messages on a terminal: text with rich, pictures as files.

On a terminal, lines that are cut into the same cells become a table, and long lines wrap between words. Into
a pipe or a file everything is written as it stands, line by line, so that other programs can read it.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from liqbot.alerts.platform import Limits, Parcel, Receipt
from liqbot.message import Message, Picture, Tone
from liqbot.plugin import Options, adapter
from liqbot.store.chats import ChatKey

CONSOLE_CHAT = ChatKey("console", "terminal")
"""The one chat that a terminal is."""
LONGS, SHORTS = "#FF9F43", "#4DABFF"
_STYLES = {
    Tone.NEUTRAL: ("bold", "•"),
    Tone.LONGS: (f"bold {LONGS}", "▼"),
    Tone.SHORTS: (f"bold {SHORTS}", "▲"),
    Tone.WARNING: ("bold yellow", "!"),
}
_LINE_STYLES = {"▼": LONGS, "▲": SHORTS, "—": "bold", "✗": "red"}
"""Lines that begin so are set off."""
_BUTTONS_SHOWN = 4
_INDENT = 2
_LEAST_LAST_CELL = 24
"""Where a table would leave its last column less than this, its lines are better left as they are."""
_CELLS = re.compile(r" (·|—) ")
_FIGURE = re.compile(r"[-−+<>$]*[\d.,]+[%A-Za-z]?")


class Printer:
    """Prints messages, and puts their pictures into a folder."""

    def __init__(self, console: Console, pictures: Path) -> None:
        self._console = console
        self._pictures = pictures
        self.alerts = 0
        """How many alerts have been brought."""
        self._alert = asyncio.Event()

    limits = Limits(in_flight=1, hourly=False)

    def is_group(self, chat: ChatKey) -> bool:
        """Return False: one person sits at a terminal."""
        del chat
        return False

    async def send(self, parcel: Parcel) -> Receipt:
        """Print an alert, as the dispatcher brings it."""
        self.bring(parcel.message)
        return Receipt(str(self.alerts))

    def bring(self, message: Message) -> None:
        """Print an alert."""
        self.show(message, heading="ALERT")
        self.alerts += 1
        self._alert.set()

    async def alerted(self, *, more_than: int) -> None:
        """Wait until more than that many alerts have been brought."""
        while self.alerts <= more_than:
            self._alert.clear()
            await self._alert.wait()

    def narrate(self, text: str) -> None:
        """Print a line that explains what comes next."""
        self._print(Text(text, style="italic cyan"))

    def echo(self, line: str) -> None:
        """Print a line as if somebody had typed it at the prompt."""
        self._print(Text("liqbot> ", style="bright_black").append(line, style="bold"))

    def show(self, message: Message, *, heading: str = "") -> None:
        """Print one message."""
        style, mark = _STYLES[message.tone]
        title = Text(f"{mark} ", style=style)
        if heading:
            title.append(f" {heading} ", style=f"{style} reverse").append(" ")
        self._print(title.append(message.title, style=style))
        for block in self._blocks(message.lines):
            self._print(block, indent=_INDENT)
        if message.picture is not None:
            # Never wrapped, so that it can be clicked or copied.
            text = Text(f"  picture: {self._save(message.picture, message.time_ms)}")
            self._console.print(text, soft_wrap=True)
        for line in (_provenance(message), _buttons(message)):
            if line:
                self._print(Text(line, style="bright_black"), indent=_INDENT)
        self._console.print()

    def _print(self, what: Text | Table, *, indent: int = 0) -> None:
        if isinstance(what, Text) and not self._console.is_terminal:
            self._console.print(Text(" " * indent).append_text(what), soft_wrap=True)
        else:
            self._console.print(Padding(what, (0, 0, 0, indent), expand=False))

    def _blocks(self, lines: Sequence[str]) -> Iterator[Text | Table]:
        """Yield what to print: tables of adjacent lines with the same cells, else the lines as they are."""
        width = self._console.width - _INDENT
        for cut, group in groupby(lines, _CELLS.findall):
            alike = list(group)
            everywhere = [line for line in lines if _CELLS.findall(line) == cut]
            tabular = cut and len(everywhere) > 1 and self._console.is_terminal
            table = _table(alike, everywhere, width) if tabular else None
            if table is not None:
                yield table
            else:
                yield from (Text(line, style=_LINE_STYLES.get(line[:1], "")) for line in alike)

    def _save(self, picture: Picture, time_ms: int | None) -> str:
        name = Path(picture.name)
        stamp = "" if time_ms is None else f"-{_utc(time_ms):%Y%m%d-%H%M}"
        file = self._pictures / f"{name.stem}{stamp}{name.suffix}"
        try:
            self._pictures.mkdir(parents=True, exist_ok=True)
            file.write_bytes(picture.png)
        except OSError as error:
            return f"could not be written to {file}: {error.strerror}"
        return str(file)


@dataclass(frozen=True, slots=True)
class _Alerts:
    """The alerts of a terminal alone: all that the door for plugins asks of a chat."""

    printer: Printer

    async def send(self, chat: object, message: Message) -> None:
        del chat
        self.printer.bring(message)


@adapter("console")
def console(options: Options) -> _Alerts:
    """The chat at the terminal."""
    return _Alerts(Printer(Console(), Path(str(options.get("pictures", "pictures")))))


HOUSE_CHATS = (console,)
"""The chat that comes with liqbot, registered like anyone's."""


def _table(lines: Sequence[str], everywhere: Sequence[str], width: int) -> Table | None:
    """Return lines as a table, figures to the right; None where `width` is too narrow for it.

    Its columns are as wide as the lines `everywhere` in the message ask for, so that its tables match.
    """
    columns = list(zip(*map(_cells, everywhere), strict=True))
    widths = [max(map(cell_len, column)) for column in columns]
    if width - sum(widths[:-1]) - 2 * len(widths[:-1]) < min(widths[-1], _LEAST_LAST_CELL):
        return None
    table = Table.grid(padding=(0, 2, 0, 0))
    for column, least in zip(columns[:-1], widths[:-1], strict=True):
        figures = all(_FIGURE.fullmatch(cell) for cell in column)
        table.add_column(justify="right" if figures else "left", min_width=least, no_wrap=True)
    table.add_column()
    for line in lines:
        table.add_row(*map(Text, _cells(line)))
    return table


def _cells(line: str) -> list[str]:
    return _CELLS.split(line)[::2]


def _provenance(message: Message) -> str:
    time = "" if message.time_ms is None else f"{_utc(message.time_ms):%Y-%m-%d %H:%M} UTC"
    return " · ".join(part for part in (message.footer, time) if part)


def _buttons(message: Message) -> str:
    commands = dict.fromkeys(button.command for button in message.buttons)
    return f"next: {'  '.join(list(commands)[:_BUTTONS_SHOWN])}" if commands else ""


def _utc(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)
