"""A market of any size in which people trade all the time, and some are liquidated: what a node tells of.

Prices stand still, so that what an account holds changes by its fills alone, and every one of them is known.
"""

from dataclasses import dataclass

import numpy as np

from .book import Book, CoinState, Deal, Held

SLOTS = 3
"""Positions an account may have."""
MARKS = {"BTC": 60_000.0, "ETH": 2_500.0, "SOL": 150.0}
LEVERAGE = 10.0
LIQUIDATED = 0.03
"""This share of the trades is a liquidation of the one side."""
NEAR_USD, SPREAD = 9.0, 1.5


@dataclass(frozen=True)
class Fill:
    """What a trade did to one account."""

    time_ms: int
    user: str
    coin: str
    price: float
    size: float
    buys: bool
    start: float
    """What it held before, coins."""
    after: float
    tid: int
    liquidated: str | None
    """Whose liquidation the trade was; None for none."""


class Churning:
    """Accounts with positions in columns of shape (accounts, SLOTS)."""

    def __init__(self, *, accounts: int, fills_a_second: float, start_ms: int, seed: int = 7):
        self._rng = np.random.default_rng(seed)
        self.names = tuple(f"0x{number + 1:040x}" for number in range(accounts))
        self.number = {name: number for number, name in enumerate(self.names)}
        self.pooled: dict[str, float] = {}
        self.start_ms = self.time_ms = start_ms
        self.rate = fills_a_second
        self.tid = 0
        self.fills: list[Fill] = []
        """What the last step has brought."""
        self._coins = tuple(MARKS)
        self._mark = np.array(list(MARKS.values()))
        self._coin = self._rng.random((accounts, len(MARKS))).argsort(axis=1)[:, :SLOTS]
        usd = self._rng.lognormal(NEAR_USD, SPREAD, self._coin.shape)
        usd[self._rng.random(self._coin.shape) < 0.4] = 0.0
        sign = np.where(self._rng.random(self._coin.shape) < 0.5, 1.0, -1.0)
        self._size = np.round(sign * usd / self._mark[self._coin], 5)
        self._open = np.zeros(len(MARKS))
        np.add.at(self._open, self._coin, np.abs(self._size))

    def step(self, seconds: float) -> list[Deal]:
        """Let time pass; return the trades. Their fills lie in the time that has passed."""
        trades = int(self._rng.poisson(self.rate * seconds / 2))
        times = np.sort(self._rng.integers(0, max(1, round(seconds * 1000)), trades)) + self.time_ms
        self.fills = []
        deals = [self._trade(int(time_ms)) for time_ms in times.tolist()]
        self.time_ms += round(seconds * 1000)
        return deals

    def coins(self) -> list[CoinState]:
        return [
            CoinState(coin, mark, float(self._open[place]) / 2, 1e-5, ((0.0, 25.0),))
            for place, (coin, mark) in enumerate(MARKS.items())
        ]

    def book(self, name: str) -> Book:
        number = self.number.get(name)
        if number is None:
            return Book()
        held = [
            self._held(coin, size)
            for coin, size in zip(self._coin[number].tolist(), self._size[number].tolist(), strict=True)
            if size
        ]
        return Book(positions=tuple(held))

    def truth(self) -> dict:
        """Return of each coin the mark and the open size, USD."""
        usd = self._open * self._mark
        return {
            coin: {"mark": MARKS[coin], "up": 0.0, "down": 0.0, "usd": float(usd[place])}
            for place, coin in enumerate(self._coins)
        }

    def performances(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return nothing: gains and volumes are not known here, and the leaderboard tells zeros."""
        return {}

    def worth(self) -> np.ndarray:
        return (np.abs(self._size) * self._mark[self._coin]).sum(axis=1)

    def positions(self) -> dict[str, dict[str, float]]:
        rows, slots = np.nonzero(self._size)
        held: dict[str, dict[str, float]] = {}
        for row, slot in zip(rows.tolist(), slots.tolist(), strict=True):
            held.setdefault(self.names[row], {})[self._coins[self._coin[row, slot]]] = float(
                self._size[row, slot]
            )
        return held

    def _trade(self, time_ms: int) -> Deal:
        taker = int(self._rng.integers(len(self.names)))
        slot = int(self._rng.integers(SLOTS))
        coin = int(self._coin[taker, slot])
        held = float(self._size[taker, slot])
        liquidated = held != 0 and self._rng.random() < LIQUIDATED
        change = -held if liquidated else self._wanted(held, coin)
        maker = int(self._rng.integers(len(self.names)))
        while maker == taker:
            maker = int(self._rng.integers(len(self.names)))
        other = int(np.flatnonzero(self._coin[maker] == coin)[0]) if coin in self._coin[maker] else None
        self.tid += 1
        whose = self.names[taker] if liquidated else None
        self._fill(time_ms, taker, slot, change, whose)
        if other is not None:
            self._fill(time_ms, maker, other, -change, whose)
        buyer, seller = (taker, maker) if change > 0 else (maker, taker)
        price = float(self._mark[coin])
        return Deal(
            self._coins[coin], price, abs(change), self.names[buyer], self.names[seller], liquidated=whose
        )

    def _wanted(self, held: float, coin: int) -> float:
        size = float(np.round(self._rng.lognormal(NEAR_USD, SPREAD) / self._mark[coin], 5)) + 1e-5
        return float(np.round(self._rng.choice([-held or size, size, -size]), 5))

    def _fill(self, time_ms: int, number: int, slot: int, change: float, liquidated: str | None) -> None:
        coin, start = int(self._coin[number, slot]), float(self._size[number, slot])
        after = float(np.round(start + change, 5))
        self._size[number, slot] = after
        self._open[coin] += abs(after) - abs(start)
        self.fills.append(
            Fill(
                time_ms,
                self.names[number],
                self._coins[coin],
                float(self._mark[coin]),
                abs(change),
                change > 0,
                start,
                after,
                self.tid,
                liquidated,
            )
        )

    def _held(self, coin: int, size: float) -> Held:
        mark = float(self._mark[coin])
        return Held(
            coin=self._coins[coin],
            size=size,
            entry=mark,
            mark=mark,
            level=mark * (0.92 if size > 0 else 1.08),
            leverage=LEVERAGE,
            isolated=True,
            raw_usd=0.0,
            margin_used=abs(size) * mark / LEVERAGE,
            max_leverage=25.0,
        )
