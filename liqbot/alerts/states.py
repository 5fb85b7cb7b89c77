"""The alert state machine: one pure step, the same live, in replay and in tests.

A watch has one state for each key that its rule has hit; a key without one is quiet. An alert goes on once
its hit has lasted for `hold`, and off once it has been gone for `recover`: in between, the views say the
opposite of what is, and the state remembers since when.

                  hit                  for `hold`, cooldown over
    quiet ─────────────────▶ pending ─────────────────────────────▶ firing   the alert goes out
      ▲                                                             │    ▲
      │        for `recover`              gone                      │    │ hit again
      └────────────────────── recovering ◀──────────────────────────┘────┘

Time is the market's own: that of the view, never the clock's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from liqbot.rules.rule import Hit, Policy


class Status(StrEnum):
    """Where an alert stands, in a word for people."""

    OK = "quiet"
    PENDING = "pending"
    """Hit, but not yet for as long as the policy asks, or still in the cooldown of its last alert."""
    FIRING = "firing"
    RECOVERING = "recovering"
    """Gone, but not yet for as long as the policy asks."""


class Reason(StrEnum):
    """Why an alert goes out now."""

    FIRST = "first"
    """It holds, and no earlier alert of its key is remembered."""
    AGAIN = "again"
    """Its last alert is over but still remembered, as in its cooldown, and it holds again."""


@dataclass(frozen=True, slots=True)
class KeyState:
    """The state of one key."""

    on: bool = False
    """Whether its alert is on."""
    changing_ms: int | None = None
    """Since when all views have said the opposite; None where the newest agrees."""
    sent_ms: int | None = None
    """When its alert last went out."""

    @property
    def status(self) -> Status:
        """Where it stands."""
        if self.on:
            return Status.FIRING if self.changing_ms is None else Status.RECOVERING
        return Status.OK if self.changing_ms is None else Status.PENDING


@dataclass(frozen=True, slots=True)
class WatchState:
    """All that is remembered of a watch: its keys, and its rule's own memory."""

    keys: dict[str, KeyState] = field(default_factory=dict[str, KeyState])
    memory: bytes | None = None
    time_ms: int = 0
    """Time of the newest view that it has seen."""

    @property
    def status(self) -> Status:
        """Where the watch stands: firing if any key of it is."""
        statuses = {state.status for state in self.keys.values()}
        ranks = (Status.FIRING, Status.RECOVERING, Status.PENDING)
        return next((status for status in ranks if status in statuses), Status.OK)


@dataclass(frozen=True, slots=True)
class Event:
    """An alert to tell people of."""

    hit: Hit
    reason: Reason


def step(
    state: WatchState, hits: Sequence[Hit], memory: bytes | None, now_ms: int, policy: Policy
) -> tuple[WatchState, list[Event]]:
    """Return the state after a view at `now_ms` in which the rule found `hits`, and what to tell.

    `memory` is what the rule wants to be given next time. A view that is older than the newest one changes
    nothing.
    """
    if now_ms < state.time_ms:
        return state, []
    found = {hit.key: hit for hit in hits}
    keys: dict[str, KeyState] = {}
    events: list[Event] = []
    for key in state.keys | found:
        before, hit = state.keys.get(key, KeyState()), found.get(key)
        after = _next(before, hit, now_ms, policy)
        if after.on or after.changing_ms is not None or _cooling(after, now_ms, policy):
            keys[key] = after
        if hit is not None and after.on and not before.on:
            events.append(Event(hit, Reason.FIRST if before.sent_ms is None else Reason.AGAIN))
    return WatchState(keys, memory, now_ms), events


def _next(before: KeyState, hit: Hit | None, now_ms: int, policy: Policy) -> KeyState:
    holds = hit is not None and (before.on or not hit.holding)
    if holds == before.on:
        return replace(before, changing_ms=None)
    since_ms = now_ms if before.changing_ms is None else before.changing_ms
    lasting_ms = 1000 * (policy.recover if before.on else policy.hold)
    if now_ms - since_ms < lasting_ms or (holds and _cooling(before, now_ms, policy)):
        return replace(before, changing_ms=since_ms)
    return KeyState(on=holds, sent_ms=now_ms if holds else before.sent_ms)


def _cooling(state: KeyState, now_ms: int, policy: Policy) -> bool:
    return state.sent_ms is not None and now_ms - state.sent_ms < policy.cooldown * 1000
