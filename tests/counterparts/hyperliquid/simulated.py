"""The simulated market behind the counterpart."""

import numpy as np

from liqbot.engine.liquidation_price import liquidation_price
from liqbot.sources.simulator import Scenario, SimulatedMarket

from .book import Book, CoinState, Deal, Held
from .performances import performances

AMBIENT = 1.0
"""Trades that change nothing much, a coin and second: somebody buys, and sells again."""


LEAST = 1e-6
"""Coins; less is rounded away."""


class Simulated:
    """Accounts of the simulated market, found or not, as the exchange itself knows them."""

    def __init__(
        self, *, seed: int, scenario: str, crowd: float, start_ms: int, still: bool, event_after_s: float
    ):
        self.market = SimulatedMarket(
            seed, Scenario(scenario), start_ms=start_ms, crowd=crowd, event_after_s=event_after_s
        )
        self._seed = seed
        self.start_ms = start_ms
        self.still = still
        self._rng = np.random.default_rng(seed)
        accounts = self.market._accounts
        self.names = accounts.names
        self.number = {name: number for number, name in enumerate(accounts.names)}
        self._slot_coin = accounts.slot_coin
        self._slot_account = accounts.slot_account
        order = np.argsort(accounts.slot_account, kind="stable")
        ends = np.searchsorted(accounts.slot_account[order], np.arange(len(self.names) + 1))
        self._slots = [order[ends[n] : ends[n + 1]].tolist() for n in range(len(self.names))]
        self.pooled: dict[str, float] = {}
        self._look()

    @property
    def time_ms(self) -> int:
        return self.market.time_ms

    def step(self, seconds: int) -> list[Deal]:
        """Let time pass; return the trades."""
        if self.still:
            self.market.time_ms += seconds * 1000
            return self._ambient(seconds)
        before = self.market._ledger.size.copy()
        self.market.step(seconds)
        self._look()
        return [*self._changes(before), *self._ambient(seconds)]

    def coins(self) -> list[CoinState]:
        interest = self.market.open_interest()
        funding = self.market._funding()
        return [
            CoinState(
                name=coin.name,
                mark=float(self._marks[place]),
                open_interest=interest[coin.name],
                funding=float(funding[place]),
                tiers=tuple(zip(coin.tiers.lower_bounds, coin.tiers.max_leverages, strict=True)),
            )
            for place, coin in enumerate(self.market._coins)
        ]

    def book(self, name: str) -> Book:
        """Return what an account holds; nothing for one that nobody ever heard of."""
        number = self.number.get(name)
        if number is None:
            return Book()
        slots = [slot for slot in self._slots[number] if abs(self._size[slot]) > LEAST]
        cross = [slot for slot in slots if not self._isolated[slot]]
        spot = self.pooled.get(name)
        return Book(
            positions=tuple(self._held(slot, spot) for slot in slots),
            cross_value=float(self._standing.pool[cross[0]]) if cross else 0.0,
            cross_maintenance=float(self._standing.pool_maintenance[cross[0]]) if cross else 0.0,
            spot_usd=spot,
        )

    def truth(self) -> dict:
        """Return of each coin the mark, open size, and the true fuel within 5% of it; all in USD."""
        told = {}
        for place, coin in enumerate(self.market._coins):
            mark, here = self._marks[place], (self._slot_coin == place) & (self._size != 0)
            size, level = self._size[here], self._level[here]
            usd = np.abs(size) * mark
            up = usd[(size < 0) & (level > mark) & (level <= 1.05 * mark)].sum()
            down = usd[(size > 0) & (level < mark) & (level >= 0.95 * mark)].sum()
            told[coin.name] = {
                "mark": float(mark),
                "up": float(up),
                "down": float(down),
                "usd": float(usd.sum()),
            }
        return told

    def worth(self) -> np.ndarray:
        """Return what each account is worth, USD."""
        value = np.zeros(len(self.names))
        np.maximum.at(value, self._slot_account, np.where(self._size != 0, self._standing.pool, 0.0))
        return value

    def performances(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return what each account gained and traded in the windows of the leaderboard, USD."""
        return performances(self.market, np.random.default_rng(self._seed))

    def positions(self) -> dict[str, dict[str, float]]:
        """Return who holds what, in coins."""
        held: dict[str, dict[str, float]] = {}
        names = [coin.name for coin in self.market._coins]
        for slot in np.flatnonzero(np.abs(self._size) > LEAST).tolist():
            account = self.names[self._slot_account[slot]]
            held.setdefault(account, {})[names[self._slot_coin[slot]]] = float(self._size[slot])
        return held

    def _look(self) -> None:
        ledger = self.market._ledger
        self._marks = self.market._prices.marks
        self._standing = ledger.standing(self._marks)
        self._size, self._isolated = ledger.size.copy(), ledger.isolated.copy()
        held = np.flatnonzero(self._size)
        self._level = np.full(len(self._size), np.nan)
        self._level[held] = ledger.levels(held, self._standing)

    def _held(self, slot: int, spot_usd: float | None) -> Held:
        ledger, coin = self.market._ledger, self.market._coins[self._slot_coin[slot]]
        size, mark = float(self._size[slot]), float(self._standing.marks[slot])
        isolated, value = bool(self._isolated[slot]), size * mark
        level = float(self._level[slot])
        if spot_usd is not None and not isolated:
            available = self._standing.pool[slot] - self._standing.pool_maintenance[slot] + spot_usd
            (level,) = liquidation_price(
                np.array([size]), np.array([mark]), np.array([available]), coin.tiers
            ).tolist()
        tier = int(np.searchsorted(coin.tiers.lower_bounds, abs(value), side="right")) - 1
        leverage = float(ledger.leverage[slot])
        own = float(self._standing.own_equity[slot])
        return Held(
            coin=coin.name,
            size=size,
            entry=float(ledger.entry[slot]),
            mark=mark,
            level=None if np.isnan(level) else level,
            leverage=leverage,
            isolated=isolated,
            raw_usd=own - value,
            margin_used=own if isolated else abs(value) / leverage,
            max_leverage=coin.tiers.max_leverages[tier],
        )

    def _changes(self, before: np.ndarray) -> list[Deal]:
        delta = self._size - before
        maker = self.names[-1]
        deals = []
        for slot in np.flatnonzero((delta != 0) & self.market._accounts.slot_of_crowd).tolist():
            place = self._slot_coin[slot]
            name = self.names[self._slot_account[slot]]
            buyer, seller = (name, maker) if delta[slot] > 0 else (maker, name)
            coin = self.market._coins[place].name
            deals.append(Deal(coin, float(self._marks[place]), abs(float(delta[slot])), buyer, seller))
        return deals

    def _ambient(self, seconds: float) -> list[Deal]:
        """Return small trades between accounts, the large ones oftener."""
        if not hasattr(self, "_weights"):
            weight = np.sqrt(np.abs(self._size) * self._standing.marks + 1)
            self._weights = np.bincount(self._slot_account, weight, len(self.names))
            self._weights /= self._weights.sum()
        coins, deals = self.market._coins, []
        for place, coin in enumerate(coins):
            count = int(self._rng.poisson(AMBIENT * seconds))
            users = self._rng.choice(len(self.names), (count, 2), p=self._weights)
            sizes = self._rng.exponential(2_000.0, count) / self._marks[place]
            deals += [
                Deal(coin.name, float(self._marks[place]), size, self.names[a], self.names[b])
                for (a, b), size in zip(users.tolist(), sizes.tolist(), strict=True)
            ]
        return deals
