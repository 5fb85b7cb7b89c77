"""Markets worth drawing: crowded, recorded, and odd ones; and a look at what was drawn."""

import io
from dataclasses import replace
from functools import cache

import numpy as np
from markets import HOUR, LAYER, long, price, short, view_of
from PIL import Image
from shared import recorded_positions

from liqbot.charts.request import ChartEvent, EventKind, HeatmapInput
from liqbot.engine.board import Board
from liqbot.engine.measured import Levels
from liqbot.market.candles import Candles
from liqbot.market.clusters import Clusters
from liqbot.market.cohort import Cohort
from liqbot.market.grid import Grid
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.maps import Bins, LiquidationMap
from liqbot.market.positions import Positions
from liqbot.market.side import Side
from liqbot.market.updates import AccountsSeen
from liqbot.market.view import MarketView
from liqbot.message import Picture

NOW = 1_782_588_780_000
"""2026-06-27 19:33 UTC."""


def looked_at(picture: Picture) -> np.ndarray:
    """Return the pixels of a picture, shape (height, width, 3)."""
    return np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGB"))


def heatmap_of(view: MarketView, window: str = "7d", **more) -> HeatmapInput:
    """Return what a heatmap of a view with a grid is drawn from."""
    return HeatmapInput(view=view, grid=view.grid, window=window, **more)


def grid_of(maps, time_ms, spot, *, low=None, high=None, until_ms=None) -> Grid:
    """Return past maps, each `(bins, usd)`, side by side on common bins."""
    first = min(bins.first for bins, _ in maps)
    bins = Bins(first, max(bins.first + bins.count for bins, _ in maps) - first)
    usd = np.zeros((len(maps), bins.count), np.float32)
    for column, (own, values) in zip(usd, maps, strict=True):
        column[own.first - first :][: own.count] = values
    times = np.asarray(time_ms, np.int64)
    spot = np.asarray(spot, np.float64)
    return Grid(
        bins=bins,
        time_ms=times,
        until_ms=np.append(times[1:], times[-1]) if until_ms is None else np.asarray(until_ms, np.int64),
        spot=spot,
        low=spot if low is None else np.asarray(low),
        high=spot if high is None else np.asarray(high),
        usd=usd,
    )


def with_past(view: MarketView, spots, *, step_ms: int = HOUR, only=None) -> MarketView:
    """Return `view` with a past in which its levels always were where they are; price went through `spots`.

    With `only` a side, the past has the levels of that side alone.
    """
    centers = view.map.bins.centers
    usd = view.map.total if only is None else view.map.of(only)
    maps = []
    for spot in spots:
        wrong = centers < 0 if only is None else (centers - spot) * only.sign > 0
        maps.append((view.map.bins, np.where(wrong, 0.0, usd)))
    times = view.time_ms - np.arange(len(spots))[::-1] * step_ms
    return view.with_grid(grid_of(maps, times, spots))


def walk(spot: float, steps: int = 100, *, volatility: float = 0.004, seed: int = 0) -> np.ndarray:
    """Return a price path that ends at `spot`."""
    path = np.exp(np.cumsum(np.random.default_rng(seed).normal(0, volatility, steps)))
    return path / path[-1] * spot


@cache
def crowd(
    *,
    coin: str = "BTC",
    spot: float = 62_000.0,
    hours: float = 24,
    columns: int = 120,
    accounts: int = 1500,
    volatility: float = 0.6,
    money: float = 25_000.0,
    seed: int = 3,
) -> MarketView:
    """Return a market of many accounts with 5x to 100x leverage, as a random walk opened and swept them.

    `volatility` is per year, `money` the median position in USD; about `accounts` positions are open.
    """
    random = np.random.default_rng(seed)
    warm, total = columns // 2, columns + columns // 2
    step_ms = hours * HOUR / columns
    inner = np.exp(
        np.cumsum(random.normal(0, volatility * (step_ms / (6 * 365 * 24 * HOUR)) ** 0.5, total * 6))
    )
    path = (inner / inner[-1] * spot).reshape(total, 6)
    many = accounts * 5
    born = random.integers(0, total, many)
    dies = born + 1 + random.exponential(total / 5, many).astype(int)
    leverage = random.choice([5, 10, 20, 25, 40, 50, 100], many, p=[0.2, 0.28, 0.22, 0.12, 0.09, 0.06, 0.03])
    is_long = random.random(many) < 0.52
    entry = path[born, -1] * np.exp(random.normal(0, 0.001, many))
    margin = random.uniform(0.8, 1.2, many) / leverage - 0.005
    level = entry * np.where(is_long, 1 - margin, 1 + margin)
    size = np.where(is_long, 1, -1) * random.lognormal(np.log(money), 1.7, many) / entry
    swept = np.full(many, total)
    for step, (low, high) in enumerate(zip(path.min(axis=1), path.max(axis=1), strict=True)):
        hit = (born < step) & (swept == total) & np.where(is_long, low <= level, high >= level)
        swept[hit] = step
    maps = []
    for step in range(warm, total):
        alive = np.flatnonzero((born <= step) & (dies > step) & (swept > step))
        positions = Positions.of(size=size[alive], entry=entry[alive], liquidation=level[alive])
        then = Levels(positions, np.full(len(alive), Cohort.RETAIL, np.int8)).map(float(path[step, -1]))
        maps.append((then.bins, then.total))
    board = Board(LAYER)
    board.apply(price(spot, time_ms=NOW, coin=coin, open_interest=2.2 * float(np.abs(size[alive]).sum())))
    board.apply(
        AccountsSeen(
            time_ms=NOW - 240_000,
            accounts=tuple(map(str, alive.tolist())),
            coins=(coin,),
            account=np.arange(len(alive)),
            coin=np.zeros(len(alive), np.int64),
            size=size[alive],
            entry=entry[alive],
            liquidation=level[alive],
            leverage=leverage[alive].astype(np.float64),
            margin_mode=np.zeros(len(alive), np.int8),
        )
    )
    times = NOW - (np.arange(columns)[::-1] * step_ms).astype(np.int64)
    seen = path[warm:]
    grid = grid_of(maps, times, seen[:, -1], low=seen.min(axis=1), high=seen.max(axis=1))
    return board.view(coin).with_grid(grid)


@cache
def recorded(coin: str) -> MarketView:
    """Return a coin of the recording at its end, with its twelve days as the past."""
    recording = recorded_positions()
    board = Board(Layer("Hyperliquid", Basis.MEASURED, Origin.RECORDED))
    mine, views = recording.of(coin), []
    for time_ms in np.unique(recording.time_ms).tolist():
        present = recording.time_ms == time_ms
        rows = np.flatnonzero(present & mine)
        accounts, account = np.unique(recording.account[present], return_inverse=True)
        board.apply(price(float(np.median(recording.mark[rows])), time_ms=time_ms, coin=coin))
        board.apply(
            AccountsSeen(
                time_ms=time_ms,
                accounts=tuple(recording.accounts[number] for number in accounts),
                coins=(coin,),
                account=account[mine[present]],
                coin=np.zeros(len(rows), np.int64),
                size=recording.size[rows],
                entry=recording.entry[rows],
                liquidation=recording.liquidation[rows],
                leverage=recording.leverage[rows],
                margin_mode=np.zeros(len(rows), np.int8),
            )
        )
        views.append(board.view(coin))
    return views[-1].with_grid(
        grid_of(
            [(view.map.bins, view.map.total) for view in views],
            [view.time_ms for view in views],
            [view.spot for view in views],
            low=[view.low for view in views],
            high=[view.high for view in views],
        )
    )


def candles_of(grid: Grid, length_ms: int | None = None, *, volume: bool = True, seed: int = 1) -> Candles:
    """Return candles that follow the price of a grid; without a length, about 400 of them."""
    random = np.random.default_rng(seed)
    span_ms = int(grid.time_ms[-1] - grid.time_ms[0])
    length_ms = length_ms or max(span_ms // 400 // 60_000, 1) * 60_000
    begin = np.arange(grid.time_ms[0] // length_ms * length_ms, grid.time_ms[-1] - length_ms, length_ms)
    ends = np.append(begin, begin[-1] + length_ms)
    path = np.exp(np.interp(ends, grid.time_ms, np.log(grid.spot)))
    opened, closed = path[:-1], path[1:]
    wick = np.exp(np.abs(random.normal(0, 0.001, (2, len(begin)))))
    return Candles.of(
        length_ms,
        begin,
        open=opened,
        high=np.maximum(opened, closed) * wick[0],
        low=np.minimum(opened, closed) / wick[1],
        close=closed,
        volume=random.lognormal(6, 0.8, len(begin)) if volume else None,
    )


def events_of(grid: Grid, many: int = 60, seed: int = 2) -> tuple[ChartEvent, ...]:
    """Return liquidations along the price of a grid, and a few clusters that ended."""
    random = np.random.default_rng(seed)
    events = []
    for column in random.integers(1, len(grid), many).tolist():
        side = Side.SHORT if grid.spot[column] > grid.spot[column - 1] else Side.LONG
        at = grid.high[column] if side is Side.SHORT else grid.low[column]
        usd = float(random.lognormal(13, 1.5))
        events.append(ChartEvent(EventKind.LIQUIDATION, int(grid.time_ms[column]), float(at), usd, side))
    top, bottom = int(np.argmax(grid.high)), int(np.argmin(grid.low))
    third, spot = int(grid.time_ms[len(grid) // 3]), float(grid.spot[-1])
    ends = [
        ChartEvent(EventKind.SWEPT, int(grid.time_ms[top]), float(grid.high[top]), 12.4e6, Side.SHORT),
        ChartEvent(EventKind.SWEPT, int(grid.time_ms[bottom]), float(grid.low[bottom]), 8.1e6, Side.LONG),
        ChartEvent(EventKind.CLOSED, third, spot * 1.03, 5.2e6, Side.SHORT),
        ChartEvent(EventKind.MERGED, third, spot * 0.965, 3.9e6, Side.LONG),
    ]
    return (*events, *ends)


def market(name: str) -> MarketView:
    """Return the crowded market, or a coin of the recorded one."""
    return crowd() if name == "crowd" else recorded(name)


def modelled() -> MarketView:
    """Return a market of which only levels are estimated: no accounts, no cohorts, no age."""
    view = crowd()
    usd = np.zeros_like(view.map.usd)
    usd[:, Cohort.UNKNOWN] = view.map.usd.sum(axis=1)
    clusters = [replace(cluster, accounts=None, whale_share=None) for cluster in view.clusters]
    return replace(
        view,
        layer=Layer("Binance", Basis.MODELLED),
        map=LiquidationMap(view.map.bins, view.spot, usd),
        clusters=Clusters(clusters),
        age_s=None,
        oldest_s=None,
        coverage=None,
    )


def without_grid(view: MarketView) -> MarketView:
    return replace(view, grid=None)


def with_gaps() -> MarketView:
    """Return a market of which nothing is known between columns 40 and 60."""
    view = crowd()
    grid = view.grid
    kept = np.r_[0:40, 60 : len(grid)]
    until = grid.until_ms[kept].copy()
    return view.with_grid(
        Grid(
            bins=grid.bins,
            time_ms=grid.time_ms[kept],
            until_ms=until,
            spot=grid.spot[kept],
            low=grid.low[kept],
            high=grid.high[kept],
            usd=grid.usd[kept],
        )
    )


ODD_MARKETS = {
    "nobody holds anything": lambda: with_past(view_of(spot=62_000), walk(62_000)),
    "one position": lambda: with_past(view_of(long("ann", 3, at=90)), walk(100)),
    "only longs": lambda: with_past(view_of(long("ann", 3, at=97), long("bob", 9, at=98)), walk(100)),
    "only shorts": lambda: with_past(view_of(short("ann", 3, at=103), short("bob", 9, at=102)), walk(100)),
    "no position has a level": lambda: with_past(view_of(long("ann", 3), short("bob", 2)), walk(100)),
    "all is out of reach": lambda: with_past(
        view_of(long("ann", 3, at=10), short("bob", 2, at=900)), walk(100)
    ),
    "all is stale": lambda: with_past(view_of(long("ann", 3, at=120), short("bob", 2, at=80)), walk(100)),
    "a level at spot": lambda: with_past(view_of(long("ann", 3, at=100), short("bob", 2, at=100)), walk(100)),
    "no clusters": lambda: replace(crowd(), clusters=Clusters()),
    "a past of one column": lambda: with_past(crowd(), [62_000]),
    "a past of two columns": lambda: with_past(crowd(), [61_000, 62_000]),
    "gaps in the past": with_gaps,
    "a past of many columns": lambda: with_past(
        crowd(), walk(62_000, 2500, volatility=0.001), step_ms=60_000
    ),
    "price fell to a tenth": lambda: with_past(crowd(), np.geomspace(620_000, 62_000, 300)),
    "price rose tenfold": lambda: with_past(crowd(), np.geomspace(6_200, 62_000, 300)),
    "a price of 0.00001234": lambda: crowd(coin="kSHIB", spot=0.00001234, accounts=300),
    "a price of a million": lambda: crowd(spot=1_234_567.0, accounts=300),
    "thousands of billions": lambda: crowd(money=5e9, accounts=300),
    "cents": lambda: crowd(money=0.02, accounts=300),
    "a long name": lambda: crowd(coin="xyz:LONGESTNAME", spot=0.0039123, accounts=300),
    "a name in Chinese": lambda: crowd(coin="币安人生", accounts=300),
    "a name of emoji": lambda: crowd(coin="🐸🚀", accounts=300),
    "a name that no font has": lambda: crowd(coin="\U00013000\U00013001", accounts=300),
    "modelled": modelled,
}
"""By what is odd about them."""
