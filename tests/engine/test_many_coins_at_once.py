"""A board works out many coins at once; what it says of each is what it says of it alone."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from markets import LAYER, MINUTE, long, price, seen, short

from liqbot.engine.board import AT_ONCE, Board
from liqbot.market import wire
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation

COINS = tuple(f"C{number}" for number in range(AT_ONCE + 3))
SPOT = 100.0


class Told:
    """Updates of several coins, minute by minute, at random but always the same for a seed."""

    def __init__(self, seed: int) -> None:
        self.chance = np.random.default_rng(seed)
        self.spots = dict.fromkeys(COINS, SPOT)

    def minute(self, number: int):
        time_ms = number * MINUTE
        for coin in COINS:
            self.spots[coin] *= float(np.exp(self.chance.normal(0, 0.01)))
            yield price(self.spots[coin], time_ms=time_ms, coin=coin)
        accounts = [f"a{n}" for n in self.chance.choice(60, 25, replace=False)]
        rows = [row for account in accounts for row in self.rows(account)]
        yield seen(*rows, flat=tuple(accounts[:3]), time_ms=time_ms)

    def rows(self, account: str):
        for coin in self.chance.choice(COINS, self.chance.integers(0, 5), replace=False).tolist():
            is_long = bool(self.chance.random() < 0.5)
            away = abs(float(self.chance.normal(0, 0.05))) + 1e-3
            at = self.spots[coin] * float(np.exp(-away if is_long else away))
            side = long if is_long else short
            yield side(account, float(self.chance.lognormal(0, 1)), at=at, coin=coin)


def told_by(board: Board, seed: int, *, at_once: bool) -> list[bytes]:
    told, said = Told(seed), []
    for minute in range(1, 7):
        for update in told.minute(minute):
            board.apply(update)
        for coin in COINS:
            observation = board.observe(coin)
            said.append(wire.to_bytes(observation.view) + repr(observation.events).encode())
            if not at_once:  # whatever is told, if only to be refused, makes void what was made of the others
                board.apply(Liquidation("UNKNOWN", minute * MINUTE, Side.LONG, 1.0, 1.0))
    return said


@settings(max_examples=4)
@given(st.integers(0, 2**32 - 1))
def test_what_is_said_of_a_coin_does_not_depend_on_what_else_is_asked_for(seed):
    assert told_by(Board(LAYER), seed, at_once=True) == told_by(Board(LAYER), seed, at_once=False)


@settings(max_examples=2)
@given(st.integers(0, 2**32 - 1))
def test_what_is_remembered_is_the_same_too(seed):
    one, other = Board(LAYER), Board(LAYER)
    told_by(one, seed, at_once=True)
    told_by(other, seed, at_once=False)
    assert one.memories() == other.memories()


def test_a_coin_that_is_looked_at_twice_without_news_says_the_same_and_nothing_happened_between():
    board = Board(LAYER)
    for update in Told(7).minute(1):
        board.apply(update)
    first = [board.observe(coin) for coin in COINS]
    again = [board.observe(coin) for coin in COINS]
    assert all(one.view.clusters == other.view.clusters for one, other in zip(first, again, strict=True))
    assert not any(one.events for one in again)
