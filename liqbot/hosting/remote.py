"""Rules, commands and overlays whose code runs in the worker, as objects like any other to the bot.

A view and its events are written once for the worker, however many rules read them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from liqbot.hosting.protocol import Call, Item
from liqbot.hosting.worker import Worker
from liqbot.market import wire
from liqbot.market.events import MarketEvent
from liqbot.market.marks import Mark
from liqbot.market.view import MarketView
from liqbot.message import Message
from liqbot.rules.contributions import Overlay, PluginCommand
from liqbot.rules.hit import Reading, RuleFault
from liqbot.rules.parameters import Form, Value
from liqbot.rules.rule import Rule
from liqbot.rules.rule_calls import Question


class WorkerGroup:
    """All rules in one worker: what is asked of them about one view is asked at once."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def answers(self, view: MarketView, questions: Sequence[Question]) -> list[Reading | RuleFault]:
        """Return what the worker says to each. Blocks until then."""
        written: dict[int, tuple[bytes, ...]] = {}  # once, however many rules read the same events
        outcomes = self._worker.ask(view, [_call(question, written) for question in questions])
        return [one if isinstance(one, RuleFault) else Reading(one.hits, one.memory) for one in outcomes]


class RemoteReader:
    """Reads by asking the worker; blocks until it has answered."""

    def __init__(self, name: str, worker: Worker, group: WorkerGroup, *, reads_events: bool = False) -> None:
        self._name = name
        self._reads_events = reads_events
        self._worker = worker
        self.group = group
        """Through whom many are asked at once."""

    def read(
        self,
        view: MarketView,
        values: Mapping[str, Value],
        memory: bytes | None,
        events: Sequence[MarketEvent] = (),
    ) -> Reading:
        """Return what the worker says. Raises `RuleFault`."""
        told = _written(events) if self._reads_events else ()
        answer = self._worker.ask_one(view, Call("rule", self._name, dict(values), memory, events=told))
        return Reading(answer.hits, answer.memory)

    def forget(self, memory: bytes, who: str) -> bytes:
        """Return the memory without `who`. Raises `RuleFault`."""
        answer = self._worker.ask_one(None, Call("forget", self._name, memory=memory, who=who))
        return memory if answer.memory is None else answer.memory


def _call(question: Question, written: dict[int, tuple[bytes, ...]]) -> Call:
    rule, events = question.rule, question.events
    told: tuple[bytes, ...] = ()
    if rule.policy.is_event:
        if id(events) not in written:
            written[id(events)] = _written(events)
        told = written[id(events)]
    return Call("rule", rule.name, rule.form.own(question.values), question.memory, events=told)


def _written(events: Sequence[MarketEvent]) -> tuple[bytes, ...]:
    return tuple(wire.event_to_bytes(event) for event in events)


def remote_rule(item: Item, worker: Worker, group: WorkerGroup) -> Rule:
    """Return a rule as the house knows it."""
    reader = RemoteReader(item.name, worker, group, reads_events=item.policy.is_event)
    nowhere = _not_here(item)
    form = Form(item.parameters, renamed=item.renamed, refused=item.refused)
    needs = frozenset(item.needs)
    return Rule(item.name, nowhere, form, reader, item.text, item.file, item.line, item.policy, needs)


def remote_command(item: Item, worker: Worker) -> PluginCommand:
    """Return a command as the house knows it."""

    def answer(view: MarketView, **values: Value) -> Message:
        message = worker.ask_one(view, Call("command", item.name, values)).message
        if message is None:
            raise RuleFault(f"command {item.name} did not answer")
        return message

    return PluginCommand(item.name, answer, Form(item.parameters), item.text, item.file, item.line)


def remote_overlay(item: Item, worker: Worker) -> Overlay:
    """Return an overlay as the house knows it."""

    def marks(view: MarketView) -> tuple[Mark, ...]:
        return worker.ask_one(view, Call("overlay", item.name)).marks

    return Overlay(item.name, marks, item.text, item.file, item.line)


def is_remote(item: Rule | PluginCommand | Overlay) -> bool:
    """Return whether the code of `item` is in the worker."""
    return item.function.__module__ == __name__


def _not_here(item: Item) -> Callable[..., Any]:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise TypeError(f"the code of {item.name} is in the worker")

    return refuse
