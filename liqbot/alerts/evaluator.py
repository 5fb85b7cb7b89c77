"""The evaluator: lets every watch on a coin read each observation, and writes what follows of it."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import msgspec
import structlog

from liqbot.alerts.evaluation import STALE_MS, Evaluated, Subject, blind, decode_state, evaluate
from liqbot.alerts.states import WatchState
from liqbot.market.events import MarketEvent, Observation
from liqbot.market.view import MarketView
from liqbot.rules.asking import group_of
from liqbot.rules.hit import NotAsked
from liqbot.rules.loading import Rules
from liqbot.rules.parameters import ParameterError
from liqbot.store.alerts import Alerts, NewAlert
from liqbot.store.subscriptions import Watch

_log = structlog.get_logger()


class Evaluator:
    """Evaluates watches, not subscriptions: a million wishes for the same thing cost one call."""

    def __init__(self, rules: Rules, outbox: Alerts) -> None:
        self._rules = rules
        self._outbox = outbox
        self._taking = asyncio.Lock()
        """One view at a time: each begins with the states that the one before has left."""
        self.faults: Counter[str] = Counter()
        """How often each rule failed."""
        self._told: set[tuple[str, type[Exception]]] = set()
        self._known: dict[int, tuple[bytes | None, WatchState]] = {}
        """The decoded states of watches beside the bytes that are in the database."""

    async def take(self, view: MarketView, now_ms: int, events: Sequence[MarketEvent] = ()) -> int:
        """Let every watch on the view's coin read it; return how many deliveries are due from that.

        `events` are what happened since the view before, for the rules that read them.
        `now_ms` is the clock's time, for the deliveries; states and alerts live in the view's own time.
        A rule that fails is counted and named in the log, keeps its state, and holds up no other: what the
        rules of this process tell is written before the worker is asked.
        """
        async with self._taking:
            within: list[tuple[Watch, Subject]] = []
            beside: list[tuple[Watch, Subject]] = []
            for watch, stored in await self._outbox.watches(view.coin):
                subject = self._subject(watch, stored)
                if subject is not None:
                    (within if group_of(subject.rule) is None else beside).append((watch, subject))
            observation = Observation(view, tuple(events))
            return sum([await self._take(observation, part, now_ms) for part in (within, beside) if part])

    async def _take(
        self, observation: Observation, watched: Sequence[tuple[Watch, Subject]], now_ms: int
    ) -> int:
        states: list[tuple[Watch, WatchState]] = []
        alerts: list[NewAlert] = []
        outcomes = await evaluate(observation, [subject for _, subject in watched])
        for (watch, subject), outcome in zip(watched, outcomes, strict=True):
            if isinstance(outcome, Evaluated):
                if outcome.state != subject.state:
                    states.append((watch, outcome.state))
                alerts += [NewAlert(watch, one.hit, one.reason) for one in outcome.alerts]
            elif not isinstance(outcome, NotAsked):
                self._note_fault(watch, outcome)
        return await self._commit(observation.view, states, alerts, now_ms)

    async def miss(self, coin: str, now_ms: int) -> None:
        """Note that there is no data of a live market any more: what stood, stands, and nobody knows."""
        async with self._taking:
            states = [
                (watch, blind(before, now_ms))
                for watch, stored in await self._outbox.watches(coin)
                if (before := self._state(watch, stored)).blind_ms is None
                and now_ms - before.time_ms >= STALE_MS
                and before.time_ms
            ]
            await self._commit(None, states, [], now_ms)

    def forget(self) -> None:
        """Read states from the database anew."""
        self._known.clear()

    def _subject(self, watch: Watch, stored: bytes | None) -> Subject | None:
        """Return what of a watch is evaluated; None where it cannot be, which is a fault of its rule."""
        rule = self._rules.by_name.get(watch.rule)
        if rule is None:
            self._note_fault(watch, LookupError(f"there is no rule {watch.rule} any more"))
            return None
        try:
            return Subject(rule, rule.form.restore(watch.parameters), self._state(watch, stored))
        except ParameterError as error:
            self._note_fault(watch, error)
            return None

    def _state(self, watch: Watch, stored: bytes | None) -> WatchState:
        known = self._known.get(watch.id)
        if known is None or known[0] != stored:
            known = self._known[watch.id] = (stored, decode_state(stored))
        return known[1]

    async def _commit(
        self,
        view: MarketView | None,
        states: Sequence[tuple[Watch, WatchState]],
        alerts: Sequence[NewAlert],
        now_ms: int,
    ) -> int:
        if not states:
            return 0
        written = [(watch, msgspec.msgpack.encode(after)) for watch, after in states]
        due = await self._outbox.commit(view, written, alerts, now_ms)
        for (watch, encoded), (_, after) in zip(written, states, strict=True):
            self._known[watch.id] = (encoded, after)
        return due

    def _note_fault(self, watch: Watch, error: Exception) -> None:
        """Count a fault; the log hears of each kind of fault once, not with every view."""
        self.faults[watch.rule] += 1
        kind = (watch.rule, type(error))
        if kind not in self._told:
            self._told.add(kind)
            _log.error("a rule failed; its watches keep their state", rule=watch.rule, reason=str(error))
