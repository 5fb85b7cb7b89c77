"""`liqbot view` and `liqbot heatmap`: a single look at one coin."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from liqbot.charts.studio import Studio
from liqbot.chat.market_commands import described
from liqbot.cli.recorded import played, view_at, view_of_snapshot
from liqbot.cli.terminal import find_coin, no_such_coin, parse_time, spelled, utc
from liqbot.market.view import MarketView
from liqbot.service.market_answer import market_answer
from liqbot.service.windows import WINDOWS
from liqbot.settings import load_settings
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
KNOWN = "Known: each account as it was last seen, for up to 24 hours."
SNAPSHOT = "Known: the accounts of this snapshot alone."
"""What a recorded market is made of, in words."""


def view(
    coin: Annotated[str, typer.Argument(help="The coin, as BTC.")],
    recording: RecordingFile = None,
    at: At = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    snapshot: Annotated[
        bool, typer.Option("--snapshot", help="Of a recording: the rows of one snapshot alone.")
    ] = False,
) -> None:
    """Print the readings of one coin: of a recording at an instant, or of the newest view in the database.

    A recording is known as its replay knows it: each account as it was last seen, for up to 24 hours.
    """
    at_ms = None if at is None else parse_time(at)
    if recording is None and snapshot:
        raise typer.BadParameter("only a recording has snapshots", param_hint="--snapshot")
    if recording is None:
        seen = asyncio.run(_stored_view(coin, at_ms))
    else:
        seen = (view_of_snapshot if snapshot else view_at)(coin, recording, at_ms)
    if as_json:
        typer.echo(msgspec.json.encode(market_answer(seen)).decode())
        return
    message, console = described(market_answer(seen)), Console(highlight=False)
    for line in (message.title, *message.text, f"{message.provenance} · {utc(seen.time_ms)}"):
        console.print(line, markup=False, soft_wrap=True)
    if recording is not None:
        console.print(SNAPSHOT if snapshot else KNOWN, markup=False, soft_wrap=True)


def heatmap(
    coin: Annotated[str, typer.Argument(help="The coin, as BTC.")],
    recording: RecordingFile = None,
    at: At = None,
    *,
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
    at_ms = None if at is None else parse_time(at)
    if recording is None:
        seen, window = asyncio.run(_stored_heatmap(coin, window or "24h", at_ms))
    else:
        seen, window = asyncio.run(_recorded_heatmap(coin, recording, window, at_ms))
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


async def _stored_heatmap(coin: str, window: str, at_ms: int | None) -> tuple[MarketView, str]:
    async with reading(load_settings().database) as store:
        seen = await _view_in(store, coin, at_ms)
        return seen.with_grid(await store.history.grid(seen, WINDOWS[window])), window


async def _recorded_heatmap(
    coin: str, file: Path, window: str | None, at_ms: int | None
) -> tuple[MarketView, str]:
    """Return the last view of a recording up to a time with its grid, and the name of its window."""
    first_ms, seen, coins = 0, None, list[str]()
    async with _scratch_history() as history:
        for board in played(file, at_ms):
            first_ms, coins = first_ms or board.time_ms, board.coins
            name = spelled(coin, coins)
            if name is not None:
                seen = board.view(name)
                await history.record([seen])
        if seen is None:
            raise no_such_coin(coin, coins, str(file))
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
