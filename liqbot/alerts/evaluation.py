"""Evaluation, pure of storage: asks rules about an observation and steps their states; live, preview, replay.

Live, in a preview, in `liqbot plugins replay` and in `liqbot replay` these functions decide: of the same
observations they tell the same alerts.

Not here: which watches read it, and writing what follows (`evaluator.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from liqbot.alerts.needs import unknown_now
from liqbot.alerts.states import Event, WatchState, step
from liqbot.market.events import Observation
from liqbot.market.layer import Origin
from liqbot.market.view import MarketView
from liqbot.rules.common_parameters import Policy
from liqbot.rules.hit import Hit, Reading, RuleFault
from liqbot.rules.parameters import Value
from liqbot.rules.rule import Rule
from liqbot.rules.rule_calls import Question, ask_all

WARM_UP_MS = 3_600_000
"""How long a market that knows much less than before counts as one that is still being read."""
STALE_MS = 900_000
"""After so long without a view of a live market, nobody knows how it stands."""
_states = msgspec.msgpack.Decoder(WatchState)


@dataclass(frozen=True, slots=True)
class Subject:
    """A rule with its parameters, and the state that the observation before has left."""

    rule: Rule
    values: Mapping[str, Value]
    state: WatchState
    left: WatchState | None = None
    """The state by another layer, which was read until now; None where this layer was."""

    @property
    def policy(self) -> Policy:
        """How its hits become alerts."""
        return self.rule.policy_for(self.values)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What an observation has led to."""

    state: WatchState
    alerts: tuple[Event, ...] = ()
    """What to tell."""


async def evaluate(
    observation: Observation, subjects: Sequence[Subject], *, stale_ms: int = STALE_MS
) -> list[Evaluated | RuleFault]:
    """Return what comes of an observation for each subject, in their order; a fault changes no state.

    The event loop is free meanwhile. Where a view is without what a rule needs, as an order book, nobody
    knows whether what it found still holds. After `stale_ms` without an observation of a live market, what
    was gone by then has to be seen gone anew.
    """
    return (await evaluate_all([(observation, subjects)], stale_ms=stale_ms))[0]


async def evaluate_all(
    observed: Sequence[tuple[Observation, Sequence[Subject]]], *, stale_ms: int = STALE_MS
) -> list[list[Evaluated | RuleFault]]:
    """Return of several observations what `evaluate` returns of each: all of them are asked about at once."""
    asked = [_asked(observation, subjects) for observation, subjects in observed]
    views = [observation.view for observation, _ in observed]
    answered = await ask_all(
        [(view, list(questions.values())) for view, questions in zip(views, asked, strict=True)]
    )
    found: list[list[Evaluated | RuleFault]] = []
    for (_, subjects), view, questions, answers in zip(observed, views, asked, answered, strict=True):
        readings = dict(zip(questions, answers, strict=True))
        found.append(
            [_evaluated(one, view, readings.get(place), stale_ms) for place, one in enumerate(subjects)]
        )
    return found


def _asked(observation: Observation, subjects: Sequence[Subject]) -> dict[int, Question]:
    """Return what is to be asked, by the place of the subject: not where nobody could know."""
    view = observation.view
    return {
        place: _question(subject, observation)
        for place, subject in enumerate(subjects)
        if not _is_still_being_read(subject.state, view) and unknown_now(subject.rule, view) is None
    }


def _question(subject: Subject, observation: Observation) -> Question:
    return Question(subject.rule, subject.values, subject.state.memory, observation.events)


def _evaluated(
    subject: Subject, view: MarketView, reading: Reading | RuleFault | None, stale_ms: int
) -> Evaluated | RuleFault:
    if isinstance(reading, RuleFault):
        return reading
    before = subject.state
    if reading is None:
        return Evaluated(blind(before, view.time_ms))
    if view.layer.origin is Origin.LIVE and 0 < before.time_ms <= view.time_ms - stale_ms:
        before = blind(before, view.time_ms)
    if subject.left is not None:
        reading = replace(reading, hits=tuple(_taken_over(hit, subject.left) for hit in reading.hits))
    after, alerts = step(before, reading, view.time_ms, subject.policy)
    return Evaluated(replace(after, accounts=view.accounts.long + view.accounts.short), tuple(alerts))


def _taken_over(hit: Hit, left: WatchState) -> Hit:
    """Return a hit of the first view of another layer: known, where the layer before has told the like of it.

    Layers have no names for things in common. What is told already is told by the side of the market.
    """
    told = [one.told for one in left.keys.values() if one.on and one.told is not None]
    is_told = any(one.side is hit.side or one.key == hit.key for one in told)
    return replace(hit, known=True) if is_told else hit


def blind(state: WatchState, now_ms: int) -> WatchState:
    """Return a state from when on nobody knows how its market stands: what stood, stands."""
    return step(state, None, now_ms, _NO_POLICY)[0]


_NO_POLICY = Policy()
"""For steps in which nothing is observed: no policy plays a part in them."""


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
