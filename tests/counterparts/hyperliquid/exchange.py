"""The exchange: what it answers to which request, and what it tells its subscribers as time passes."""

from collections import Counter, deque
from pathlib import Path

import msgspec
import numpy as np

from . import shapes
from .book import Book, CoinState, Deal
from .builder import Builder
from .clock import FastClock
from .faults import STATUS, Faults
from .limits import Window, weight_of, weight_of_items
from .node import SERVED
from .node_orders import NodeOrders

RECENT, TRUTHS = 30, 12
BATCH = 50
"""The most accounts of one request."""
INTERVALS_MS = {"1m": 60_000, "5m": 300_000, "15m": 900_000, "1h": 3_600_000}
HLP = "0xdfc24b077bc1425ad1dea75bcb6f8158e10df303"
MOST_FILLS = 2_000
REFUSED = b"Failed to deserialize the JSON body into the target type"


class Exchange:
    """A market as it is asked about. Everything is on one event loop."""

    def __init__(
        self, market, clock: FastClock, *, limit: float, listed: float, seed: int, dexes: tuple[str, ...] = ()
    ):
        self.market = market
        self.dexes = {name: Builder(name, market.names) for name in dexes}
        self.clock = clock
        self.faults = Faults(seed)
        self.weight = Window(limit)
        self.batch_weight = 20.0
        self.requests: dict[str, int] = {}
        self.asked: dict[str, Counter[str]] = {}
        """How often each account was asked for by itself, by dex."""
        self.tid = 0
        self.recent: dict[str, deque[tuple[Deal, int]]] = {}
        self.prices: dict[str, deque[tuple[int, float]]] = {}
        self._listed = listed
        self._rng = np.random.default_rng(seed)
        self._leaderboard: bytes | None = None
        self.node_orders = NodeOrders(seed)
        """What waits for its price, as a node writes it down."""
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

    def ask(self, body: bytes, *, of_node: bool = False) -> tuple[int, bytes]:  # noqa: PLR0911 - refusals
        """Return the status and the body of the answer to a request; a node counts no weight."""
        try:
            request = msgspec.json.decode(body)
            kind = request["type"]
            answer_of = getattr(self, f"_{kind}")
        except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
            return 422, REFUSED
        now_ms = self.clock.now_ms()
        weight = self.batch_weight if kind == "batchClearinghouseStates" else weight_of(kind)
        if not of_node and not self.weight.spend(weight, now_ms):
            return 429, b"Too Many Requests"
        self.requests[kind] = self.requests.get(kind, 0) + 1
        if kind == "clearinghouseState":
            self.asked.setdefault(request.get("dex") or "", Counter())[request.get("user")] += 1
        if of_node and kind not in SERVED:
            return 422, REFUSED
        if request.get("dex") in self.faults.dexes_down:
            return STATUS["502"]
        try:
            answer = self.faults.answers[kind] if kind in self.faults.answers else answer_of(request)
        except (KeyError, ValueError):
            return 422, REFUSED
        if not of_node:
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
            told = self.market.performances()
            rows = [
                shapes.leaderboard_row(
                    self.market.names[n],
                    float(worth[n]),
                    {window: (float(pnl[n]), float(vlm[n])) for window, (pnl, vlm) in told.items()},
                )
                for n in np.flatnonzero(listed)
            ]
            self._leaderboard = msgspec.json.encode({"leaderboardRows": rows})
        return self._leaderboard

    def pool(self, share: float) -> list[str]:
        """Make a share of the accounts portfolio-margin ones: as much again stands behind them elsewhere."""
        worth = self.market.worth()
        chosen = np.flatnonzero((worth > 0) & (self._rng.random(len(worth)) < share))
        self.market.pooled.update({self.market.names[n]: float(worth[n]) for n in chosen.tolist()})
        return list(self.market.pooled)

    def coins(self) -> list[CoinState]:
        """Return the markets of all dexes."""
        return [*self.market.coins(), *(coin for dex in self.dexes.values() for coin in dex.coins())]

    def coin(self, name: str) -> CoinState:
        return next(coin for coin in self.coins() if coin.name == name)

    def book(self, user: str, dex: str = "") -> Book:
        """Return what an account holds on a dex; nothing on one that is not there."""
        if not dex:
            return self.market.book(user)
        return self.dexes[dex].book(user) if dex in self.dexes else Book()

    def _note_prices(self) -> None:
        for coin in self.coins():
            self.prices.setdefault(coin.name, deque(maxlen=20_000)).append((self.clock.now_ms(), coin.mark))

    def _clearinghouseState(self, request: dict) -> object:  # noqa: N802 - the request's own name
        return shapes.clearinghouse_state(
            self.book(request["user"], request.get("dex") or ""), self.clock.now_ms()
        )

    def _batchClearinghouseStates(self, request: dict) -> object:  # noqa: N802
        users, how = request["users"], self.faults.batches
        if how == "unknown" or len(users) > BATCH:
            raise ValueError(how)
        if how == "null":
            return None
        states = [self._clearinghouseState({"user": user, "dex": request.get("dex")}) for user in users]
        match how:
            case "short":
                return states[:-1]
            case "shuffled":
                return states[::-1]
            case "partly":
                return [
                    None if int(user, 16) % 3 == 0 else state
                    for user, state in zip(users, states, strict=True)
                ]
        return states

    def _spotClearinghouseState(self, request: dict) -> object:  # noqa: N802
        return shapes.spot_state(self.market.book(request["user"]))

    def _userFills(self, request: dict) -> object:  # noqa: N802
        """Return an account's newest fills, the newest first, where the market keeps any."""
        told = getattr(self.market, "fills_of", lambda _user: [])(request["user"])
        return sorted(told, key=lambda fill: -fill["time"])[:MOST_FILLS]

    def _userAbstraction(self, request: dict) -> object:  # noqa: N802
        return "portfolioMargin" if request["user"] in self.market.pooled else "default"

    def _metaAndAssetCtxs(self, request: dict) -> object:  # noqa: N802
        coins = self._coins_of(request)
        return [shapes.meta(coins), [shapes.asset_context(coin) for coin in coins]]

    def _meta(self, request: dict) -> object:
        return shapes.meta(self._coins_of(request))

    def _allMids(self, _: dict) -> object:  # noqa: N802
        return {coin.name: shapes.number(coin.mark) for coin in self.market.coins()}

    def _perpDexs(self, _: dict) -> object:  # noqa: N802
        return [None, *({"name": name, "fullName": f"{name} dex"} for name in self.dexes)]

    def _l2Book(self, request: dict) -> object:  # noqa: N802
        return shapes.l2_book(self._known(request["coin"]), self.clock.now_ms(), request.get("nSigFigs"))

    def _recentTrades(self, request: dict) -> object:  # noqa: N802
        deals = self.recent.get(self._known(request["coin"]).name, ())
        return [shapes.trade(deal, time_ms, number) for number, (deal, time_ms) in enumerate(deals)]

    def _exchangeStatus(self, _: dict) -> object:  # noqa: N802
        return {"time": self.clock.now_ms(), "specialStatuses": None}

    def _fileSnapshot(self, request: dict) -> object:  # noqa: N802
        """Write all orders into a file, as a node does; what it answers is not published."""
        asked = request["request"]
        if asked["type"] != "l4Snapshots" or not asked["includeUsers"]:
            raise ValueError(asked)
        path, data = (
            Path(request["outPath"]),
            self.node_orders.snapshot(self, triggers=asked["includeTriggerOrders"]),
        )
        if not path.parent.is_dir():
            raise ValueError(path)
        path.write_bytes(data)
        return None

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

    def _coins_of(self, request: dict) -> list[CoinState]:
        dex = request.get("dex") or ""
        if not dex:
            return self.market.coins()
        return self.dexes[dex].coins() if dex in self.dexes else []

    def _known(self, name: str) -> CoinState:
        found = [coin for coin in self.coins() if coin.name == name]
        if not found:
            raise KeyError(name)
        return found[0]
