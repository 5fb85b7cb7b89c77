"""Watching: each view is read by every watch on its coin, and what follows is written in one transaction."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import msgspec
import structlog

from liqbot.alerts.states import Event, WatchState, step
from liqbot.market.events import MarketEvent
from liqbot.market.layer import Origin
from liqbot.market.view import MarketView
from liqbot.rules.hit import NotAsked
from liqbot.rules.loading import Rules
from liqbot.rules.parameters import ParameterError, Value
from liqbot.rules.rule import Rule, RuleFault
from liqbot.rules.standing import Policy
from liqbot.store.alerts import Alerts, NewAlert
from liqbot.store.subscriptions import Watch

_log = structlog.get_logger()
_states = msgspec.msgpack.Decoder(WatchState)


WARM_UP_MS = 3_600_000
"""How long a market that knows much less than before counts as one that is still being read."""
STALE_MS = 900_000
"""After so long without a view of a live market, nobody knows how it stands."""
KEEP_MS = 60_000
"""How often a state is written in which nothing but the time has changed."""


class Watching:
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
        A rule that fails is counted and named in the log, keeps its state, and holds up no other.
        """
        async with self._taking:
            return await self._take(view, now_ms, events)

    async def _take(self, view: MarketView, now_ms: int, events: Sequence[MarketEvent]) -> int:
        states: list[tuple[Watch, WatchState]] = []
        alerts: list[NewAlert] = []
        for watch, stored in await self._outbox.watches(view.coin):
            before = self._state(watch, stored)
            try:
                after, told = self._step(watch, before, view, events)
            except NotAsked:
                continue
            except (RuleFault, ParameterError, LookupError) as error:
                self._note_fault(watch, error)
                continue
            if told or _is_worth_keeping(before, after):
                states.append((watch, after))
            alerts += [NewAlert(watch, one.hit, one.reason) for one in told]
        return await self._commit(view, states, alerts, now_ms)

    async def miss(self, coin: str, now_ms: int) -> None:
        """Note that there is no data of a live market any more: what stood, stands, and nobody knows."""
        async with self._taking:
            states = [
                (watch, step(before, None, now_ms, _NO_POLICY)[0])
                for watch, stored in await self._outbox.watches(coin)
                if (before := self._state(watch, stored)).blind_ms is None
                and now_ms - before.time_ms >= STALE_MS
                and before.time_ms
            ]
            await self._commit(None, states, [], now_ms)

    def forget(self) -> None:
        """Read states from the database anew."""
        self._known.clear()

    def _step(
        self, watch: Watch, before: WatchState, view: MarketView, happened: Sequence[MarketEvent]
    ) -> tuple[WatchState, list[Event]]:
        rule, values = self._resolve(watch)
        policy = rule.policy_for(values)
        if _is_still_being_read(before, view):
            return step(before, None, view.time_ms, policy)
        if view.layer.origin is Origin.LIVE and 0 < before.time_ms <= view.time_ms - STALE_MS:
            before, _ = step(before, None, view.time_ms, policy)
        reading = rule.read(view, values, before.memory, happened)
        after, events = step(before, reading, view.time_ms, policy)
        return replace(after, accounts=view.accounts.long + view.accounts.short), events

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

    def _resolve(self, watch: Watch) -> tuple[Rule, dict[str, Value]]:
        rule = self._rules.by_name.get(watch.rule)
        if rule is None:
            raise LookupError(f"there is no rule {watch.rule} any more")
        return rule, rule.form.restore(watch.parameters)

    def _note_fault(self, watch: Watch, error: Exception) -> None:
        """Count a fault; the log hears of each kind of fault once, not with every view."""
        self.faults[watch.rule] += 1
        kind = (watch.rule, type(error))
        if kind not in self._told:
            self._told.add(kind)
            _log.error("a rule failed; its watches keep their state", rule=watch.rule, reason=str(error))


_NO_POLICY = Policy()
"""For steps in which nothing is observed: no policy plays a part in them."""


def _is_worth_keeping(before: WatchState, after: WatchState) -> bool:
    """Return whether a state is to be written: it differs in more than its time, or that is long ago."""
    if after.time_ms - before.time_ms >= KEEP_MS:
        return True
    return replace(after, time_ms=before.time_ms, accounts=before.accounts) != before


def _is_still_being_read(before: WatchState, view: MarketView) -> bool:
    """Return whether a live market knows much less than it did a while ago, as after a restart.

    Its clusters are not gone then: they have not been seen yet.
    """
    if view.layer.origin is not Origin.LIVE:
        return False
    known = view.accounts.long + view.accounts.short
    return 2 * known < before.accounts and view.time_ms - before.time_ms < WARM_UP_MS


def decode_state(stored: bytes | None) -> WatchState:
    """Return a watch's state as it was committed; a new one for a new watch.

    One that another version wrote, and this one cannot read, begins anew as well: rather an alert twice than
    one that never comes.
    """
    try:
        return WatchState() if stored is None else _states.decode(stored)
    except msgspec.DecodeError:
        return WatchState()
