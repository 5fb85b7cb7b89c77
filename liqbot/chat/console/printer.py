"""Messages on a terminal: text with rich, pictures as files.

On a terminal long lines wrap between words. Into a pipe or a file everything is written as it stands, line by
line, so that other programs can read it.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from liqbot.alerts.platform import Limits, OutgoingMessage, Receipt
from liqbot.message import Message, Picture, Table, Tone, printable
from liqbot.plugin import Options, adapter
from liqbot.service.chats import ChatKey
from liqbot.text import _
from liqbot.text.figures import utc
from liqbot.text.tables import columns

CONSOLE_CHAT = ChatKey("console", "terminal")
"""The one chat that a terminal is."""
LONGS, SHORTS = "#FF9F43", "#4DABFF"
_STYLES = {
    Tone.NEUTRAL: ("bold", "•"),
    Tone.LONGS: (f"bold {LONGS}", "▼"),
    Tone.SHORTS: (f"bold {SHORTS}", "▲"),
    Tone.WARNING: ("bold yellow", "!"),
}
_BUTTONS_SHOWN = 4
_INDENT = 2
_ANY_WIDTH = 10_000
"""Of a pipe: what reads it wraps nothing."""


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

    async def send(self, outgoing: OutgoingMessage) -> Receipt:
        """Print an alert, as the dispatcher brings it."""
        self.bring(outgoing.message)
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
        self._print(title.append(printable(message.title), style=style))
        for line in self._body(message):
            self._print(line, indent=_INDENT)
        if message.picture is not None:
            # Never wrapped, so that it can be clicked or copied.
            file = self._save(message.picture, message.time_ms)
            text = Text("  " + _("picture: {file}", file=file))
            self._console.print(text, soft_wrap=True)
        for line in (*message.notes, _provenance(message), _next(message)):
            if line:
                self._print(Text(printable(line), style="bright_black"), indent=_INDENT)
        self._console.print()

    def _print(self, what: Text, *, indent: int = 0) -> None:
        if not self._console.is_terminal:
            self._console.print(Text(" " * indent).append_text(what), soft_wrap=True)
        else:
            self._console.print(Padding(what, (0, 0, 0, indent), expand=False))

    def _body(self, message: Message) -> Iterator[Text]:
        width = self._console.width - _INDENT if self._console.is_terminal else _ANY_WIDTH
        yield from (Text(printable(line)) for line in message.lines)
        facts = [(printable(fact.label), printable(fact.value)) for fact in message.facts]
        widest = max((len(label) for label, _value in facts), default=0)
        for label, value in facts:
            yield Text(f"{label:<{widest}}", style="bright_black").append(f"  {value}", style="default")
        tables = [replace(table, rows=_printable_rows(table)) for table in message.tables]
        everywhere = [row for table in tables for row in table.rows]
        for table in tables:
            if table.heading:
                yield Text(printable(table.heading), style=_heading_style(table))
            yield from map(Text, columns(table.rows, width, alongside=everywhere))

    def _save(self, picture: Picture, time_ms: int | None) -> str:
        name = Path(picture.name)
        stamp = "" if time_ms is None else f"-{_utc(time_ms):%Y%m%d-%H%M}"
        file = self._pictures / f"{name.stem}{stamp}{name.suffix}"
        try:
            self._pictures.mkdir(parents=True, exist_ok=True)
            for number in count(2):  # another venue or zoom of the same minute has the same name
                if not file.exists() or file.read_bytes() == picture.png:
                    break
                file = file.with_name(f"{name.stem}{stamp}-{number}{name.suffix}")
            file.write_bytes(picture.png)
        except OSError as error:
            return _("could not be written to {file}: {reason}", file=file, reason=error.strerror)
        return str(file)


def _printable_rows(table: Table) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(map(printable, row)) for row in table.rows)


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


def _heading_style(table: Table) -> str:
    return _STYLES[table.tone][0]


def _provenance(message: Message) -> str:
    time = "" if message.time_ms is None else utc(message.time_ms)
    return " · ".join(part for part in (message.provenance, time) if part)


def _next(message: Message) -> str:
    commands = dict.fromkeys(button.command for button in message.actions)
    return _("next: {commands}", commands="  ".join(list(commands)[:_BUTTONS_SHOWN])) if commands else ""


def _utc(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)
