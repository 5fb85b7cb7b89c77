"""`liqbot validate`: how wrong the modelled map is, where real positions are known."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from liqbot.cli.terminal import progress_bar, read_with_progress
from liqbot.operations.model_trial_tables import (
    EXPECTED_COLUMNS,
    FORECAST_COLUMNS,
    MAP_COLUMNS,
    expected_rows,
    forecast_rows,
    map_rows,
    recorded_rows,
    summary,
)
from liqbot.operations.model_trials import (
    Outcome,
    UnknownCoinError,
    compared,
    days_of,
    expected_on,
    judged,
    max_leverage_of,
    pooled,
    read_candles,
    recorded,
    simulated,
    stored,
    witnesses,
)
from liqbot.settings import load_settings

WIDEST = 130
"""So many columns of text the widest table has; a narrower terminal breaks its lines itself."""
RecordingFile = Annotated[
    Path | None,
    typer.Option("--recording", help="A recording instead of the bot's database.", show_default=False),
]


def validate(
    coin: Annotated[str, typer.Argument(help="The coin, as BTC; ALL for every coin of a recording.")] = "BTC",
    recording: RecordingFile = None,
    candles: Annotated[
        Path | None,
        typer.Option(help="Candles (datetime,open,high,low,close,volume): what is expected a day."),
    ] = None,
    *,
    is_simulated: Annotated[
        bool, typer.Option("--simulated", help="The simulated market instead, where the truth is known.")
    ] = False,
    days: Annotated[int, typer.Option(min=4, max=365, help="Simulated days of trial, each market.")] = 60,
    markets: Annotated[int, typer.Option(min=1, max=20, help="How many simulated markets.")] = 3,
    max_leverage: Annotated[
        float | None,
        typer.Option(
            min=1.1, max=500, help="The coin's maximal leverage where it is measured.", show_default=False
        ),
    ] = None,
) -> None:
    """Run the modelled map on the open interest of a market whose positions are known, and compare the two.

    The maps within 10% of spot: rank correlation, and mass in common. Where liquidations are known one by
    one, as in the simulated market: the information gained over a baseline that knows only the distance from
    spot, among the cells that price reached. Intervals are of 95%, by days. With candles: how much of open
    interest is swept and liquidated a day.
    """
    if is_simulated:
        show(_simulated(coin, days, markets))
    elif candles:
        most = max_leverage or max_leverage_of(coin)
        print_table(EXPECTED_COLUMNS, expected_rows(expected_on(coin, read_candles(candles), most)))
    elif recording and coin.upper() == "ALL":
        found = compared(witnesses(recording, read=read_with_progress))
        print_table(("coin", *MAP_COLUMNS), recorded_rows(found))
        typer.echo(summary(pooled(found)))
    else:
        _validate_one(coin, recording, max_leverage)


def _simulated(coin: str, days: int, markets: int) -> Outcome:
    try:
        with progress_bar() as bar:
            task = bar.add_task(f"{markets} markets", total=days_of(days, markets))
            return simulated(coin, days, markets, on_day=lambda: bar.advance(task))[0]
    except UnknownCoinError as error:
        raise typer.BadParameter(str(error), param_hint="COIN") from None


def _validate_one(coin: str, recording: Path | None, max_leverage: float | None) -> None:
    if recording:
        witness, where = recorded(coin, recording, read_with_progress), str(recording)
    else:
        witness, where = asyncio.run(stored(coin, load_settings().database))
    found = judged(witness, coin, max_leverage, where)
    if witness.known_interest < len(witness):
        typer.echo("Open interest is not known throughout: what the known accounts hold stands in for it.")
    show(found)


def show(found: Outcome) -> None:
    """Print what was found: how like the real one the maps are, and what forecasts they make."""
    for columns, rows in ((MAP_COLUMNS, map_rows(found)), (FORECAST_COLUMNS, forecast_rows(found))):
        if rows:
            print_table(columns, rows)
    typer.echo(summary(found))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table at the terminal, and an empty line."""
    console = Console(highlight=False)
    console.width = max(console.width, WIDEST)  # a cell cut off would be a figure that is not told
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in columns:
        table.add_column(name)
    for cells in rows:
        table.add_row(*cells)
    console.print(table)
    console.print()
