"""The prompt: history, completion, and answers; alerts appear above it while one types."""

from collections.abc import Iterable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory
from prompt_toolkit.patch_stdout import patch_stdout

from liqbot.chat.answering import Answering
from liqbot.chat.arguments import choices
from liqbot.chat.command import Ask, Command, Kind
from liqbot.chat.console.printer import Printer

LEAVE = ("/quit", "/exit", "quit", "exit")


class Prompt:
    """Reads lines at a terminal until the person leaves."""

    def __init__(self, answering: Answering, ask: Ask, printer: Printer, history: Path) -> None:
        self._answering = answering
        self._ask = ask
        self._printer = printer
        self._history = history

    async def run(self) -> None:
        """Answer line after line; return on Ctrl-D or `/quit`."""
        session: PromptSession[str] = PromptSession(
            history=FileHistory(str(self._history)),
            completer=LineCompleter(self._answering, self._ask),
            complete_while_typing=True,
        )
        with patch_stdout(raw=True):
            while True:
                try:
                    line = (await session.prompt_async("liqbot> ")).strip()
                except KeyboardInterrupt:
                    continue
                except EOFError:
                    return
                if line in LEAVE:
                    return
                if line:
                    self._printer.show(await self._answering.answer(line, self._ask))


class LineCompleter(Completer):
    """Completes commands, and each argument by what it is."""

    def __init__(self, answering: Answering, ask: Ask) -> None:
        self._answering = answering
        self._ask = ask

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Yield what the word under the cursor may become."""
        del complete_event
        before, _, word = document.text_before_cursor.lstrip().rpartition(" ")
        for text, help_text in self._candidates(before.split(), word):
            if text.lower().startswith(word.lower()):
                yield Completion(text, start_position=-len(word), display_meta=help_text)

    def _candidates(self, before: list[str], word: str) -> Iterable[tuple[str, str]]:
        if not before:
            slash = "" if word and not word.startswith("/") else "/"
            return [(f"{slash}{item.name}", item.summary) for item in self._answering.commands.values()]
        command = self._answering.commands.get(before[0].lstrip("/").lower())
        return [] if command is None else self._arguments(command, before[1:])

    def _arguments(self, command: Command, given: list[str]) -> Iterable[tuple[str, str]]:
        place = min(len(given), len(command.arguments) - 1)
        if place < 0:
            return []
        kind = command.arguments[place].kind
        if kind is not Kind.SETTINGS:
            return [(text, "") for text in choices(kind, self._ask, self._answering.topics(self._ask))]
        rule = self._ask.desk.rules.by_name.get(given[0])
        if rule is None:
            return []
        used = {word.partition("=")[0] for word in given}
        left = [parameter for parameter in rule.form.parameters if parameter.name not in used]
        return [(f"{item.name}=", f"{item.help}; {item.takes}") for item in left]
