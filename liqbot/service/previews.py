"""What a new subscription would have brought: counted from what rules have read, off the event loop."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import structlog

from liqbot.alerts.preview import Firing, Preview, preview
from liqbot.market.view import MarketView
from liqbot.rules.hit import RuleFault
from liqbot.rules.parameters import Value
from liqbot.rules.rule import Rule
from liqbot.store.errors import StoreError
from liqbot.store.observations import FINE_MS, Observations, step_at

_log = structlog.get_logger()

DAYS = 7
DAY_MS = 86_400_000
PATIENCE_S = 0.9
"""An answer waits so long for the count; then it goes out without, and the count goes on."""
CASE_S = 5.0
"""So long it is looked for a case in the past."""
MOST_WAITING = 8
"""Beyond so many counts that wait for their turn, none is begun: who subscribes is told without."""
KEPT = 200
"""So many counts are kept for who asks again."""
_Key: TypeAlias = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class WouldHaveFired:
    """How often a watch would have fired lately."""

    state: Literal["counted", "counting", "failed", "skipped"]
    times: int = 0
    views: int = 0
    """In how many views it was looked for."""
    span_s: float = 0.0
    """How long a time that was."""
    last_ms: int | None = None
    """When it would have fired last."""
    fine_s: float = 0.0
    """So long back every minute was looked at; before that only every half an hour."""
    lacking: str = ""
    """A `Need` of the rule without which most of these views were; empty for none."""
    blind: int = 0
    """How many views were without it: that the rule found nothing in them says nothing."""


class Previews:
    """Counts how often a rule would have fired in the last days, one count for the same wish."""

    def __init__(self, observations: Observations) -> None:
        self._observations = observations
        self._counts: dict[_Key, asyncio.Task[WouldHaveFired | None]] = {}
        self._cases: dict[_Key, Firing] = {}
        """The last case of each count that has one."""
        self._turn = asyncio.Lock()
        """Counts are made one after the other: a week of a market is much to read."""

    async def told(
        self, rule: Rule, values: Mapping[str, Value], view: MarketView | None
    ) -> WouldHaveFired | None:
        """Return how often `rule` would have fired on the coin of `view` lately.

        None where nothing is known of that time.
        """
        if view is None:
            return None
        if self._is_busy and _key(rule, values, view) not in self._counts:
            return WouldHaveFired("skipped")
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await asyncio.shield(self._count(rule, values, view))
        except TimeoutError:
            return WouldHaveFired("counting")
        except (RuleFault, StoreError) as error:
            _log.error("preview_failed", rule=rule.name, reason=str(error))
            return WouldHaveFired("failed")

    async def newest_case(self, rule: Rule, values: Mapping[str, Value], view: MarketView) -> Firing | None:
        """Return the last time that `rule` would have fired on the coin of `view`; None where it would not.

        None as well where that is not known before long, or the rule fails.
        """
        with contextlib.suppress(TimeoutError, RuleFault, StoreError):
            async with asyncio.timeout(CASE_S):
                await asyncio.shield(self._count(rule, values, view))
        return self._cases.get(_key(rule, values, view))

    @property
    def _is_busy(self) -> bool:
        """Whether as many counts wait for their turn as may."""
        return sum(not task.done() for task in self._counts.values()) > MOST_WAITING

    def _count(
        self, rule: Rule, values: Mapping[str, Value], view: MarketView
    ) -> asyncio.Task[WouldHaveFired | None]:
        key = _key(rule, values, view)
        if key not in self._counts:
            while len(self._counts) >= KEPT:
                oldest = next(iter(self._counts))
                self._counts.pop(oldest)
                self._cases.pop(oldest, None)
            task = asyncio.create_task(self._read(rule, dict(values), view))
            task.add_done_callback(lambda done: self._drop_failed(key, done))
            self._counts[key] = task
        return self._counts[key]

    def _drop_failed(self, key: _Key, done: asyncio.Task[WouldHaveFired | None]) -> None:
        """Let who asks again have another try; nobody may be waiting for this one any more."""
        if done.cancelled() or done.exception() is not None:
            self._counts.pop(key, None)

    async def _read(self, rule: Rule, values: Mapping[str, Value], view: MarketView) -> WouldHaveFired | None:
        async with self._turn:
            seen = self._observations.since(view.layer, view.coin, view.time_ms - DAYS * DAY_MS)
            found = await preview(
                rule, values, seen, step_of=lambda then: step_at(view.time_ms - then.time_ms)
            )
        if found.firings:
            self._cases[_key(rule, values, view)] = found.firings[-1]
        return None if found.since_ms is None else _counted(found, found.since_ms, view.time_ms)


def _key(rule: Rule, values: Mapping[str, Value], view: MarketView) -> _Key:
    hour = str(view.time_ms // 3_600_000)
    return rule.name, rule.form.canonical(values), view.coin, view.layer.key, hour


def _counted(found: Preview, since_ms: int, now_ms: int) -> WouldHaveFired:
    last_ms = found.firings[-1].view.time_ms if found.firings else None
    span_s, fine_s = (now_ms - since_ms) / 1000, FINE_MS / 1000
    blind, lacking = max(((count, str(need)) for need, count in found.without.items()), default=(0, ""))
    return WouldHaveFired("counted", len(found.firings), found.views, span_s, last_ms, fine_s, lacking, blind)
