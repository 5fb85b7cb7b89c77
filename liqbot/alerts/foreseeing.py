"""Asking ahead: what watches will ask of rules in the worker is asked before, off the event loop."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from liqbot.alerts.watching import decode_state
from liqbot.market.events import MarketEvent
from liqbot.market.view import MarketView
from liqbot.rules.loading import Rules
from liqbot.rules.parameters import ParameterError, Value
from liqbot.rules.rule import Rule
from liqbot.store.alerts import Alerts

Wish: TypeAlias = tuple[Rule, Mapping[str, Value], bytes | None]
"""A rule, its parameters, and what it remembers."""


class Asker(Protocol):
    """What can ask the worker."""

    def asks_for(self, rule: Rule) -> bool:
        """Return whether `rule` is in the worker."""
        ...

    def ask_ahead(self, view: MarketView, wishes: Sequence[Wish], events: Sequence[MarketEvent] = ()) -> None:
        """Ask for all wishes on a view; blocks until they are answered or have failed."""
        ...


class Foreseeing:
    """Goes before `Watching.take`, so that no rule is waited for on the event loop."""

    def __init__(self, rules: Rules, outbox: Alerts, asker: Asker) -> None:
        self._rules = rules
        self._outbox = outbox
        self._asker = asker

    async def prepare(
        self, views: Sequence[MarketView], events: Mapping[str, Sequence[MarketEvent]] | None = None
    ) -> None:
        """Return when the worker has read each of `views` for all watches on its coin."""
        if not any(map(self._asker.asks_for, self._rules.by_name.values())):
            return
        for view in views:
            wishes = await self._wishes(view)
            if wishes:
                happened = (events or {}).get(view.coin, ())
                await asyncio.to_thread(self._asker.ask_ahead, view, wishes, happened)

    async def _wishes(self, view: MarketView) -> list[Wish]:
        wishes: list[Wish] = []
        for watch, stored in await self._outbox.watches(view.coin):
            rule = self._rules.by_name.get(watch.rule)
            if rule is None or not self._asker.asks_for(rule):
                continue
            try:
                values = rule.form.restore(watch.parameters)
            except ParameterError:
                continue  # `Watching` names it
            wishes.append((rule, values, decode_state(stored).memory))
        return wishes
