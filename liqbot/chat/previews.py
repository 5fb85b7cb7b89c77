"""What a new subscription would have brought: counted from stored history, off the event loop."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

import structlog

from liqbot.alerts.preview import Preview, preview
from liqbot.market.figures import duration
from liqbot.market.view import MarketView
from liqbot.rules.hit import RuleFault
from liqbot.rules.parameters import Value
from liqbot.rules.rule import Rule
from liqbot.rules.wording import counted
from liqbot.store.errors import StoreError
from liqbot.store.history import History

_log = structlog.get_logger()

DAYS = 7
DAY_MS = 86_400_000
PATIENCE_S = 0.9
"""An answer waits so long for the count; then it goes out without, and the count goes on."""
KEPT = 200
"""So many counts are kept for who asks again."""
_Key: TypeAlias = tuple[str, str, str, str]
_Lines: TypeAlias = tuple[str, ...]


class Previews:
    """Counts how often a rule would have fired in the last days, one count for the same wish."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._counts: dict[_Key, asyncio.Task[_Lines]] = {}

    async def told(self, rule: Rule, values: Mapping[str, Value], view: MarketView | None) -> _Lines:
        """Return how often `rule` would have fired on the coin of `view` lately, in a sentence.

        There is none where nothing is known of that time.
        """
        if view is None:
            return ()
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await asyncio.shield(self._count(rule, values, view))
        except TimeoutError:
            return (f"How often it would have fired in the last {DAYS} days is still being counted.",)
        except (RuleFault, StoreError) as error:
            _log.error("a preview failed", rule=rule.name, reason=str(error))
            return ("How often it would have fired cannot be told; the operator's log says why.",)

    def _count(self, rule: Rule, values: Mapping[str, Value], view: MarketView) -> asyncio.Task[_Lines]:
        hour = str(view.time_ms // 3_600_000)
        key = (rule.name, rule.form.canonical(values), view.coin, hour)
        if key not in self._counts:
            while len(self._counts) >= KEPT:
                self._counts.pop(next(iter(self._counts)))
            task = asyncio.create_task(self._read(rule, dict(values), view))
            task.add_done_callback(lambda done: self._drop_failed(key, done))
            self._counts[key] = task
        return self._counts[key]

    def _drop_failed(self, key: _Key, done: asyncio.Task[_Lines]) -> None:
        """Let who asks again have another try; nobody may be waiting for this one any more."""
        if done.cancelled() or done.exception() is not None:
            self._counts.pop(key, None)

    async def _read(self, rule: Rule, values: Mapping[str, Value], view: MarketView) -> _Lines:
        views = self._history.views(view.layer, view.coin, view.time_ms - DAYS * DAY_MS)
        found = await asyncio.to_thread(preview, rule, values, _from_loop(views))
        return () if found.since_ms is None else (in_words(found, found.since_ms, view.time_ms),)


def _from_loop(views: AsyncIterator[MarketView]) -> Iterator[MarketView]:
    """Return what the event loop yields as an iterator for another thread."""
    loop = asyncio.get_running_loop()

    async def following() -> MarketView | None:
        return await anext(views, None)

    return iter(lambda: asyncio.run_coroutine_threadsafe(following(), loop).result(), None)


def in_words(found: Preview, since_ms: int, now_ms: int) -> str:
    """Return a preview as one sentence: how often, over how long, and when last."""
    span_s = (now_ms - since_ms) / 1000
    span = f"{DAYS} days" if span_s > (DAYS - 0.5) * 86_400 else duration(max(span_s, 60))
    if not found.firings:
        return f"It would not have fired in the last {span} ({counted(found.views, 'view')})."
    last = f"{datetime.fromtimestamp(found.firings[-1].view.time_ms / 1000, UTC):%d %b %H:%M} UTC"
    return f"It would have fired {counted(len(found.firings), 'time')} in the last {span}, last on {last}."
