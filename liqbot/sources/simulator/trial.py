"""The simulated market as a trial for the modelled map: what everyone holds is known there."""

from collections.abc import Iterator

import numpy as np

from liqbot.engine.model_steps import Steps
from liqbot.engine.trial.asides import Asides
from liqbot.engine.trial.findings import Truth
from liqbot.market.maps import BIN_WIDTH, Bins
from liqbot.market.positions import Floats
from liqbot.market.side import Side
from liqbot.market.updates import AccountsSeen, AssetContext, Liquidation
from liqbot.sources.simulator.market import SimulatedMarket
from liqbot.sources.simulator.scenario import Scenario

CANDLE_S, STEP_S = 300, 60
MAPS_EVERY_S = 12 * 3600
"""So often the real map is looked at, and a forecast made."""
WARM_UP_DAYS = 10
"""The model needs a past before it is compared."""


class SimulatedTrial:
    """Lives through some days of one simulated coin, and keeps what a trial needs."""

    def __init__(self, coin: str, days: int, seed: int, scenario: Scenario = Scenario.NATURAL) -> None:
        """Prepare `days` of trial, after the warm-up. Raises `ValueError` for an unknown coin."""
        self.days = days + WARM_UP_DAYS
        self._coin = coin
        self._market = SimulatedMarket(seed, scenario, (coin,), start_ms=1_770_000_000_000, step_s=STEP_S)
        self._candles: list[tuple[int, float, float, float, float]] = []
        self._asides: list[tuple[float, float, float]] = []
        self._held = self._market.held(coin)
        self._maps: list[tuple[int, AccountsSeen]] = []
        self._events: list[Liquidation] = []

    def live(self) -> Iterator[int]:
        """Yield after each day that was lived through, how many there were."""
        begin_ms = self._market.time_ms
        for candle in range(self.days * 24 * 3600 // CANDLE_S):
            self._candle()
            elapsed_s = (self._market.time_ms - begin_ms) // 1000
            if elapsed_s > WARM_UP_DAYS * 24 * 3600 and elapsed_s % MAPS_EVERY_S == 0:
                self._maps.append((candle, self._market.census()))
            if elapsed_s % (24 * 3600) == 0:
                yield elapsed_s // (24 * 3600)

    def steps(self) -> Steps:
        """Return the candles with open interest, as an exchange would tell them."""
        end_ms, low, high, close, interest = (np.array(column) for column in zip(*self._candles, strict=True))
        return Steps(end_ms.astype(np.int64), low, high, close, interest, np.ones(len(low), dtype=np.bool_))

    def asides(self) -> Asides:
        """Return what an exchange tells beside that, candle by candle."""
        return Asides(*(np.array(column) for column in zip(*self._asides, strict=True)))

    def truth(self) -> Truth:
        """Return what everyone held, and what was liquidated."""
        prices = np.array([candle[3] for candle in self._candles])
        first = int(np.log(prices.min()) / BIN_WIDTH) - 600
        bins = Bins(first, int(np.log(prices.max()) / BIN_WIDTH) + 600 - first)
        rows = [Side.LONG.row if event.side is Side.LONG else Side.SHORT.row for event in self._events]
        return Truth(
            at=np.array([at for at, _ in self._maps]),
            coins=np.array([_by_bin(seen, prices[at], bins) for at, seen in self._maps]),
            bins=bins,
            event_ms=np.array([event.time_ms for event in self._events], dtype=np.int64),
            event_row=np.array(rows, dtype=np.int64),
            event_price=np.array([event.price for event in self._events]),
            event_usd=np.array([event.price * event.size for event in self._events]),
        )

    def _candle(self) -> None:
        low, high = np.inf, 0.0
        mark = interest = funding = traded = 0.0
        for _ in range(CANDLE_S // STEP_S):
            for update in self._market.advance(STEP_S):
                if isinstance(update, AssetContext):
                    mark, interest, funding = update.mark, update.open_interest or 0.0, update.funding or 0.0
                else:
                    self._events.append(update)
            low, high = min(low, mark), max(high, mark)
            held = self._market.held(self._coin)
            traded += float(np.abs(held - self._held).sum()) / 2
            self._held = held
        self._candles.append((self._market.time_ms, low, high, mark, interest))
        longs, shorts = np.count_nonzero(self._held > 0), np.count_nonzero(self._held < 0)
        self._asides.append((traded, funding, longs / max(longs + shorts, 1)))


def _by_bin(seen: AccountsSeen, spot: float, bins: Bins) -> Floats:
    """Return the coins by side and bin of their level, those that price has passed left out."""
    coins = np.zeros((2, bins.count))
    for row, sign in enumerate((1.0, -1.0)):
        live = (sign * seen.size > 0) & (sign * (spot - seen.liquidation) > 0)
        place = np.floor(np.log(seen.liquidation[live]) / BIN_WIDTH).astype(np.int64) - bins.first
        inside = (place >= 0) & (place < bins.count)
        coins[row] = np.bincount(place[inside], np.abs(seen.size[live][inside]), bins.count)
    return coins
