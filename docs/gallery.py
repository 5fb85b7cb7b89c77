"""Draw every picture of the gallery and write its page: `python -m docs.gallery`.

The simulated week is the same every time. The recorded pictures need `../shared/recordings`; without it those
that are there stay.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from liqbot.builtin.near_cluster import near_cluster
from liqbot.charts import chart_events, comparison, heatmap, history, ladder, screener, terrain
from liqbot.charts.history_input import HistoryInput
from liqbot.charts.request import (
    ComparisonInput,
    Fact,
    HeatmapInput,
    Look,
    MapInput,
    NamedLevel,
    Panel,
    SecondLayer,
    Shape,
    TerrainInput,
    ThemeName,
    Zoom,
)
from liqbot.engine.board import Board
from liqbot.engine.modelled_board import ModelledBoard
from liqbot.engine.modelled_snapshot import ModelledSnapshot
from liqbot.market.candles import Candles
from liqbot.market.dated_reading import DatedReading
from liqbot.market.depth import Depth
from liqbot.market.events import MarketEvent
from liqbot.market.grid import Grid, held_until
from liqbot.market.layer import Basis, Layer
from liqbot.market.layer_source import Method
from liqbot.market.maps import Bins
from liqbot.market.price_path import Path as PricePath
from liqbot.market.side import Side
from liqbot.market.updates import AssetContext, Beat, CandlesSeen, OpenInterestSeen
from liqbot.market.view import MarketView
from liqbot.message import Picture
from liqbot.service.screener import Order, screener_answer, screener_row
from liqbot.service.screener_picture import screener_input
from liqbot.sources.replay.player import RECORDED_LAYER, Replay
from liqbot.sources.simulator import Scenario, SimulatedMarket
from liqbot.sources.simulator.source import LAYER

FOLDER = Path(__file__).parent / "pages" / "gallery"
PAGE = FOLDER.parent / "gallery.md"
RECORDING = Path(__file__).parents[2] / "shared" / "recordings" / "hyperliquid-positions-2026-02.csv.gz"
STEP_S = 1800
WEEK = 7 * 24 * 3600 // STEP_S
START_MS = 1_770_000_000_000
MODELLED = Layer("Binance", Basis.MODELLED, LAYER.origin)
SQUARE, LIGHT = Look(shape=Shape.SQUARE), Look(theme=ThemeName.LIGHT)


@dataclass(frozen=True)
class Past:
    """Views of one coin in the order of time, and what happened between them."""

    views: list[MarketView]
    events: list[MarketEvent]
    book: Depth | None = None
    """The newest, where there is one."""

    @property
    def view(self) -> MarketView:
        """The newest."""
        return self.views[-1]

    def grid(self, hours: float) -> Grid:
        """Return the maps of so many hours up to the newest view."""
        since = self.view.time_ms - hours * 3_600_000
        views = [view for view in self.views if view.time_ms >= since]
        first = min(view.map.bins.first for view in views)
        bins = Bins(first, max(view.map.bins.first + view.map.bins.count for view in views) - first)
        usd = np.zeros((len(views), bins.count), np.float32)
        for column, view in zip(usd, views, strict=True):
            column[view.map.bins.first - first :][: view.map.bins.count] = view.map.total
        time_ms = np.array([view.time_ms for view in views], dtype=np.int64)
        low, high = (np.array([getattr(view, name) for view in views]) for name in ("low", "high"))
        spot = np.array([view.spot for view in views])
        interest = np.array([np.nan if it.open_interest is None else it.open_interest for it in views]) * spot
        known = None if np.isnan(interest).all() else interest
        return Grid(bins, time_ms, held_until(time_ms), spot, low, high, usd, known)

    def path(self) -> PricePath:
        """Return what spot did from view to view."""
        columns = (np.array([getattr(view, name) for view in self.views]) for name in ("low", "high", "spot"))
        return PricePath(np.array([view.time_ms for view in self.views]), *columns)

    def without(self, since_h: float, until_h: float) -> "Past":
        """Return the same past as if the bot had been off between so many hours before its end."""
        end_ms = self.view.time_ms
        off = (end_ms - since_h * 3_600_000, end_ms - until_h * 3_600_000)
        return Past([view for view in self.views if not off[0] < view.time_ms < off[1]], self.events)

    def candles(self) -> Candles:
        """Return what spot did between the views, as candles of made-up volume."""
        spot = np.array([view.spot for view in self.views])
        low = np.minimum(np.array([view.low for view in self.views[1:]]), np.minimum(spot[:-1], spot[1:]))
        high = np.maximum(np.array([view.high for view in self.views[1:]]), np.maximum(spot[:-1], spot[1:]))
        begin = [view.time_ms // (STEP_S * 1000) * STEP_S * 1000 for view in self.views[:-1]]
        volume = 1e3 + 1e6 * np.abs(np.diff(np.log(spot)))
        return Candles.of(
            STEP_S * 1000, begin, open=spot[:-1], high=high, low=low, close=spot[1:], volume=volume
        )

    def modelled(self) -> ModelledSnapshot:
        """Return the same market as candles and open interest show it."""
        board, candles = ModelledBoard(MODELLED), self.candles()
        interest = [view.open_interest or 1.0 for view in self.views[1:]]
        board.apply(OpenInterestSeen.of("BTC", candles.end_ms.tolist(), interest))
        board.apply(CandlesSeen("BTC", candles))
        board.apply(AssetContext("BTC", self.view.time_ms, self.view.spot, self.view.open_interest))
        return board.snapshot("BTC")


def simulated(seed: int = 7) -> Past:
    """Return a week of simulated Bitcoin."""
    market, board, past = SimulatedMarket(seed, Scenario.MIXED, start_ms=START_MS), Board(LAYER), Past([], [])
    for _ in range(WEEK):
        board.apply_all(market.step(STEP_S))
        _observe(board, "BTC", past)
    books = (it.depth for it in market.books(LAYER.venue) if it.depth.coin == "BTC")
    return replace(past, book=next(books))


def recorded(*coins: str) -> dict[str, Past]:
    """Return what was recorded of coins."""
    board, pasts = Board(RECORDED_LAYER), {coin: Past([], []) for coin in coins}

    async def play() -> None:
        async for update in Replay(RECORDING).updates():
            board.apply(update)
            if isinstance(update, Beat):
                for coin, past in pasts.items():
                    if coin in board.coins:
                        _observe(board, coin, past)

    asyncio.run(play())
    return pasts


def _observe(board: Board, coin: str, past: Past) -> None:
    seen = board.observe(coin)
    past.views.append(seen.view)
    past.events.extend(seen.events)


def of_the_simulator(past: Past) -> Iterator[tuple[str, str, Picture]]:
    """Yield file, caption and picture of each that the simulated week can show."""
    view, events = past.view, chart_events.told(past.events)
    asked = HeatmapInput(view=view, grid=past.grid(170), window="7d", events=events)
    yield "heatmap", "A week: candles, liquidations, clusters that ended, open interest", heatmap.draw(asked)
    yield "heatmap-line", "Price as a line", heatmap.draw(replace(asked, line=True))
    volume = replace(asked, candles=past.candles())
    yield "volume", "With the venue's own candles: volume in place of open interest", heatmap.draw(volume)
    day = replace(asked, grid=past.grid(24), window="24h")
    yield "day", "A day", heatmap.draw(day)
    about = next((it.id for it in view.clusters.within(8)), None)
    alert = replace(day, highlight=about)
    yield "alert", "An alert's picture: its cluster framed and named", heatmap.draw(alert)
    level = view.spot * 0.952
    names = (f"whale: long $1.7M, liquidation {level:,.0f}", f"liquidation {level:,.0f}")
    mine = replace(day, level=NamedLevel(level, names, Side.LONG))
    yield "alert-account", "An account's alert: the price that liquidates its position", heatmap.draw(mine)
    both = replace(alert, look=Look(ThemeName.LIGHT, Shape.SQUARE))
    yield "alert-light-square", "The same for a chat that wants it light and square", heatmap.draw(both)
    facts = (Fact("funding", "+0.0012%/h"), Fact("open interest", "−3.1% 24 h"), Fact("accounts long", "54%"))
    square = replace(asked, look=SQUARE, facts=facts)
    yield "square", "Square, with a row of facts", heatmap.draw(square)
    yield "light", "Light", heatmap.draw(replace(asked, look=LIGHT))
    for zoom, said in ((Zoom.NEAR, "to 5%"), (Zoom.WIDE, "to 20%"), (Zoom.ALL, "out to all prices")):
        name = f"zoom-{zoom.value.removesuffix('%')}"
        yield name, f"Zoomed {said}", heatmap.draw(replace(asked, zoom=zoom))
    year = HeatmapInput(view=view, grid=past.grid(170), window="1y")
    yield "badge", "Asked for a year of a week: the badge says so", heatmap.draw(year)
    off = replace(asked, grid=past.without(90, 60).grid(170), events=())
    yield "gap", "The bot was off for thirty hours: hatched, nothing drawn through", heatmap.draw(off)
    yield from _modelled(past, asked)
    yield "map", "A map, price by price", ladder.draw(MapInput(view=view))
    beside = MapInput(view=view, depth=past.book)
    yield "map-book", "The same beside what the order book holds", ladder.draw(beside)
    readings = HistoryInput(
        coin="BTC",
        label=view.layer.label,
        window="7d",
        readings=tuple(DatedReading.of(one) for one in past.views),
        path=past.path(),
    )
    yield "history", "Readings of a week: price, ratio, fuel, open interest, funding", history.draw(readings)
    bright = replace(readings, look=Look(ThemeName.LIGHT, Shape.SQUARE))
    yield "history-light-square", "The same, light and square", history.draw(bright)
    yield (
        "terrain",
        "A map in three dimensions",
        terrain.draw(TerrainInput(view=view, grid=past.grid(170), window="7d")),
    )
    foreign = replace(asked, view=replace(view, coin="币安人生 🐸"), events=())
    yield "letters", "Names in any script", heatmap.draw(foreign)


def _modelled(past: Past, asked: HeatmapInput) -> Iterator[tuple[str, str, Picture]]:
    """Yield what a modelled layer of the same market adds."""
    source = past.modelled()
    week = 170 * 3_600_000
    view, grid = source.view_of(), source.grid_of(week)
    second = replace(asked, second=SecondLayer(view, grid), events=())
    yield "two-layers", "Measured, and a modelled layer as outlines: never added", heatmap.draw(second)
    own = HeatmapInput(view=view, grid=grid, window="7d")
    yield "modelled", "A modelled layer: up to so much", heatmap.draw(own)
    venues = (Panel(asked.view.layer.label, asked.view, asked.grid), Panel(view.layer.label, view, grid))
    compared = ComparisonInput(panels=venues, window="7d")
    yield "comparison", "Layers side by side, and how far they agree", comparison.draw(compared)
    sources = [(method, source.by_method(method)) for method in Method]
    models = tuple(Panel(method.value, one.view_of(), one.grid_of(week)) for method, one in sources)
    by_model = ComparisonInput(panels=models, window="7d")
    yield "comparison-models", "One venue by three models", comparison.draw(by_model)


def of_the_recording(pasts: dict[str, Past]) -> Iterator[tuple[str, str, Picture]]:
    """Yield file, caption and picture of each that the recording can show."""
    for coin, past in pasts.items():
        asked = HeatmapInput(
            view=past.view, grid=past.grid(400), window="12d", events=chart_events.told(past.events)
        )
        yield f"recorded-{coin}", f"{coin} as recorded in February 2026", heatmap.draw(asked)
    past = pasts["BTC"]
    for place in range(len(past.views) - 1, 0, -1):
        until = Past(past.views[: place + 1], [])
        hits = near_cluster.read(until.view, near_cluster.form.defaults()).hits
        if hits:
            alert = HeatmapInput(view=until.view, grid=until.grid(24), window="24h", highlight=hits[0].key)
            yield "recorded-alert", "The recording's newest near-cluster alert of BTC", heatmap.draw(alert)
            break
    yield "recorded-map", "BTC, price by price", ladder.draw(MapInput(view=past.view))
    square = MapInput(view=past.view, look=Look(ThemeName.LIGHT, Shape.SQUARE))
    yield "recorded-map-square", "The same, light and square", ladder.draw(square)
    rows = screener_answer([screener_row(past.view) for past in pasts.values()], Order.NEAREST, 1)
    beside = screener_input(rows, "The nearest clusters", Look())
    yield "screener", "Coins beside each other, those with the nearest cluster first", screener.draw(beside)
    bright = screener_input(rows, "The nearest clusters", Look(ThemeName.LIGHT, Shape.SQUARE))
    yield "screener-light-square", "The same, light and square", screener.draw(bright)


def main() -> None:
    """Draw all, and write the page."""
    FOLDER.mkdir(exist_ok=True)
    lines = [
        "# Gallery",
        "",
        "Every picture that liqbot draws, with the words that go with it for those who cannot",
    ]
    lines += ["see it. Generated by `python -m docs.gallery`.", ""]
    parts = [("From the simulator", of_the_simulator(simulated()))]
    if RECORDING.exists():
        parts.append(("From the recording", of_the_recording(recorded("BTC", "ETH", "SOL", "HYPE"))))
    for title, pictures in parts:
        lines += [f"## {title}", ""]
        for name, caption, picture in pictures:
            (FOLDER / f"{name}.png").write_bytes(picture.png)
            print(f"{name}: {len(picture.png) // 1024} KiB", flush=True)
            lines += [f"### {caption}", "", f"![{caption}](gallery/{name}.png)", "", f"> {picture.alt}", ""]
    PAGE.write_text("\n".join(lines).rstrip() + "\n")


if __name__ == "__main__":
    main()
