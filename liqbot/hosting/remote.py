"""Rules, commands and overlays whose code runs in the worker; for the rest of the house like any other."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from liqbot.hosting.protocol import Call, Item
from liqbot.hosting.worker import Outcome, Worker
from liqbot.market import wire
from liqbot.market.events import MarketEvent
from liqbot.market.marks import Mark
from liqbot.market.view import MarketView
from liqbot.message import Message
from liqbot.rules.contributions import Overlay, PluginCommand
from liqbot.rules.hit import Reading, RuleFault
from liqbot.rules.parameters import Form, Value
from liqbot.rules.rule import Rule

AT_ONCE_S = 0.25
"""How long a rule waits for its turn where nobody has asked ahead: it may be the event loop that waits."""
_Key = tuple[str, tuple[tuple[str, Value], ...], bytes | None]


class Foreseen:
    """What was asked ahead, off the event loop, view by view: the newest of each coin."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_coin: dict[str, tuple[MarketView, dict[_Key, Outcome]]] = {}

    def keep(self, view: MarketView, outcomes: Mapping[_Key, Outcome]) -> None:
        """Keep what came of the calls on `view`, and let go of the view of its coin before."""
        with self._lock:
            self._by_coin[view.coin] = (view, dict(outcomes))

    def get(self, view: MarketView, key: _Key) -> Outcome | None:
        """Return what was kept of this very view; None where nothing was."""
        with self._lock:
            kept = self._by_coin.get(view.coin)
        return kept[1].get(key) if kept is not None and kept[0] is view else None


class RemoteReader:
    """Reads by asking the worker; what was asked ahead is not asked again."""

    def __init__(self, name: str, worker: Worker, foreseen: Foreseen, *, reads_events: bool = False) -> None:
        self._name = name
        self._reads_events = reads_events
        self._worker = worker
        self._foreseen = foreseen

    def read(
        self,
        view: MarketView,
        values: Mapping[str, Value],
        memory: bytes | None,
        events: Sequence[MarketEvent] = (),
    ) -> Reading:
        """Return what the worker says. Raises `RuleFault`."""
        outcome = self._foreseen.get(view, _key(self._name, values, memory))
        if isinstance(outcome, RuleFault):
            raise outcome
        if outcome is None and self._worker.suspects(self._name):
            raise RuleFault(f"{self._name} has hung or ended its worker lately: it is only asked ahead")
        call = self.call(values, memory, events)
        answer = outcome or self._worker.ask_one(view, call, patience_s=AT_ONCE_S)
        return Reading(answer.hits, answer.memory)

    def forget(self, memory: bytes, who: str) -> bytes:
        """Return the memory without `who`. Raises `RuleFault`."""
        answer = self._worker.ask_one(None, Call("forget", self._name, memory=memory, who=who))
        return memory if answer.memory is None else answer.memory

    def call(
        self, values: Mapping[str, Value], memory: bytes | None, events: Sequence[MarketEvent] = ()
    ) -> Call:
        """Return what the worker is asked."""
        told = tuple(wire.event_to_bytes(event) for event in events) if self._reads_events else ()
        return Call("rule", self._name, dict(values), memory, events=told)


def ask_ahead(
    view: MarketView,
    wishes: Sequence[tuple[Rule, Mapping[str, Value], bytes | None]],
    worker: Worker,
    foreseen: Foreseen,
    events: Sequence[MarketEvent] = (),
) -> None:
    """Ask the worker for all `wishes` on `view` at once. Blocks: to be called off the event loop."""
    calls: dict[_Key, Call] = {}
    for rule, values, memory in wishes:
        if isinstance(rule.reader, RemoteReader):
            own = rule.form.own(values)  # as `Rule.read` will ask: `for`, `cooldown`, … are not the rule's
            calls[_key(rule.name, own, memory)] = rule.reader.call(own, memory, events)
    if calls:
        foreseen.keep(view, dict(zip(calls, worker.ask(view, list(calls.values())), strict=True)))


def remote_rule(item: Item, worker: Worker, foreseen: Foreseen) -> Rule:
    """Return a rule as the house knows it."""
    reader = RemoteReader(item.name, worker, foreseen, reads_events=item.policy.is_event)
    nowhere = _not_here(item)
    form = Form(item.parameters, renamed=item.renamed, refused=item.refused)
    return Rule(item.name, nowhere, form, reader, item.text, item.file, item.line, item.policy)


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


def _key(name: str, values: Mapping[str, Value], memory: bytes | None) -> _Key:
    return name, tuple(sorted(values.items())), memory


def is_remote(item: Rule | PluginCommand | Overlay) -> bool:
    """Return whether the code of `item` is in the worker."""
    return item.function.__module__ == __name__


def _not_here(item: Item) -> Callable[..., Any]:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise TypeError(f"the code of {item.name} is in the worker")

    return refuse
