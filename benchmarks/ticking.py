"""What a tick costs: every coin's price has moved, some accounts were seen anew, and every coin has a view.

Measured at the scale of Hyperliquid whole, and at fewer coins and more accounts, to see how the cost grows.
"""

import gc
import time
from collections.abc import Iterator

import numpy as np

from benchmarks.measure import Row
from liqbot.engine.board import Board
from liqbot.market.depth import Depth
from liqbot.market.layer import Basis, Layer
from liqbot.market.side import Side
from liqbot.market.updates import AccountsSeen, AssetContext, DepthSeen, Liquidation

COINS, ACCOUNTS = 200, 45_000
A_PIECE = 2.9
"""Positions an account, on average: 130,000 of 45,000."""
BEAT_MS, SEEN_A_BEAT = 5_000, 250
"""A beat, and how many accounts are seen in one where fifty are asked for at once."""
MOST_MS = 350
BOOK_LEVELS, LIQUIDATIONS = 80, 10
"""Levels a side of a book, and liquidations of a coin, in one beat."""
LAYER = Layer("Hyperliquid", Basis.MEASURED)


class Market:
    """Accounts with positions in coins of which few are traded by most, as everywhere."""

    def __init__(self, coins: int, accounts: int) -> None:
        self._rng = np.random.default_rng(5)
        self.coins = tuple(f"C{number}" for number in range(coins))
        self.accounts = tuple(f"0x{number:040x}" for number in range(accounts))
        self._marks = 100.0 * np.exp(self._rng.normal(0, 1, coins))
        popular = 1 / (1 + np.arange(coins)) ** 0.8
        held = self._rng.poisson(A_PIECE, accounts).clip(0, coins)
        owner = np.repeat(np.arange(accounts), held)
        coin = self._rng.choice(coins, len(owner), p=popular / popular.sum())
        pair = np.unique(owner * coins + coin)
        self._owner, self._coin = pair // coins, pair % coins
        usd = self._rng.lognormal(9, 2.0, len(pair))
        side = np.where(self._rng.random(len(pair)) < 0.5, 1.0, -1.0)
        mark = self._marks[self._coin]
        self._size = side * usd / mark
        self._entry = mark * np.exp(self._rng.normal(0, 0.05, len(pair)))
        self._level = mark * np.exp(-side * np.abs(self._rng.normal(0.02, 0.3, len(pair))))
        self.board, self.time_ms = Board(LAYER), 1_800_000_000_000
        self.positions = len(pair)
        self._see(np.arange(accounts))

    def flows(self) -> list[DepthSeen | Liquidation]:
        """Return a book of each coin, as Hyperliquid's in several steps of price, and its liquidations."""
        away = np.geomspace(1e-4, 0.1, BOOK_LEVELS)
        told: list[DepthSeen | Liquidation] = []
        for coin, mark in zip(self.coins, self._marks.tolist(), strict=True):
            sizes = self._rng.lognormal(5, 1, (2, BOOK_LEVELS))
            bids, asks = mark * (1 - away), mark * (1 + away)
            told.append(DepthSeen(Depth(coin, "Book", self.time_ms, bids, sizes[0], asks, sizes[1])))
            told += [
                Liquidation(coin, self.time_ms, side, mark, 1e4 / mark)
                for side in Side
                for _ in range(LIQUIDATIONS // 2)
            ]
        return told

    def tick(self, *, with_flows: bool = False) -> float:
        """Move on by a beat, and return what that and all views cost, in ms of processor time.

        With flows every coin's book is new, and some of its positions were liquidated.
        """
        self.time_ms += BEAT_MS
        self._marks = self._marks * np.exp(self._rng.normal(0, 3e-4, len(self.coins)))
        contexts = [
            AssetContext(coin, self.time_ms, mark, 1e9, 1e-5)
            for coin, mark in zip(self.coins, self._marks.tolist(), strict=True)
        ]
        seen = self._rng.choice(len(self.accounts), SEEN_A_BEAT, replace=False)
        update = self._update(np.sort(seen))
        flows = self.flows() if with_flows else []
        begin = time.process_time()
        for context in contexts:
            self.board.apply(context)
        self.board.apply(update)
        for flow in flows:
            self.board.apply(flow)
        for coin in self.coins:
            self.board.view(coin)
        return (time.process_time() - begin) * 1000

    def _see(self, accounts: np.ndarray) -> None:
        for coin, mark in zip(self.coins, self._marks.tolist(), strict=True):
            self.board.apply(AssetContext(coin, self.time_ms, mark, 1e9, 1e-5))
        self.board.apply(self._update(accounts))

    def _update(self, accounts: np.ndarray) -> AccountsSeen:
        rows = np.flatnonzero(np.isin(self._owner, accounts))
        place = np.searchsorted(accounts, self._owner[rows])
        level = self._level[rows] * np.exp(self._rng.normal(0, 1e-3, len(rows)))
        return AccountsSeen(
            time_ms=self.time_ms,
            accounts=tuple(self.accounts[number] for number in accounts.tolist()),
            coins=self.coins,
            account=place,
            coin=self._coin[rows],
            size=self._size[rows],
            entry=self._entry[rows],
            liquidation=level,
            leverage=np.full(len(rows), 10.0),
            margin_mode=np.where(self._rng.random(len(rows)) < 0.95, 1, 2).astype(np.int8),
            mark=self._marks[self._coin[rows]],
            maintenance_rate=np.full(len(rows), 0.02),
        )


def tick_ms(coins: int, accounts: int, rounds: int = 5) -> tuple[float, int]:
    """Return the median cost of a tick in ms of processor time, and how many positions there are."""
    market = Market(coins, accounts)
    market.tick()  # the first one orders everything
    gc.collect()
    return float(np.median([market.tick() for _ in range(rounds)])), market.positions


def flows_ms(coins: int, accounts: int, rounds: int = 12) -> tuple[float, float]:
    """Return the least cost of a tick without flows and with them, in turn: what disturbs only adds."""
    plain, flowing = Market(coins, accounts), Market(coins, accounts)
    plain.tick()
    flowing.tick(with_flows=True)
    gc.collect()
    costs = [(plain.tick(), flowing.tick(with_flows=True)) for _ in range(rounds)]
    return min(cost for cost, _ in costs), min(cost for _, cost in costs)


def rows() -> Iterator[Row]:
    """Yield what a tick costs, and how that grows."""
    whole, positions = tick_ms(COINS, ACCOUNTS)
    few_coins, _ = tick_ms(30, ACCOUNTS)
    without, flowing = flows_ms(30, ACCOUNTS)
    many, many_positions = tick_ms(COINS, 200_000, rounds=3)
    yield Row(
        f"a tick of {COINS} coins and {ACCOUNTS:,} accounts ({positions:,} positions), every price moved",
        f"{whole:.0f} ms",
        f"at most {MOST_MS} ms of processor time",
        whole <= MOST_MS,
    )
    yield Row(
        f"a tick of 30 coins and {ACCOUNTS:,} accounts, each coin with a new book of {2 * BOOK_LEVELS} levels"
        f" and {LIQUIDATIONS} liquidations",
        f"{without:.0f} ms → {flowing:.0f} ms ({100 * (flowing / without - 1):+.1f}%)",
        "at most 10% more",
        flowing <= 1.1 * without,
    )
    yield Row(
        "… from 30 coins to 200",
        f"{few_coins:.0f} ms → {whole:.0f} ms",
        f"at most in proportion, {few_coins * COINS / 30:.0f} ms",
        whole <= few_coins * COINS / 30,
    )
    yield Row(
        f"… from {ACCOUNTS:,} accounts to 200,000 ({many_positions:,} positions)",
        f"{whole:.0f} ms → {many:.0f} ms",
        f"at most in proportion, {whole * 200_000 / ACCOUNTS:.0f} ms",
        many <= whole * 200_000 / ACCOUNTS,
    )


if __name__ == "__main__":
    for row in rows():
        print(row)
