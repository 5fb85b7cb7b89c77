"""The record of a rule's own alerts in one line: how many levels were reached, beside chance.

An alert of a cluster came true where price reached the cluster within a day; beside it stand levels without
a cluster at the same distance, and where there was none, the price as far on the other side. An alert of a
side, as of a flip, names no price: for it, 2% towards that side's liquidations stands.

Not here: the scoreboard of all clusters (`scoreboards.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from liqbot.alerts.states import Reason
from liqbot.engine.cases import case_of
from liqbot.engine.scoreboard import Case, Fates
from liqbot.market.clusters import Cluster
from liqbot.market.layer import Layer
from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.market.wire import WireError
from liqbot.rules.hit import Hit
from liqbot.service.pictures import cluster_of
from liqbot.store.alerts import Alert
from liqbot.store.store import Store
from liqbot.text import _

DAY_MS = 86_400_000
LOOKBACK_MS = 30 * DAY_MS
"""Alerts are kept for so long."""
MOST = 200
"""At most so many of a rule's alerts are looked at: the newest."""
AWAY = 0.02
"""How far price must go towards the side that an alert without a price is about, as a share of spot."""
_COUNTED = (Reason.FIRST, Reason.AGAIN, Reason.ESCALATED)


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """What became of the alerts of one rule on one coin that are a day old."""

    count: int
    reached: int
    beside: float
    """How many levels without a cluster were reached; 11.5 where one of two at an alert was."""


class RuleRecords:
    """Keeps what was found out about each alert: it does not change."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._cases: dict[int, tuple[Layer, Case] | None] = {}
        """By alert: what counts of it; None where nothing does."""

    async def line(self, alert: Alert, view: MarketView) -> str:
        """Return the record of the alert's rule on its coin, up to then, in one line."""
        if case_of_hit(view, alert.hit) is None:
            return _("No record: this rule names neither a price nor a side.")
        found = await self.record(alert.rule, alert.coin, view.time_ms)
        if not found.count:
            return _(
                "No record yet: no alert of {rule} on {coin} is a day old.", rule=alert.rule, coin=alert.coin
            )
        beside = round(found.beside)
        return _(
            "This rule on {coin}: reached within a day {reached} of {count}; "
            "a level without a cluster {beside} of {count}.",
            coin=alert.coin,
            reached=found.reached,
            count=found.count,
            beside=beside,
        )

    async def record(self, rule: str, coin: str, now_ms: int) -> RuleRecord:
        """Return what became by `now_ms` of the alerts of a rule on a coin."""
        cases = await self._known(await self._store.alerts.of_rule(rule, coin, now_ms - LOOKBACK_MS, MOST))
        count, reached, beside = 0, 0, 0.0
        for layer in dict.fromkeys(layer for layer, _case in cases):
            own = [case for other, case in cases if other == layer and case.time_ms <= now_ms - DAY_MS]
            since_ms = min((case.time_ms for case in own), default=now_ms)
            path = await self._store.history.path(layer, coin, since_ms - 1, now_ms)
            found = Fates.of(own, path, DAY_MS).within(DAY_MS)
            count, reached = count + len(found), reached + int(found.reached.sum())
            beside += float(np.where(np.isnan(found.empty), found.mirrored, found.empty).sum())
        return RuleRecord(count, reached, beside)

    async def _known(self, alerts: Sequence[Alert]) -> list[tuple[Layer, Case]]:
        for alert in alerts:
            if alert.id in self._cases or Reason(alert.reason) not in _COUNTED:
                continue
            try:
                view = await self._store.alerts.view_of(alert)
            except WireError:
                self._cases[alert.id] = None
                continue
            case = case_of_hit(view, alert.hit)
            self._cases[alert.id] = None if case is None else (view.layer, case)
        known = {alert.id: self._cases.get(alert.id) for alert in alerts}
        return [one for one in known.values() if one is not None]


def case_of_hit(view: MarketView, hit: Hit) -> Case | None:
    """Return what a hit tells as a case; None where it names neither a cluster nor a side."""
    identity = cluster_of(view, hit)
    cluster = None if identity is None else view.clusters.get(identity)
    if cluster is not None:
        return case_of(view, cluster)
    return None if hit.side is None else case_of(view, _of_side(view, hit.side))


def _of_side(view: MarketView, side: Side) -> Cluster:
    """Return a place where price has gone far enough towards the liquidations of a side."""
    price = view.spot * (1 - AWAY if side is Side.LONG else 1 + AWAY)
    shape = Cluster("", side, price, price, price, 0.0, None, None, 0.0, view.time_ms)
    return replace(shape, distance_pct=(price / view.spot - 1) * 100)
