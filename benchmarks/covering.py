"""45,000 accounts at the public budget: how fast all are read in batches, and one by one without.

In virtual time, against the exchange of the tests in this process: the minutes are simulated, and depend on
the seed alone (`tests/counterparts/hyperliquid/virtual.py`).
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.measure import Row
from liqbot.market.updates import Beat
from liqbot.sources.hyperliquid import Hyperliquid
from tests.counterparts.hyperliquid import virtual
from tests.counterparts.hyperliquid.exchange import Exchange
from tests.counterparts.hyperliquid.simulated import Simulated

CROWD = 11.25
"""Times the usual 4,000 accounts: 45,007."""
WEIGHT = 1200
"""The weight a minute that the exchange grants an address."""
START_MS = 1_800_000_000_000
EVERY_MS = 5_000
MOST, WANTED, WITHIN_MIN, ALL_WITHIN_MIN = 0.999, 0.8, 2, 20
COINS = ("BTC", "ETH", "SOL")
PICTURE = Path(__file__).parents[1] / "docs/pages/coverage.png"


@dataclass
class Course:
    """How much is known, sample by sample."""

    minutes: list[float] = field(default_factory=list)
    notional: list[float] = field(default_factory=list)
    """Share (0 to 1) of what all accounts hold, USD, that has been read."""
    accounts: list[float] = field(default_factory=list)
    """Share (0 to 1) of the accounts that have been read."""
    refused: float = 0.0
    least: int = 0
    """How many accounts would have to be read for the wanted share, were their sizes known beforehand."""

    def reached(self, name: str, share: float) -> float:
        """Return the minute in which so much was known, infinity for never."""
        known = zip(self.minutes, getattr(self, name), strict=True)
        return min((at for at, value in known if value >= share), default=float("inf"))


def rows() -> Iterator[Row]:
    """Yield when all accounts are read with and without batches."""
    batches, singly = run("served", minutes=25), run("unknown", minutes=110)
    draw({"in batches of 50": batches, "one by one": singly}, PICTURE)
    most, all_read = batches.reached("notional", WANTED), batches.reached("accounts", MOST)
    yield Row(
        f"45,007 accounts, {WEIGHT} weight a minute, batches served: {WANTED:.0%} of notional read",
        f"after {most:.2f} min",
        f"at most {WITHIN_MIN} simulated minutes; one by one {singly.reached('notional', WANTED):.1f}; "
        f"its largest {batches.least:,} accounts hold that much; [the curves](docs/pages/coverage.png)",
        most <= WITHIN_MIN,
    )
    yield Row(
        "… all accounts read",
        f"after {all_read:.1f} min",
        f"at most {ALL_WITHIN_MIN}; one by one {singly.reached('accounts', MOST):.0f}",
        all_read <= ALL_WITHIN_MIN,
    )
    refused = batches.refused + singly.refused
    yield Row("… requests that were refused for their weight", f"{refused:.0f}", "none", refused == 0)


def run(batches: str, minutes: float) -> Course:
    """Follow a fresh, still exchange that answers batches so, for at most so many simulated minutes."""
    market = Simulated(
        seed=7, scenario="mixed", crowd=CROWD, start_ms=START_MS, still=True, event_after_s=3600
    )
    clock = virtual.LoopClock(START_MS)
    exchange = Exchange(market, clock, limit=WEIGHT, listed=1.0, seed=7)
    exchange.faults.batches = batches
    exchange.step(10)
    with tempfile.TemporaryDirectory() as folder:
        source = Hyperliquid(
            virtual.settings(weight_per_minute=WEIGHT),
            COINS,
            Path(folder) / "liqbot.db",
            clock=clock,
            transport=virtual.InProcess(exchange),
        )
        course = Course()
        held = _held(exchange)
        largest_first = np.sort(list(held.values()))[::-1].cumsum()
        course.least = 1 + int(np.searchsorted(largest_first, WANTED * largest_first[-1]))
        virtual.run(_follow(source, held, course, minutes))
    course.refused = exchange.weight.refused
    return course


async def _follow(source: Hyperliquid, held: dict[str, float], course: Course, minutes: float) -> None:
    last_ms, total = START_MS, sum(held.values())
    updates = source.updates()
    async for update in updates:
        if not isinstance(update, Beat) or update.time_ms - last_ms < EVERY_MS:
            continue
        last_ms = update.time_ms
        asked = np.flatnonzero(source.roster.column("polled_ms") > 0)
        known = sum(held.get(source.roster.names[int(number)], 0.0) for number in asked)
        course.minutes.append((last_ms - START_MS) / 60_000)
        course.notional.append(known / total)
        course.accounts.append(len(asked) / max(len(source.roster), len(held)))
        if course.accounts[-1] >= MOST or course.minutes[-1] >= minutes:
            break
    await updates.aclose()


def _held(exchange: Exchange) -> dict[str, float]:
    """Return what each account holds, USD."""
    marks = {coin.name: coin.mark for coin in exchange.market.coins()}
    return {
        name: sum(abs(size) * marks[coin] for coin, size in coins.items())
        for name, coins in exchange.market.positions().items()
    }


def draw(courses: dict[str, Course], file: Path) -> None:
    """Draw the shares of notional and of accounts that are read over time."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - drawing.py measures how long that takes

    figure = Figure(figsize=(9, 3.2), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    told = (("notional", "share of notional read"), ("accounts", "share of 45,007 accounts read"))
    for axes, (name, title) in zip(panels, told, strict=True):
        for (label, course), colour in zip(courses.items(), ("tab:blue", "tab:orange"), strict=True):
            axes.plot([0, *course.minutes], [0, *getattr(course, name)], color=colour, label=label)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("simulated minutes", fontsize=8)
        axes.set_xscale("symlog", linthresh=1)
        axes.set_xticks((0, 1, 2, 5, 10, 20, 50, 100), labels=("0", "1", "2", "5", "10", "20", "50", "100"))
        axes.set_ylim(0, 1.02)
    panels[0].axhline(WANTED, color="grey", linewidth=0.6)
    panels[0].axvline(WITHIN_MIN, color="grey", linewidth=0.6)
    panels[1].axvline(ALL_WITHIN_MIN, color="grey", linewidth=0.6)
    panels[1].legend(fontsize=8, frameon=False, loc="upper left")
    figure.savefig(file, dpi=110)


if __name__ == "__main__":
    for row in rows():
        print(row)
