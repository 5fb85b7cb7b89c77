"""How real the simulated market is: the figures that are known of real ones, measured in it the same way.

The real figures are measured on 31,066 candles of BTC (15 minutes, 1 January to 20 November 2023) and on what
Hyperliquid's accounts held (February and July to October 2026), or published; each says which.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from liqbot.engine.liquidation_price import margin_available
from liqbot.market.positions import Bools, Floats, MarginMode
from liqbot.market.updates import AccountsSeen, AssetContext
from liqbot.sources.simulator.coins import COINS
from liqbot.sources.simulator.market import SimulatedMarket
from liqbot.sources.simulator.scenario import Scenario
from liqbot.sources.simulator.statistics import autocorrelation, kurtosis, tail_index, weighted_quantile

CANDLE_S, DAY_S = 900, 24 * 3600
CANDLES_A_DAY = DAY_S // CANDLE_S
CANDLES_A_YEAR = 365.25 * CANDLES_A_DAY
CENSUS_DAYS = 5
"""So often all positions are looked at."""
SETTLING_DAYS = 3
"""The days before are not counted: what is open at the start was not opened by this market."""


@dataclass(frozen=True, slots=True, eq=False)
class Lived:
    """What was seen of one coin over some days."""

    returns: Floats
    """Log returns of 15 minutes, shape (candles,)."""
    daily_share: Floats
    """What was liquidated of the open interest, by day; shape (days,)."""
    event_usd: Floats
    """Shape (events,)."""
    event_day: Floats
    """Which day it belongs to; shape (events,)."""
    open_interest: float
    """Coins, one-sided: the mean."""
    holdings: "Holdings"


@dataclass(frozen=True, slots=True, eq=False)
class Holdings:
    """What was held on some days, in columns of shape (n,)."""

    usd: Floats
    distance: Floats
    """From mark to liquidation price as a fraction of mark; NaN for no level."""
    leverage: Floats
    """Notional over equity behind it; of isolated positions only of interest."""
    isolated: Bools

    def share_within(self, distance: float) -> float:
        """Return the share of notional that is liquidated within `distance` of the mark."""
        return float(self.usd[self.distance < distance].sum() / self.usd.sum())

    @staticmethod
    def joined(parts: Sequence["Holdings"]) -> "Holdings":
        """Return the rows of all `parts`."""
        return Holdings(
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("usd", "distance", "leverage", "isolated")
            )
        )


class Life:
    """Lives through a market of one coin and keeps what the figures need."""

    def __init__(
        self, coin: str, seed: int, scenario: Scenario = Scenario.NATURAL, step_s: int = CANDLE_S
    ) -> None:
        """Prepare; `step_s` divides 15 minutes. Raises `ValueError` for an unknown coin."""
        self._coin, self._step_s = coin, step_s
        self._market = SimulatedMarket(seed, scenario, (coin,), start_ms=1_770_000_000_000)
        self._closes: list[float] = []
        self._interest: list[float] = []
        self._liquidated: list[float] = []
        self._events: list[tuple[float, int]] = []
        self._holdings: list[Holdings] = []

    def days(self, count: int) -> Iterator[int]:
        """Live through `count` days that count; yield how many days are over."""
        for day in range(SETTLING_DAYS + count):
            self._day(day - SETTLING_DAYS)
            yield day + 1

    def lived(self) -> Lived:
        """Return what was seen. Needs at least one day that counts."""
        return Lived(
            returns=np.diff(np.log(self._closes)),
            daily_share=np.array(self._liquidated),
            event_usd=np.array([usd for usd, _ in self._events]),
            event_day=np.array([day for _, day in self._events], dtype=np.float64),
            open_interest=float(np.mean(self._interest)),
            holdings=Holdings.joined(self._holdings),
        )

    def _day(self, day: int) -> None:
        liquidated = mark = interest = 0.0
        for step in range(DAY_S // self._step_s):
            for update in self._market.advance(self._step_s):
                if isinstance(update, AssetContext):
                    mark, interest = update.mark, update.open_interest or 0.0
                elif day >= 0:
                    usd = update.price * update.size
                    liquidated += usd
                    self._events.append((usd, day))
            if day >= 0 and (step + 1) * self._step_s % CANDLE_S == 0:
                self._closes.append(mark)
        if day >= 0:
            self._interest.append(interest)
            self._liquidated.append(liquidated / (interest * mark))
            if day % CENSUS_DAYS == 0:
                self._holdings.append(holdings_of(self._market.census(), self._coin, mark))


def holdings_of(census: AccountsSeen, coin: str, mark: float) -> Holdings:
    """Return what `census` tells of `coin`, at its `mark` in USD."""
    here = census.coin == census.coins.index(coin)
    size, level, tiers = census.size[here], census.liquidation[here], COINS[coin].tiers
    usd = np.abs(size) * mark
    spare = margin_available(size, np.full(len(size), mark), level, tiers)
    return Holdings(
        usd=usd,
        distance=np.sign(size) * (1 - level / mark),
        leverage=usd / (spare + tiers.maintenance_margin(usd)),
        isolated=census.margin_mode[here] == MarginMode.ISOLATED,
    )


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that is known of real markets."""

    name: str
    real: float
    unit: str
    """How it is shown: `%` of one, `$`, `x`, or nothing."""
    factor: float
    """The simulated one fits when it is within this factor."""
    source: str
    measure: Callable[[Lived], float]

    def fits(self, value: float) -> bool:
        """Return whether `value` is near enough to the real one."""
        return self.real / self.factor <= value <= self.real * self.factor


def _of_returns(measure: Callable[[Floats], float]) -> Callable[[Lived], float]:
    return lambda lived: measure(lived.returns)


def _memory(hours: float) -> Callable[[Lived], float]:
    lag = round(hours * 3600 / CANDLE_S)
    return lambda lived: autocorrelation(np.abs(lived.returns), lag)


def _event_size(share: float) -> Callable[[Lived], float]:
    """Return the quantile of what is liquidated at a time, on quiet days: the half with least liquidated."""

    def measure(lived: Lived) -> float:
        quiet = np.flatnonzero(lived.daily_share <= np.median(lived.daily_share))
        return float(np.quantile(lived.event_usd[np.isin(lived.event_day, quiet)], share))

    return measure


def _within(distance: float) -> Callable[[Lived], float]:
    return lambda lived: lived.holdings.share_within(distance)


def _isolated_leverage(share: float) -> Callable[[Lived], float]:
    def measure(lived: Lived) -> float:
        rows = lived.holdings.isolated
        return weighted_quantile(lived.holdings.leverage[rows], lived.holdings.usd[rows], share)

    return measure


def _isolated_share(lived: Lived) -> float:
    return float(lived.holdings.usd[lived.holdings.isolated].sum() / lived.holdings.usd.sum())


def _isolated_near(lived: Lived) -> float:
    held = lived.holdings
    near = held.isolated & (held.distance < 0.07)
    return float(held.usd[near].sum() / held.usd[held.isolated].sum())


CANDLES = "candles, 2023"
HELD = "recorded positions, February 2026"
ISOLATED = "isolated positions, July 2026"
FIGURES = (
    Figure(
        "liquidated on the median day, of open interest",
        0.002,
        "%",
        2,
        "published sums, 0.17–0.23%",
        lambda lived: float(np.median(lived.daily_share)),
    ),
    Figure("kurtosis of 15-minute returns", 111, "", 3, CANDLES, _of_returns(kurtosis)),
    Figure("worst move in 15 minutes", 0.088, "%", 3, CANDLES, _of_returns(lambda r: float(np.abs(r).max()))),
    Figure(
        "volatility, annualised",
        0.437,
        "%",
        2,
        CANDLES,
        _of_returns(lambda r: float(r.std() * np.sqrt(CANDLES_A_YEAR))),
    ),
    Figure("tail index of returns (Hill, largest 1%)", 2.74, "", 2, CANDLES, _of_returns(tail_index)),
    Figure("memory of volatility, 15 minutes", 0.361, "", 2, CANDLES, _memory(0.25)),
    Figure("memory of volatility, 1 hour", 0.203, "", 2, CANDLES, _memory(1)),
    Figure("memory of volatility, 4 hours", 0.111, "", 2, CANDLES, _memory(4)),
    Figure("memory of volatility, 1 day", 0.099, "", 2, CANDLES, _memory(24)),
    Figure("open interest, coins", 40_000, "", 2, "Hyperliquid, October 2026", lambda it: it.open_interest),
    Figure("liquidated at a time, median", 228, "$", 2, "quiet days", _event_size(0.5)),
    Figure("liquidated at a time, 9 in 10 below", 3_400, "$", 2, "quiet days", _event_size(0.9)),
    Figure("liquidated at a time, 99 in 100 below", 24_000, "$", 2, "quiet days", _event_size(0.99)),
    Figure("notional that is isolated", 0.055, "%", 2, ISOLATED, _isolated_share),
    Figure("leverage of isolated notional, median", 8.3, "x", 2, ISOLATED, _isolated_leverage(0.5)),
    Figure("leverage of isolated notional, 3 in 4 below", 18.5, "x", 2, ISOLATED, _isolated_leverage(0.75)),
    Figure("leverage of isolated notional, 9 in 10 below", 48, "x", 2, ISOLATED, _isolated_leverage(0.9)),
    Figure("isolated notional with its level within 7%", 0.319, "%", 2, ISOLATED, _isolated_near),
    Figure(
        "positions without a reachable level",
        0.31,
        "%",
        2,
        "Hyperliquid",
        lambda lived: float(np.isnan(lived.holdings.distance).mean()),
    ),
    Figure("notional with its level within 5%", 0.0233, "%", 2, HELD, _within(0.05)),
    Figure("notional with its level within 10%", 0.0683, "%", 2, HELD, _within(0.10)),
    Figure("notional with its level within 20%", 0.233, "%", 2, HELD, _within(0.20)),
    Figure("notional with its level within 50%", 0.516, "%", 2, HELD, _within(0.50)),
)
"""All that is compared, in the order of the table."""


def pooled(lives: Sequence[Lived]) -> Lived:
    """Return several lives as if they had come one after the other."""
    first_day = np.cumsum([0, *(len(lived.daily_share) for lived in lives[:-1])])
    days = [lived.event_day + first for lived, first in zip(lives, first_day, strict=True)]
    return Lived(
        returns=np.concatenate([lived.returns for lived in lives]),
        daily_share=np.concatenate([lived.daily_share for lived in lives]),
        event_usd=np.concatenate([lived.event_usd for lived in lives]),
        event_day=np.concatenate(days),
        open_interest=float(np.mean([lived.open_interest for lived in lives])),
        holdings=Holdings.joined([lived.holdings for lived in lives]),
    )
