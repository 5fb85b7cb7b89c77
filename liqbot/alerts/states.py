"""The alert state machine, pure: hits become firing, resolved, repeated, cooling down, one step a view.

A watch has one state for each key that its rule has hit; a key without one is quiet. An alert goes on once
its hit has lasted for `hold`, and off once it has been gone for `recover`: in between, the views say the
opposite of what is, and the state remembers since when.

                  hit                  for `hold`, cooldown over
    quiet ─────────────────▶ pending ─────────────────────────────▶ firing   the alert goes out
      ▲                                                             │    ▲
      │        for `recover`              gone                      │    │ hit again
      └────────────────────── recovering ◀──────────────────────────┘────┘

Where there is nothing to observe, the watch has no data: everything stays as it is, nothing is told, and what
was gone by then has to be seen gone anew.

Time is the market's own: that of the view, never the clock's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from liqbot.rules.common_parameters import Policy
from liqbot.rules.rule import Hit, Reading

NEWS_GROWTH, NEWS_MS = 1.25, 300_000
"""What is kept up to date is told anew once its value is so many times what was told, or after so long."""


class Status(StrEnum):
    """Where an alert stands, in a word for people."""

    OK = "quiet"
    PENDING = "pending"
    """Hit, but not yet for as long as the policy asks, or still in the cooldown of its last alert."""
    FIRING = "firing"
    RECOVERING = "recovering"
    """Gone, but not yet for as long as the policy asks."""
    NO_DATA = "no data"
    """Nobody knows: nothing can be observed."""


class Reason(StrEnum):
    """Why an alert goes out now."""

    FIRST = "first"
    """It holds, and no earlier alert of its key is remembered."""
    AGAIN = "again"
    """Its last alert is over but still remembered, as in its cooldown, and it holds again."""
    ESCALATED = "escalated"
    """It is on, and its value is `escalate` times what was last told."""
    UPDATED = "updated"
    """It is on, and is kept up to date: there is more to say than what was last told."""
    REPEAT = "repeat"
    """It is still on, `repeat` after it was last told."""
    SAMPLE = "sample"
    """Somebody asked to see one."""
    RESOLVED = "resolved"
    """It is over."""


@dataclass(frozen=True, slots=True)
class KeyState:
    """The state of one key."""

    on: bool = False
    """Whether its alert is on."""
    changing_ms: int | None = None
    """Since when all views have said the opposite; None where the newest agrees."""
    sent_ms: int | None = None
    """When its alert last went out."""
    told: Hit | None = None
    """What was told then; None where its alert is off."""

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
    blind_ms: int | None = None
    """Since when there is nothing to observe; None where there is."""
    accounts: int = 0
    """How many positions the newest view knew of."""
    sent_ms: int | None = None
    """When an alert last went out, where its policy keeps alerts `apart`."""
    sent_key: str = ""
    sent_value: float | None = None
    """Its key, and what its hit's value was."""

    @property
    def status(self) -> Status:
        """Where the watch stands: firing if any key of it is."""
        if self.blind_ms is not None:
            return Status.NO_DATA
        statuses = {state.status for state in self.keys.values()}
        ranks = (Status.FIRING, Status.RECOVERING, Status.PENDING)
        return next((status for status in ranks if status in statuses), Status.OK)


@dataclass(frozen=True, slots=True)
class Event:
    """An alert to tell people of."""

    hit: Hit
    reason: Reason


def step(
    state: WatchState, reading: Reading | None, now_ms: int, policy: Policy
) -> tuple[WatchState, list[Event]]:
    """Return the state after the rule's `reading` of a view at `now_ms`, and what to tell.

    None for a reading: there is no data. A view that is older than the newest one changes nothing.
    """
    if now_ms < state.time_ms:
        return state, []
    if reading is None:
        return (state if state.blind_ms is not None else replace(state, blind_ms=now_ms)), []
    if policy.is_event:
        return _step_events(state, reading, now_ms, policy)
    before = state.keys if state.blind_ms is None else _seen_anew(state.keys)
    found = {hit.key: hit for hit in reading.hits}
    keys: dict[str, KeyState] = {}
    events: list[Event] = []
    for key in _largest_first(before | found, found) if policy.apart else before | found:
        old, hit = before.get(key, KeyState()), found.get(key)
        after, event = _step_key(old, hit, now_ms, policy, waits=_too_soon(state, hit, now_ms, policy))
        if after.on or after.changing_ms is not None or _cooling(after, now_ms, policy):
            keys[key] = after
        if event is not None:
            events.append(event)
            if policy.apart and event.reason is not Reason.RESOLVED:
                state = replace(state, sent_ms=now_ms, sent_key=key, sent_value=event.hit.value)
    return replace(state, keys=keys, memory=reading.memory, time_ms=now_ms, blind_ms=None), events


def put_back(state: WatchState, now_ms: int) -> WatchState:
    """Return a state that a clock which was ahead has written, as if it had been written at `now_ms`.

    What is on stays on, and what cools down cools down for as long as was left.
    """
    by_ms = state.time_ms - now_ms

    def back(time_ms: int | None) -> int | None:
        return None if time_ms is None else time_ms - by_ms

    keys = {
        key: replace(one, changing_ms=back(one.changing_ms), sent_ms=back(one.sent_ms))
        for key, one in state.keys.items()
    }
    moved = replace(state, blind_ms=back(state.blind_ms), sent_ms=back(state.sent_ms))
    return replace(moved, keys=keys, time_ms=now_ms)


def _largest_first(keys: Iterable[str], found: Mapping[str, Hit]) -> list[str]:
    """Return `keys` so that of several alerts that would keep each other waiting the largest goes out."""
    return sorted(keys, key=lambda key: -((found[key].value or 0.0) if key in found else 0.0))


def _too_soon(state: WatchState, hit: Hit | None, now_ms: int, policy: Policy) -> bool:
    """Return whether an alert of `hit` would come too soon after the last one, of another key."""
    if hit is None or state.sent_ms is None or hit.key == state.sent_key:
        return False
    before = state.sent_value
    is_larger = policy.escalate and hit.value and before and hit.value >= before * policy.escalate
    return now_ms - state.sent_ms < policy.apart * 1000 and not is_larger


def _step_events(
    state: WatchState, reading: Reading, now_ms: int, policy: Policy
) -> tuple[WatchState, list[Event]]:
    """Return the state after events: of each key only when it was last told, as long as it cools down."""
    keys = {key: one for key, one in state.keys.items() if _cooling(one, now_ms, policy)}
    hits = {hit.key: hit for hit in reversed(reading.hits)} if policy.cooldown else {}
    events = [
        Event(hit, Reason.FIRST)
        for hit in reading.hits
        if hit.key not in keys and hits.get(hit.key, hit) is hit  # of several with one key the first
    ]
    if policy.cooldown:
        keys |= {event.hit.key: KeyState(sent_ms=now_ms) for event in events}
    return replace(state, keys=keys, memory=reading.memory, time_ms=now_ms, blind_ms=None), events


def _seen_anew(keys: Mapping[str, KeyState]) -> dict[str, KeyState]:
    """Return states after a time without data: what was gone by then counts from the next view on."""
    return {key: replace(state, changing_ms=None) if state.on else state for key, state in keys.items()}


def _step_key(
    before: KeyState, hit: Hit | None, now_ms: int, policy: Policy, *, waits: bool
) -> tuple[KeyState, Event | None]:
    after = _next(before, hit, now_ms, policy, waits=waits)
    if not after.on:
        told = hit if hit is not None and hit.over else before.told
        over = told if before.on and before.sent_ms is not None and policy.resolve else None
        return after, None if over is None else Event(over, Reason.RESOLVED)
    if hit is not None and hit.known:
        return replace(after, told=after.told or hit), None
    reason = None if hit is None else _why_now(before, hit, now_ms, policy)
    if hit is None or reason is None:
        return after, None
    return replace(after, sent_ms=now_ms, told=hit), Event(hit, reason)


def _next(before: KeyState, hit: Hit | None, now_ms: int, policy: Policy, *, waits: bool) -> KeyState:
    """Return the state with its alert on or off; what is told of it is decided elsewhere."""
    if hit is not None and hit.known and not before.on:
        return KeyState(on=True, sent_ms=before.sent_ms)
    holds = hit is not None and not hit.over and (before.on or not hit.holding)
    if holds == before.on:
        return replace(before, changing_ms=None)
    since_ms = now_ms if before.changing_ms is None else before.changing_ms
    lasting_ms = 1000 * (policy.recover if before.on else policy.hold)
    if now_ms - since_ms < lasting_ms or (holds and (waits or _cooling(before, now_ms, policy))):
        return replace(before, changing_ms=since_ms)
    return KeyState(on=holds, sent_ms=before.sent_ms)


def _why_now(before: KeyState, hit: Hit, now_ms: int, policy: Policy) -> Reason | None:
    """Return why an alert that is on goes out now; None where it does not."""
    if not before.on:
        return Reason.FIRST if before.sent_ms is None else Reason.AGAIN
    if _has_grown(before.told, hit, policy):
        return Reason.ESCALATED
    if _has_news(before, hit, now_ms):
        return Reason.UPDATED
    due = policy.repeat and before.sent_ms is not None and now_ms - before.sent_ms >= policy.repeat * 1000
    return Reason.REPEAT if due else None


def _has_grown(told: Hit | None, hit: Hit, policy: Policy) -> bool:
    if not policy.escalate or told is None or told.value is None or hit.value is None:
        return False
    return hit.value >= told.value * policy.escalate > 0


def _has_news(before: KeyState, hit: Hit, now_ms: int) -> bool:
    """Return whether an alert that is kept up to date has something to say."""
    told, sent_ms = before.told, before.sent_ms
    if not hit.live or told is None or sent_ms is None or hit.text == told.text:
        return False
    grown = hit.value is not None and told.value is not None and hit.value >= NEWS_GROWTH * told.value > 0
    return grown or now_ms - sent_ms >= NEWS_MS


def _cooling(state: KeyState, now_ms: int, policy: Policy) -> bool:
    return state.sent_ms is not None and now_ms - state.sent_ms < policy.cooldown * 1000
