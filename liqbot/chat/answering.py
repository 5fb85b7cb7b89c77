"""From a line that somebody typed to the message that answers it."""

import shlex
from collections.abc import Iterable

import structlog

from liqbot.chat.arguments import nearest, read_arguments
from liqbot.chat.command import Ask, Command, Refusal
from liqbot.message import Message, Tone

_log = structlog.get_logger()


class Answering:
    """The commands by name, and how a line finds its own."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self.commands = {command.name: command for command in commands}

    async def answer(self, line: str, ask: Ask) -> Message:
        """Return the answer to a line such as `/heatmap BTC 7d`. It never raises: what fails is said."""
        try:
            command, words = self._find(line)
            values = read_arguments(command, words, ask, self.topics(ask))
            return await command.function(ask, **values)
        except Refusal as refusal:
            return Message(title=str(refusal), tone=Tone.WARNING)
        except Exception as error:  # noqa: BLE001 - a failing command must not take the chat down
            _log.exception("a command failed", command=line.split(maxsplit=1)[0])
            return Message(
                title="Something went wrong on our side; the operator's log has the details.",
                lines=(type(error).__name__,),
                tone=Tone.WARNING,
            )

    def topics(self, ask: Ask) -> list[str]:
        """Return what `/help` can explain: every command and every rule."""
        return [*self.commands, *ask.desk.rules.by_name]

    def _find(self, line: str) -> tuple[Command, list[str]]:
        try:
            words = shlex.split(line)
        except ValueError:
            words = line.split()
        if not words:
            raise Refusal("Type a command; /help lists them")
        name = words[0].lstrip("/").lower()
        command = self.commands.get(name)
        if command is None:
            near = nearest(name, self.commands)
            hint = f"Did you mean /{near}?" if near else "/help lists the commands"
            raise Refusal(f"There is no command {words[0]!r}. {hint}")
        return command, words[1:]
