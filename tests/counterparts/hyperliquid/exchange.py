"""The exchange: what it answers to which request, and what it tells its subscribers as time passes."""

from collections import deque

import msgspec
import numpy as np

from . import shapes
from .book import CoinState, Deal
from .clock import FastClock
from .faults import Faults
from .limits import Window, weight_of, weight_of_items

RECENT, TRUTHS = 30, 12
INTERVALS_MS = {"1m": 60_000, "5m": 300_000, "15m": 900_000, "1h": 3_600_000}
HLP = "0xdfc24b077bc1425ad1dea75bcb6f8158e10df303"
REFUSED = b"Failed to deserialize the JSON body into the target type"


class Exchange:
    """A market as it is asked about. Everything is on one event loop."""

    def __init__(self, market, clock: FastClock, *, limit: float, listed: float, seed: int):
        self.market = market
        self.clock = clock
        self.faults = Faults(seed)
        self.weight = Window(limit)
        self.requests: dict[str, int] = {}
        self.tid = 0
        self.recent: dict[str, deque[tuple[Deal, int]]] = {}
        self.prices: dict[str, deque[tuple[int, float]]] = {}
        self._listed = listed
        self._rng = np.random.default_rng(seed)
        self._leaderboard: bytes | None = None
        self.truths: deque[dict] = deque(maxlen=TRUTHS)
        """What was true after each of the last steps."""
        self._note_prices()

    def step(self, seconds: int) -> list[Deal]:
        """Let time pass."""
        deals = self.market.step(seconds)
        for deal in deals:
            self.recent.setdefault(deal.coin, deque(maxlen=RECENT)).append((deal, self.clock.now_ms()))
        self._note_prices()
        self.truths.append(self.market.truth())
        return deals

    def ask(self, body: bytes) -> tuple[int, bytes]:
        """Return the status and the body of the answer to a request."""
        try:
            request = msgspec.json.decode(body)
            kind = request["type"]
            answer_of = getattr(self, f"_{kind}")
        except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
            return 422, REFUSED
        now_ms = self.clock.now_ms()
        if not self.weight.spend(weight_of(kind), now_ms):
            return 429, b"Too Many Requests"
        self.requests[kind] = self.requests.get(kind, 0) + 1
        try:
            answer = answer_of(request)
        except (KeyError, ValueError):
            return 422, REFUSED
        self.weight.spend(weight_of_items(kind, answer), now_ms, at_any_rate=True)
        fault = self.faults.strike() if kind == "clearinghouseState" else None
        if fault:
            return self.faults.spoil(fault, answer)
        return 200, msgspec.json.encode(answer)

    def leaderboard(self) -> bytes:
        """Return the leaderboard: a share of the accounts, with values that are stale."""
        if self._leaderboard is None:
            worth = self.market.worth() * self._rng.lognormal(0, 0.7, len(self.market.names))
            listed = self._rng.random(len(self.market.names)) < self._listed
            rows = [
                shapes.leaderboard_row(self.market.names[n], float(worth[n])) for n in np.flatnonzero(listed)
            ]
            self._leaderboard = msgspec.json.encode({"leaderboardRows": rows})
        return self._leaderboard

    def pool(self, share: float) -> list[str]:
        """Make a share of the accounts portfolio-margin ones: as much again stands behind them elsewhere."""
        worth = self.market.worth()
        chosen = np.flatnonzero((worth > 0) & (self._rng.random(len(worth)) < share))
        self.market.pooled.update({self.market.names[n]: float(worth[n]) for n in chosen.tolist()})
        return list(self.market.pooled)

    def coin(self, name: str) -> CoinState:
        return next(coin for coin in self.market.coins() if coin.name == name)

    def _note_prices(self) -> None:
        for coin in self.market.coins():
            self.prices.setdefault(coin.name, deque(maxlen=20_000)).append((self.clock.now_ms(), coin.mark))

    def _clearinghouseState(self, request: dict) -> object:  # noqa: N802 - the request's own name
        if request.get("dex"):
            return shapes.clearinghouse_state(type(self.market.book(""))(), self.clock.now_ms())
        return shapes.clearinghouse_state(self.market.book(request["user"]), self.clock.now_ms())

    def _spotClearinghouseState(self, request: dict) -> object:  # noqa: N802
        return shapes.spot_state(self.market.book(request["user"]))

    def _userAbstraction(self, request: dict) -> object:  # noqa: N802
        return "portfolioMargin" if request["user"] in self.market.pooled else "default"

    def _metaAndAssetCtxs(self, request: dict) -> object:  # noqa: N802
        coins = [] if request.get("dex") else self.market.coins()
        return [shapes.meta(coins), [shapes.asset_context(coin) for coin in coins]]

    def _meta(self, request: dict) -> object:
        return shapes.meta([] if request.get("dex") else self.market.coins())

    def _allMids(self, _: dict) -> object:  # noqa: N802
        return {coin.name: shapes.number(coin.mark) for coin in self.market.coins()}

    def _perpDexs(self, _: dict) -> object:  # noqa: N802
        return [None]

    def _l2Book(self, request: dict) -> object:  # noqa: N802
        return shapes.l2_book(self._known(request["coin"]), self.clock.now_ms())

    def _recentTrades(self, request: dict) -> object:  # noqa: N802
        deals = self.recent.get(self._known(request["coin"]).name, ())
        return [shapes.trade(deal, time_ms, number) for number, (deal, time_ms) in enumerate(deals)]

    def _fundingHistory(self, request: dict) -> object:  # noqa: N802
        coin = self._known(request["coin"])
        hours = range(request["startTime"], self.clock.now_ms(), 3_600_000)
        rate = shapes.number(coin.funding, 10)
        return [
            {"coin": coin.name, "fundingRate": rate, "premium": "0.0", "time": hour} for hour in hours[:500]
        ]

    def _candleSnapshot(self, request: dict) -> object:  # noqa: N802
        asked = request["req"]
        coin, length = self._known(asked["coin"]), INTERVALS_MS[asked["interval"]]
        by_start: dict[int, list[float]] = {}
        for time_ms, price in self.prices[coin.name]:
            start = time_ms // length * length
            if asked["startTime"] <= start <= asked["endTime"]:
                by_start.setdefault(start, []).append(price)
        return [
            shapes.candle(coin, start, length, asked["interval"], prices)
            for start, prices in sorted(by_start.items())
        ]

    def _vaultDetails(self, request: dict) -> object:  # noqa: N802
        if request["vaultAddress"] != HLP:
            return None
        child = self.market.names[-1]
        return {
            "name": "Hyperliquidity Provider (HLP)",
            "vaultAddress": HLP,
            "leader": child,
            "followers": [{"user": child, "vaultEquity": "1.0"}],
            "relationship": {"type": "parent", "data": {"childAddresses": [child]}},
        }

    def _known(self, name: str) -> CoinState:
        found = [coin for coin in self.market.coins() if coin.name == name]
        if not found:
            raise KeyError(name)
        return found[0]
