"""`liqbot measure`: how many alerts the rules bring by default, and whether price came to what they tell."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from liqbot.cli.terminal import read_with_progress
from liqbot.operations.rule_measurement import COINS, measured_of_recording, measured_of_simulator, table


def measure(
    recording: Annotated[
        Path | None, typer.Option("--recording", help="A recording instead of the simulated market.")
    ] = None,
    coins: Annotated[str, typer.Option(help="The coins, as BTC,ETH.")] = ",".join(COINS),
    days: Annotated[int, typer.Option(min=2, max=365, help="Simulated days, each market.")] = 10,
    markets: Annotated[int, typer.Option(min=1, max=20, help="How many simulated markets.")] = 3,
) -> None:
    """Measure how many alerts the rules bring by default, and whether price came to what they tell."""
    wanted = [coin.strip() for coin in coins.split(",") if coin.strip()]
    if recording is not None:
        found = asyncio.run(measured_of_recording(recording, wanted, read_with_progress))
    else:
        found = asyncio.run(measured_of_simulator(days, markets))
    typer.echo(table(found))
