"""`liqbot validate`: trials of the modelled map on recordings, the database, candles, a simulated market.

Not here: the trial itself (`engine/trial/`), its tables (`model_trial_tables.py`), tilts (`model_tilts.py`).
"""

import csv
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from liqbot.engine.assumptions import Assumptions, assumed_of
from liqbot.engine.board import Board
from liqbot.engine.model_steps import Steps
from liqbot.engine.trial import MODEL, Findings, Outcome, Witness, find, has_levels_near, outcome
from liqbot.engine.trial.candles import Expected, expected, swept_by_day
from liqbot.engine.trial.running import FEWEST
from liqbot.market.layer import Basis
from liqbot.market.margin import MarginTiers
from liqbot.operations.coin_names import find_coin, spelled
from liqbot.operations.model_tilts import TILTS, Held, pooled_tilts, tilted
from liqbot.operations.recordings import Read, plainly
from liqbot.sources.recording import Recording
from liqbot.sources.replay import RECORDED_LAYER
from liqbot.sources.simulator.coins import COINS
from liqbot.sources.simulator.trial import WARM_UP_DAYS, SimulatedTrial
from liqbot.sources.source import SourceError
from liqbot.store.address import DatabaseAddress
from liqbot.store.opening import reading

DAY_MS = 24 * 3_600_000
FIRST_SEED = 101
"""The simulated markets are those from this seed on: by no look at them was anything chosen."""
MAX_LEVERAGES = {"BTC": 40.0, "ETH": 25.0, "SOL": 20.0, "XRP": 20.0}
"""Of Hyperliquid's coins (2026), those that allow more than most do."""
MOST_COINS_ALLOW = 10.0
COINS_MOVE = 0.003
"""Where open interest is made up and moves, by so much a candle (standard deviation)."""


class UnknownCoinError(ValueError):
    """A coin that the simulated market does not have. The text names those that it has."""


def days_of(days: int, markets: int) -> int:
    """Return how many days are lived through, the warm-ups among them."""
    return markets * (days + WARM_UP_DAYS)


def max_leverage_of(coin: str) -> float:
    """Return the maximal leverage of `coin` on Hyperliquid, as far as it is known here."""
    return MAX_LEVERAGES.get(coin.upper(), MOST_COINS_ALLOW)


def witnesses(file: Path, coins: Collection[str] | None = None, read: Read = plainly) -> dict[str, Witness]:
    """Return what is seen of `coins` (None: of all) in a recording, a day of it as the model's past."""
    board, seen, held = Board(RECORDED_LAYER), dict[str, Witness](), Held()
    for snapshot in read(Recording(file)):
        board.apply_all(snapshot.updates())
        traded = held.traded(snapshot)
        for coin in board.coins:
            if coin in snapshot.coins and (coins is None or coin in coins):  # only then its view is a new one
                witness = seen.setdefault(coin, Witness(warm_up_ms=DAY_MS))
                witness.see(board.view(coin), traded.get(coin, math.nan))
    return seen


Assumed = Assumptions | Sequence[Assumptions]


def compared(
    seen: Mapping[str, Witness], assumed: Callable[[str], Assumed] = assumed_of, *, first_half: bool = False
) -> dict[str, Findings]:
    """Return how the model and its rivals fare with every coin of which there is anything to compare.

    Coins of which no real level was ever within 10% of spot are left out. The coins with the most open size
    come first; `assumed` tells what is assumed of each. For `first_half` see `find`.
    """
    found: dict[str, Findings] = {}
    for coin in sorted(seen, key=lambda coin: -seen[coin].open_usd):
        steps, truth = seen[coin].steps(), seen[coin].truth()
        if len(truth.at) < FEWEST or not has_levels_near(steps, truth):
            continue
        tiers = MarginTiers.flat(max_leverage_of(coin))
        found[coin] = find(steps, truth, tiers=tiers, assumptions=assumed(coin), first_half=first_half)
    return found


def tilts_recorded(seen: Mapping[str, Witness], *, first_half: bool = False) -> Outcome:
    """Return how the tilted maps fare with every coin that `compared` has; no recording has funding."""
    tilts = {name: tilt for name, tilt in TILTS.items() if not tilt.funding}
    found = [
        tilted(
            (seen[coin].steps(), seen[coin].truth(), seen[coin].asides()),
            coin,
            MarginTiers.flat(max_leverage_of(coin)),
            tilts,
            first_half=first_half,
        )
        for coin in sorted(seen, key=lambda coin: -seen[coin].open_usd)
        if len(seen[coin].truth().at) >= FEWEST and has_levels_near(seen[coin].steps(), seen[coin].truth())
    ]
    return pooled_tilts(found, same_days=True)


def variants(seen: Mapping[str, Witness], others: Mapping[str, Callable[[str], Assumed]]) -> Outcome:
    """Return how the map fares with `others` assumed, by name, beside what is assumed by default."""
    own = compared(seen)
    found = {name: compared(seen, assumed) for name, assumed in others.items()}
    none = np.zeros(0, dtype=np.int64)
    return outcome(
        [
            Findings(
                {MODEL: one.compared[MODEL], **{name: found[name][coin].compared[MODEL] for name in others}},
                one.compared_day,
                {},
                none,
                0,
            )
            for coin, one in own.items()
        ],
        same_days=True,
    )


def recorded(coin: str, file: Path, read: Read = plainly) -> Witness:
    """Return what is seen of one coin in a recording. Raises `SourceError` for a coin that is not in it."""
    board, witness = Board(RECORDED_LAYER), Witness(warm_up_ms=DAY_MS)
    for snapshot in read(Recording(file)):
        board.apply_all(snapshot.updates())
        name = spelled(coin, board.coins)
        if name is not None and name in snapshot.coins:
            witness.see(board.view(name))
    find_coin(coin, board.coins, str(file))
    return witness


async def stored(coin: str, file: DatabaseAddress) -> tuple[Witness, str]:
    """Return what the bot's database has of the measured views of `coin`. Raises `SourceError`."""
    witness = Witness(warm_up_ms=DAY_MS)
    async with reading(file) as store:
        name = find_coin(coin, await store.history.coins(), str(file))
        newest = await store.history.newest(name)
        if newest is None or newest.layer.basis is not Basis.MEASURED:
            raise SourceError(f"{file} has no measured view of {name}: there is nothing to compare with")
        async for view in store.history.views(newest.layer, name, 0):
            witness.see(view)
    return witness, f"{file}, {newest.layer.label}"


def read_candles(file: Path) -> Steps:
    """Return candles of one coin (datetime in UTC, open, high, low, close, volume), open interest all 1.

    Raises `SourceError` for a file that holds none.
    """
    try:
        with file.open(newline="") as lines:
            rows = [row for row in csv.reader(lines, skipinitialspace=True) if row]
        columns = {name.strip(): place for place, name in enumerate(rows[0])}
        rows[FEWEST]  # so many there must be
        begin = [datetime.fromisoformat(row[columns["datetime"]]).replace(tzinfo=UTC) for row in rows[1:]]
        low, high, close, volume = (
            np.array([float(row[columns[name]]) for row in rows[1:]])
            for name in ("low", "high", "close", "volume")
        )
        begin_ms, first = np.unique([round(at.timestamp() * 1000) for at in begin], return_index=True)
        length_ms = int(np.median(np.diff(begin_ms)))
    except (OSError, ValueError, LookupError) as error:
        raise SourceError(f"{file}: not a file of candles: {error}") from error
    low, high, close, volume = (column[first] for column in (low, high, close, volume))
    interest = np.ones(len(first))
    return Steps(
        begin_ms + length_ms, np.minimum(low, close), np.maximum(high, close), close, interest, volume > 0
    )


def expected_on(coin: str, candles: Steps, max_leverage: float) -> dict[tuple[str, str], Expected]:
    """Return what is expected in each half of `candles`, with an open interest that stays or moves."""
    assumed, tiers = assumed_of(coin), MarginTiers.flat(max_leverage, min(0.004, 0.5 / max_leverage))
    rng = np.random.default_rng(1)
    moving = np.exp(np.cumsum(rng.normal(0, COINS_MOVE, len(candles))))
    found: dict[tuple[str, str], Expected] = {}
    for words, interest in (("stays", candles.interest), ("moves", moving)):
        days, swept = swept_by_day(replace(candles, interest=interest), assumed, tiers)
        half = len(days) // 2
        for name, which in (("first half", slice(None, half)), ("second half", slice(half, None))):
            found[name, words] = expected(days[which], swept[which])
    return found


def simulated(
    coin: str,
    days: int,
    markets: int,
    assumptions: Sequence[Assumptions] = (),
    *,
    on_day: Callable[[], object] = lambda: None,
) -> list[Outcome]:
    """Return how the model fares with each of `assumptions` (default: the coin's) in the same markets.

    There are so many of them, of `days` days each after the warm-up; `on_day` is called after each. Raises
    `UnknownCoinError` for a coin that the simulator does not know.
    """
    assumptions = assumptions or (assumed_of(coin),)
    name = spelled(coin, COINS)
    if name is None:
        raise UnknownCoinError(f"the simulator knows {', '.join(COINS)}, not {coin}")
    found: list[list[Findings]] = [[] for _ in assumptions]
    for seed in range(FIRST_SEED, FIRST_SEED + markets):
        trial = SimulatedTrial(name, days, seed)
        for _ in trial.live():
            on_day()
        steps, truth = trial.steps(), trial.truth()
        for own, assumed in zip(found, assumptions, strict=True):
            own.append(find(steps, truth, tiers=COINS[name].tiers, assumptions=assumed))
    return [outcome(own) for own in found]


def judged(witness: Witness, coin: str, max_leverage: float | None, where: str) -> Outcome:
    """Return how the model fares with what a witness has seen of one coin. Raises `SourceError`."""
    tiers = MarginTiers.flat(max_leverage or max_leverage_of(coin))
    try:
        found = find(witness.steps(), witness.truth(), tiers=tiers, assumptions=assumed_of(coin))
    except ValueError as error:
        raise SourceError(f"{where}: {error}") from None
    return outcome([found])


def pooled(found: Mapping[str, Findings]) -> Outcome:
    """Return what the findings of several coins of the same days come to."""
    return outcome(list(found.values()), same_days=True)
