"""A witness for trials of the model: measured views become candles, open interest and true positions."""

import math

import numpy as np

from liqbot.engine.model_steps import Steps
from liqbot.engine.trial.asides import Asides
from liqbot.engine.trial.findings import Truth
from liqbot.market.maps import Bins, LiquidationMap, absolute_bin
from liqbot.market.positions import Floats
from liqbot.market.view import MarketView

HOUR_MS = 3_600_000
MAPS_EVERY_MS = 4 * HOUR_MS
"""So often a real map is kept to compare with."""
MARGIN_BINS = 600


class Witness:
    """Sees the measured views of one coin, the oldest first."""

    def __init__(self, warm_up_ms: int) -> None:
        """The model needs a past: maps of the first `warm_up_ms` are not compared."""
        self.known_interest = 0
        """Of how many views the venue told its open interest. For the others, what the known accounts hold
        stands in for it: the mean of both sides."""
        self.open_usd = 0.0
        """What the known accounts held at the last view, both sides together."""
        self._warm_up_ms = warm_up_ms
        self._rows: list[tuple[int, float, float, float, float]] = []
        self._asides: list[tuple[float, float, float]] = []
        self._maps: list[tuple[int, LiquidationMap]] = []
        self._mapped_ms = 0

    def __len__(self) -> int:
        return len(self._rows)

    def see(self, view: MarketView, traded: float = math.nan) -> None:
        """Take up a view; one that is not later than the one before, or without open size, is passed over.

        `traded` is how many coins were traded since the view before, as far as it is known.
        """
        interest = view.open_interest
        if interest:
            self.known_interest += 1
        else:
            interest = (view.open_usd.long + view.open_usd.short) / 2 / view.spot
        if not interest or (self._rows and view.time_ms <= self._rows[-1][0]):
            return
        self.open_usd = view.open_usd.long + view.open_usd.short
        before = self._rows[-1][3] if self._rows else view.spot
        low, high = min(view.low, view.spot, before), max(view.high, view.spot, before)
        self._rows.append((view.time_ms, low, high, view.spot, interest))
        accounts, funding = view.accounts.long + view.accounts.short, view.funding
        long_share = view.accounts.long / accounts if accounts else math.nan
        self._asides.append((traded, math.nan if funding is None else funding, long_share))
        due = view.time_ms - self._mapped_ms >= MAPS_EVERY_MS
        if due and view.time_ms - self._rows[0][0] > self._warm_up_ms:
            self._maps.append((len(self._rows) - 1, view.map))
            self._mapped_ms = view.time_ms

    def steps(self) -> Steps:
        """Return the price between views, and open interest."""
        rows = np.array([row[1:] for row in self._rows]).reshape(-1, 4)
        return Steps(
            end_ms=np.array([row[0] for row in self._rows], dtype=np.int64),
            low=rows[:, 0],
            high=rows[:, 1],
            close=rows[:, 2],
            interest=rows[:, 3],
            traded=np.ones(len(rows), dtype=np.bool_),
        )

    def asides(self) -> Asides:
        """Return what else was told of the same times; the accounts are those that are known."""
        return Asides(*np.array(self._asides).reshape(-1, 3).T)

    def truth(self) -> Truth:
        """Return the real maps. Liquidations with their prices are in no view: there are none."""
        low, high = (f([row[3] for row in self._rows], default=1.0) for f in (min, max))
        first = absolute_bin(low) - MARGIN_BINS
        bins = Bins(first, absolute_bin(high) + MARGIN_BINS - first)
        none = np.zeros(0)
        return Truth(
            at=np.array([at for at, _ in self._maps], dtype=np.int64),
            coins=np.array([_coins(found, bins) for _, found in self._maps]),
            bins=bins,
            event_ms=np.zeros(0, dtype=np.int64),
            event_row=np.zeros(0, dtype=np.int64),
            event_price=none,
            event_usd=none,
        )


def _coins(found: LiquidationMap, bins: Bins) -> Floats:
    """Return the coins by side and bin of a map, in `bins`."""
    coins = np.zeros((2, bins.count))
    own, held = found.bins, found.usd.sum(axis=1) / found.spot
    low, high = max(own.first, bins.first), min(own.first + own.count, bins.first + bins.count)
    coins[:, low - bins.first : high - bins.first] = held[:, low - own.first : high - own.first]
    return coins
