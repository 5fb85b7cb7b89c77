"""From a line that somebody typed to the message that answers it."""

import shlex
from collections.abc import Iterable
from dataclasses import replace

import structlog

from liqbot.chat.arguments import read_arguments
from liqbot.chat.command import Ask, Command, Refusal
from liqbot.message import Message, Tone
from liqbot.rules.wording import nearest, quoted

_log = structlog.get_logger()


class Answering:
    """The commands by name, and how a line finds its own."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self.commands = {command.name: command for command in commands}

    async def answer(self, line: str, ask: Ask) -> Message:
        """Return the answer to a line such as `/heatmap BTC 7d`. It never raises: what fails is said."""
        command: Command | None = None
        try:
            command, words = self._find(line, ask)
            _require_right(command, ask)
            values = await read_arguments(command, words, ask, self.topics(ask))
            answer = await command.function(ask, **values)
            return replace(answer, private=answer.private or not command.public)
        except Refusal as refusal:
            return Message(title=str(refusal), tone=Tone.WARNING, private=True)
        except Exception as error:  # noqa: BLE001 - a failing command must not take the chat down
            _log.exception("a command failed", command=command and command.name)
            return Message(
                title="Something went wrong on our side; the operator's log has the details.",
                lines=(type(error).__name__,),
                tone=Tone.WARNING,
                private=True,
            )

    def command(self, name: str) -> Command | None:
        """Return the command that a word such as `/heatmap` names; None where there is none.

        `/what_if` is `/what-if`: not every platform takes hyphens.
        """
        bare = _bare(name)
        return self.commands.get(bare) or self.commands.get(bare.replace("_", "-"))

    def topics(self, ask: Ask) -> dict[str, str]:
        """Return what `/help` can explain, each with its summary: every rule and every command."""
        rules = {name: rule.summary for name, rule in ask.desk.rules.by_name.items()}
        return rules | {name: command.summary for name, command in self.commands.items()}

    def _find(self, line: str, ask: Ask) -> tuple[Command, list[str]]:
        try:
            words = shlex.split(line)
        except ValueError:  # a quotation mark too few is no reason not to answer
            words = line.split()
        if not words:
            raise Refusal("Type a command; /help lists them")
        command = self.command(words[0])
        if command is None:
            hint = self._hint(_bare(words[0]), ask)
            raise Refusal(f"There is no command {quoted(words[0])}. {hint}")
        return command, words[1:]

    def _hint(self, name: str, ask: Ask) -> str:
        near = nearest(name, self.commands)
        if near:
            return f"Did you mean /{near}?"
        coin = next((coin for coin in ask.desk.views if coin.lower() == name), None)
        return f"Did you mean /heatmap {coin}?" if coin else "/help lists the commands"


def _bare(name: str) -> str:
    return name.removeprefix("/").lower()


def _require_right(command: Command, ask: Ask) -> None:
    if command.manages and not ask.may_manage:
        raise Refusal(f"/{command.name} is for those who manage this chat")
