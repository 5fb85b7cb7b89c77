"""`liqbot view` and `liqbot heatmap`: one look at one coin, live, of a recording or of a database."""

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from liqbot.charts.studio import Studio
from liqbot.chat.market_commands import described
from liqbot.cli.terminal import parse_time, read_with_progress, utc
from liqbot.operations.recordings import view_at, view_of_snapshot
from liqbot.operations.stored_market import recorded_heatmap, stored_heatmap, stored_view
from liqbot.service.market_answer import market_answer
from liqbot.service.windows import WINDOWS
from liqbot.settings import load_settings
from liqbot.sources.source import SourceError

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
        seen = asyncio.run(stored_view(load_settings().database, coin, at_ms))
    else:
        seen = (view_of_snapshot if snapshot else view_at)(coin, recording, at_ms, read_with_progress)
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
        window = window or "24h"
        asked = asyncio.run(stored_heatmap(load_settings().database, coin, window, at_ms))
    else:
        asked = asyncio.run(recorded_heatmap(recording, coin, window, at_ms, read_with_progress))
    with Studio() as studio:
        picture = asyncio.run(studio.heatmap(asked))
    file = output or Path(picture.name)
    try:
        file.write_bytes(picture.png)
    except OSError as error:
        raise SourceError(f"{file}: cannot be written: {error.strerror}") from None
    typer.echo(str(file))
