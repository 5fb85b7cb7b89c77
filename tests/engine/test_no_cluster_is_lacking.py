"""A brute-force reading of the positions finds no cluster near spot that a view lacks, nor one that those
lack who ask for it: near-cluster with its defaults, `/clusters`, and the labels of a picture.

It knows nothing of the engine's code: it slides over the levels of one side, one after the other, and calls a
group of neighbours a cluster where it is heavy for its surroundings, or heavy enough for an alert.

`make test` looks at a part of the recording and of each simulated market, `make truth` at all of it.
"""

import math
import os
from dataclasses import dataclass

import numpy as np
import pytest
from charts.test_labels import strip_between
from shared import recorded_positions

from liqbot.builtin import near_cluster
from liqbot.charts import labels
from liqbot.chat import market_words
from liqbot.engine.board import Board
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.side import Side
from liqbot.market.updates import AccountsSeen, AssetContext
from liqbot.service.market_answer import market_answer
from liqbot.sources.simulator import Scenario, Simulator
from liqbot.text import figures

LAYER = Layer("Testex", Basis.MEASURED, Origin.SIMULATED)
WHOLE = "LIQBOT_TEST_WHOLE" in os.environ

RANGE = 0.05
"""How near to spot is looked, in ln(price)."""
GROUP = 0.002
"""Levels within so much of each other, in ln(price), are one group."""
AROUND = 0.15
HEAVY = 6.0
"""A group is a cluster for sure where it is so many times as heavy as an average stretch around it."""
WITHIN, LEAST_USD, LEAST_SHARE, ALONE = math.log(1.02), 2e6, 0.01, 4.0
"""near-cluster's defaults, written down anew: how near, how many dollars, what share of the side, and how
many times that for what one account holds alone."""


@dataclass(frozen=True)
class Group:
    """Neighbouring levels of one side."""

    side: Side
    at: float
    """Its middle, ln(level / spot)."""
    usd: float
    accounts: int


def groups(side, levels):
    """Yield each heaviest group of `levels` (ln(level / spot), USD, account) near spot."""
    first = 0
    for last, (place, _, _) in enumerate(levels):
        while levels[first][0] < place - GROUP:
            first += 1
        middle = (levels[first][0] + place) / 2
        if abs(middle) <= RANGE:
            part = levels[first : last + 1]
            yield Group(side, middle, sum(usd for _, usd, _ in part), len({who for _, _, who in part}))


def is_heavy_for_its_surroundings(group, levels):
    around = sum(usd for at, usd, _ in levels if abs(at - group.at) <= AROUND)
    stretch = 2 * AROUND if abs(group.at) > AROUND else AROUND + abs(group.at)
    return group.usd >= HEAVY * around * GROUP / stretch


def is_worth_an_alert(group, whole_side):
    least = max(LEAST_USD, LEAST_SHARE * whole_side) * (ALONE if group.accounts == 1 else 1)
    return abs(group.at) <= WITHIN and group.usd >= least


def sides_of(view, positions):
    """Yield each side, its levels as (ln(level / spot), USD, account) in order, and all its USD."""
    for side in Side:
        mine = [one for one in positions if (one[0] > 0) is (side is Side.LONG)]
        levels = sorted(
            (math.log(level / view.spot), abs(size) * view.spot, who)
            for size, level, who in mine
            if not math.isnan(level)
        )
        live = [one for one in levels if (one[0] < 0) is (side is Side.LONG)]
        yield side, live, sum(abs(size) * view.spot for size, _, _ in mine)


def lacking(view, positions, least_usd):
    """Return how many groups are clusters, how many of them worth an alert, and what is lacking."""
    clusters, alerts, missing = 0, 0, []
    for side, levels, whole in sides_of(view, positions):
        for group in groups(side, levels):
            alerting = is_worth_an_alert(group, whole)
            if not alerting and (group.usd < least_usd or not is_heavy_for_its_surroundings(group, levels)):
                continue
            price = view.spot * math.exp(group.at)
            near = [one for one in view.clusters.of(side) if one.low * 0.998 <= price <= one.high * 1.002]
            holding = [one for one in near if one.usd >= group.usd / 2]
            clusters += 1
            if not holding:
                missing.append((view.coin, view.time_ms, "no cluster", group))
            elif alerting:
                alerts += 1
                missing += [(view.coin, view.time_ms, who, group) for who in _who_lacks(view, holding)]
    return clusters, alerts, missing


def _who_lacks(view, holding):
    """Yield who of those that show clusters shows none of `holding`."""
    hits = near_cluster.read(view, near_cluster.form.defaults()).hits
    told = {hit.value for hit in hits if not hit.holding}
    levels = [one.price for one in view.clusters.of(holding[0].side) if one.usd in told]
    rows = [row for table in market_words.clusters(market_answer(view)) for row in table.rows]
    listed = {row[0] for row in rows}
    strip = strip_between(view, view.spot * 0.7, view.spot * 1.4)
    named = [label.cluster for label in labels.placed(view, strip) if label.cluster.side is holding[0].side]
    # An alert is about all within 1%. One whose peak is beyond the range is told when that comes within.
    if not any(
        abs(one.distance_pct) > 2 or any(abs(math.log(level / one.price)) <= 0.01 for level in levels)
        for one in holding
    ):
        yield "near-cluster"
    if all(figures.price(one.price) not in listed for one in holding):
        yield "/clusters"
    # Where labels are taken by what is nearer or heavier, bars show the rest.
    if not named or not any(
        one in named or all(_matters_more(other, one) for other in named) for one in holding
    ):
        yield "picture"


def _matters_more(one, other):
    return one.usd >= other.usd or abs(one.distance_pct) <= abs(other.distance_pct)


def look(seen, contexts, coin):
    """Return the view of a market in which all that is known was just seen, and its positions."""
    board = Board(LAYER)
    for update in (*contexts, seen):
        board.apply(update)
    here = seen.coin == seen.coins.index(coin)
    columns = (seen.size[here].tolist(), seen.liquidation[here].tolist(), seen.account[here].tolist())
    return board.observe(coin).view, list(zip(*columns, strict=True))


def recorded():
    """Yield each coin of each snapshot of the recording: what was seen, and its price."""
    rows = recorded_positions()
    for time_ms in np.unique(rows.time_ms)[:: 1 if WHOLE else 6]:
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


def test_over_the_recording_no_cluster_near_spot_is_lacking():
    clusters, alerts = 0, 0
    for seen, context in recorded():
        view, positions = look(seen, [context], context.coin)
        found, alerting, missing = lacking(view, positions, 5e6)
        assert missing == []
        clusters, alerts = clusters + found, alerts + alerting
    assert clusters >= (20 if WHOLE else 3)
    assert alerts >= (5 if WHOLE else 0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_a_market_that_is_wholly_known_none_is_lacking(seed):
    simulator = Simulator(now_ms=0, seed=seed, scenario=Scenario.MIXED, coins=["BTC", "ETH"], backfill_days=0)
    clusters, alerts = 0, 0
    for _ in range(24 if WHOLE else 8):
        contexts = [update for update in simulator.market.step(600) if isinstance(update, AssetContext)]
        census = simulator.market.census()
        for context in contexts:
            view, positions = look(census, contexts, context.coin)
            found, alerting, missing = lacking(view, positions, 1e6)
            assert missing == []
            clusters, alerts = clusters + found, alerts + alerting
    assert not WHOLE or (clusters >= 20 and alerts >= 5)
