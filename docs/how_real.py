"""Measure how real the simulated market is, and write the table into how-real.md.

`python -m docs.how_real` takes some minutes: four markets, each as long as the real candles.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from docs.sections import replace_section
from liqbot.market.updates import AssetContext, Liquidation
from liqbot.sources.simulator import Scenario, SimulatedMarket
from liqbot.sources.simulator.realism import FIGURES, Figure, Life, Lived, pooled

PAGE = Path(__file__).with_name("how-real.md")
COIN, SEEDS, DAYS = "BTC", (101, 102, 103, 104), 320
COLUMNS = ("figure", "real", "simulated", "by market", "within", "fits", "real figure from")


def main() -> None:
    """Write the table anew."""
    with ProcessPoolExecutor() as pool:
        lives = list(pool.map(live, SEEDS))
    page = replace_section(PAGE.read_text(), "figures", table(lives))
    PAGE.write_text(replace_section(page, "cascade", cascades([cascade(seed) for seed in SEEDS])))


def live(seed: int) -> Lived:
    """Live through one market."""
    life = Life(COIN, seed)
    for _ in life.days(DAYS):
        pass
    return life.lived()


@dataclass(frozen=True)
class Cascade:
    """What came of one staged fall."""

    fall: float
    """From where it began to the lowest mark, as a fraction."""
    liquidated: float
    """Share of the open interest before, within four hours."""
    busiest: int
    """Liquidations within the busiest twelve minutes."""
    usual: float
    """The same before, on average."""


def cascade(seed: int) -> Cascade:
    """Live through the hours around a cascade."""
    hour = 60
    market = SimulatedMarket(seed, Scenario.CASCADE, (COIN,), start_ms=0, event_after_s=6 * 3600)
    marks: list[float] = []
    counts: list[int] = []
    usd: list[float] = []
    before = 0.0
    for minute in range(10 * hour):
        updates = market.advance(60)
        events = [update for update in updates if isinstance(update, Liquidation)]
        marks += [update.mark for update in updates if isinstance(update, AssetContext)]
        if minute == 6 * hour - 1:
            before = marks[-1] * market.open_interest()[COIN]
        counts.append(len(events))
        usd.append(sum(event.price * event.size for event in events))
    windows = np.convolve(counts, np.ones(12), "valid")
    return Cascade(
        fall=1 - min(marks[6 * hour :]) / marks[6 * hour - 1],
        liquidated=sum(usd[6 * hour :]) / before,
        busiest=int(windows[6 * hour :].max()),
        usual=12 * sum(counts[: 6 * hour]) / (6 * hour),
    )


def cascades(found: Sequence[Cascade]) -> str:
    """Return a table of some cascades."""
    rows = [
        (
            "BTC falls by",
            "liquidated in 4 hours, of open interest",
            "in the busiest 12 minutes",
            "in usual ones",
        ),
        ("---",) * 4,
        *(
            (f"{one.fall:.1%}", f"{one.liquidated:.1%}", f"{one.busiest:,} liquidations", f"{one.usual:.1f}")
            for one in found
        ),
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def table(lives: Sequence[Lived]) -> str:
    """Return the figures of some markets beside the real ones: of all together, and the range of each."""
    together = pooled(lives)
    rows: list[Sequence[str]] = [COLUMNS, ["---"] * len(COLUMNS)]
    for figure in FIGURES:
        value = figure.measure(together)
        single = sorted(figure.measure(lived) for lived in lives)
        rows.append(
            (
                figure.name,
                shown(figure, figure.real),
                shown(figure, value),
                f"{shown(figure, single[0])}…{shown(figure, single[-1])}",
                f"×{figure.factor:g}",
                "yes" if figure.fits(value) else "**no**",
                figure.source,
            )
        )
    head = f"{len(lives)} markets of {COIN}, {len(lives[0].daily_share)} days each, in steps of 15 minutes."
    return "\n\n".join([head, "\n".join("| " + " | ".join(row) + " |" for row in rows)])


def shown(figure: Figure, value: float) -> str:
    """Return a value as the table has it."""
    match figure.unit:
        case "%":
            return f"{100 * value:.3g}%"
        case "$":
            return f"${value:,.0f}"
        case _:
            number = f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
            return f"{number}{figure.unit}"


if __name__ == "__main__":
    main()
