"""A brute-force reading of the positions finds no cluster near spot that a view lacks.

It knows nothing of the engine's code: it slides over the levels of one side, one after the other, and calls a
group of neighbours a cluster where it is heavy for its surroundings.
"""

import math

import numpy as np
import pytest
from shared import recorded_positions

from liqbot.engine.board import Board
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.side import Side
from liqbot.market.updates import AccountsSeen, AssetContext
from liqbot.sources.simulator import Scenario, Simulator

LAYER = Layer("Testex", Basis.MEASURED, Origin.SIMULATED)

RANGE = 0.05
"""How near to spot is looked, in ln(price)."""
GROUP = 0.002
"""Levels within so much of each other, in ln(price), are one group."""
AROUND = 0.15
HEAVY = 6.0
"""A group is a cluster for sure where it is so many times as heavy as an average stretch around it."""


def groups(levels, least_usd):
    """Yield the place and the USD of each heaviest group of levels (ln(level / spot), USD), near spot."""
    levels = sorted(levels)
    first = 0
    for last, (place, _) in enumerate(levels):
        while levels[first][0] < place - GROUP:
            first += 1
        middle = (levels[first][0] + place) / 2
        if abs(middle) > RANGE:
            continue
        usd = sum(money for _, money in levels[first : last + 1])
        if usd < least_usd:
            continue
        around = [(at, money) for at, money in levels if abs(at - middle) <= AROUND]
        stretch = 2 * AROUND if min(abs(middle), 1) > AROUND else AROUND + abs(middle)
        if usd >= HEAVY * sum(money for _, money in around) * GROUP / stretch:
            yield middle, usd


def lacking(view, positions, least_usd):
    """Return how many groups of at least so many USD there are, and those that the view lacks."""
    count, found = 0, []
    for side in Side:
        levels = [
            (math.log(level / view.spot), abs(size) * view.spot)
            for size, level in positions
            if not math.isnan(level) and (size > 0) is (side is Side.LONG)
        ]
        levels = [(at, usd) for at, usd in levels if (at < 0) is (side is Side.LONG)]
        for at, usd in groups(levels, least_usd):
            count += 1
            price = view.spot * math.exp(at)
            near = [one for one in view.clusters.of(side) if one.low * 0.998 <= price <= one.high * 1.002]
            if not any(one.usd >= usd / 2 for one in near):
                found.append((view.coin, side.value, price, usd))
    return count, found


def look(seen, contexts, coin):
    """Return the view of a market in which all that is known was just seen, and its positions."""
    board = Board(LAYER)
    for update in (*contexts, seen):
        board.apply(update)
    here = seen.coin == seen.coins.index(coin)
    return board.observe(coin).view, list(
        zip(seen.size[here].tolist(), seen.liquidation[here].tolist(), strict=True)
    )


def recorded():
    """Yield each coin of each snapshot of the recording: what was seen, and its price."""
    rows = recorded_positions()
    for time_ms in np.unique(rows.time_ms):
        here = rows.time_ms == time_ms
        for coin in ("BTC", "ETH", "SOL", "HYPE"):
            mine = np.flatnonzero(here & rows.of(coin))
            if not len(mine):
                continue
            account = np.arange(len(mine))
            seen = AccountsSeen(
                time_ms=int(time_ms),
                accounts=tuple(f"a{number}" for number in account),
                coins=(coin,),
                account=account,
                coin=np.zeros(len(mine), dtype=np.int64),
                size=rows.size[mine],
                entry=rows.entry[mine],
                liquidation=rows.liquidation[mine],
                leverage=rows.leverage[mine],
                margin_mode=np.zeros(len(mine), np.int8),
            )
            yield seen, AssetContext(coin, int(time_ms), float(np.median(rows.mark[mine])))


def test_over_the_whole_recording_no_cluster_near_spot_is_lacking():
    count = 0
    for seen, context in recorded():
        view, positions = look(seen, [context], context.coin)
        found, missing = lacking(view, positions, 5e6)
        assert missing == []
        count += found
    assert count >= 20


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_a_market_that_is_wholly_known_none_is_lacking(seed):
    simulator = Simulator(now_ms=0, seed=seed, scenario=Scenario.MIXED, coins=["BTC", "ETH"], backfill_days=0)
    count = 0
    for _ in range(24):
        for _ in range(10):
            contexts = [update for update in simulator.market.step(60) if isinstance(update, AssetContext)]
        for context in contexts:
            view, positions = look(simulator.market.census(), contexts, context.coin)
            found, missing = lacking(view, positions, 1e6)
            assert missing == []
            count += found
    assert count >= 20
