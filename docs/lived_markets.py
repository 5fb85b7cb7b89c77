"""Simulated markets that were lived through once, kept in files, so that their scoring can be done again."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from liqbot.engine.model_steps import Steps
from liqbot.engine.trial import Truth
from liqbot.engine.trial.asides import Asides
from liqbot.market.maps import Bins
from liqbot.operations.model_tilts import Trial
from liqbot.sources.simulator.trial import SimulatedTrial


def lived(coin: str, days: int, seed: int, folder: Path | None, on_day: Callable[[], object]) -> Trial:
    """Return a market of `days` days after the warm-up, from the `folder` where it is kept there.

    `on_day` is called after each day that is lived through. A market of another version of the simulator is
    not told from this one's: keep each in a folder of its own.
    """
    file = folder and folder / f"{coin}-{days}-{seed}.npz"
    if file and file.exists():
        return _read(file)
    trial = SimulatedTrial(coin, days, seed)
    for _ in trial.live():
        on_day()
    market = trial.steps(), trial.truth(), trial.asides()
    if file:
        keep(market, file)
    return market


def keep(market: Trial, file: Path) -> None:
    """Write a market to a file."""
    steps, truth, asides = market
    bins = np.array([truth.bins.first, truth.bins.count])
    columns = {
        f"{kind}.{field.name}": getattr(part, field.name)
        for kind, part in (("steps", steps), ("truth", truth), ("asides", asides))
        for field in fields(part)
        if field.name != "bins"
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, bins=bins, **columns)


def _read(file: Path) -> Trial:
    with np.load(file) as kept:

        def part(kind: type[Steps | Truth | Asides]) -> dict[str, Any]:
            names = [field.name for field in fields(kind) if field.name != "bins"]
            return {name: kept[f"{kind.__name__.lower()}.{name}"] for name in names}

        first, count = kept["bins"].tolist()
        return (
            Steps(**part(Steps)),
            Truth(**part(Truth), bins=Bins(first, count)),
            Asides(**part(Asides)),
        )
