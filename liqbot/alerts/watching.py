"""Watching: each view is read by every watch on its coin, and what follows is written in one transaction."""

from collections import Counter

import msgspec
import structlog

from liqbot.alerts.states import WatchState, step
from liqbot.market.view import MarketView
from liqbot.rules.hit import NotAsked
from liqbot.rules.loading import Rules
from liqbot.rules.parameters import ParameterError, Value
from liqbot.rules.rule import Rule, RuleFault
from liqbot.store.outbox import NewAlert, Outbox
from liqbot.store.subscriptions import Watch

_log = structlog.get_logger()
_states = msgspec.msgpack.Decoder(WatchState)


class Watching:
    """Evaluates watches, not subscriptions: a million wishes for the same thing cost one call."""

    def __init__(self, rules: Rules, outbox: Outbox) -> None:
        self._rules = rules
        self._outbox = outbox
        self.faults: Counter[str] = Counter()
        """How often each rule failed."""
        self._told: set[tuple[str, type[Exception]]] = set()

    def take(self, view: MarketView, now_ms: int) -> int:
        """Let every watch on the view's coin read it; return how many deliveries are due from that.

        `now_ms` is the clock's time, for the deliveries; states and alerts live in the view's own time.
        A rule that fails is counted and named in the log, keeps its state, and holds up no other.
        """
        states: list[tuple[Watch, bytes]] = []
        alerts: list[NewAlert] = []
        for watch, stored in self._outbox.watches(view.coin):
            before = decode_state(stored)
            try:
                rule, values = self._resolve(watch)
                reading = rule.read(view, values, before.memory)
            except NotAsked:
                continue
            except (RuleFault, ParameterError, LookupError) as error:
                self._note_fault(watch, error)
                continue
            after, events = step(before, reading.hits, reading.memory, view.time_ms, rule.policy)
            states.append((watch, msgspec.msgpack.encode(after)))
            alerts += [NewAlert(watch, event.hit, event.reason) for event in events]
        return self._outbox.commit(view, states, alerts, now_ms) if states else 0

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


def decode_state(stored: bytes | None) -> WatchState:
    """Return a watch's state as it was committed; a new one for a new watch.

    One that another version wrote, and this one cannot read, begins anew as well: rather an alert twice than
    one that never comes.
    """
    try:
        return WatchState() if stored is None else _states.decode(stored)
    except msgspec.DecodeError:
        return WatchState()
