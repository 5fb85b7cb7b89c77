"""What a database or a recording knows of a coin, without a bot: its view, its grid, its liquidations."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from liqbot.charts import chart_events
from liqbot.charts.request import HeatmapInput
from liqbot.market.events import MarketEvent
from liqbot.market.view import MarketView
from liqbot.operations.coin_names import find_coin, no_such_coin, spelled
from liqbot.operations.recordings import Read, played
from liqbot.service.brief import DAY_S, BriefAnswer, brief_of
from liqbot.service.liquidations import LiquidationsAnswer, read_liquidations
from liqbot.service.past_readings import PastAnswer, read_past
from liqbot.service.scoreboards import ScoreboardAnswer, ScoreQuery, read_scoreboard
from liqbot.service.screener import Order, ScreenerAnswer, screener_answer, screener_row
from liqbot.service.windows import WINDOWS
from liqbot.sources.source import SourceError
from liqbot.store.address import DatabaseAddress
from liqbot.store.history import History
from liqbot.store.opening import reading
from liqbot.store.sqlite.store import SqliteStore
from liqbot.store.store import Store


async def stored_view(database: DatabaseAddress, coin: str, at_ms: int | None = None) -> MarketView:
    """Return the newest stored view of a coin at or before `at_ms`. Raises `SourceError`, `DatabaseError`."""
    async with reading(database) as store:
        return await _view_in(store, coin, at_ms)


async def stored_heatmap(
    database: DatabaseAddress, coin: str, window: str, at_ms: int | None = None
) -> HeatmapInput:
    """Return what the heatmap of the newest stored view at or before `at_ms` is drawn from.

    Raises as `stored_view` does.
    """
    async with reading(database) as store:
        seen = await _view_in(store, coin, at_ms)
        since_ms = seen.time_ms - WINDOWS[window]
        logged = await store.events.between(
            seen.layer, seen.coin, since_ms, seen.time_ms, kinds=chart_events.KINDS
        )
        return HeatmapInput(
            view=seen,
            grid=await store.history.grid(seen, WINDOWS[window]),
            window=window,
            events=chart_events.told(one.event for one in logged),
        )


async def stored_history(database: DatabaseAddress, coin: str, window: str) -> PastAnswer:
    """Return the readings of a `window` (a key of `WINDOWS`) up to the newest view. Raises `SourceError`."""
    async with reading(database) as store:
        return (await read_past(store, await _view_in(store, coin, None), window)).answer


async def stored_scoreboard(
    database: DatabaseAddress, coin: str, window: str, settings: Mapping[str, str]
) -> ScoreboardAnswer:
    """Return what became of clusters up to the newest view. Raises `SourceError`, `UserError`."""
    async with reading(database) as store:
        view = await _view_in(store, coin, None)
        return await read_scoreboard(store, view, window, ScoreQuery.of(settings))


async def stored_screener(database: DatabaseAddress, order: Order, page: int) -> ScreenerAnswer:
    """Return one page of all coins, of each its newest view. Raises as `stored_view` does."""
    async with reading(database) as store:
        views = [await _view_in(store, coin, None) for coin in await store.history.coins()]
        return screener_answer(map(screener_row, views), order, page)


async def stored_liquidations(database: DatabaseAddress, coin: str, seconds: float) -> LiquidationsAnswer:
    """Return what was liquidated of a coin lately. Raises as `stored_view` does, and `UserError`."""
    async with reading(database) as store:
        return await _liquidations_in(store, await _view_in(store, coin, None), seconds)


async def stored_brief(database: DatabaseAddress, coin: str) -> BriefAnswer:
    """Return what to check of a coin before a trade. Raises as `stored_view` does, and `UserError`."""
    async with reading(database) as store:
        view = await _view_in(store, coin, None)
        return brief_of(view, await _liquidations_in(store, view, DAY_S))


async def _liquidations_in(store: Store, view: MarketView, seconds: float) -> LiquidationsAnswer:
    layers = await store.observations.layers(view.coin)
    beside = [layer for layer in layers if layer.origin is view.layer.origin]
    return await read_liquidations(store.events, view, beside or [view.layer], seconds)


async def recorded_heatmap(
    file: Path, coin: str, window: str | None, at_ms: int | None, read: Read
) -> HeatmapInput:
    """Return what the heatmap of a recording up to a time is drawn from.

    Without a `window`, it is as long as the recording. Raises `SourceError`.
    """
    first_ms, seen, coins, events = 0, None, list[str](), list[MarketEvent]()
    async with _scratch_history() as history:
        for board in played(file, at_ms, read):
            first_ms, coins = first_ms or board.time_ms, board.coins
            name = spelled(coin, coins)
            if name is not None:
                observed = board.observe(name)
                seen = observed.view
                events += observed.events
                await history.record([seen])
        if seen is None:
            raise no_such_coin(coin, coins, str(file))
        span_ms = WINDOWS[window] if window else seen.time_ms - first_ms
        return HeatmapInput(
            view=seen,
            grid=await history.grid(seen, span_ms),
            window=window or span_window(span_ms),
            events=chart_events.told(events),
        )


def span_window(milliseconds: int) -> str:
    """Return the name of a window that is as long as a recording: `12d`, `6h`."""
    hours = max(1, round(milliseconds / 3_600_000))
    return f"{round(hours / 24)}d" if hours >= 48 else f"{hours}h"


async def _view_in(store: Store, coin: str, at_ms: int | None) -> MarketView:
    name = find_coin(coin, await store.history.coins(), str(store.address))
    seen = await store.history.newest(name, at_ms)
    if seen is None:
        raise SourceError(f"{store.address} has no view of {name}" + (" at that time" if at_ms else ""))
    return seen


@asynccontextmanager
async def _scratch_history() -> AsyncGenerator[History]:
    """Give a history that is thrown away."""
    with TemporaryDirectory(prefix="liqbot-") as folder:
        store = SqliteStore(Path(folder) / "x.db")
        try:
            yield store.history
        finally:
            await store.close()
