"""The preview: when a rule would have fired, evaluated anew over kept observations; Firing by firing.

Not here: counting them for who subscribes (`service/previews.py`).
"""

from collections import Counter
from collections.abc import AsyncIterable, Callable, Mapping
from dataclasses import dataclass, field

from liqbot.alerts.evaluation import STALE_MS, Evaluated, Subject, evaluate
from liqbot.alerts.needs import lacking
from liqbot.alerts.states import Reason, WatchState
from liqbot.market.events import Observation
from liqbot.market.view import MarketView
from liqbot.rules.hit import Hit, NotAsked
from liqbot.rules.parameters import Value
from liqbot.rules.rule import Need, Rule

PATIENCE = 12
"""So often a rule is asked about one observation where the worker is busy."""


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert that would have gone out."""

    view: MarketView
    hit: Hit
    reason: Reason = Reason.FIRST


@dataclass(frozen=True, slots=True)
class Preview:
    """What would have been told of some observations."""

    firings: tuple[Firing, ...]
    """The oldest first."""
    views: int
    """How many views were read."""
    since_ms: int | None
    """Time of the first of them; None where there was none."""
    is_whole: bool
    """Whether all views were read."""
    coarsest_ms: int = 0
    """The longest time between two of them."""
    without: Mapping[Need, int] = field(default_factory=dict[Need, int])
    """Of what the rule needs: how many of the views were without it."""


async def preview(
    rule: Rule,
    values: Mapping[str, Value],
    observations: AsyncIterable[Observation],
    *,
    go_on: Callable[[], bool] = lambda: True,
    step_of: Callable[[MarketView], int] = lambda _: 0,
) -> Preview:
    """Return when `rule` with these parameters would have fired on one coin, the oldest first.

    Live, in replay and here the same evaluation decides. `go_on` is asked before each observation: where it
    says no, the preview ends there and is not whole. `step_of` says how far apart views of that age are kept,
    in ms: a market is not stale because its history is coarse. Where a view is without what the rule needs,
    it finds nothing, and that says nothing: such views are counted. That an alert is over is no firing.
    Raises `RuleFault`.
    """
    state, count, since_ms, coarsest_ms = WatchState(), 0, None, 0
    firings: list[Firing] = []
    without, is_whole = Counter[Need](), True
    async for observation in observations:
        if not go_on():
            is_whole = False
            break
        view = observation.view
        without.update(lacking(rule, observation))
        outcome = await _outcome(observation, Subject(rule, values, state), step_of(view))
        coarsest_ms = max(coarsest_ms, view.time_ms - state.time_ms if count else 0)
        firings += [
            Firing(view, alert.hit, alert.reason)
            for alert in outcome.alerts
            if alert.reason not in (Reason.RESOLVED, Reason.UPDATED)
        ]
        state = outcome.state
        since_ms = view.time_ms if since_ms is None else since_ms
        count += 1
    return Preview(tuple(firings), count, since_ms, is_whole, coarsest_ms, dict(without))


async def _outcome(observation: Observation, subject: Subject, step_ms: int) -> Evaluated:
    """Return what comes of one observation; where the worker has no time just then, it is asked again."""
    tries = PATIENCE
    while True:
        [outcome] = await evaluate(observation, [subject], stale_ms=max(STALE_MS, 2 * step_ms))
        if isinstance(outcome, Evaluated):
            return outcome
        tries -= 1
        if not isinstance(outcome, NotAsked) or not tries:
            raise outcome
