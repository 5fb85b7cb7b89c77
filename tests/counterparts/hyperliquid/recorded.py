"""A recording behind the counterpart: its accounts as they were, snapshot after snapshot.

What a recording does not tell is filled in so that it fits: every position is cross, the pool is the one that
an account's first level reveals, and coins have one margin tier.
"""

from pathlib import Path

import numpy as np

from liqbot.engine.liquidation_price import MarginTiers, margin_available
from liqbot.sources.recording import Recording, Snapshot

from .book import Book, CoinState, Deal, Held

MOST = 25.0
TIERS = MarginTiers.flat(MOST)


class Recorded:
    """The accounts of a recording; an account that a snapshot leaves out keeps what it had."""

    def __init__(self, path: Path, *, start_ms: int):
        self._snapshots = list(Recording(path).snapshots())
        self.names = tuple(dict.fromkeys(name for shot in self._snapshots for name in shot.accounts))
        self.start_ms = self.time_ms = start_ms
        self.pooled: dict[str, float] = {}
        self._next = 0
        self._rows: dict[str, list[tuple[str, float, float, float, float]]] = {}
        self._marks: dict[str, float] = {}
        self._advance()

    def step(self, seconds: int) -> list[Deal]:
        self.time_ms += seconds * 1000
        return self._advance()

    def coins(self) -> list[CoinState]:
        held = dict.fromkeys(self._marks, 0.0)
        for rows in self._rows.values():
            for coin, size, *_ in rows:
                held[coin] += abs(size)
        return [CoinState(coin, mark, held[coin], 0.0, ((0.0, MOST),)) for coin, mark in self._marks.items()]

    def book(self, name: str) -> Book:
        rows = self._rows.get(name, [])
        if not rows:
            return Book()
        size, _, _, level = np.array([row[1:] for row in rows]).T
        mark = np.array([self._marks[row[0]] for row in rows])
        value, maintenance = size * mark, float(TIERS.maintenance_margin(np.abs(size) * mark).sum())
        revealed = margin_available(size, mark, level, TIERS)
        told = revealed[np.isfinite(revealed)]
        pool = float(told[0]) if len(told) else float(np.abs(value).sum())
        return Book(
            positions=tuple(
                Held(
                    coin=name,
                    size=size,
                    entry=entry,
                    mark=self._marks[name],
                    level=None if np.isnan(level) else level,
                    leverage=leverage,
                    isolated=False,
                    raw_usd=0.0,
                    margin_used=abs(size) * self._marks[name] / leverage,
                    max_leverage=MOST,
                )
                for name, size, entry, leverage, level in rows
            ),
            cross_value=pool + maintenance,
            cross_maintenance=maintenance,
        )

    def truth(self) -> dict:
        told = {
            coin: {"mark": mark, "up": 0.0, "down": 0.0, "usd": 0.0} for coin, mark in self._marks.items()
        }
        for rows in self._rows.values():
            for coin, size, _, _, level in rows:
                mark = self._marks[coin]
                told[coin]["usd"] += abs(size) * mark
                if size < 0 and mark < level <= 1.05 * mark:
                    told[coin]["up"] += abs(size) * mark
                if size > 0 and 0.95 * mark <= level < mark:
                    told[coin]["down"] += abs(size) * mark
        return told

    def performances(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return nothing: gains and volumes are not known here, and the leaderboard tells zeros."""
        return {}

    def worth(self) -> np.ndarray:
        return np.array([self.book(name).cross_value for name in self.names])

    def positions(self) -> dict[str, dict[str, float]]:
        return {name: {row[0]: row[1] for row in rows} for name, rows in self._rows.items() if rows}

    def _advance(self) -> list[Deal]:
        """Take up the snapshots whose time has come, as far from the first as we are from the start."""
        first_ms, deals = self._snapshots[0].time_ms, []
        while self._next < len(self._snapshots):
            shot = self._snapshots[self._next]
            if shot.time_ms - first_ms > self.time_ms - self.start_ms:
                break
            deals += self._take(shot)
            self._next += 1
        return deals

    def _take(self, shot: Snapshot) -> list[Deal]:
        before = {name: {row[0]: row[1] for row in self._rows.get(name, [])} for name in shot.accounts}
        for place, coin in enumerate(shot.coins):
            self._marks[coin] = float(np.median(shot.mark[shot.coin == place]))
        self._rows.update({name: [] for name in shot.accounts})
        columns = (shot.account, shot.coin, shot.size, shot.entry, shot.leverage, shot.liquidation)
        for account, coin, *figures in zip(*(column.tolist() for column in columns), strict=True):
            self._rows[shot.accounts[account]].append((shot.coins[coin], *figures))
        other = self.names[-1]
        return [
            Deal(coin, self._marks[coin], abs(size), name, other)
            for name in shot.accounts
            for coin, size, *_ in self._rows[name]
            if before[name].get(coin) != size
        ]
