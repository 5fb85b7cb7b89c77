"""`liqbot validate`: how wrong the modelled map is, where real positions are known."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from liqbot.cli.terminal import find_coin, progress_bar, read_with_progress, spelled
from liqbot.engine.assumptions import Assumptions
from liqbot.engine.board import Board
from liqbot.engine.trial import Findings, Interval, Outcome, Witness, find, outcome
from liqbot.market.layer import Basis
from liqbot.market.margin import MarginTiers
from liqbot.settings import load_settings
from liqbot.sources.recording import Recording
from liqbot.sources.replay import RECORDED_LAYER
from liqbot.sources.simulator.coins import COINS
from liqbot.sources.simulator.trial import WARM_UP_DAYS, SimulatedTrial
from liqbot.sources.source import SourceError
from liqbot.store.sqlite.store import reading

DAY_MS = 24 * 3_600_000
FIRST_SEED = 101
"""The simulated markets are those from this seed on: by no look at them was anything chosen."""
MAP_COLUMNS = ("map", "rank correlation", "mass in common", "behind modelled", "size")
FORECAST_COLUMNS = ("forecast", "bits gained", "behind modelled", "AUC", "lift at 20%")
RecordingFile = Annotated[
    Path | None,
    typer.Option("--recording", help="A recording instead of the bot's database.", show_default=False),
]


def validate(
    coin: Annotated[str, typer.Argument(help="The coin, as BTC.")] = "BTC",
    recording: RecordingFile = None,
    *,
    is_simulated: Annotated[
        bool, typer.Option("--simulated", help="The simulated market instead, where the truth is known.")
    ] = False,
    days: Annotated[int, typer.Option(min=4, max=365, help="Simulated days of trial, each market.")] = 60,
    markets: Annotated[int, typer.Option(min=1, max=20, help="How many simulated markets.")] = 3,
    max_leverage: Annotated[
        float, typer.Option(min=3, max=500, help="The coin's maximal leverage on the venue that is measured.")
    ] = 40,
) -> None:
    """Run the modelled map on the open interest of a market whose positions are known, and compare the two.

    The maps within 10% of spot: rank correlation, and mass in common. Where liquidations are known one by
    one, as in the simulated market: the information gained over a baseline that knows only the distance from
    spot, among the cells that price reached. Intervals are of 95%, by days.
    """
    if is_simulated:
        show(simulated(coin, days, markets)[0])
        return
    witness, where = _recorded(coin, recording) if recording else asyncio.run(_stored(coin))
    try:
        found = find(witness.steps(), witness.truth(), tiers=MarginTiers.flat(max_leverage))
    except ValueError as error:
        raise SourceError(f"{where}: {error}") from None
    if witness.known_interest < len(witness):
        typer.echo("Open interest is not known throughout: what the known accounts hold stands in for it.")
    show(outcome([found]))


def show(found: Outcome) -> None:
    """Print what was found: how like the real one the maps are, and what forecasts they make."""
    console = Console(highlight=False)
    for columns, rows in ((MAP_COLUMNS, map_rows(found)), (FORECAST_COLUMNS, forecast_rows(found))):
        if not rows:
            continue
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
        for name in columns:
            table.add_column(name)
        for cells in rows:
            table.add_row(*cells)
        console.print(table)
        console.print()
    console.print(summary(found), markup=False, soft_wrap=True)


def map_rows(found: Outcome) -> list[tuple[str, ...]]:
    """Return how like the real map each map is, in the order of `MAP_COLUMNS`."""
    return [
        (
            line.name,
            _shown(line.correlation),
            _shown(line.common),
            _shown(line.less_common, digits=3),
            "" if line.size is None else f"{line.size:.2f}",
        )
        for line in found.lines
        if line.common is not None
    ]


def forecast_rows(found: Outcome) -> list[tuple[str, ...]]:
    """Return what each map foresaw of the liquidations, in the order of `FORECAST_COLUMNS`; none unscored."""
    return [
        (
            line.name,
            _shown(line.gain, digits=3),
            _shown(line.less_gain, digits=3),
            _shown(line.ranked),
            _shown(line.lift),
        )
        for line in found.lines
        if line.gain is not None
    ]


def summary(found: Outcome) -> str:
    """Return what the figures rest on."""
    said = f"{found.maps} maps on {found.days} days"
    if not found.forecasts:
        return f"{said}. Liquidations are not known one by one: nothing could be scored by them."
    return f"{said}; {found.forecasts} forecasts, {found.events:,} liquidations. Intervals of 95%, by days."


def _shown(interval: Interval | None, digits: int = 2) -> str:
    if interval is None:
        return ""
    figures = (interval.value, interval.low, interval.high)
    value, low, high = (f"{round(number, digits) + 0.0:.{digits}f}".replace("-", "−") for number in figures)
    return f"{value} ({low}…{high})"


def simulated(
    coin: str, days: int, markets: int, assumptions: Sequence[Assumptions] = (Assumptions(),)
) -> list[Outcome]:
    """Return how the model fares with each of `assumptions` in the same simulated markets.

    There are so many of them, of `days` days each after the warm-up. Raises `typer.BadParameter` for a coin
    that the simulator does not know.
    """
    name = spelled(coin, COINS)
    if name is None:
        raise typer.BadParameter(f"the simulator knows {', '.join(COINS)}, not {coin}", param_hint="COIN")
    found: list[list[Findings]] = [[] for _ in assumptions]
    with progress_bar() as bar:
        task = bar.add_task(f"{markets} markets", total=markets * (days + WARM_UP_DAYS))
        for seed in range(FIRST_SEED, FIRST_SEED + markets):
            trial = SimulatedTrial(name, days, seed)
            for _ in trial.live():
                bar.advance(task)
            steps, truth = trial.steps(), trial.truth()
            for own, assumed in zip(found, assumptions, strict=True):
                own.append(find(steps, truth, tiers=COINS[name].tiers, assumptions=assumed))
    return [outcome(own) for own in found]


def _recorded(coin: str, file: Path) -> tuple[Witness, str]:
    """Return what is seen of `coin` in a recording, a day of it as the model's past."""
    board, witness = Board(RECORDED_LAYER), Witness(warm_up_ms=DAY_MS)
    for snapshot in read_with_progress(Recording(file)):
        board.apply_all(snapshot.updates())
        name = spelled(coin, board.coins)
        if name is not None and name in snapshot.coins:  # only then its view is a new one
            witness.see(board.view(name))
    find_coin(coin, board.coins, str(file))
    return witness, str(file)


async def _stored(coin: str) -> tuple[Witness, str]:
    """Return what the bot's database has of the measured views of `coin`."""
    file = load_settings().database
    witness = Witness(warm_up_ms=DAY_MS)
    async with reading(file) as store:
        name = find_coin(coin, await store.history.coins(), str(file))
        newest = await store.history.newest(name)
        if newest is None or newest.layer.basis is not Basis.MEASURED:
            raise SourceError(f"{file} has no measured view of {name}: there is nothing to compare with")
        async for view in store.history.views(newest.layer, name, 0):
            witness.see(view)
    return witness, f"{file}, {newest.layer.label}"
