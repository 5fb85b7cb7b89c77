"""The prompt: history, completion, and answers; alerts appear above it while one types."""

import os
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.patch_stdout import patch_stdout

from liqbot.chat.answering import Answering
from liqbot.chat.arguments import choices
from liqbot.chat.command import Command, CommandContext, Kind
from liqbot.chat.console.printer import LONGS, SHORTS, Printer
from liqbot.market.regime import Regime
from liqbot.rules.parameters import Parameter
from liqbot.service.delivery_options import CHOICES
from liqbot.service.picture_query import BESIDE, FIXED, TAKES
from liqbot.service.services import Services
from liqbot.text import _
from liqbot.text.figures import price, ratio

LEAVE = ("/quit", "/exit", "quit", "exit")
REFRESH_S = 1.0
"""How often the line of prices below the prompt is written anew."""
_MARKS = {
    Regime.SHORT_SQUEEZE: ("▲", SHORTS),
    Regime.LONG_LIQUIDATION: ("▼", LONGS),
    Regime.BALANCED: ("=", ""),
    Regime.NO_READING: ("", ""),
}


class Prompt:
    """Reads lines at a terminal until the person leaves."""

    def __init__(
        self, answering: Answering, context: CommandContext, printer: Printer, history: Path
    ) -> None:
        self._answering = answering
        self._context = context
        self._printer = printer
        self._history = history

    async def run(self) -> None:
        """Answer line after line; return on Ctrl-D or `/quit`."""
        session: PromptSession[str] = PromptSession(
            history=_history(self._history),
            auto_suggest=AutoSuggestFromHistory(),
            completer=LineCompleter(self._answering, self._context),
            complete_while_typing=True,
            bottom_toolbar=lambda: ticker(self._context.services),
            refresh_interval=REFRESH_S,
        )
        with patch_stdout(raw=True):
            while True:
                try:
                    line = (await session.prompt_async([("bold", "liqbot> ")])).strip()
                except KeyboardInterrupt:
                    self._printer.narrate(_("Ctrl-D or /quit leaves."))
                    continue
                except EOFError:
                    return
                if line.lower() in LEAVE:
                    return
                if line:
                    self._printer.show(await self._answering.answer(line, self._context))


def _history(file: Path) -> History:
    """Return the history in `file`; one that lasts as long as the prompt where that cannot be written."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(file))


def ticker(services: Services) -> StyleAndTextTuples:
    """Return the line below the prompt: each coin's spot, and which way its fuel lies."""
    parts: StyleAndTextTuples = [("", " ")]
    for view in services.markets.all():
        mark, colour = _MARKS[view.regime]
        parts += [
            ("bold", f"{view.coin} "),
            ("", f"{price(view.spot)} "),
            (f"fg:{colour}" if colour else "", f"{mark} {ratio(view.ratio)}".strip()),
            ("", "   "),
        ]
    return parts


class LineCompleter(Completer):
    """Completes commands, and each argument by what it is."""

    def __init__(self, answering: Answering, context: CommandContext) -> None:
        self._answering = answering
        self._context = context

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Yield nothing: what may come is asked of the store, and that is awaited."""
        del document, complete_event
        return ()

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        """Yield what the word under the cursor may become."""
        del complete_event
        before, _, word = document.text_before_cursor.lstrip().rpartition(" ")
        for text, help_text in await self._candidates(before.split(), word):
            if _may_become(word.lower(), text.lower()):
                yield Completion(text, start_position=-len(word), display_meta=help_text)

    async def _candidates(self, before: list[str], word: str) -> Iterable[tuple[str, str]]:
        if not before:
            slash = "" if word and not word.startswith("/") else "/"
            commands = [(item.name, item.summary) for item in self._answering.commands.values()]
            return [(f"{slash}{name}", told) for name, told in [*commands, ("quit", _("Leave."))]]
        command = self._answering.commands.get(before[0].removeprefix("/").lower())
        return [] if command is None else await self._arguments(command, before[1:], word)

    async def _arguments(self, command: Command, given: list[str], word: str) -> Iterable[tuple[str, str]]:
        """Return what may stand in the place after what is `given`; settings have all the places left."""
        kinds = [argument.kind for argument in command.arguments]
        if kinds and kinds[-1] is Kind.SETTINGS and len(given) >= len(kinds) - 1:
            return self._settings(command, given, word)
        if len(given) >= len(kinds):
            return []
        offered = await choices(
            kinds[len(given)], self._context, lambda: self._answering.topics(self._context)
        )
        return offered.items()

    def _settings(self, command: Command, given: list[str], word: str) -> Iterable[tuple[str, str]]:
        rule = self._context.services.rules.by_name.get(given[0].lower())
        form = command.form or (None if rule is None else rule.form)
        used = {text.partition("=")[0].lower() for text in given}
        if form is None:
            of_a_rule = any(argument.kind is Kind.RULE for argument in command.arguments)
            return [] if of_a_rule else self._of_market(command, given, word)
        manner = CHOICES if command.form is None else ()  # a plugin's command says nothing of alerts
        left = [item for item in (*form.parameters, *manner) if item.name not in used]
        name, equals, _typed = word.partition("=")
        venues = (
            {} if command.form is not None else self._context.services.markets.watchable(given[1].upper())
        )
        if equals and name.lower() == "venue":
            return [(f"venue={venue}", about) for venue, about in {"best": _("default"), **venues}.items()]
        if equals:
            return [
                pair for parameter in left if parameter.name == name.lower() for pair in _values(parameter)
            ]
        offered = [(f"{parameter.name}=", f"{_(parameter.help)}; {parameter.takes}") for parameter in left]
        own = [("venue=", _("which map to read: an exchange, measured or modelled"))]
        return offered + (own if venues and "venue" not in used else [])

    def _of_market(self, command: Command, given: list[str], word: str) -> Iterable[tuple[str, str]]:
        """Return what may single out what is shown of a market."""
        used = {text.partition("=")[0].lower() for text in given}
        name, equals, _typed = word.partition("=")
        if not equals:
            left = [one for one in command.takes if one not in used]
            return [(f"{one}=", _(TAKES[one])) for one in left if one in TAKES]
        name = name.lower()
        values = dict.fromkeys(FIXED.get(name, ()), "")
        if name in ("venue", BESIDE):
            values |= self._context.services.markets.venues(given[0].upper())
        return [(f"{name}={value}", told) for value, told in values.items()]


def _may_become(word: str, text: str) -> bool:
    """Return whether `word` is the beginning of `text`, or of the city of a time zone."""
    return text.startswith(word) or (len(word) > 1 and text.rpartition("/")[2].startswith(word))


def _values(parameter: Parameter) -> Iterable[tuple[str, str]]:
    default = parameter.show(parameter.default).replace(" ", "")
    for value in parameter.choices or (default,):
        yield f"{parameter.name}={value}", _("default") if value == default else ""
