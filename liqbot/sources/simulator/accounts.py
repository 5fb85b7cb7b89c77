"""The traders of the simulated market, in columns: how rich, bold and restless each is, and found or not.

Not here: their positions (`ledger.py`), what they do (`crowd.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from liqbot.market.positions import Bools, Floats
from liqbot.sources.simulator.coins import Coin

Places = NDArray[np.intp]


class Kind(IntEnum):
    """What sort of account it is."""

    SMALL = 0
    MIDDLE = 1
    LARGE = 2
    MAKER = 3
    """Quotes both sides, takes what the others leave over, and keeps its book flat across coins."""
    VAULT = 4
    """Stands behind the makers: takes over most of what they cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Make:
    """How accounts of one kind are made. Dollars and leverages are log-normal: a median and a spread."""

    count: int
    found: float
    """Share that somebody found: only these are seen."""
    usd: tuple[float, float] = (0.0, 0.0)
    """Size of a position."""
    timid: float = 0.0
    """Share that uses so little leverage that its longs cannot be liquidated."""
    boldness: tuple[float, float] = (1.0, 0.0)
    """Leverage (position over margin) of the others."""
    isolated: float = 0.0
    """Share of the positions of those of usual leverage that is isolated."""
    eager: float = 0.0
    """How much sooner than others they open again."""
    restless: float = 1.0
    """How much sooner than others they close."""
    attentive: tuple[float, float] = (0.0, 0.0)
    """How soon they act when their liquidation comes near; 1 is usual."""


_MAKES = {
    Kind.SMALL: _Make(
        count=2100,
        found=0.55,
        usd=(750.0, 2.0),
        timid=0.55,
        boldness=(40, 0.5),
        isolated=0.06,
        eager=25.0,
        restless=8.0,
        attentive=(0.05, 0.5),
    ),
    Kind.MIDDLE: _Make(
        count=1450,
        found=0.7,
        usd=(1.5e6, 1.1),
        timid=0.62,
        boldness=(7, 0.8),
        isolated=0.14,
        eager=2.0,
        attentive=(0.2, 1.5),
    ),
    Kind.LARGE: _Make(
        count=450,
        found=0.75,
        usd=(6e6, 0.9),
        timid=0.45,
        boldness=(5, 0.65),
        isolated=0.03,
        eager=1.5,
        attentive=(0.5, 1.2),
    ),
    Kind.MAKER: _Make(count=6, found=1.0),
    Kind.VAULT: _Make(count=1, found=1.0),
}
GIANT_USD, GIANT_BOLDNESS = 80e6, 3.0
"""One account is as large as a vault that bets on a direction, and as careful."""
TIMID, TIMID_SPREAD, MOST_TIMID = 0.35, 1.0, 0.95
"""Median and spread of the leverage of timid accounts, and the most of it."""
LEAST_BOLD = 1.1
"""The least leverage of the others."""
TIMID_SMALLER = 0.4
"""Their positions are so many times as large as others'."""
USUAL, BOLD_SMALLER = 5.0, 0.55
"""The bolder than this much leverage, the more restless, the sooner back, the more often isolated, and the
smaller: by the leverage to this power."""
COINS_TRADED = (0.9, 0.07, 0.03)
"""Shares of accounts that trade one, two and three coins; makers and the vault trade all."""


@dataclass(frozen=True, slots=True, eq=False)
class Accounts:
    """All accounts in columns of shape (accounts,), and their slots in columns of shape (slots,).

    A slot is one account's place for a position in one coin that it trades. Slots are ordered by coin.
    """

    names: tuple[str, ...]
    kind: NDArray[np.int8]
    found: Bools
    usd: Floats
    """Size of a usual position, USD; those of middle and large accounts are scaled to the coin's market."""
    boldness: Floats
    """Usual leverage: position over the margin behind it."""
    restless: Floats
    """How much sooner than the average it closes."""
    eager: Floats
    """How much sooner than the average it opens again."""
    isolated: Floats
    """Share of its positions that is isolated."""
    attentive: Floats
    """How soon it acts when its liquidation comes near; 1 is usual."""
    slot_account: Places
    slot_coin: Places
    slot_of_crowd: Bools
    """False for makers and the vault."""


class _Lots:
    """Draws a figure for each account, by its kind."""

    def __init__(self, kind: NDArray[np.int8], rng: np.random.Generator) -> None:
        self._kind, self._rng = kind, rng

    def of(self, figure: Callable[[_Make], float]) -> Floats:
        """Return what `figure` says of each account's kind."""
        return np.array([figure(make) for make in _MAKES.values()])[self._kind]

    def chance(self, share: Callable[[_Make], float]) -> Bools:
        """Return True for about `share` of each kind."""
        return self._rng.random(len(self._kind)) < self.of(share)

    def scattered(self, law: Callable[[_Make], tuple[float, float]]) -> Floats:
        """Return log-normal figures around each kind's median."""
        spread = self.of(lambda make: law(make)[1]) * self._rng.standard_normal(len(self._kind))
        return self.of(lambda make: law(make)[0]) * np.exp(spread)


def make_accounts(coins: Sequence[Coin], rng: np.random.Generator, crowd: float = 1.0) -> Accounts:
    """Return the accounts of a market of these coins, the crowd `crowd` times as many as usual.

    Their sizes follow: the open interest of a coin does not depend on how many share it.
    """
    counts = [
        make.count if kind >= Kind.MAKER else round(crowd * make.count) for kind, make in _MAKES.items()
    ]
    kind = np.repeat(np.array(list(_MAKES), dtype=np.int8), counts)
    lots, n = _Lots(kind, rng), len(kind)
    usd = lots.scattered(lambda make: make.usd)
    timid = lots.chance(lambda make: make.timid)
    shy = np.minimum(TIMID * np.exp(TIMID_SPREAD * rng.standard_normal(n)), MOST_TIMID)
    boldness = np.where(timid, shy, np.maximum(lots.scattered(lambda make: make.boldness), LEAST_BOLD))
    usd *= np.where(timid, TIMID_SMALLER, np.minimum((USUAL / boldness) ** BOLD_SMALLER, 1.0))
    found = lots.chance(lambda make: make.found)
    how_many = np.searchsorted(np.cumsum(COINS_TRADED)[:-1], rng.random(n), side="right") + 1
    giant = int(np.flatnonzero(kind == Kind.LARGE)[0])
    usd[giant], boldness[giant], found[giant], how_many[giant] = GIANT_USD, GIANT_BOLDNESS, True, 1
    how_many[kind >= Kind.MAKER] = len(coins)
    restless = np.clip((boldness / USUAL) ** 0.9, 0.35, 8.0)
    eager = np.clip((boldness / USUAL) ** 1.3, 0.35, 20.0) * lots.of(lambda make: make.eager)
    isolated = np.clip(lots.of(lambda make: make.isolated) * boldness / USUAL, 0.0, 0.95)
    coin, account = np.nonzero(_trades(coins, how_many, rng).T)
    return Accounts(
        names=_names(n, rng),
        kind=kind,
        found=found,
        usd=usd,
        boldness=boldness,
        restless=restless / restless.mean() * lots.of(lambda make: make.restless),
        eager=eager / restless.mean(),
        isolated=np.where(boldness < 1, 0.0, isolated),
        attentive=lots.scattered(lambda make: make.attentive),
        slot_account=account,
        slot_coin=coin,
        slot_of_crowd=kind[account] < Kind.MAKER,
    )


def _trades(coins: Sequence[Coin], how_many: Places, rng: np.random.Generator) -> Bools:
    """Return, shape (accounts, coins), in which coins each account is: larger markets more often."""
    weight = np.sqrt([coin.open_interest * coin.spot for coin in coins])
    order = rng.exponential(size=(len(how_many), len(coins))) / weight
    return np.argsort(np.argsort(order, axis=1), axis=1) < how_many[:, None]


def _names(n: int, rng: np.random.Generator) -> tuple[str, ...]:
    """Return `n` names that look like addresses."""
    digits = rng.bytes(20 * n).hex()
    return tuple(f"0x{digits[40 * row : 40 * row + 40]}" for row in range(n))
