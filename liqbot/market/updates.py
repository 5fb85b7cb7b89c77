"""What a source tells the engine: the few nouns into which every exchange is translated."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from liqbot.market.candles import Candles
from liqbot.market.depth import Depth
from liqbot.market.margin import MarginTiers
from liqbot.market.positions import Bools, Floats, Ints
from liqbot.market.side import Side


@dataclass(frozen=True, slots=True, eq=False)
class AccountsSeen:
    """The open positions of some accounts, each account complete.

    A coin that an account in `accounts` held before and does not hold here has been closed. An account that
    is not in `accounts` was not looked at, which says nothing of its positions. The columns have one row a
    position; `account` and `coin` are places in `accounts` and `coins`.
    """

    time_ms: int
    accounts: tuple[str, ...]
    coins: tuple[str, ...]
    account: Ints
    coin: Ints
    size: Floats
    """Coins, positive for long, negative for short."""
    entry: Floats
    liquidation: Floats
    """USD, NaN for none."""
    leverage: Floats
    margin_mode: NDArray[np.int8]
    """A `MarginMode`: cross only where the account's cross positions, and nothing else, share a pool."""
    mark: Floats | None = None
    """Mark price in USD at which each position was looked at; None where unknown."""
    maintenance_rate: Floats | None = None
    """Share of notional that each position must keep as margin, at the margin; None where unknown."""
    kept: Ints | None = None
    """Shape (k, 2): accounts and coins by place of which this look says nothing (the answer could not be
    read): what was known of those positions stands, as old as it is."""

    def __post_init__(self) -> None:
        columns = (
            *("account", "coin", "size", "entry", "liquidation", "leverage", "margin_mode"),
            *(name for name in ("mark", "maintenance_rate") if getattr(self, name) is not None),
        )
        lengths = {name: len(getattr(self, name)) for name in columns}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns differ in length: {lengths}")
        _require_places("account", self.account, len(self.accounts))
        _require_places("coin", self.coin, len(self.coins))
        if self.kept is not None:
            _require_places("kept accounts", self.kept[:, 0], len(self.accounts))
            _require_places("kept coins", self.kept[:, 1], len(self.coins))


@dataclass(frozen=True, slots=True)
class AssetContext:
    """What an exchange says of a coin as a whole."""

    coin: str
    time_ms: int
    mark: float
    """Mark price in USD."""
    open_interest: float | None = None
    """Coins, one-sided (a contract is one long and one short, counted once); None where unknown."""
    funding: float | None = None
    """Funding rate as a fraction per hour, positive where longs pay; None where unknown."""


class Provenance(StrEnum):
    """How a liquidation became known."""

    STREAMED = "streamed"
    """Told as it happened."""
    BACKFILLED = "backfilled"
    """Asked for afterwards: before the start, or during a break of the stream."""
    INFERRED = "inferred"
    """Concluded from positions that were there and are gone; nobody told of it."""


@dataclass(frozen=True, slots=True)
class Liquidation:
    """A position that was force-closed."""

    coin: str
    time_ms: int
    side: Side
    """The side of the position that was liquidated."""
    price: float
    """USD: the mark price that liquidated it, as near to it as the exchange tells: by what was paid, or from
    the bankruptcy price by the venue's margin tiers."""
    size: float
    """Coins, positive."""
    sampled: bool = False
    """True where the exchange reports only some (Binance: at most one a second): sums are lower bounds."""
    provenance: Provenance = Provenance.STREAMED
    account: str | None = None
    """Whose position it was; None where the venue does not say."""
    method: str = ""
    """How it was done, in the venue's own word: `market`, `backstop`; empty where that is not told."""


@dataclass(frozen=True, slots=True, eq=False)
class CandlesSeen:
    """Closed candles of one coin, in the order of their time; a source never tells of one still open.

    A candle that is known already is passed over, and so is one that lies before the newest: a source may
    repeat itself after a break, as long as it then goes on where it stopped.
    """

    coin: str
    candles: Candles

    @property
    def time_ms(self) -> int:
        """When the last of them closed; 0 where there is none."""
        return self.candles.until_ms


@dataclass(frozen=True, slots=True, eq=False)
class OpenInterestSeen:
    """Open interest of one coin at some instants, in the order of their time: its history, or the newest.

    It is told before the candles that it belongs to: a candle waits for an open interest that is as new as
    its own end, and goes without only when a later candle has come.
    """

    coin: str
    times_ms: Ints
    """Shape (n,), rising."""
    coins: Floats
    """Shape (n,): one-sided (a contract is one long and one short, counted once), above 0."""

    def __post_init__(self) -> None:
        _require_a_series("open interests", self.times_ms, self.coins)

    @staticmethod
    def of(coin: str, times_ms: Sequence[int], coins: Sequence[float]) -> "OpenInterestSeen":
        """Make it from plain sequences. Raises `ValueError` for columns that cannot be."""
        return OpenInterestSeen(
            coin, np.asarray(times_ms, dtype=np.int64), np.asarray(coins, dtype=np.float64)
        )

    @property
    def time_ms(self) -> int:
        """The last of the instants; 0 where there is none."""
        return int(self.times_ms[-1]) if len(self.times_ms) else 0


@dataclass(frozen=True, slots=True, eq=False)
class FundingSeen:
    """Funding rates of one coin at some instants, in the order of time: its history, or the newest."""

    coin: str
    times_ms: Ints
    """Shape (n,), rising: when each was paid, or told."""
    rates: Floats
    """Shape (n,): fractions of notional per hour, whatever the venue's interval, positive where longs pay."""

    def __post_init__(self) -> None:
        _require_a_series("funding rates", self.times_ms, self.rates)

    @staticmethod
    def of(coin: str, times_ms: Sequence[int], rates: Sequence[float]) -> "FundingSeen":
        """Make it from plain sequences. Raises `ValueError` for columns that cannot be."""
        return FundingSeen(coin, np.asarray(times_ms, dtype=np.int64), np.asarray(rates, dtype=np.float64))

    @property
    def time_ms(self) -> int:
        """The last of the instants; 0 where there is none."""
        return int(self.times_ms[-1]) if len(self.times_ms) else 0


@dataclass(frozen=True, slots=True, eq=False)
class AccountRatioSeen:
    """How the accounts of one coin are divided at some instants, in the order of time: heads, not money."""

    coin: str
    times_ms: Ints
    """Shape (n,), rising."""
    long_share: Floats
    """Shape (n,): accounts that are net long, as a share (0 to 1) of those that hold a position."""

    def __post_init__(self) -> None:
        _require_a_series("account ratios", self.times_ms, self.long_share)

    @staticmethod
    def of(coin: str, times_ms: Sequence[int], long_share: Sequence[float]) -> "AccountRatioSeen":
        """Make it from plain sequences. Raises `ValueError` for columns that cannot be."""
        return AccountRatioSeen(
            coin, np.asarray(times_ms, dtype=np.int64), np.asarray(long_share, dtype=np.float64)
        )

    @property
    def time_ms(self) -> int:
        """The last of the instants; 0 where there is none."""
        return int(self.times_ms[-1]) if len(self.times_ms) else 0


@dataclass(frozen=True, slots=True)
class TakerFlowSeen:
    """Who crossed the spread lately: of what was traded, how much by buyers that did not wait."""

    coin: str
    time_ms: int
    """When the period began that it is of: five minutes."""
    buy_share: float
    """Volume that takers bought, as a share (0 to 1) of what takers bought and sold."""

    def __post_init__(self) -> None:
        if not 0 <= self.buy_share <= 1:
            raise ValueError(f"a share of {self.buy_share} that takers bought is none")


@dataclass(frozen=True, slots=True)
class MarginTiersSeen:
    """The margin tiers of one coin, as the venue publishes them."""

    coin: str
    time_ms: int
    tiers: MarginTiers


@dataclass(frozen=True, slots=True, eq=False)
class DepthSeen:
    """The order book of one coin, as it stood; it replaces the one before."""

    depth: Depth

    @property
    def coin(self) -> str:
        """The book's coin."""
        return self.depth.coin

    @property
    def time_ms(self) -> int:
        """When the book stood so."""
        return self.depth.time_ms


@dataclass(frozen=True, slots=True, eq=False)
class StopOrdersSeen:
    """All stop-loss and take-profit orders of a venue that wait for their price; they replace those before.

    The columns have one row an order; `account` and `coin` are places in `accounts` and `coins`.
    """

    time_ms: int
    accounts: tuple[str, ...]
    coins: tuple[str, ...]
    account: Ints
    coin: Ints
    trigger: Floats
    """The price that each waits for, USD, above 0."""
    size: Floats
    """Coins, above 0; NaN for as much as the account holds when price gets there."""
    is_buy: Bools
    takes_profit: Bools
    """True for take-profits, False for stop-losses."""

    def __post_init__(self) -> None:
        columns = ("account", "coin", "trigger", "size", "is_buy", "takes_profit")
        lengths = {name: len(getattr(self, name)) for name in columns}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns differ in length: {lengths}")
        _require_places("account", self.account, len(self.accounts))
        _require_places("coin", self.coin, len(self.coins))
        if not np.all((self.trigger > 0) & np.isfinite(self.trigger)):
            raise ValueError("the prices that orders wait for are above 0")
        if not np.all((self.size > 0) | np.isnan(self.size)) or np.any(np.isinf(self.size)):
            raise ValueError("sizes of orders are above 0, or NaN")


@dataclass(frozen=True, slots=True)
class Beat:
    """All that came before belongs to this instant: now views may be made."""

    time_ms: int
    cursor: str = ""
    """Up to where the source has read what it can read again, in its own words; empty where there is no such
    thing. Whoever writes down what happened until this beat writes it down as well, and hands it to the
    source at the next start (`WithCursor`): so nothing is lost and nothing told twice."""


def _require_a_series(what: str, times_ms: Ints, values: Floats) -> None:
    if len(times_ms) != len(values):
        raise ValueError(f"{len(times_ms)} times do not go with {len(values)} {what}")
    if np.any(np.diff(times_ms) <= 0):
        raise ValueError(f"the times of {what} must rise")


def _require_places(name: str, column: Ints, count: int) -> None:
    if column.dtype.kind not in "iu":
        raise ValueError(f"`{name}` must hold whole numbers, not {column.dtype}")
    if len(column) and not (column.min() >= 0 and column.max() < count):
        raise ValueError(f"`{name}` must lie in 0 to {count - 1}, not {column.min()} to {column.max()}")


Update: TypeAlias = (
    AccountsSeen
    | AssetContext
    | Liquidation
    | CandlesSeen
    | OpenInterestSeen
    | FundingSeen
    | AccountRatioSeen
    | TakerFlowSeen
    | MarginTiersSeen
    | DepthSeen
    | StopOrdersSeen
    | Beat
)
"""Any of what a source tells."""
