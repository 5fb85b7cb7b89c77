"""Evaluates the watches on accounts: every look at one is read, and what follows of it is written.

The states, alerts and deliveries are those of every other watch; but what is read is an account as it was
seen, and not a view of a market. What merely moves with prices is not written with every look.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec
import structlog

from liqbot.alerts.account_reading import (
    AccountMemory,
    differs,
    from_bytes,
    read_liquidation,
    read_state,
    read_waiting,
    to_bytes,
)
from liqbot.alerts.account_rule import WATCH_ACCOUNT
from liqbot.alerts.evaluation import decode_state
from liqbot.alerts.evaluator import AHEAD_MS, EvaluationLock, Lane
from liqbot.alerts.states import Event, WatchState, step
from liqbot.market.accounts import AccountState
from liqbot.market.layer import Layer, Origin
from liqbot.market.updates import Liquidation
from liqbot.rules.hit import Hit, Reading
from liqbot.rules.parameters import ParameterError, Value
from liqbot.store.alerts import Alerts, NewAlert
from liqbot.store.subscriptions import Watch

_log = structlog.get_logger()

WRITTEN_EVERY_MS = 600_000
"""What merely moves with prices is written this often: after a restart it is so old at most."""


async def last_seen(alerts: Alerts, account: str, layer: Layer) -> AccountState | None:
    """Return how an account was seen last, by what watches on it remember; None where nobody watches it."""
    found = [
        from_bytes(decode_state(stored).memory).state
        for watch, stored in await alerts.watches(account, layer.key)
        if watch.is_of_account
    ]
    return max((one for one in found if one is not None), key=lambda one: one.time_ms, default=None)


@dataclass(slots=True)
class _Known:
    """What is known of a watch."""

    stored: bytes | None
    """Its state as it is in the database."""
    state: WatchState
    memory: AccountMemory
    written_ms: int = 0


class AccountEvaluator:
    """Reads accounts for those who watch them."""

    def __init__(self, outbox: Alerts, evaluating: EvaluationLock) -> None:
        """`evaluating` is held while a state is read and written, as by all who do."""
        self._outbox = outbox
        self._evaluating = evaluating
        self._known: dict[tuple[int, str], _Known] = {}
        """By watch and layer."""

    async def take(self, layer: Layer, told: AccountState | Liquidation, now_ms: int) -> int:
        """Let every watch on an account read what a venue tells of it; return how many deliveries are due.

        `now_ms` is the clock's time. Raises `StoreError`; what could not be written is read anew next time.
        """
        if isinstance(told, Liquidation):
            return await self._read(layer, told.account or "", now_ms, lambda memory, _: (
                read_liquidation(memory, told), ()))  # fmt: skip
        return await self._read(
            layer, told.account, now_ms, lambda memory, values: read_state(memory, told, values)
        )

    async def wait(self, layer: Layer, account: str, time_ms: int, now_ms: int) -> int:
        """Tell of liquidations that no look has shown for too long by `time_ms`, in the venue's time."""
        return await self._read(layer, account, now_ms, lambda memory, _: read_waiting(memory, time_ms))

    def forget(self) -> None:
        """Read states from the database anew."""
        self._known.clear()

    async def _read(self, layer: Layer, account: str, now_ms: int, read: "_Reader") -> int:
        async with self._evaluating.of(Lane.PROCESS):
            due = 0
            for watch, stored in await self._outbox.watches(account, layer.key):
                if watch.is_of_account:
                    due += await self._read_watch(layer, watch, stored, now_ms, read)
            return due

    async def _read_watch(
        self, layer: Layer, watch: Watch, stored: bytes | None, now_ms: int, read: "_Reader"
    ) -> int:
        known = self._of(layer, watch, stored, now_ms)
        try:
            values = WATCH_ACCOUNT.form.restore(watch.parameters)
        except ParameterError as error:
            _log.error("rule_failed", rule=watch.rule, reason=str(error))
            return 0
        memory, hits = read(known.memory, values)
        if memory is known.memory:
            return 0
        time_ms = 0 if memory.state is None else memory.state.time_ms
        is_due = now_ms - known.written_ms >= WRITTEN_EVERY_MS
        if not (hits or is_due or differs(known.memory, memory)):
            known.memory = memory
            return 0
        after, events = _stepped(known.state, hits, time_ms, values)
        after = replace(after, memory=to_bytes(memory), accounts=0)
        return await self._write(layer, watch, _Known(None, after, memory, now_ms), events)

    async def _write(self, layer: Layer, watch: Watch, known: _Known, events: Sequence[Event]) -> int:
        encoded = msgspec.msgpack.encode(known.state)
        alerts = [NewAlert(watch, event.hit, event.reason) for event in events]
        seen = known.memory.state
        due = await self._outbox.commit(seen, [(watch, encoded)], alerts, known.written_ms, layer=layer.key)
        known.stored = encoded
        self._known[watch.id, layer.key] = known
        return due

    def _of(self, layer: Layer, watch: Watch, stored: bytes | None, now_ms: int) -> _Known:
        """Return what is known of a watch: what is in the database, and what was not worth writing since."""
        known = self._known.get((watch.id, layer.key))
        if known is None or known.stored != stored:
            state = decode_state(stored)
            memory = from_bytes(state.memory)
            if layer.origin is Origin.LIVE:
                state, memory = _not_ahead(state, memory, now_ms)
            known = self._known[watch.id, layer.key] = _Known(stored, state, memory)
        return known


_Reader = Callable[[AccountMemory, "dict[str, Value]"], tuple[AccountMemory, tuple[Hit, ...]]]


def _stepped(
    before: WatchState, hits: tuple[Hit, ...], time_ms: int, values: dict[str, Value]
) -> tuple[WatchState, list[Event]]:
    """Return the state after what a look has told, and what people are told of it."""
    return step(before, Reading(hits), max(time_ms, before.time_ms), WATCH_ACCOUNT.policy_for(values))


def _not_ahead(state: WatchState, memory: AccountMemory, now_ms: int) -> tuple[WatchState, AccountMemory]:
    """Return both as if a clock that was ahead had not been: until then nothing would be read any more."""
    latest_ms = now_ms + AHEAD_MS
    seen = memory.state
    if seen is not None and seen.time_ms > latest_ms:
        memory = replace(memory, state=replace(seen, time_ms=now_ms - AHEAD_MS))
    if state.time_ms > latest_ms:
        state = replace(state, time_ms=now_ms - AHEAD_MS)
    return state, memory
