"""What runs in the worker's process (`python -m liqbot.hosting.child`): loads plugins and answers calls."""

import faulthandler
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from typing import BinaryIO

from liqbot.hosting.guard import limit_memory, refuse_accidents, resident_mb
from liqbot.hosting.protocol import (
    LENGTH,
    Answer,
    Ask,
    Brought,
    Call,
    Done,
    Fault,
    FromWorker,
    Load,
    Loading,
    Ready,
    Refused,
    described,
    frame,
    to_worker,
)
from liqbot.market import wire
from liqbot.market.view import MarketView
from liqbot.rules.contributions import KIND_WORDS, Contribution, Overlay, PluginCommand
from liqbot.rules.hit import RuleFault
from liqbot.rules.plugin_discovery import Candidate
from liqbot.rules.plugin_loading import LoadError, load
from liqbot.rules.rule import Rule

ORPHAN_LOOK_S = 1.0
"""How often the worker looks whether the bot is still there."""
_KINDS = {"rule": "rule", "forget": "rule", "command": "command", "overlay": "overlay"}


class Child:
    """Answers what it is asked on one view after the other."""

    def __init__(self, commands: BinaryIO, answers: int) -> None:
        self._commands = commands
        self._answers = answers
        self._items: dict[tuple[str, str], Contribution] = {}
        self._view: MarketView | None = None
        self._threads = threading.active_count()

    def run(self) -> None:
        """Serve until the bot closes the pipe."""
        while head := self._commands.read(LENGTH.size):
            message = to_worker.decode(self._commands.read(LENGTH.unpack(head)[0]))
            if isinstance(message, Load):
                self._load(message)
            else:
                self._answer_all(message)

    def _load(self, message: Load) -> None:
        limit_memory(message.memory_mb)
        refuse_accidents(message.hidden)
        for candidate in message.candidates:
            self._say(Loading(candidate.file))
            self._say(self._loaded(candidate))
        self._threads = threading.active_count()
        self._say(Ready())

    def _loaded(self, candidate: Candidate) -> Brought | Refused:
        found = load(candidate)
        if isinstance(found, LoadError):
            return Refused(str(found.file), found.line, found.reason)
        for item in found:
            self._items.setdefault((KIND_WORDS[type(item)], item.name), item)
        return Brought(candidate.file, [described(item) for item in found])

    def _answer_all(self, message: Ask) -> None:
        if message.view is not None:
            self._view = wire.from_bytes(message.view)
        grown: Counter[str] = Counter()
        held = resident_mb()
        for place, call in enumerate(message.calls):
            self._say(self._answered(call))
            following = message.calls[place + 1].name if place + 1 < len(message.calls) else None
            if following != call.name:
                now = resident_mb()
                grown[call.name] += now - held  # type: ignore[assignment] - a counter of MB
                held = now
        self._say(Done(dict(grown), held))

    def _answered(self, call: Call) -> Answer | Fault:
        item = self._items.get((_KINDS[call.kind], call.name))
        if item is None:
            return Fault(f"there is no {call.kind} {call.name} in the worker")
        try:
            answer = self._called(item, call)
            frame(answer)  # what cannot be written down is the plugin's fault, not the pipe's
        except RuleFault as fault:
            return Fault(str(fault), fatal=isinstance(fault.__cause__, MemoryError))
        except BaseException as error:  # noqa: BLE001 - whatever a plugin does, the worker goes on
            return Fault(_told(item, error), fatal=isinstance(error, MemoryError))
        if threading.active_count() > self._threads:
            return Fault(f"{_head(item)}: it leaves a thread running", fatal=True)
        return answer

    def _called(self, item: Contribution, call: Call) -> Answer:
        if isinstance(item, Rule) and call.kind == "forget":
            return Answer(memory=item.forget(call.memory or b"", call.who))
        view = self._view
        if view is None:
            raise RuntimeError("there is no view yet")
        if isinstance(item, Rule):
            events = [wire.event_from_bytes(event) for event in call.events]
            reading = item.read(view, call.values, call.memory, events)
            return Answer(hits=reading.hits, memory=reading.memory)
        if isinstance(item, Overlay):
            return Answer(marks=item.marks(view))
        assert isinstance(item, PluginCommand)  # noqa: S101 - no other kind is asked for
        return Answer(message=item.answer(view, call.values))

    def _say(self, message: FromWorker) -> None:
        data = memoryview(frame(message))
        while data:
            data = data[os.write(self._answers, data) :]


def _head(item: Contribution) -> str:
    where = f"{item.file}, line {item.line}" if item.line else item.file
    return f"{KIND_WORDS[type(item)]} {item.name} ({where})"


def _told(item: Contribution, error: BaseException) -> str:
    own = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == item.file]
    line = own[-1] if own else item.line
    kind = KIND_WORDS[type(item)]
    return f"{kind} {item.name} ({item.file}, line {line}): {type(error).__name__}: {error}"


def main(trace: int) -> None:
    """Take the pipes for ourselves, so that nothing that a plugin prints gets between the frames."""
    commands, answers = os.fdopen(os.dup(0), "rb"), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    # It was a pipe, for which Python would keep lines to itself.
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)
    faulthandler.enable(trace)
    faulthandler.register(signal.SIGUSR1, file=trace, all_threads=True)
    os.register_at_fork(after_in_child=lambda: os._exit(1))  # two that answer would be one too many
    watching = threading.Thread(target=_leave_with, args=(os.getppid(), commands.fileno()), daemon=True)
    watching.start()
    Child(commands, answers).run()


def _leave_with(parent: int, commands: int) -> None:
    """End this process when the bot has ended without a word: within bubblewrap the pipe alone tells."""
    pipe = select.poll()
    pipe.register(commands, 0)  # that nobody writes any more is told unasked
    while os.getppid() == parent and not pipe.poll(0):
        time.sleep(ORPHAN_LOOK_S)
    os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
