"""What happened between two views is told once, by measured and modelled boards alike."""

from collections import Counter

import modelled
import pytest
from markets import HOUR, LAYER, MINUTE, board_of, long, price, seen, short

from liqbot.engine.board import Board
from liqbot.engine.modelled import ALL
from liqbot.engine.modelled_board import ModelledBoard
from liqbot.market.clusters import End
from liqbot.market.events import (
    ClusterBorn,
    ClusterEnded,
    ClusterGrew,
    LiquidationSeen,
    LiquidationSum,
    RegimeChanged,
)
from liqbot.market.regime import Regime
from liqbot.market.side import Side
from liqbot.market.updates import AssetContext, CandlesSeen, Liquidation, OpenInterestSeen


def of_kind(observation, kind):
    return [event for event in observation.events if isinstance(event, kind)]


def test_what_is_there_at_the_first_look_was_not_born_then():
    board = board_of(long("ann", 2, at=90))
    observation = board.observe("BTC")
    assert observation.events == ()
    assert observation.view.clusters


def test_a_cluster_that_appears_later_is_born_once():
    board = board_of(long("ann", 2, at=90))
    board.observe("BTC")
    board.apply(seen(long("bob", 2, at=80), time_ms=MINUTE))
    (born,) = of_kind(board.observe("BTC"), ClusterBorn)
    assert (born.coin, born.layer, born.time_ms, born.cluster.price) == ("BTC", LAYER, MINUTE, 80)
    assert board.observe("BTC").events == ()


def test_a_cluster_that_doubles_grew_and_is_not_told_again_until_it_doubles_again():
    board = board_of(long("ann", 1, at=90))
    board.observe("BTC")
    told = []
    for minute, coins in enumerate((1.5, 2, 2.5, 3.9, 4), start=1):
        board.apply(seen(long("ann", coins, at=90), time_ms=minute * MINUTE))
        told += [
            (event.before_usd, event.cluster.usd) for event in of_kind(board.observe("BTC"), ClusterGrew)
        ]
    assert told == [(100, 200), (200, 400)]


def test_growth_goes_on_after_a_restart_where_it_was():
    board = board_of(long("ann", 1, at=90))
    board.observe("BTC")
    again = Board(LAYER)
    again.recall(board.memories().values())
    again.apply(price(100, time_ms=MINUTE))
    again.apply(seen(long("ann", 2, at=90), time_ms=MINUTE))
    assert [type(event) for event in again.observe("BTC").events] == [ClusterGrew]


def test_an_end_says_how():
    board = board_of(long("ann", 1, at=90), short("bob", 1, at=110))
    board.observe("BTC")
    board.apply(price(89, time_ms=MINUTE))
    board.apply(seen(flat=("bob",), time_ms=MINUTE))
    ends = {event.cluster.side: event.end for event in of_kind(board.observe("BTC"), ClusterEnded)}
    assert ends == {Side.LONG: End.SWEPT, Side.SHORT: End.CLOSED}


def liquidation(coins: float, *, at_ms: int, side: Side = Side.LONG, sampled: bool = False) -> Liquidation:
    return Liquidation("BTC", at_ms, side, 100.0, coins, sampled)


def test_large_liquidations_are_told_one_by_one_and_all_by_minute_and_side():
    board = board_of(long("ann", 1, at=90), time_ms=HOUR)
    board.observe("BTC")
    for event in (
        liquidation(999, at_ms=HOUR + 1),
        liquidation(1_000, at_ms=HOUR + MINUTE - 1, sampled=True),
        liquidation(5, at_ms=HOUR + MINUTE),
        liquidation(7, at_ms=HOUR + 2, side=Side.SHORT),
    ):
        board.apply(event)
    observation = board.observe("BTC")
    large = of_kind(observation, LiquidationSeen)
    assert [(event.usd, event.sampled) for event in large] == [(100_000, True)]
    sums = [
        (event.time_ms, event.side, event.usd, event.count, event.sampled)
        for event in of_kind(observation, LiquidationSum)
    ]
    assert sums == [
        (HOUR, Side.LONG, 199_900, 2, True),
        (HOUR, Side.SHORT, 700, 1, False),
        (HOUR + MINUTE, Side.LONG, 500, 1, False),
    ]
    assert board.observe("BTC").events == ()


def regimes(*ratios: float):
    """Return the changes told while the fuel above is so many times that below."""
    board = board_of(long("ann", 1, at=98), short("bob", ratios[0], at=102))
    told = of_kind(board.observe("BTC"), RegimeChanged)
    for minute, ratio in enumerate(ratios[1:], start=1):
        board.apply(seen(short("bob", ratio, at=102), time_ms=minute * MINUTE))
        told += of_kind(board.observe("BTC"), RegimeChanged)
    return [(event.before, event.after) for event in told]


def test_the_regime_changes_beyond_a_dead_band():
    squeeze, balanced = Regime.SHORT_SQUEEZE, Regime.BALANCED
    assert regimes(1, 3, 1) == [(balanced, squeeze), (squeeze, balanced)]
    assert regimes(3, 1.9, 2.1, 1.9) == []
    assert regimes(3, 0.1) == [(squeeze, Regime.LONG_LIQUIDATION)]


def test_a_modelled_board_tells_the_same_kinds():
    interest, candles = modelled.history(600)
    board = modelled.told(
        ModelledBoard(modelled.LAYER), *(modelled.cut(one, slice(0, 400)) for one in (interest, candles))
    )
    board.observe("BTC")
    kinds = Counter()
    for place in range(400, 600):
        rows = slice(place, place + 1)
        told = [modelled.cut(interest, rows), modelled.cut(candles, rows)]
        assert isinstance(told[0], OpenInterestSeen)
        assert isinstance(told[1], CandlesSeen)
        mark = float(told[1].candles.close[-1])
        for update in (*told, AssetContext("BTC", told[1].time_ms, mark)):
            board.apply(update)
        board.apply(Liquidation("BTC", told[1].time_ms, Side.SHORT, mark, 10.0))
        for event in board.observe("BTC").events:
            assert (event.coin, event.layer) == ("BTC", modelled.LAYER)
            kinds[type(event)] += 1
    assert kinds[LiquidationSeen] == kinds[LiquidationSum] == 200
    assert kinds[ClusterBorn] + kinds[ClusterEnded] > 0


def test_of_measured_positions_no_part_and_no_past_can_be_asked_for():
    board = board_of(long("ann", 1, at=90))
    assert board.grid("BTC", HOUR) is None
    assert board.snapshot("BTC") is None
    with pytest.raises(LookupError, match="only modelled positions of BTC can be told apart"):
        board.part("BTC", ALL)
