"""The scoreboard: what became of a coin's clusters, beside fair rivals, with intervals and counts."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from liqbot.engine.cases import BANDS, first_of_each, with_ends
from liqbot.engine.fates import FEWEST_STEPS
from liqbot.engine.intervals import FEWEST, FEWEST_DAYS, Interval
from liqbot.engine.liquidation_sums import LiquidationSums
from liqbot.engine.scoreboard import AFTER_MS, HORIZONS_MS, Case, Fates, Outcomes, Score, score
from liqbot.market.events import ClusterEnded, LiquidationSum
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.price_path import Path
from liqbot.market.regime import Regime
from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.rules.units import Unit, read_amount
from liqbot.rules.wording import quoted
from liqbot.service.errors import UserError
from liqbot.service.layers import LayerQuery
from liqbot.service.markets import Markets
from liqbot.service.windows import WINDOWS
from liqbot.store.events import WHOLE_MS, LoggedEvent
from liqbot.store.store import Store
from liqbot.text.figures import listed, usd

__all__ = [
    "AFTER_MS",
    "BANDS",
    "FEWEST",
    "FEWEST_DAYS",
    "GroupScore",
    "Interval",
    "Score",
    "ScoreQuery",
    "ScoreboardAnswer",
    "Scoreboards",
    "read_scoreboard",
]

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
LOOKBACK_MS = 3 * DAY_MS
"""Of the path before the window, for the volatility of its first cases."""
GROUPS_AT_MS = DAY_MS
"""Groups are compared by what was reached within a day."""
WHALES = 0.5
"""From this share of a cluster that whales hold on, it is theirs."""
_SIZES = (1e5, 1e6, 1e7, 1e8)
WITHIN, LEAST = "within", "least"


@dataclass(frozen=True, slots=True)
class ScoreQuery:
    """Which clusters count: of which layer, how near to spot, and how heavy."""

    layer: LayerQuery = field(default_factory=LayerQuery)
    within_pct: float = 5.0
    """One of `BANDS`."""
    least_usd: float = 0.0

    @staticmethod
    def of(settings: Mapping[str, str]) -> "ScoreQuery":
        """Return what was typed as `within=3% least=5M venue=binance`. Raises `UserError`."""
        rest = {name: value for name, value in settings.items() if name not in (WITHIN, LEAST)}
        within = read_amount(settings.get(WITHIN, "5%"), Unit.PERCENT)
        if within not in BANDS:
            choices = ", ".join(f"{band:g}%" for band in BANDS)
            raise UserError(
                "within={text} is not kept. Choose from {choices}.",
                text=quoted(settings[WITHIN]),
                choices=choices,
            )
        least = read_amount(settings.get(LEAST, "0"), Unit.USD)
        if least is None or least < 0:
            raise UserError("least={text} is no amount. Write least=5M.", text=quoted(settings[LEAST]))
        return ScoreQuery(LayerQuery.of(rest), within, least)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupScore:
    """The score of some of the cases, within a day."""

    by: str
    """What they are told apart by: `side`, `size`, `distance`, `cohort`, `regime`, `layer`."""
    name: str
    """`long`, `$1M to $10M`, `1% to 2%`, `whales`, `balanced`, `Binance, modelled`."""
    score: Score


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreboardAnswer:
    """What became of the clusters of one coin of one layer that stood near enough and were heavy enough."""

    coin: str
    venue: str
    basis: Basis
    origin: Origin
    label: str
    window: str
    since_ms: int
    until_ms: int
    within_pct: float
    least_usd: float
    cases: int
    """How many clusters count, each once."""
    unseen: int
    """Of how many the price is not known throughout the day that followed: they are left out."""
    step_ms: int
    """How often price usually is known; a horizon of fewer than three steps there is not scored."""
    tells_liquidations: bool
    """Whether the venue told of any liquidation in this time."""
    horizons: tuple[Score, ...]
    """By horizon, the shortest first."""
    groups: tuple[GroupScore, ...]


class Scoreboards:
    """Answers `/scoreboard`."""

    def __init__(self, store: Store, markets: Markets) -> None:
        self._store = store
        self._markets = markets

    async def scoreboard(self, coin: str, window: str, query: ScoreQuery | None = None) -> ScoreboardAnswer:
        """Return what became of clusters within a `window` (a key of `WINDOWS`). Raises `UserError`.

        Of a part of a map or of several venues added up nobody has followed clusters: that is refused.
        """
        query = query or ScoreQuery()
        seen = self._markets.seen(coin, query.layer)
        if seen.is_part:
            raise UserError("What became of clusters is counted of a whole map: leave out tier= and opened=.")
        if seen.summed:
            raise UserError(
                "What became of clusters is counted venue by venue. Choose from {names}.",
                names=listed([f"venue={one.layer.venue.lower()}" for one in seen.summed]),
            )
        view = seen.view
        others = [] if query.layer != LayerQuery() else self._markets.layers.of(coin)
        return await read_scoreboard(self._store, view, window, query, [one.layer for one in others])


async def read_scoreboard(
    store: Store,
    view: MarketView,
    window: str,
    query: ScoreQuery | None = None,
    layers: Iterable[Layer] = (),
) -> ScoreboardAnswer:
    """Return the scoreboard of the view's layer up to the view; each of `layers` is a group beside it."""
    query = query or ScoreQuery()
    since_ms = view.time_ms - WINDOWS[window]
    own = await _past(store, view.layer, view.coin, since_ms, view.time_ms)
    beside = [
        (layer, await _past(store, layer, view.coin, since_ms, view.time_ms))
        for layer in layers
        if layer != view.layer
    ]
    return await asyncio.to_thread(_answer, view, window, query, own, [(view.layer, own), *beside])


@dataclass(frozen=True, slots=True)
class _Past:
    """What is stored of one coin of one layer: all that a scoreboard is made of."""

    cases: Sequence[Case]
    path: Path
    sums: LiquidationSums | None
    since_ms: int
    until_ms: int

    def fates(self, query: ScoreQuery) -> Fates:
        """Return what became of the clusters that count."""
        cases = first_of_each(self.cases, query.within_pct, query.least_usd)
        return Fates.of(cases, self.path, liquidations=self.sums)


async def _past(store: Store, layer: Layer, coin: str, since_ms: int, until_ms: int) -> _Past:
    kinds = [ClusterEnded.kind, LiquidationSum.kind]
    cases, path, logged = await asyncio.gather(
        store.cases.between(layer, coin, since_ms, until_ms),
        store.history.path(layer, coin, since_ms - LOOKBACK_MS, until_ms),
        store.events.between(layer, coin, since_ms, until_ms, kinds=kinds),
    )
    return await asyncio.to_thread(_put_together, cases, path, logged, since_ms, until_ms)


def _put_together(
    cases: Sequence[Case], path: Path, logged: Sequence[LoggedEvent], since_ms: int, until_ms: int
) -> _Past:
    events = [event for _, event in logged]
    sums = LiquidationSums(
        (event for event in events if isinstance(event, LiquidationSum)), until_ms - WHOLE_MS
    )
    ended = (event for event in events if isinstance(event, ClusterEnded))
    return _Past(with_ends(cases, ended), path, sums if len(sums) else None, since_ms, until_ms)


def _answer(
    view: MarketView, window: str, query: ScoreQuery, own: _Past, layers: Sequence[tuple[Layer, _Past]]
) -> ScoreboardAnswer:
    fates = own.fates(query)
    usual = FEWEST_STEPS * own.path.step_ms
    horizons = [horizon for horizon in HORIZONS_MS if horizon >= usual or fates.is_fine(horizon).any()]
    at_day = fates.within(GROUPS_AT_MS)
    groups = list(_groups(at_day))
    if len(layers) > 1:
        for layer, past in layers:
            found = at_day if past is own else past.fates(query).within(GROUPS_AT_MS)
            if len(found):
                groups.append(GroupScore(by="layer", name=layer.label, score=score(found, GROUPS_AT_MS)))
    return ScoreboardAnswer(
        coin=view.coin,
        venue=view.layer.venue,
        basis=view.layer.basis,
        origin=view.layer.origin,
        label=view.layer.label,
        window=window,
        since_ms=own.since_ms,
        until_ms=own.until_ms,
        within_pct=query.within_pct,
        least_usd=query.least_usd,
        cases=len(fates.cases),
        unseen=int((fates.is_over(DAY_MS) & ~fates.is_seen(DAY_MS)).sum()),
        step_ms=own.path.step_ms,
        tells_liquidations=own.sums is not None,
        horizons=tuple(score(fates.within(horizon), horizon) for horizon in horizons),
        groups=tuple(groups),
    )


def _groups(outcomes: Outcomes) -> Iterable[GroupScore]:
    """Yield the score of each group that has any case, in the order of its names."""
    for by, (order, name_of) in _WAYS.items():
        names = np.array([name_of(case) for case in outcomes.cases])
        for name in order:
            own = names == name
            if own.any():
                yield GroupScore(by=by, name=name, score=score(outcomes.where(own), GROUPS_AT_MS))


def _bands(edges: Sequence[float], shown: Callable[[float], str]) -> list[str]:
    between = [f"{shown(low)} to {shown(high)}" for low, high in pairwise(edges)]
    return [f"below {shown(edges[0])}", *between, f"{shown(edges[-1])} and more"]


def _percent(value: float) -> str:
    return f"{value:g}%"


_SIZE_NAMES = _bands(_SIZES, usd)
_DISTANCE_NAMES = _bands(BANDS, _percent)


def _cohort(case: Case) -> str:
    share = case.cluster.whale_share
    if share is None:
        return ""
    return "whales" if share >= WHALES else "retail"


_WAYS: Mapping[str, tuple[Sequence[str], Callable[[Case], str]]] = {
    "side": ([side.value for side in Side], lambda case: case.cluster.side.value),
    "distance": (
        _DISTANCE_NAMES,
        lambda case: _DISTANCE_NAMES[bisect_right(BANDS, abs(case.cluster.distance_pct))],
    ),
    "size": (_SIZE_NAMES, lambda case: _SIZE_NAMES[bisect_right(_SIZES, case.cluster.usd)]),
    "cohort": (["whales", "retail"], _cohort),
    "regime": ([regime.value for regime in Regime], lambda case: case.regime),
}
"""By what cases are told apart: the names in their order, and the name of a case; empty for none."""
