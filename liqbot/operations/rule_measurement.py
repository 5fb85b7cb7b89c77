"""`liqbot measure`: the rules' defaults tried on a recording or on simulated markets; what alerts came to."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path

from liqbot.engine.board import Board
from liqbot.market.events import Observation
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.operations.recordings import Read, plainly, played
from liqbot.operations.rule_usefulness import BEFORE, COLUMNS, Measured, Measuring, most_on_one_day
from liqbot.sources.simulator import Scenario, Simulator
from liqbot.sources.source import SourceError

COINS = ("BTC", "ETH", "SOL", "HYPE")
SIMULATED = ("BTC", "ETH")
STEP_S = 1800
"""How far apart a simulated market is looked at."""
DAY_S = 86_400


def table(found: Sequence[Measured]) -> str:
    """Return what was measured as a table of Markdown, and what the defaults come to together."""
    rows = [COLUMNS, ["---"] * len(COLUMNS), *(one.cells() for one in found)]
    lines = ["| " + " | ".join(cells) + " |" for cells in rows]
    together = most_on_one_day(found[: len(BEFORE)])
    return "\n".join([*lines, "", f"Who has all {len(BEFORE)} had at most {together} on one day of a coin."])


async def measured_of_recording(
    file: Path, coins: Iterable[str] = COINS, read: Read = plainly
) -> list[Measured]:
    """Return what each watch would have told of a recording. Raises `SourceError`."""
    measuring = Measuring()
    async for observation in _each(_recorded(file, list(coins), read)):
        await measuring.take("", observation)
    if not measuring.coins:
        raise SourceError(f"{file} has none of these coins")
    return measuring.measured()


async def measured_of_simulator(days: int, markets: int) -> list[Measured]:
    """Return what each watch would have told of some simulated markets, of seeds from 1 on."""
    measuring = Measuring()
    for seed in range(1, markets + 1):
        async for observation in _each(_simulated(days, seed)):
            await measuring.take(f"market {seed}", observation)
    return measuring.measured()


async def _each(observations: Iterator[Observation]) -> AsyncIterator[Observation]:
    for observation in observations:
        yield observation


def _recorded(file: Path, coins: list[str], read: Read) -> Iterator[Observation]:
    for board in played(file, read=read):
        yield from (board.observe(coin) for coin in coins if coin in board.coins)


def _simulated(days: int, seed: int) -> Iterator[Observation]:
    coins = list(SIMULATED)
    simulator = Simulator(now_ms=0, seed=seed, scenario=Scenario.MIXED, coins=coins, backfill_days=0)
    board = Board(Layer("Sandbox", Basis.MEASURED, Origin.SIMULATED))
    board.apply(simulator.market.census())
    for _ in range(days * DAY_S // STEP_S):
        board.apply_all(simulator.market.step(STEP_S))
        yield from (board.observe(coin) for coin in coins)
