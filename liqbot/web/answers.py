"""What the API answers: structs made of views, grids and events. Their names are a promise to scripts."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
import numpy as np

from liqbot.market.clusters import Cluster
from liqbot.market.elsewhere import Elsewhere
from liqbot.market.grid import Grid, thinned
from liqbot.market.layer import Layer
from liqbot.market.maps import BIN_WIDTH
from liqbot.market.side import BySide, Side
from liqbot.market.view import MarketView
from liqbot.web import cells

_DAY_MS = 86_400_000
_FINE_MS = 150 * _DAY_MS
"""A longer past is told by the day, also where more is kept of its end."""
_MOST_BYTES, _COLUMN_BYTES, _LEAST_BYTES = 98_000, 90, 8_000
"""A grid's answer stays below 100 kB: with so many bytes a column for its times and prices."""


class LayerAnswer(msgspec.Struct, frozen=True):
    """A venue with its basis."""

    key: str
    venue: str
    basis: Literal["measured", "modelled"]
    origin: Literal["live", "recorded", "simulated", "simulated, recorded"]
    label: str

    @staticmethod
    def of(layer: Layer) -> "LayerAnswer":
        """Return a layer as it is answered."""
        return LayerAnswer(layer.key, layer.venue, layer.basis.value, layer.origin.value, layer.label)


class Sides(msgspec.Struct, frozen=True):
    """A figure of each side: of the longs, and of the shorts."""

    long: float | None
    short: float | None

    @staticmethod
    def of(pair: BySide[float] | BySide[float | None] | BySide[int]) -> "Sides":
        """Return a pair as it is answered."""
        return Sides(pair.long, pair.short)


class ClusterAnswer(msgspec.Struct, frozen=True):
    """A cluster of liquidations. Prices and dollars are USD."""

    id: str
    side: Literal["long", "short"]
    price: float
    low: float
    high: float
    usd: float
    accounts: int | None
    whale_share: float | None
    distance_pct: float
    since_ms: int

    @staticmethod
    def of(cluster: Cluster) -> "ClusterAnswer":
        """Return a cluster as it is answered."""
        return ClusterAnswer(
            id=cluster.id,
            side=cluster.side.value,
            price=cluster.price,
            low=cluster.low,
            high=cluster.high,
            usd=cluster.usd,
            accounts=cluster.accounts,
            whale_share=cluster.whale_share,
            distance_pct=cluster.distance_pct,
            since_ms=cluster.since_ms,
        )


class CohortAnswer(msgspec.Struct, frozen=True):
    """What whales, retail or market makers hold."""

    cohort: str
    accounts: int
    open_usd: Sides
    fuel_usd: Sides
    underwater: Sides


class ReadingAnswer(msgspec.Struct, frozen=True):
    """What a layer says of a coin in a few figures."""

    layer: LayerAnswer
    time_ms: int
    spot: float
    ratio: float | None
    regime: str
    up_usd: float
    down_usd: float

    @staticmethod
    def of(reading: Elsewhere) -> "ReadingAnswer":
        """Return a reading as it is answered."""
        return ReadingAnswer(
            LayerAnswer.of(reading.layer),
            reading.time_ms,
            reading.spot,
            reading.ratio,
            reading.regime.value,
            reading.up_usd,
            reading.down_usd,
        )


class TrappedAnswer(msgspec.Struct, frozen=True):
    """Shares (0 to 1) of each side that are underwater, and by more than 5%."""

    underwater: Sides
    deep: Sides


class MapAnswer(msgspec.Struct, frozen=True):
    """Dollars by price now: bin i holds the prices from exp((first + i) * width) on."""

    first: int
    width: float
    long: list[float]
    short: list[float]


class ViewAnswer(msgspec.Struct, frozen=True):
    """One coin of one layer at one instant."""

    coin: str
    layer: LayerAnswer
    time_ms: int
    spot: float
    low: float
    high: float
    ratio: float | None
    ratio_scaled: bool
    """Whether each side was divided by its own coverage first, so that it is not `up_usd` over `down_usd`."""
    regime: str
    up_usd: float
    down_usd: float
    coverage: float | None
    age_s: float | None
    oldest_s: float | None
    funding: float | None
    open_interest_usd: float | None
    open_usd: Sides
    accounts: Sides
    trapped: TrappedAnswer
    cohorts: list[CohortAnswer]
    clusters: list[ClusterAnswer]
    map: MapAnswer
    others: list[ReadingAnswer]
    provenance: str
    venues: dict[str, str]
    """What `venue=` takes for the coin, each with a word on what it is."""
    tiers: list[float]
    """The leverage tiers that `tier=` takes; none where positions are measured."""


class ClustersAnswer(msgspec.Struct, frozen=True):
    """The clusters of one coin of one layer at one instant."""

    coin: str
    layer: LayerAnswer
    time_ms: int
    spot: float
    provenance: str
    clusters: list[ClusterAnswer]


def clusters_answer(view: MarketView, provenance: str) -> ClustersAnswer:
    """Return the clusters of a view as they are answered."""
    return ClustersAnswer(
        view.coin,
        LayerAnswer.of(view.layer),
        view.time_ms,
        view.spot,
        provenance,
        [ClusterAnswer.of(cluster) for cluster in view.clusters],
    )


def view_answer(
    view: MarketView, provenance: str, venues: Mapping[str, str], tiers: Sequence[float]
) -> ViewAnswer:
    """Return a view as it is answered."""
    return ViewAnswer(
        coin=view.coin,
        layer=LayerAnswer.of(view.layer),
        time_ms=view.time_ms,
        spot=view.spot,
        low=view.low,
        high=view.high,
        ratio=view.ratio,
        ratio_scaled=view.fuel.is_scaled,
        regime=view.regime.value,
        up_usd=view.up_usd,
        down_usd=view.down_usd,
        coverage=view.coverage,
        age_s=view.age_s,
        oldest_s=view.oldest_s,
        funding=view.funding,
        open_interest_usd=view.open_interest_usd,
        open_usd=Sides.of(view.open_usd),
        accounts=Sides.of(view.accounts),
        trapped=TrappedAnswer(Sides.of(view.trapped.underwater), Sides.of(view.trapped.deep)),
        cohorts=[
            CohortAnswer(
                cohort.words,
                reading.accounts,
                Sides.of(reading.open_usd),
                Sides.of(reading.fuel_usd),
                Sides.of(reading.underwater),
            )
            for cohort, reading in view.cohorts.items()
        ],
        clusters=[ClusterAnswer.of(cluster) for cluster in view.clusters],
        map=_map(view),
        others=[ReadingAnswer.of(other) for other in view.others],
        provenance=provenance,
        venues=dict(venues),
        tiers=list(tiers),
    )


def _map(view: MarketView) -> MapAnswer:
    by_side = [view.map.of(side) for side in (Side.LONG, Side.SHORT)]
    begin, end = _held(by_side[0] + by_side[1])
    long, short = (cells.dollars(cells.codes(usd[begin:end])).tolist() for usd in by_side)
    return MapAnswer(view.map.bins.first + begin, BIN_WIDTH, long, short)


class BinsAnswer(msgspec.Struct, frozen=True):
    """Bins of equal width in ln(price): bin i holds the prices from exp((first + i) * width) on."""

    first: int
    count: int
    width: float


class GridAnswer(msgspec.Struct, frozen=True):
    """Past maps: column t holds from `time_ms[t]` until `until_ms[t]`."""

    coin: str
    layer: LayerAnswer
    window: str
    time_ms: list[int]
    until_ms: list[int]
    spot: list[float]
    low: list[float]
    high: list[float]
    bins: BinsAnswer
    least_usd: float
    """Cells below are told as nothing."""
    usd: str
    """Base64 of zlib of little-endian uint16, bin after bin, along time each XOR the one before: code 0 is
    nothing, else exp((code - 1) / 2000) * spot[t] / spot[last] dollars."""


def grid_answer(view: MarketView, grid: Grid, window: str) -> GridAnswer:
    """Return a grid as it is answered, cut to the bins that hold anything."""
    if len(grid) and grid.time_ms[-1] - grid.time_ms[0] > _FINE_MS:
        grid = thinned(grid, _DAY_MS)
    room = (_MOST_BYTES - _COLUMN_BYTES * len(grid)) * 3 // 4
    told = cells.packed(grid.usd.astype(np.float64), grid.spot, max(min(cells.LIMIT, room), _LEAST_BYTES))
    return GridAnswer(
        coin=view.coin,
        layer=LayerAnswer.of(view.layer),
        window=window,
        time_ms=grid.time_ms.tolist(),
        until_ms=grid.until_ms.tolist(),
        spot=grid.spot.tolist(),
        low=grid.low.tolist(),
        high=grid.high.tolist(),
        bins=BinsAnswer(grid.bins.first + told.first, told.count, BIN_WIDTH),
        least_usd=told.least_usd,
        usd=told.text,
    )


def _held(usd: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[int, int]:
    """Return where the bins that hold anything begin and end: one bin where none does."""
    held = np.flatnonzero(usd >= cells.LEAST_USD)
    return (int(held[0]), int(held[-1]) + 1) if len(held) else (0, 1)
