"""The polling policy against plain round-robin, at equal budget, on the same simulated exchange.

Measured on the counterpart of the tests, as a process of its own, over simulated minutes. Round-robin asks
whoever has waited longest, new accounts first.
"""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.measure import Row
from liqbot.engine.board import Board
from liqbot.market.positions import Ints
from liqbot.market.updates import AccountsSeen, Beat
from liqbot.sources.hyperliquid import Hyperliquid
from liqbot.sources.hyperliquid.polling import ByWorth, Policy, askable
from liqbot.sources.hyperliquid.roster import Roster
from tests.counterparts.hyperliquid.running import Counterpart, counterpart

CROWD = 1.25
"""Times the usual 4,000 accounts: 5,007."""
SPEED = 60
MARKETS = ((7, "mixed"), (3, "cascade"))
"""Seed and scenario of each market that is measured."""
EVENT_S = 1200
"""When the scenario's event begins."""
MINUTES, SETTLED_MIN = 45, 15
"""How long is measured, in simulated minutes, and from when on policies are compared."""
EVERY_MS = 30_000
NEAR = 0.05
COINS = ("BTC", "ETH", "SOL")
WANTED, WITHIN_MIN = 0.8, 10
PICTURE = Path(__file__).parents[1] / "docs/pages/polling.png"


class RoundRobin:
    """Asks whoever has waited longest; nothing is worth more than anything else."""

    def choose(self, roster: Roster, marks: Mapping[str, float], now_ms: int, count: int) -> Ints:
        """Return at most `count` accounts."""
        del marks
        ready = askable(roster, now_ms)
        order = np.argsort(roster.column("polled_ms")[ready], kind="stable")
        return ready[order][:count]


@dataclass
class Course:
    """What one run has shown, sample by sample."""

    minutes: list[float] = field(default_factory=list)
    coverage: list[float] = field(default_factory=list)
    """Of all coins together, in USD."""
    age_s: list[float] = field(default_factory=list)
    """Of the levels within 5% of spot, by notional."""
    error: list[float] = field(default_factory=list)
    """Of the sums within 5%: the absolute errors of each coin and side, over what is true."""
    peak_weight: float = 0.0
    polls: int = 0

    def mean(self, name: str, from_min: float) -> float:
        """Return the mean of what is called `name` from that minute on."""
        values = zip(self.minutes, getattr(self, name), strict=True)
        return float(np.mean([value for at, value in values if at >= from_min]))

    def reached(self, share: float) -> list[float]:
        """Return the minute in which so much was covered, or nothing."""
        covered = zip(self.minutes, self.coverage, strict=True)
        return [at for at, known in covered if known >= share][:1]


class Known:
    """When each account was seen, and with which levels."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, list[tuple[str, float, float]]]] = {}

    def take(self, update: AccountsSeen) -> None:
        """Take up an update."""
        rows: list[list[tuple[str, float, float]]] = [[] for _ in update.accounts]
        columns = (update.account, update.coin, update.size, update.liquidation)
        for account, coin, size, level in zip(*(column.tolist() for column in columns), strict=True):
            rows[account].append((update.coins[coin], size, level))
        for name, held in zip(update.accounts, rows, strict=True):
            self._seen[name] = (update.time_ms, held)

    def age_near_s(self, marks: Mapping[str, float], now_ms: int) -> float:
        """Return the mean age by notional of the levels within 5% of spot."""
        near = [
            (abs(size) * marks[coin], now_ms - seen_ms)
            for seen_ms, rows in self._seen.values()
            for coin, size, level in rows
            if coin in marks and abs(level / marks[coin] - 1) <= NEAR
        ]
        usd, age_ms = np.array(near or [(1.0, 0.0)]).T
        return float(np.average(age_ms, weights=usd)) / 1000


def rows() -> Iterator[Row]:
    """Yield how fast the map is covered, and how the policy does beside round-robin."""
    mine, plain = runs()
    draw({"by worth": mine, "round-robin": plain}, PICTURE)
    covered = [at for course in mine for at in course.reached(WANTED)]
    reached = max(covered) if len(covered) == len(mine) else None
    yield Row(
        f"5,007 accounts, 1000 weight a minute: {WANTED:.0%} of notional known",
        "never" if reached is None else f"after {reached:.1f} min",
        f"at most {WITHIN_MIN} simulated minutes; [the curve](docs/pages/polling.png)",
        reached is not None and reached <= WITHIN_MIN,
    )
    first = mine[0]
    curve = ", ".join(
        f"{at:.0f} min {share:.0%}"
        for at, share in list(zip(first.minutes, first.coverage, strict=True))[1::4]
        if at <= WITHIN_MIN + 1
    )
    yield Row("… coverage over time", curve, "known one-sided notional over open interest")
    peak = max(course.peak_weight for course in mine)
    most = "… most weight within 60 s, as the other side counts it"
    yield Row(most, f"{peak:.0f}", "at most 1000", peak <= 1000)
    yield _beside("… age of levels within 5% of spot, by notional", "s", mine, plain, "age_s")
    yield _beside("… error of the sums within 5%, once settled", "%", mine, plain, "error")
    yield _beside("… error of the sums within 5%, from the start", "%", mine, plain, "error", from_min=0)


def runs() -> tuple[list[Course], list[Course]]:
    """Return the courses of the policy, and of round-robin, in each of the markets; two at a time."""
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        pairs = [list(pool.map(run, (ByWorth(), RoundRobin()), repeat(market, 2))) for market in MARKETS]
    mine, plain = zip(*pairs, strict=True)
    return list(mine), list(plain)


def run(policy: Policy, market: tuple[int, str], minutes: float = MINUTES) -> Course:
    """Follow a fresh exchange with `policy` for so many simulated minutes."""
    seed, scenario = market
    with (
        counterpart(crowd=CROWD, speed=SPEED, seed=seed, scenario=scenario, event_after=EVENT_S) as exchange,
        tempfile.TemporaryDirectory() as folder,
    ):
        return asyncio.run(_follow(exchange, policy, Path(folder) / "liqbot.db", minutes))


async def _follow(exchange: Counterpart, policy: Policy, database: Path, minutes: float) -> Course:
    source = Hyperliquid(exchange.settings(), COINS, database, clock=exchange.clock, policy=policy)
    board, known, course = Board(source.layer), Known(), Course()
    start_ms = last_ms = exchange.clock.now_ms()
    updates = source.updates()
    async for update in updates:
        board.apply(update)
        if isinstance(update, AccountsSeen):
            known.take(update)
        if isinstance(update, Beat) and update.time_ms - last_ms >= EVERY_MS:
            last_ms = update.time_ms
            await _sample(exchange, board, known, course, (last_ms - start_ms) / 60_000)
            if course.minutes[-1] >= minutes:
                break
    await updates.aclose()
    stats = await asyncio.to_thread(exchange.stats)
    course.peak_weight, course.polls = stats["peak_weight"], source.roster.answered
    return course


async def _sample(exchange: Counterpart, board: Board, known: Known, course: Course, minute: float) -> None:
    views = [board.view(coin) for coin in COINS]
    truth = await asyncio.to_thread(exchange.truth_at, {view.coin: view.spot for view in views})
    held = sum(view.open_usd.long + view.open_usd.short for view in views)
    errors = [
        abs(mine - true)
        for view in views
        for mine, true in ((view.up_usd, truth[view.coin]["up"]), (view.down_usd, truth[view.coin]["down"]))
    ]
    course.minutes.append(minute)
    course.coverage.append(held / sum(told["usd"] for told in truth.values()))
    course.age_s.append(known.age_near_s({view.coin: view.spot for view in views}, board.time_ms))
    course.error.append(sum(errors) / sum(told["up"] + told["down"] for told in truth.values()))


def draw(courses: Mapping[str, Sequence[Course]], file: Path) -> None:
    """Draw coverage, age and error over time, a line a market."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - drawing.py measures how long that takes

    figure = Figure(figsize=(9, 3.2), layout="constrained")
    panels = figure.subplots(1, 3)
    told = (
        ("coverage", "share of notional known", 1),
        ("age_s", "age of levels within 5%, s", 1),
        ("error", "error of the sums within 5%, %", 100),
    )
    for axes, (name, title, times) in zip(panels, told, strict=True):
        for (label, runs_of_it), colour in zip(courses.items(), ("tab:blue", "tab:orange"), strict=True):
            for place, course in enumerate(runs_of_it):
                values = times * np.array(getattr(course, name))
                style = {"color": colour, "linestyle": ("-", "--")[place], "linewidth": 1.2}
                axes.plot(course.minutes, values, label=label if place == 0 else None, **style)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("simulated minutes", fontsize=8)
        axes.set_ylim(bottom=0)
    panels[2].set_yscale("log")
    panels[2].set_ylim(0.1, 110)
    panels[2].set_yticks((0.1, 1, 10, 100), labels=("0.1", "1", "10", "100"))
    panels[0].axhline(WANTED, color="grey", linewidth=0.6)
    panels[0].axvline(WITHIN_MIN, color="grey", linewidth=0.6)
    panels[0].legend(fontsize=8, frameon=False, loc="lower right")
    figure.savefig(file, dpi=110)


def _beside(
    what: str,
    unit: str,
    mine: Sequence[Course],
    plain: Sequence[Course],
    name: str,
    *,
    from_min: float = SETTLED_MIN,
) -> Row:
    times = 100 if unit == "%" else 1
    ours, theirs = (
        times * float(np.mean([course.mean(name, from_min) for course in courses]))
        for courses in (mine, plain)
    )
    digits = 0 if unit == "s" else 1
    told = f"round-robin {theirs:.{digits}f} {unit}; less is better"
    return Row(what, f"{ours:.{digits}f} {unit}", told, ours < theirs)


if __name__ == "__main__":
    for row in rows():
        print(row)
