"""What a watch on an account tells: compares two looks, keeps its memory, decides which hits are due; pure.

Whoever reads keeps what was seen last (`AccountMemory`), so that nothing is told twice over a restart, and so
that silence of a venue is no news: without a later look there is nothing to read.

Not here: the words of hits (`account_hits.py`).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from liqbot.alerts.account_hits import Since, change_hit, liquidation_hit, near_hit
from liqbot.alerts.account_rule import STEPS
from liqbot.engine.account_changes import account_changes, carried_on
from liqbot.market.accounts import AccountState, Change, HeldPosition, PositionChange
from liqbot.market.updates import Liquidation
from liqbot.rules.hit import Hit
from liqbot.rules.parameters import Value

LEFT_AGAIN = 1.25
"""Price must be so many times as far as a step for that step to be told again."""
PATIENCE_MS = 20_000
"""A liquidation that no look has shown yet is told after so long all the same."""
FORGOTTEN_MS = 600_000
"""A liquidation that no look has shown by then is not waited for any more."""
DAY_MS = 86_400_000
"""What moved an account is told of the time since it was last told of, at most so long."""


@dataclass(frozen=True, slots=True)
class Told:
    """A liquidation that was told of the account, and when it was heard of."""

    liquidation: Liquidation
    heard_ms: int
    """In the venue's time."""
    is_told: bool = False
    """Whether people were told, before a look has shown it."""


@dataclass(frozen=True, slots=True)
class AccountMemory:
    """What is remembered of an account that is watched."""

    state: AccountState | None = None
    """As it was seen last."""
    liquidations: tuple[Told, ...] = ()
    """What no look has shown yet."""
    since: dict[str, Since] = field(default_factory=dict[str, Since])
    """By coin: the position as it was when something of it was told last, or when it was first seen."""
    steps: dict[str, int] = field(default_factory=dict[str, int])
    """By coin: how many steps towards its liquidation were told."""


_memories = msgspec.msgpack.Decoder(AccountMemory)


def to_bytes(memory: AccountMemory) -> bytes:
    """Return a memory as it is kept."""
    return msgspec.msgpack.encode(memory)


def from_bytes(kept: bytes | None) -> AccountMemory:
    """Return a memory as it was kept; an empty one for none, and for one that cannot be read."""
    try:
        return AccountMemory() if kept is None else _memories.decode(kept)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return AccountMemory()


def read_state(
    memory: AccountMemory, state: AccountState, values: Mapping[str, Value]
) -> tuple[AccountMemory, tuple[Hit, ...]]:
    """Return what is remembered after a look at an account, and what it tells.

    A look that is no later than the one before tells nothing. At the first look nothing has happened yet, but
    a position may be near its liquidation.
    """
    before = memory.state
    if before is not None and state.time_ms <= before.time_ms:
        return memory, ()
    look = _look(memory, state, values)
    coins = dict.fromkeys((*look.changes, *(one.coin for one in look.after.positions)))
    read = {coin: _read_coin(look, coin) for coin in coins}
    since = {coin: one.since for coin, one in read.items() if one.since is not None}
    steps = {coin: one.steps for coin, one in read.items() if one.steps}
    left = tuple(_left(memory.liquidations, look.changes, state))
    told = {coin: one.hit for coin, one in read.items() if one.hit is not None}
    hits = tuple(told[coin] for coin in sorted(told, key=lambda coin: _weight(look, coin, told[coin])))
    return AccountMemory(look.after, left, since, steps), hits


def read_liquidation(memory: AccountMemory, liquidation: Liquidation) -> AccountMemory:
    """Return what is remembered once a liquidation of the account was told: the next look shows it."""
    known = [one.liquidation for one in memory.liquidations]
    if liquidation in known:
        return memory
    heard = Told(liquidation, liquidation.time_ms)
    return replace(memory, liquidations=(*memory.liquidations, heard))


def read_waiting(memory: AccountMemory, now_ms: int) -> tuple[AccountMemory, tuple[Hit, ...]]:
    """Return what is told of liquidations that no look has shown for too long, as where a venue is silent."""
    before = memory.state
    due = [one for one in memory.liquidations if not one.is_told and now_ms - one.heard_ms >= PATIENCE_MS]
    if not due or before is None:
        return memory, ()
    hits: list[Hit] = []
    for coin in dict.fromkeys(one.liquidation.coin for one in due):
        was = before.position(coin)
        told = [one.liquidation for one in memory.liquidations if one.liquidation.coin == coin]
        if was is not None:
            change = PositionChange(
                Change.LIQUIDATED, before.account, coin, told[-1].time_ms, was, None, tuple(told)
            )
            hits.append(liquidation_hit(change, memory.since.get(coin), is_shown=False))
    coins = {one.liquidation.coin for one in due}
    marked = [
        replace(one, is_told=True) if one.liquidation.coin in coins else one for one in memory.liquidations
    ]
    return replace(memory, liquidations=tuple(marked)), tuple(hits)


_ANEW = (Change.OPENED, Change.REVERSED)
"""What begins a position: nothing of an earlier one counts."""


@dataclass(frozen=True, slots=True)
class _Look:
    """A look at an account, beside what is remembered of it."""

    memory: AccountMemory
    state: AccountState
    after: AccountState
    """The same, with what could not be read as it was before."""
    changes: Mapping[str, PositionChange]
    """By coin."""
    values: Mapping[str, Value]
    gap_ms: int
    """How long ago the look before was; 0 for the first."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What came of a look for one coin."""

    hit: Hit | None
    since: Since | None
    steps: int


def _look(memory: AccountMemory, state: AccountState, values: Mapping[str, Value]) -> _Look:
    before = memory.state
    if before is None:
        return _Look(memory, state, state, {}, values, 0)
    told = [one.liquidation for one in memory.liquidations]
    changes = {one.coin: one for one in account_changes(before, state, told)}
    gap_ms = state.time_ms - before.time_ms
    return _Look(memory, state, carried_on(before, state), changes, values, gap_ms)


def _weight(look: _Look, coin: str, hit: Hit) -> tuple[int, float]:
    """Return what the hits of one look are told by: liquidated, then near, then traded; the largest first.

    Of many at once a chat is shown the first by name, and the picture of the first.
    """
    before = look.memory.state
    held = [look.after.position(coin), None if before is None else before.position(coin)]
    kind = hit.key.partition(":")[0]
    rank = _FIRST.index(kind) if kind in _FIRST else len(_FIRST)
    return rank, -max((one.usd for one in held if one is not None), default=0.0)


_FIRST = (Change.LIQUIDATED.value, "near")
"""What is told before all else."""


def _read_coin(look: _Look, coin: str) -> _Read:
    """Return what a look tells of the account's position in one coin, and what is to be remembered of it."""
    change, now, time_ms = look.changes.get(coin), look.after.position(coin), look.state.time_ms
    since, told = look.memory.since.get(coin), look.memory.steps.get(coin, 0)
    hit = _hit_of(look, change, coin)
    is_new = change is not None and change.change in _ANEW
    if now is None:
        return _Read(hit, None, 0)
    if coin in look.state.unread and look.state.position(coin) is None:
        return _Read(hit, since, told)
    told = 0 if is_new else told
    steps = _steps(now, look.values, told)
    if hit is None and steps > told:
        hit = near_hit(now, since, time_ms, gap_ms=look.gap_ms)
    is_old = since is not None and not steps and time_ms - since.time_ms > DAY_MS
    if since is None or hit is not None or is_new or is_old:
        since = Since(now, time_ms)
    return _Read(hit, since, steps)


def _hit_of(look: _Look, change: PositionChange | None, coin: str) -> Hit | None:
    """Return what is told of a change of a position; None for nothing."""
    since = look.memory.since.get(coin)
    if change is not None and change.change is Change.LIQUIDATED:
        is_told = any(one.is_told for one in look.memory.liquidations if one.liquidation.coin == coin)
        return None if is_told else liquidation_hit(change, since)
    if change is not None and change.change in (Change.GREW, Change.SHRANK):
        change = _since_told(change, since, float(look.values["change"]))
    if change is None or _usd(change) < float(look.values["at_least"]):
        return None
    return change_hit(change, since, gap_ms=look.gap_ms)


def _since_told(change: PositionChange, since: Since | None, share_pct: float) -> PositionChange | None:
    """Return a change of size as it is since the position was last told of; None while it is too small."""
    if since is None or change.after is None:
        return None
    known = abs(since.held.size)
    grown = abs(change.after.size) / known - 1
    if abs(grown) * 100 < share_pct - 1e-9:
        return None
    kind = Change.GREW if grown > 0 else Change.SHRANK
    return replace(change, change=kind, before=since.held)


def _usd(change: PositionChange) -> float:
    return max(one.usd for one in (change.before, change.after) if one is not None)


def _steps(now: HeldPosition, values: Mapping[str, Value], told: int) -> int:
    """Return how many steps towards liquidation count as told: all reached, and those only just left."""
    distance = now.distance()
    if distance is None:
        return 0
    steps = [float(values["near"]) / 100 * part for part in STEPS]
    reached = sum(distance <= step for step in steps)
    kept = sum(distance <= step * LEFT_AGAIN for step in steps)
    return max(reached, min(told, kept))


def _left(told: Sequence[Told], changes: Mapping[str, PositionChange], state: AccountState) -> Iterator[Told]:
    """Yield the liquidations that a look has not shown."""
    shown = {coin for coin, one in changes.items() if one.change is Change.LIQUIDATED}
    for one in told:
        is_old = state.time_ms - one.heard_ms > FORGOTTEN_MS
        if one.liquidation.coin not in shown and not is_old:
            yield one


def thresholds(near_pct: float) -> tuple[float, ...]:
    """Return at how many percent an account is told to be near its liquidation, the farthest first."""
    return tuple(round(near_pct * part, 6) for part in STEPS)


def differs(one: AccountMemory, other: AccountMemory) -> bool:
    """Return whether two memories differ in more than what every look changes: prices, levels, times."""
    return (
        (one.liquidations, one.steps, set(one.since)) != (other.liquidations, other.steps, set(other.since))
        or _sizes(one) != _sizes(other)
        or any(one.since[coin].time_ms != other.since[coin].time_ms for coin in one.since)
    )


def _sizes(memory: AccountMemory) -> dict[str, float] | None:
    if memory.state is None:
        return None
    return {one.coin: one.size for one in memory.state.positions if math.isfinite(one.size)}
