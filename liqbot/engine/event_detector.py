"""What happened in one coin's market since the observation before, as events."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from liqbot.engine.tracking import Followed
from liqbot.market.events import (
    LARGE_USD,
    ClusterBorn,
    ClusterEnded,
    ClusterGrew,
    LiquidationSeen,
    LiquidationSum,
    MarketEvent,
    RegimeChanged,
)
from liqbot.market.regime import Regime
from liqbot.market.updates import Liquidation
from liqbot.market.view import MarketView

MINUTE_MS = 60_000
DEAD_BAND = 0.2
"""A regime that leans is left once its ratio has come back by this share beyond the threshold."""


@dataclass(slots=True)
class EventDetector:
    """Gathers what happens until somebody looks."""

    regime: Regime = Regime.NO_READING
    """The last one that was seen; what comes after no reading is not told as a change."""
    _liquidations: list[Liquidation] = field(default_factory=list[Liquidation])

    def take(self, event: Liquidation) -> None:
        """Take up a liquidation that makes sense."""
        self._liquidations.append(event)

    def since_last(self, view: MarketView, followed: Followed) -> tuple[MarketEvent, ...]:
        """Return all that happened up to `view`, whose clusters were `followed`; it is told once."""
        told = (
            *_of_clusters(view, followed),
            *_of_liquidations(view, self._liquidations),
            *self._of_regime(view),
        )
        self._liquidations = []
        return told

    def _of_regime(self, view: MarketView) -> Iterator[RegimeChanged]:
        before, after = self.regime, view.regime
        if after is before or after is Regime.NO_READING or _still_stands(before, view):
            return
        self.regime = after
        if before is not Regime.NO_READING:
            yield RegimeChanged(
                coin=view.coin,
                layer=view.layer,
                time_ms=view.time_ms,
                before=before,
                after=after,
                ratio=view.ratio,
            )


def _still_stands(regime: Regime, view: MarketView) -> bool:
    leans = regime in (Regime.SHORT_SQUEEZE, Regime.LONG_LIQUIDATION)
    return leans and view.fuel.stays(regime, DEAD_BAND)


def _of_clusters(view: MarketView, followed: Followed) -> Iterator[MarketEvent]:
    coin, layer, time_ms = view.coin, view.layer, view.time_ms
    for cluster in followed.born:
        yield ClusterBorn(coin=coin, layer=layer, time_ms=time_ms, cluster=cluster)
    for growth in followed.grown:
        yield ClusterGrew(
            coin=coin, layer=layer, time_ms=time_ms, cluster=growth.cluster, before_usd=growth.before_usd
        )
    for end in followed.ended:
        yield ClusterEnded(
            coin=coin, layer=layer, time_ms=end.time_ms, cluster=end.cluster, end=end.end, into=end.into
        )


def _of_liquidations(view: MarketView, liquidations: list[Liquidation]) -> Iterator[MarketEvent]:
    coin, layer = view.coin, view.layer
    sums: dict[tuple[int, str], list[Liquidation]] = {}
    for one in liquidations:
        usd = one.price * one.size
        if usd >= LARGE_USD:
            yield LiquidationSeen(
                coin=coin,
                layer=layer,
                time_ms=one.time_ms,
                side=one.side,
                price=one.price,
                usd=usd,
                sampled=one.sampled,
                provenance=one.provenance,
                account=one.account,
            )
        sums.setdefault((one.time_ms // MINUTE_MS, one.side), []).append(one)
    for (minute, _), together in sorted(sums.items()):
        yield LiquidationSum(
            coin=coin,
            layer=layer,
            time_ms=minute * MINUTE_MS,
            side=together[0].side,
            usd=sum(one.price * one.size for one in together),
            count=len(together),
            sampled=any(one.sampled for one in together),
        )
