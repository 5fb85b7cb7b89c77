"""The alert state machine: one pure step, the same live, in replay and in tests.

A watch has one state for each key that its rule has hit. A key that is not there is OK. Time is the market's
own: that of the view, never the clock's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from liqbot.rules.rule import Hit, Policy


class Status(StrEnum):
    """Where an alert of one key stands; OK is the absence of a state."""

    PENDING = "pending"
    """Hit, but not yet for as long as the policy asks."""
    FIRING = "firing"
    RECOVERING = "recovering"
    """Gone, but not yet for as long as the policy asks."""
    COOLING = "cooling"
    """Over, and remembered for its cooldown."""


class Reason(StrEnum):
    """Why an alert goes out now."""

    FIRST = "first"
    """The first hit of this key."""
    AGAIN = "again"
    """It was over, its cooldown has passed, and it holds again."""


@dataclass(frozen=True, slots=True)
class KeyState:
    """The state of one key."""

    status: Status
    since_ms: int
    """When it entered this status."""
    sent_ms: int | None = None
    """When its alert last went out."""


@dataclass(frozen=True, slots=True)
class WatchState:
    """All that is remembered of a watch: its keys, and its rule's own memory."""

    keys: dict[str, KeyState] = field(default_factory=dict[str, KeyState])
    memory: bytes | None = None
    time_ms: int = 0
    """Time of the newest view that it has seen."""


@dataclass(frozen=True, slots=True)
class Event:
    """An alert to tell people of."""

    hit: Hit
    reason: Reason


def step(
    state: WatchState, hits: Sequence[Hit], memory: bytes | None, now_ms: int, policy: Policy
) -> tuple[WatchState, list[Event]]:
    """Return the state after a view at `now_ms` in which the rule found `hits`, and what to tell.

    A view that is older than the newest one changes nothing.
    """
    if now_ms < state.time_ms:
        return state, []
    found = {hit.key: hit for hit in hits}
    keys: dict[str, KeyState] = {}
    events: list[Event] = []
    for key in [*state.keys, *(key for key in found if key not in state.keys)]:
        after, reason = _next(state.keys.get(key), found.get(key), now_ms, policy)
        if after is not None:
            keys[key] = after
        if reason is not None:
            events.append(Event(found[key], reason))
    return WatchState(keys, memory, now_ms), events


def _next(
    before: KeyState | None, hit: Hit | None, now_ms: int, policy: Policy
) -> tuple[KeyState | None, Reason | None]:
    """Return a key's state after this view, None for OK, and the reason to tell, if there is one."""
    on = before is not None and before.status in (Status.FIRING, Status.RECOVERING)
    if hit is not None and (on or not hit.holding):
        return _hit(before, now_ms, policy)
    if before is None or before.status is Status.PENDING:
        return _cooled(before, now_ms, policy), None
    return _missed(before, now_ms, policy), None


def _hit(before: KeyState | None, now_ms: int, policy: Policy) -> tuple[KeyState, Reason | None]:
    if before is None or before.status is Status.COOLING:
        before = KeyState(Status.PENDING, now_ms, before.sent_ms if before else None)
    if before.status is Status.FIRING:
        return before, None
    if before.status is Status.RECOVERING:
        return replace(before, status=Status.FIRING), None
    held = now_ms - before.since_ms >= policy.hold * 1000
    if not held or _cooling(before, now_ms, policy):
        return before, None
    reason = Reason.FIRST if before.sent_ms is None else Reason.AGAIN
    return KeyState(Status.FIRING, now_ms, sent_ms=now_ms), reason


def _missed(before: KeyState, now_ms: int, policy: Policy) -> KeyState | None:
    if before.status is Status.FIRING:
        before = replace(before, status=Status.RECOVERING, since_ms=now_ms)
    if before.status is Status.RECOVERING and now_ms - before.since_ms < policy.recover * 1000:
        return before
    return _cooled(before, now_ms, policy)


def _cooled(before: KeyState | None, now_ms: int, policy: Policy) -> KeyState | None:
    """Return what is remembered of a key that is over: nothing once its cooldown has passed."""
    if before is None or not _cooling(before, now_ms, policy):
        return None
    if before.status is Status.COOLING:
        return before
    return KeyState(Status.COOLING, now_ms, before.sent_ms)


def _cooling(state: KeyState, now_ms: int, policy: Policy) -> bool:
    return state.sent_ms is not None and now_ms - state.sent_ms < policy.cooldown * 1000


def status_words(keys: Mapping[str, KeyState]) -> str:
    """Return the state of a watch in a word for `/subscriptions`."""
    statuses = {state.status for state in keys.values()}
    for status in (Status.FIRING, Status.RECOVERING, Status.PENDING):
        if status in statuses:
            return status.value
    return "quiet"
