"""Messages on a terminal: text with rich, pictures as files."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from liqbot.message import Message, Picture, Tone
from liqbot.store.subscriptions import ChatKey

CONSOLE_CHAT = ChatKey("console", "terminal")
"""The one chat that a terminal is."""
_STYLES = {
    Tone.NEUTRAL: ("bold white", "•"),
    Tone.LONGS: ("bold #FF9F43", "▼"),
    Tone.SHORTS: ("bold #4DABFF", "▲"),
    Tone.WARNING: ("bold yellow", "!"),
}
_BUTTONS_SHOWN = 4


class Printer:
    """Prints messages, and puts their pictures into a folder."""

    def __init__(self, console: Console, pictures: Path) -> None:
        self._console = console
        self._pictures = pictures
        self.alerts = 0
        """How many alerts have been brought."""
        self._alert = asyncio.Event()

    async def send(self, chat: ChatKey, message: Message) -> None:
        """Print an alert, as the dispatcher brings it."""
        del chat  # a terminal is one chat
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
        self._console.print(Text(text, style="italic cyan"), soft_wrap=True)

    def echo(self, line: str) -> None:
        """Print a line as if somebody had typed it at the prompt."""
        self._console.print(Text("liqbot> ", style="bright_black").append(line, style="bold"), soft_wrap=True)

    def show(self, message: Message, *, heading: str = "") -> None:
        """Print one message."""
        style, mark = _STYLES[message.tone]
        title = Text(f"{mark} ", style=style)
        if heading:
            title.append(f" {heading} ", style=f"{style} reverse").append(" ")
        self._console.print(title.append(message.title, style=style), soft_wrap=True)
        for line in message.lines:
            self._console.print(Text(f"  {line}"), soft_wrap=True)
        if message.picture is not None:
            self._console.print(
                Text(f"  picture: {self._save(message.picture, message.time_ms)}"), soft_wrap=True
            )
        for line in (self._provenance(message), _buttons(message)):
            if line:
                self._console.print(Text(f"  {line}", style="bright_black"), soft_wrap=True)
        self._console.print()

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

    def _provenance(self, message: Message) -> str:
        time = "" if message.time_ms is None else f"{_utc(message.time_ms):%Y-%m-%d %H:%M} UTC"
        return " · ".join(part for part in (message.footer, time) if part)


def _buttons(message: Message) -> str:
    commands = dict.fromkeys(button.command for button in message.buttons)
    return f"next: {'  '.join(list(commands)[:_BUTTONS_SHOWN])}" if commands else ""


def _utc(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)
