"""Asking rules about a view without anybody waiting for them: in a thread here, or in the worker beside."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from liqbot.market.events import MarketEvent
from liqbot.market.view import MarketView
from liqbot.rules.hit import NotAsked, Reading, RuleFault
from liqbot.rules.parameters import Value
from liqbot.rules.rule import Rule

PATIENCE = 5
"""So often more is asked where there was no time."""


@dataclass(frozen=True, slots=True)
class Question:
    """One rule to be asked about a view."""

    rule: Rule
    values: Mapping[str, Value]
    memory: bytes | None = None
    events: Sequence[MarketEvent] = ()
    """What led to the view, for a rule that reads events."""


Answer: TypeAlias = Reading | RuleFault


class Group(Protocol):
    """Whoever answers many questions about one view at once, as the worker does."""

    def answers(self, view: MarketView, questions: Sequence[Question]) -> list[Answer]:
        """Return what comes of each question, in their order. Blocks until then."""
        ...


def group_of(rule: Rule) -> Group | None:
    """Return through whom `rule` is asked; None where its code is in this process."""
    group: Group | None = getattr(rule.reader, "group", None)
    return group


async def ask(view: MarketView, questions: Sequence[Question]) -> list[Answer]:
    """Return what comes of each question, in their order; the event loop is free meanwhile."""
    return (await ask_all([(view, questions)]))[0]


async def ask_all(asked: Sequence[tuple[MarketView, Sequence[Question]]]) -> list[list[Answer]]:
    """Return of several views what comes of the questions about each, as `ask` does of one."""
    if not any(questions for _, questions in asked):
        return [[] for _ in asked]
    return await asyncio.to_thread(lambda: [answers(view, questions) for view, questions in asked])


async def ask_patiently(view: MarketView, questions: Sequence[Question]) -> list[Answer]:
    """Return what `ask` does, for somebody who waits: who had no turn is asked again, a few times.

    Many questions to a slow rule may take longer than the worker gives to one view.
    """
    found = await ask(view, questions)
    for _ in range(PATIENCE):
        left = [place for place, answer in enumerate(found) if isinstance(answer, NotAsked)]
        again = await ask(view, [questions[place] for place in left])
        for place, answer in zip(left, again, strict=True):
            found[place] = answer
    return found


def answers(view: MarketView, questions: Sequence[Question]) -> list[Answer]:
    """Return what comes of each question, in their order. Blocks: to be called off the event loop."""
    found: dict[int, Answer] = {}
    groups: dict[int, tuple[Group, list[int]]] = {}
    for place, question in enumerate(questions):
        group = group_of(question.rule)
        if group is None:
            found[place] = _read(view, question)
        else:
            groups.setdefault(id(group), (group, []))[1].append(place)
    for group, places in groups.values():
        told = group.answers(view, [questions[place] for place in places])
        found.update(zip(places, told, strict=True))
    return [found[place] for place in range(len(questions))]


def _read(view: MarketView, question: Question) -> Answer:
    try:
        return question.rule.read(view, question.values, question.memory, question.events)
    except RuleFault as fault:
        return fault
