"""`liqbot plugins check`: loads a plugin, feeds it odd markets, measures it, looks for look-ahead.

Not here: which markets (`operations/edge_markets.py`).
"""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from liqbot.hosting.protocol import Answer, Call, Item
from liqbot.hosting.worker import Limits, Outcome, Worker
from liqbot.market.view import MarketView
from liqbot.rules.hit import RuleFault
from liqbot.rules.parameters import Form, Value
from liqbot.rules.plugin_discovery import Candidate

CUTS = 5
"""At so many places a history is cut off to see whether a rule looks beyond."""
LOOK_S = 5.0
"""So long a slow rule is read again and again; a shorter history has to do then."""
SLOW_MS = 50.0
"""A rule that takes longer over a view is worth a word."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked."""

    what: str
    said: str
    is_well: bool = True


def check(
    candidate: Candidate,
    views: Sequence[MarketView],
    limits: Limits,
    *,
    edges: Mapping[str, MarketView] | None = None,
    taken: Mapping[tuple[str, str], str] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Finding]:
    """Yield what is found about a plugin that reads `views`, a history in the order of time.

    `edges` are views that it must not fail on, by what they are; `taken` are the files of what has a name
    already, by kind and name.
    """
    worker = Worker([candidate], limits)
    try:
        for error in worker.errors:
            yield Finding("loads", str(error), is_well=False)
        items = worker.brought.get(candidate.file, [])
        if items:
            yield Finding("loads", ", ".join(f"{item.kind} {item.name}" for item in items))
        own: dict[tuple[str, str], Item] = {}
        for item in items:
            yield from _name(item, taken or {})
            before = own.setdefault((item.kind, item.name), item)
            if before is not item:
                yield _twice(item, before)
                continue
            yield from _parameters(item)
            if item.kind == "rule":
                yield from _rule(item, worker, views, clock)
                yield from _edges(item, worker, edges or {})
            elif item.kind in ("overlay", "command"):
                yield _once(item, worker, views[-1])
    finally:
        worker.close()


def read_through(
    worker: Worker,
    name: str,
    values: Mapping[str, Value],
    views: Sequence[MarketView],
    after_each: Callable[[], object] = lambda: None,
) -> list[Outcome]:
    """Return what a rule says of each view, given back what it remembers of each coin."""
    memories: dict[str, bytes | None] = {}
    outcomes: list[Outcome] = []
    for view in views:
        outcome = worker.ask(view, [Call("rule", name, dict(values), memories.get(view.coin))])[0]
        if isinstance(outcome, Answer):
            memories[view.coin] = outcome.memory
        outcomes.append(outcome)
        after_each()
    return outcomes


def _name(item: Item, taken: Mapping[tuple[str, str], str]) -> Iterator[Finding]:
    """Say where a name is taken: of two the bot takes the first."""
    file = taken.get((item.kind, item.name))
    if file is not None and file != item.file:
        said = f"there is a {item.kind} of that name already, in {file}; this one would be left out"
        yield Finding(f"{item.name}: name", said, is_well=False)


def _twice(item: Item, before: Item) -> Finding:
    """Say that a plugin brings two things of one name: the bot leaves the second out."""
    lines = f"{before.file}, line {before.line}, and {item.file}, line {item.line}"
    return Finding(f"{item.name}: name", f"there are two of that name: {lines}", is_well=False)


def _edges(item: Item, worker: Worker, edges: Mapping[str, MarketView]) -> Iterator[Finding]:
    """Let a rule read markets that it seldom meets."""
    values, faults = Form(item.parameters).defaults(), list[str]()
    for what, view in edges.items():
        [outcome] = read_through(worker, item.name, values, [view])
        if isinstance(outcome, RuleFault):
            faults.append(f"{what}: {outcome}")
    if edges:
        said = "; ".join(faults) if faults else ", ".join(edges)
        yield Finding(f"{item.name}: edges", said, is_well=not faults)


def _parameters(item: Item) -> Iterator[Finding]:
    silent = [parameter.name for parameter in item.parameters if not parameter.help]
    if silent:
        yield Finding(f"{item.name}: parameters", f"no Help(…) for {', '.join(silent)}", is_well=False)
    elif item.parameters:
        form = Form(item.parameters)
        yield Finding(f"{item.name}: parameters", form.show(form.defaults()))


def _rule(
    item: Item, worker: Worker, views: Sequence[MarketView], clock: Callable[[], float]
) -> Iterator[Finding]:
    values = Form(item.parameters).defaults()
    taken: list[float] = [clock()]
    first = read_through(worker, item.name, values, views, lambda: taken.append(clock()))
    faults = [outcome for outcome in first if isinstance(outcome, RuleFault)]
    if faults:
        said = f"fails on {len(faults)} of {len(views)} views: {faults[0]}"
        yield Finding(f"{item.name}: reads", said, is_well=False)
        return
    hits = sum(len(outcome.hits) for outcome in first if isinstance(outcome, Answer))
    yield Finding(f"{item.name}: reads", f"{len(views)} views, {hits} hits")
    middle_ms = 1000 * statistics.median(later - earlier for earlier, later in pairwise(taken))
    yield Finding(
        f"{item.name}: time",
        f"{middle_ms:.2f} ms a view, its way included",
        is_well=middle_ms <= SLOW_MS,
    )
    affordable = max(CUTS, round(LOOK_S * 1000 / (middle_ms * (CUTS + 2))))
    yield _look_ahead(item, worker, views[:affordable], first[:affordable])


def _look_ahead(item: Item, worker: Worker, views: Sequence[MarketView], first: Sequence[Outcome]) -> Finding:
    """Compare with what it says where what comes later is cut off, and the second time through."""
    what, values = f"{item.name}: looks ahead", Form(item.parameters).defaults()
    again = read_through(worker, item.name, values, views)
    for cut in sorted({len(views) * part // CUTS for part in range(1, CUTS + 1)} - {0}):
        worker.restart()
        last = read_through(worker, item.name, values, views[:cut])[-1]
        when = f"{datetime.fromtimestamp(views[cut - 1].time_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
        if last != first[cut - 1]:
            said = f"what it says of {when} changes when all that comes later is cut off"
            return Finding(what, said, is_well=False)
        if last != again[cut - 1]:
            said = f"what it says of {when} changes once it has been through the history"
            return Finding(what, f"{said}: it remembers outside its state, or is random", is_well=False)
    return Finding(what, f"no: {CUTS} cut-off histories read the same")


def _once(item: Item, worker: Worker, view: MarketView) -> Finding:
    kind = "overlay" if item.kind == "overlay" else "command"
    outcome = worker.ask(view, [Call(kind, item.name, Form(item.parameters).defaults())])[0]
    what = f"{item.name}: answers"
    if isinstance(outcome, RuleFault):
        return Finding(what, str(outcome), is_well=False)
    return Finding(what, f"{len(outcome.marks)} marks" if kind == "overlay" else "a message")
