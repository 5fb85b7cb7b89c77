"""Preview: when a rule would have fired, had somebody subscribed to it a while ago."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from liqbot.alerts.states import Reason, WatchState, step
from liqbot.market.view import MarketView
from liqbot.rules.hit import Hit
from liqbot.rules.parameters import Value
from liqbot.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert that would have gone out."""

    view: MarketView
    hit: Hit


@dataclass(frozen=True, slots=True)
class Preview:
    """What would have been told of some views."""

    firings: tuple[Firing, ...]
    """The oldest first."""
    views: int
    """How many views were read."""
    since_ms: int | None
    """Time of the first of them; None where there was none."""
    is_whole: bool
    """Whether all views were read."""


def preview(
    rule: Rule,
    values: Mapping[str, Value],
    views: Iterable[MarketView],
    *,
    go_on: Callable[[], bool] = lambda: True,
) -> Preview:
    """Return when `rule` with these parameters would have fired on `views` of one coin, the oldest first.

    Live, in replay and here the same step decides. `go_on` is asked before each view: where it says no, the
    preview ends there and is not whole. That an alert is over is no firing. Raises `RuleFault`.
    """
    policy = rule.policy_for(values)
    state, count, since_ms = WatchState(), 0, None
    firings: list[Firing] = []
    for view in views:
        if not go_on():
            return Preview(tuple(firings), count, since_ms, is_whole=False)
        reading = rule.read(view, values, state.memory)
        state, events = step(state, reading, view.time_ms, policy)
        firings += [Firing(view, event.hit) for event in events if event.reason is not Reason.RESOLVED]
        since_ms = view.time_ms if since_ms is None else since_ms
        count += 1
    return Preview(tuple(firings), count, since_ms, is_whole=True)
