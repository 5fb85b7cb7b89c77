"""`liqbot view` and `liqbot heatmap`: a single look at one coin."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from liqbot.charts.studio import Studio
from liqbot.chat.market_commands import described
from liqbot.cli.terminal import find_coin, no_such_coin, parse_time, read_with_progress, spelled, utc
from liqbot.engine.board import Board
from liqbot.market.view import MarketView
from liqbot.service.market_answer import market_answer
from liqbot.service.windows import WINDOWS
from liqbot.settings import load_settings
from liqbot.sources.recording import Recording
from liqbot.sources.source import SourceError
from liqbot.store.history import History
from liqbot.store.sqlite.store import SqliteStore, reading

RecordingFile = Annotated[
    Path | None,
    typer.Option("--recording", help="A recording instead of the bot's database.", show_default=False),
]
At = Annotated[
    str | None,
    typer.Option("--at", help="The newest at or before this time (ISO or ms).", show_default=False),
]


def view(
    coin: Annotated[str, typer.Argument(help="The coin, as BTC.")],
    recording: RecordingFile = None,
    at: At = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print the readings of one coin: of a snapshot of a recording, or of the newest view in the database."""
    at_ms = None if at is None else parse_time(at)
    seen = (
        asyncio.run(_stored_view(coin, at_ms))
        if recording is None
        else _recorded_view(coin, recording, at_ms)
    )
    if as_json:
        typer.echo(msgspec.json.encode(market_answer(seen)).decode())
        return
    message, console = described(market_answer(seen)), Console(highlight=False)
    for line in (message.title, *message.text, f"{message.provenance} · {utc(seen.time_ms)}"):
        console.print(line, markup=False, soft_wrap=True)


def heatmap(
    coin: Annotated[str, typer.Argument(help="The coin, as BTC.")],
    recording: RecordingFile = None,
    window: Annotated[
        str | None, typer.Option(help=f"{', '.join(WINDOWS)}; of a recording, all of it.", show_default=False)
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The PNG file to write.", show_default=False)
    ] = None,
) -> None:
    """Draw the heatmap of one coin: of a recording, or of the bot's database."""
    if window is not None and window not in WINDOWS:
        raise typer.BadParameter(
            f"{window!r} is no window; there is {', '.join(WINDOWS)}", param_hint="--window"
        )
    if recording is None:
        seen, window = asyncio.run(_stored_heatmap(coin, window or "24h"))
    else:
        seen, window = asyncio.run(_recorded_heatmap(coin, recording, window))
    with Studio() as studio:
        picture = asyncio.run(studio.heatmap(seen, window))
    file = output or Path(picture.name)
    try:
        file.write_bytes(picture.png)
    except OSError as error:
        raise SourceError(f"{file}: cannot be written: {error.strerror}") from None
    typer.echo(str(file))


def span_window(milliseconds: int) -> str:
    """Return the name of a window that is as long as a recording: `12d`, `6h`."""
    hours = max(1, round(milliseconds / 3_600_000))
    return f"{round(hours / 24)}d" if hours >= 48 else f"{hours}h"


def _recorded_view(coin: str, file: Path, at_ms: int | None) -> MarketView:
    """Return the view of the newest snapshot at or before `at_ms`, of that snapshot's rows alone."""
    with closing(read_with_progress(Recording(file))) as snapshots:
        newest = next(snapshots)
        if at_ms is not None and newest.time_ms > at_ms:
            raise SourceError(f"{file} begins at {utc(newest.time_ms)}, after {utc(at_ms)}")
        for snapshot in snapshots:
            if at_ms is not None and snapshot.time_ms > at_ms:
                break
            newest = snapshot
    board = Board(Recording(file).read_header().played_layer)
    board.apply_all(newest.updates())
    return board.view(find_coin(coin, board.coins, f"{file}, at {utc(newest.time_ms)},"))


async def _stored_view(coin: str, at_ms: int | None) -> MarketView:
    settings = load_settings()
    async with reading(settings.database) as store:
        return await _view_in(store, coin, at_ms)


async def _view_in(store: SqliteStore, coin: str, at_ms: int | None) -> MarketView:
    name = find_coin(coin, await store.history.coins(), str(store.path))
    seen = await store.history.newest(name, at_ms)
    if seen is None:
        raise SourceError(f"{store.path} has no view of {name} at that time")
    return seen


async def _stored_heatmap(coin: str, window: str) -> tuple[MarketView, str]:
    async with reading(load_settings().database) as store:
        seen = await _view_in(store, coin, None)
        return seen.with_grid(await store.history.grid(seen, WINDOWS[window])), window


async def _recorded_heatmap(coin: str, file: Path, window: str | None) -> tuple[MarketView, str]:
    """Return the last view of a recording with its grid, and the name of its window."""
    board, first_ms = Board(Recording(file).read_header().played_layer), 0
    async with _scratch_history() as history:
        seen: MarketView | None = None
        for snapshot in read_with_progress(Recording(file)):
            board.apply_all(snapshot.updates())
            first_ms = first_ms or snapshot.time_ms
            name = spelled(coin, board.coins)
            if name is not None:
                seen = board.view(name)
                await history.record([seen])
        if seen is None:
            raise no_such_coin(coin, board.coins, str(file))
        span_ms = WINDOWS[window] if window else seen.time_ms - first_ms
        return seen.with_grid(await history.grid(seen, span_ms)), window or span_window(span_ms)


@asynccontextmanager
async def _scratch_history() -> AsyncGenerator[History]:
    """Give a history that is thrown away."""
    with TemporaryDirectory(prefix="liqbot-") as folder:
        store = SqliteStore(Path(folder) / "x.db")
        try:
            yield store.history
        finally:
            await store.close()
