"""What is asked of the charts: one typed input for each picture, and when two ask for the same one."""

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from liqbot.market.candles import Candles
from liqbot.market.depth import Depth
from liqbot.market.grid import Grid
from liqbot.market.layer import Basis
from liqbot.market.positions import Floats, Ints
from liqbot.market.side import Side
from liqbot.market.view import MarketView

_LOOKED_AT = 12
"""Columns of a grid that tell it from another."""


class Zoom(StrEnum):
    """How far from spot a heatmap shows prices."""

    AUTO = "auto"
    """What price did in the window and the nearest heavy clusters, at least 5% to each side."""
    NEAR = "5%"
    WIDE = "20%"
    ALL = "all"
    """All that price did, and most of the money however far out."""


class ThemeName(StrEnum):
    """The colours of a picture."""

    DARK = "dark"
    LIGHT = "light"


class Shape(StrEnum):
    """The format of a picture."""

    WIDE = "wide"
    """1200 by 675 pixels: 16:9, which chats show without cropping."""
    SQUARE = "square"
    """1080 by 1080 pixels, larger letters on a phone."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a chat wants its pictures."""

    theme: ThemeName = ThemeName.DARK
    shape: Shape = Shape.WIDE


class EventKind(StrEnum):
    """What happened at a time and a price."""

    LIQUIDATION = "liquidation"
    SWEPT = "swept"
    """Price went through a cluster."""
    CLOSED = "closed"
    """The positions of a cluster are gone."""
    MERGED = "merged"
    """A cluster became part of a larger one."""


@dataclass(frozen=True, slots=True)
class ChartEvent:
    """Something that happened, to be seen where and when it did."""

    kind: EventKind
    time_ms: int
    price: float
    """USD."""
    usd: float
    side: Side
    """Whose positions: a long's liquidation is a forced sell."""
    sampled: bool = False
    """Whether the venue tells only some of its liquidations, so that what is not drawn may have happened."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A figure over time, for the strip beneath a heatmap."""

    label: str
    """What it is, in a word or two: `open interest`."""
    time_ms: Ints
    """Shape (n,), rising."""
    usd: Floats
    """Shape (n,)."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to know beside a picture: `funding`, `+0.0100%`."""

    label: str
    value: str
    side: Side | None = None
    """Gives the value the side's colour."""


@dataclass(frozen=True, slots=True)
class NamedLevel:
    """A price that a picture is about, such as that at which an account's position is liquidated."""

    price: float
    """USD."""
    names: tuple[str, ...]
    """What it is, with the price, the longest wording first: as much is said as there is room for."""
    side: Side | None = None
    """Gives it the side's colour."""


@dataclass(frozen=True, slots=True, eq=False)
class SecondLayer:
    """The same coin in another layer, drawn as outlines over the first; its money is never added."""

    view: MarketView
    grid: Grid | None = None
    """Its past; without one only its present stands beside the bars."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeatmapInput:
    """What a heatmap is drawn from. Only `view`, `grid` and `window` are needed."""

    view: MarketView
    grid: Grid
    window: str
    """How far back was asked for: `7d`. Where the data do not reach that far, the picture says so."""
    candles: Candles | None = None
    """The venue's; without them candles are what spot did by the grid."""
    line: bool = False
    """Draw price as a line, not as candles."""
    open_interest: Series | None = None
    """Drawn beneath the heat, in place of the candles' volume and of the grid's open interest."""
    events: tuple[ChartEvent, ...] = ()
    highlight: str | None = None
    """Identity of the cluster that the picture is about."""
    level: NamedLevel | None = None
    """A price that it is about: marked across the heat, and named."""
    zoom: Zoom = Zoom.AUTO
    look: Look = Look()
    second: SecondLayer | None = None
    depth: Depth | None = None
    """A fresh book, for the bars beside the heat."""
    facts: tuple[Fact, ...] = ()

    @property
    def key(self) -> Hashable:
        """What makes two inputs the same picture, without a look at each of their numbers."""
        second = self.second
        return (
            "heatmap",
            _view_key(self.view),
            _grid_key(self.grid),
            (
                self.window,
                self.zoom,
                self.look,
                self.line,
                self.highlight,
                self.level,
                self.events,
                self.facts,
            ),
            None if self.candles is None else _candles_key(self.candles),
            None if self.open_interest is None else _series_key(self.open_interest),
            None if second is None else (_view_key(second.view), _grid_key(second.grid)),
            None if self.depth is None else _depth_key(self.depth),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MapInput:
    """What a map, price by price, is drawn from."""

    view: MarketView
    look: Look = Look()
    depth: Depth | None = None
    """A fresh book, drawn beside forced orders on the same axis."""
    highlight: str | None = None
    facts: tuple[Fact, ...] = ()

    @property
    def key(self) -> Hashable:
        """What makes two inputs the same picture."""
        depth = None if self.depth is None else _depth_key(self.depth)
        return ("map", _view_key(self.view), self.look, depth, self.highlight, self.facts)


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One venue, basis or model of a comparison."""

    title: str
    """`Binance, modelled`, or a model's name."""
    view: MarketView
    grid: Grid | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComparisonInput:
    """Two to four panels of one coin, side by side."""

    panels: tuple[Panel, ...]
    window: str = "24h"
    look: Look = Look()

    @property
    def key(self) -> Hashable:
        """What makes two inputs the same picture."""
        panels = tuple((it.title, _view_key(it.view), _grid_key(it.grid)) for it in self.panels)
        return ("comparison", panels, self.window, self.look)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TerrainInput:
    """What a map in three dimensions is drawn from: price, time and money."""

    view: MarketView
    grid: Grid
    window: str
    look: Look = Look()

    @property
    def key(self) -> Hashable:
        """What makes two inputs the same picture."""
        return ("terrain", _view_key(self.view), _grid_key(self.grid), self.window, self.look)


def is_modelled(view: MarketView) -> bool:
    """Return whether a view's money is an upper bound."""
    return view.layer.basis is Basis.MODELLED


def _view_key(view: MarketView) -> Hashable:
    clusters = tuple((cluster.id, cluster.usd, cluster.price) for cluster in view.clusters)
    money = float(view.map.usd.sum())
    return (view.coin, view.layer, view.time_ms, view.spot, money, view.up_usd, view.down_usd, clusters,
            view.coverage, view.open_interest, view.age_s, view.trapped, view.open_usd,
            view.marks)  # fmt: skip


def _grid_key(grid: Grid | None) -> Hashable:
    if grid is None or not len(grid):
        return None
    ends = (int(grid.time_ms[0]), int(grid.time_ms[-1]), int(grid.until_ms.sum()))
    # A look at some columns is enough: who asks must not pay for reading all of them on the event loop.
    some = grid.usd[:: max(len(grid) // _LOOKED_AT, 1)]
    interest = 0.0 if grid.open_interest is None else float(np.nansum(grid.open_interest))
    return (len(grid), grid.bins, *ends, float(some.sum(dtype="f8")), float(grid.spot.sum()), interest)


def _candles_key(candles: Candles) -> Hashable:
    return (
        candles.length_ms,
        len(candles),
        candles.until_ms,
        float(candles.close.sum()),
        float(candles.high.sum()),
    )


def _series_key(series: Series) -> Hashable:
    return (series.label, len(series.time_ms), int(series.time_ms.sum()), float(series.usd.sum()))


def _depth_key(depth: Depth) -> Hashable:
    return (depth.venue, depth.time_ms, float(depth.bid_sizes.sum()), float(depth.ask_sizes.sum()))
