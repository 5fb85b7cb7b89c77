"""The evaluator: which watches read an observation, in which lane, their cached states, and the commit.

Not here: asking rules and stepping states (`evaluation.py`), accounts (`account_evaluator.py`).
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import msgspec
import structlog

from liqbot.alerts.evaluation import STALE_MS, Evaluated, Subject, blind, decode_state, evaluate, evaluate_all
from liqbot.alerts.layer_choice import LayerChoices
from liqbot.alerts.states import WatchState, put_back
from liqbot.market.events import MarketEvent, Observation
from liqbot.market.layer import Layer, Origin
from liqbot.market.view import MarketView
from liqbot.rules.hit import NotAsked, RuleFault
from liqbot.rules.parameters import Form, ParameterError, Value
from liqbot.rules.plugin_loading import Rules
from liqbot.rules.rule import Rule
from liqbot.rules.rule_calls import group_of
from liqbot.store.alerts import Alerts, NewAlert, Read
from liqbot.store.subscriptions import Watch

_log = structlog.get_logger()

AHEAD_MS = 120_000
"""A state of a live market that is further ahead of the clock was written by a clock that was wrong."""


class Lane(StrEnum):
    """Where the code of rules runs. Those of one lane read view after view, beside those of the other."""

    PROCESS = "process"
    """In the bot's own process."""
    WORKER = "worker"
    """In the worker beside it, which may take its time."""


_Stored: TypeAlias = tuple[Watch, bytes | None]
"""A watch, and its state as it is written down."""


@dataclass(frozen=True, slots=True)
class _Followed:
    """What follows of a view that watches have read."""

    view: MarketView
    states: Sequence[tuple[Watch, WatchState]]
    alerts: Sequence[NewAlert]


class EvaluationLock:
    """Held by lane while rules read a view, as each begins with the states that the one before has left.

    Whoever else wants to change a state holds all of it.
    """

    def __init__(self) -> None:
        self._lanes = {lane: asyncio.Lock() for lane in Lane}
        self._held = AsyncExitStack()

    def of(self, lane: Lane) -> asyncio.Lock:
        """Return the lock of one lane."""
        return self._lanes[lane]

    async def __aenter__(self) -> None:
        async with AsyncExitStack() as stack:
            for lock in self._lanes.values():
                await stack.enter_async_context(lock)
            self._held = stack.pop_all()

    async def __aexit__(self, *_: object) -> None:
        await self._held.aclose()


class Evaluator:
    """Evaluates watches, not subscriptions: a million wishes for the same thing cost one call.

    Of each coin, a watch reads the one layer that is chosen for it, and has a state by each that it has read.
    """

    def __init__(self, rules: Rules, outbox: Alerts, choices: LayerChoices | None = None) -> None:
        """`choices` says which layer a watch reads; by default the best of those whose views are taken."""
        self._rules = rules
        self._outbox = outbox
        self.choices = LayerChoices() if choices is None else choices
        self.evaluating = EvaluationLock()
        """Held while watches read a view, and by whoever else wants to change a state."""
        self.faults: Counter[str] = Counter()
        """How often each rule failed."""
        self._now_ms = 0
        """The clock's time at the view or silence that is dealt with."""
        self._told: set[tuple[str, type[Exception]]] = set()
        self._known: dict[tuple[int, str], tuple[bytes | None, WatchState]] = {}
        """The decoded states of watches, by layer, beside the bytes that are in the database."""
        self._values: dict[int, tuple[Form, str, Mapping[str, Value]]] = {}
        """The parameters of watches, beside the form and the text that they were read from."""

    def has(self, lane: Lane) -> bool:
        """Return whether the code of any rule runs there."""
        return any(_lane_of(rule) is lane for rule in self._rules.by_name.values())

    async def read_until(self, coin: str, layer: Layer) -> int | None:
        """Return up to when all watches that read `layer` of `coin` last have read it; None for no watch."""
        return _read_until(await self._outbox.last_read(coin), layer)

    async def read_until_of(self, coins: Collection[str], layer: Layer) -> dict[str, int | None]:
        """Return what `read_until` returns of each coin; those without a watch are left out."""
        watched = await self._outbox.watches_of(coins, layer.key)
        return {coin: _read_until(known.last_read, layer) for coin, known in watched.items()}

    async def take(
        self,
        view: MarketView,
        now_ms: int,
        events: Sequence[MarketEvent] = (),
        *,
        is_late: bool = False,
        lanes: Collection[Lane] = tuple(Lane),
    ) -> int:
        """Let every watch on the view's coin read it; return how many deliveries are due from that.

        `events` are what happened since the view before, for the rules that read them.
        `now_ms` is the clock's time, for the deliveries; states and alerts live in the view's own time.
        A rule that fails is counted and named in the log, keeps its state, and holds up no other: what the
        rules of this process tell is written before the worker is asked. Only rules of these `lanes` read it.
        What has read the view already does not read it again. One that `is_late`, from before a restart, is
        for those alone that read the one before it: they read its layer last, whichever is the best by now.
        """
        if not is_late:
            self.choices.hear(view.coin, view.layer, now_ms)
        observation, count = Observation(view, tuple(events)), 0
        for lane in Lane:
            if lane in lanes and (lane is Lane.PROCESS or self.has(lane)):
                async with self.evaluating.of(lane):
                    self._now_ms = now_ms
                    due = await self._due(view, now_ms, lane, is_late=is_late)
                    count += await self._take(observation, due, now_ms) if due else 0
        return count

    async def take_all(self, observations: Sequence[Observation], now_ms: int) -> int:
        """Let the watches whose rules run in this process read observations of several coins of one layer.

        Of each it is as `take` for `Lane.PROCESS`; what follows of all of them is one transaction. Raises
        `StoreError` where that fails.
        """
        views = [one.view for one in observations]
        for view in views:
            self.choices.hear(view.coin, view.layer, now_ms)
        async with self.evaluating.of(Lane.PROCESS):
            self._now_ms = now_ms
            watched = await self._outbox.watches_of([view.coin for view in views], views[0].layer.key)
            due: list[tuple[Observation, list[tuple[Watch, Subject]]]] = []
            for observation in observations:
                view, known = observation.view, watched.get(observation.coin)
                if known is not None:
                    waiting = self._waiting(view, known.watches, now_ms, Lane.PROCESS, is_late=False)
                    due.append((observation, self._subjects(view.layer.key, waiting, known.last_read)))
            outcomes = await evaluate_all([(one, [subject for _, subject in own]) for one, own in due])
            followed = [
                self._followed(observation, own, found, now_ms)
                for (observation, own), found in zip(due, outcomes, strict=True)
            ]
            return await self._commit(followed, now_ms)

    async def _due(
        self, view: MarketView, now_ms: int, lane: Lane, *, is_late: bool
    ) -> list[tuple[Watch, Subject]]:
        """Return the watches of a lane that are to read a view, each with what it is evaluated by."""
        key = view.layer.key
        watched = await self._outbox.watches(view.coin, key)
        due = self._waiting(view, watched, now_ms, lane, is_late=is_late)
        last_read = await self._outbox.last_read(view.coin) if due else {}
        if is_late:
            due = [one for one in due if last_read.get(one[0].id, ("", None))[0] == key]
        return self._subjects(key, due, last_read)

    def _waiting(
        self, view: MarketView, watched: Sequence[_Stored], now_ms: int, lane: Lane, *, is_late: bool
    ) -> list[_Stored]:
        """Return those of a coin's watches that are of a lane, read its layer, and have not read the view."""
        chosen: dict[str, Layer | None] = {}
        due: list[_Stored] = []
        for watch, stored in watched:
            rule = self._rules.by_name.get(watch.rule)
            if lane is not (Lane.PROCESS if rule is None else _lane_of(rule)):
                continue
            if watch.venue not in chosen:
                late = view.layer if is_late else None
                chosen[watch.venue] = late or self.choices.chosen(view.coin, watch.venue, now_ms)
            if chosen[watch.venue] == view.layer and not self._has_read(watch, view, stored, is_late=is_late):
                due.append((watch, stored))
        return due

    def _subjects(
        self, key: str, due: Sequence[_Stored], last_read: Mapping[int, tuple[str, bytes]]
    ) -> list[tuple[Watch, Subject]]:
        """Return what watches are evaluated by in the layer of that key."""
        found: list[tuple[Watch, Subject]] = []
        for watch, stored in due:
            left, left_state = last_read.get(watch.id, (key, None))
            told = None if left == key else self._state(watch, left, left_state)
            subject = self._subject(watch, key, stored, told)
            if subject is not None:
                found.append((watch, subject))
        return found

    def _has_read(self, watch: Watch, view: MarketView, stored: bytes | None, *, is_late: bool) -> bool:
        """Return whether a watch has read a view already, or was not there to read it."""
        if stored is None:
            return is_late
        return self._state(watch, view.layer.key, stored).time_ms >= view.time_ms

    async def _take(
        self, observation: Observation, watched: Sequence[tuple[Watch, Subject]], now_ms: int
    ) -> int:
        outcomes = await evaluate(observation, [subject for _, subject in watched])
        followed = self._followed(observation, watched, outcomes, now_ms)
        return await self._commit([followed], now_ms)

    def _followed(
        self,
        observation: Observation,
        watched: Sequence[tuple[Watch, Subject]],
        outcomes: Sequence[Evaluated | RuleFault],
        now_ms: int,
    ) -> _Followed:
        """Return what follows of an observation; the log hears of the rules that failed."""
        states: list[tuple[Watch, WatchState]] = []
        alerts: list[NewAlert] = []
        for (watch, subject), outcome in zip(watched, outcomes, strict=True):
            if isinstance(outcome, Evaluated):
                if outcome.state != subject.state or subject.left is not None:
                    states.append((watch, outcome.state))
                if outcome.alerts:
                    silent = self.choices.silent(watch.coin, watch.venue, observation.view.layer, now_ms)
                    label = "" if silent is None else silent.label
                    alerts += [NewAlert(watch, one.hit, one.reason, label) for one in outcome.alerts]
            elif not isinstance(outcome, NotAsked):
                self._note_fault(watch, outcome)
        return _Followed(observation.view, states, alerts)

    async def miss(self, coin: str, now_ms: int, layer: Layer | None = None) -> None:
        """Note that there is no data of a live market any more: what stood, stands, and nobody knows.

        That is for the watches that have read `layer` last; without one, for all on the coin.
        """
        async with self.evaluating:
            self._now_ms = now_ms
            last_read = await self._outbox.last_read(coin)
            missed: dict[str, list[tuple[Watch, WatchState]]] = {}
            for watch, _stored in await self._outbox.watches(coin):
                key, stored = last_read.get(watch.id, ("", None))
                before = self._state(watch, key, stored)
                is_mine = bool(key) and (layer is None or layer.key == key)
                is_stale = before.time_ms and now_ms - before.time_ms >= STALE_MS
                if is_mine and is_stale and before.blind_ms is None:
                    missed.setdefault(key, []).append((watch, blind(before, now_ms)))
            for key, states in missed.items():
                written = _encoded(states)
                await self._outbox.commit(None, written, [], now_ms, layer=key)
                self._remember(key, states, written)

    def forget(self) -> None:
        """Read states from the database anew."""
        self._known.clear()

    def _subject(
        self, watch: Watch, layer: str, stored: bytes | None, left: WatchState | None
    ) -> Subject | None:
        """Return what of a watch is evaluated; None where it cannot be, which is a fault of its rule.

        `left` is its state by another layer that it has read until now; None where there is none.
        """
        rule = self._rules.by_name.get(watch.rule)
        if rule is None:
            self._note_fault(watch, LookupError(f"there is no rule {watch.rule} any more"))
            return None
        try:
            state = self._state(watch, layer, stored)
            return Subject(rule, self._values_of(watch, rule.form), state, left)
        except ParameterError as error:
            self._note_fault(watch, error)
            return None

    def _values_of(self, watch: Watch, form: Form) -> Mapping[str, Value]:
        """Return the parameters of a watch, read once. Raises `ParameterError`."""
        known = self._values.get(watch.id)
        if known is None or known[0] is not form or known[1] != watch.parameters:
            known = self._values[watch.id] = (form, watch.parameters, form.restore(watch.parameters))
        return known[2]

    def _state(self, watch: Watch, layer: str, stored: bytes | None) -> WatchState:
        known = self._known.get((watch.id, layer))
        if known is None or known[0] != stored:
            known = self._known[watch.id, layer] = (stored, decode_state(stored))
        state, is_live = known[1], layer.endswith(f"/{Origin.LIVE}")
        if not is_live or state.time_ms <= self._now_ms + AHEAD_MS:
            return state
        # The clock was ahead when it was written; until then it would read nothing any more.
        return put_back(state, self._now_ms - AHEAD_MS)

    async def _commit(self, followed: Sequence[_Followed], now_ms: int) -> int:
        """Write what follows of views, in one transaction; return how many deliveries are due from that."""
        changed = [one for one in followed if one.states]
        if not changed:
            return 0
        read = [Read(one.view, _encoded(one.states), one.alerts) for one in changed]
        due = await self._outbox.commit_all(read, now_ms)
        for one, written in zip(changed, read, strict=True):
            self._remember(one.view.layer.key, one.states, written.states)
        return due

    def _remember(
        self,
        layer: str,
        states: Sequence[tuple[Watch, WatchState]],
        written: Sequence[tuple[Watch, bytes]],
    ) -> None:
        """Keep the states by a layer beside what of them is in the database from now on."""
        for (watch, state), (_, encoded) in zip(states, written, strict=True):
            self._known[watch.id, layer] = (encoded, state)

    def _note_fault(self, watch: Watch, error: Exception) -> None:
        """Count a fault; the log hears of each kind of fault once, not with every view."""
        self.faults[watch.rule] += 1
        kind = (watch.rule, type(error))
        if kind not in self._told:
            self._told.add(kind)
            _log.error("rule_failed", rule=watch.rule, reason=str(error))


def _encoded(states: Sequence[tuple[Watch, WatchState]]) -> list[tuple[Watch, bytes]]:
    return [(watch, msgspec.msgpack.encode(state)) for watch, state in states]


def _read_until(last_read: Mapping[int, tuple[str, bytes]], layer: Layer) -> int | None:
    return min(
        (decode_state(stored).time_ms for key, stored in last_read.values() if key == layer.key), default=None
    )


def _lane_of(rule: Rule) -> Lane:
    return Lane.PROCESS if group_of(rule) is None else Lane.WORKER
