"""Who trades in the simulated market: how rich, how bold, how restless, and whether anybody found them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from liqbot.market.positions import Bools, Floats
from liqbot.sources.simulator.coins import Coin


class Kind(IntEnum):
    """What sort of account it is."""

    SMALL = 0
    MIDDLE = 1
    LARGE = 2
    MAKER = 3
    """Quotes both sides, takes what the others leave over, and keeps its book flat across coins."""
    VAULT = 4
    """Stands behind the makers: takes over most of what they cannot."""


@dataclass(frozen=True, slots=True)
class _Make:
    """How accounts of one kind are made. Dollars, leverages and restlessness are log-normal."""

    count: int
    usd: float
    """Median position in USD."""
    usd_spread: float
    timid: float
    """Share that uses so little leverage that its longs cannot be liquidated."""
    boldness: float
    """Median leverage (position over margin) of the others."""
    boldness_spread: float
    isolated: float
    """Share of their positions that is isolated."""
    eager: float
    """How much sooner they open again than their restlessness says."""
    found: float
    """Share that somebody found: only these are seen."""


_MAKES = {
    Kind.SMALL: _Make(900, 250.0, 1.7, 0.64, 28.0, 0.6, 0.40, 5.0, 0.55),
    Kind.MIDDLE: _Make(1550, 260e3, 1.05, 0.66, 8.5, 0.75, 0.30, 1.0, 0.70),
    Kind.LARGE: _Make(550, 1.1e6, 0.8, 0.42, 7.0, 0.75, 0.05, 1.0, 0.75),
    Kind.MAKER: _Make(6, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
    Kind.VAULT: _Make(1, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
}
GIANT_USD = 20e6
"""One large account is this large, as a vault that bets on a direction would be; it is bold in nothing."""
TIMID_BOLDNESS, TIMID_SPREAD = 0.35, 1.0
COINS_TRADED = (0.84, 0.12, 0.04)
"""Shares of accounts that trade one, two and three coins."""


@dataclass(frozen=True, slots=True, eq=False)
class Accounts:
    """All accounts, in columns of shape (accounts,)."""

    names: tuple[str, ...]
    kind: NDArray[np.int8]
    usd: Floats
    """Size of a typical position, in USD, where coins have equal weight."""
    boldness: Floats
    """Typical leverage: position over the margin behind it."""
    restless: Floats
    """How much sooner than the average it closes."""
    eager: Floats
    """How much sooner than the average it opens again."""
    isolated: Floats
    """Share of its positions that is isolated."""
    found: Bools
    trades: Bools
    """Shape (accounts, coins): which coins it trades of its own accord."""

    @property
    def of_crowd(self) -> Bools:
        """True for all that are neither maker nor vault."""
        return self.kind < Kind.MAKER


def make_accounts(coins: Sequence[Coin], rng: np.random.Generator) -> Accounts:
    """Return the accounts of a market of these coins."""
    kind = np.repeat([int(kind) for kind in _MAKES], [make.count for make in _MAKES.values()])
    makes = list(_MAKES.values())
    n = len(kind)

    def each(values: Sequence[float]) -> Floats:
        return np.array(values)[kind]

    usd = each([m.usd for m in makes]) * np.exp(each([m.usd_spread for m in makes]) * rng.standard_normal(n))
    bold = each([m.boldness for m in makes]) * np.exp(
        each([m.boldness_spread for m in makes]) * rng.standard_normal(n)
    )
    timid = rng.random(n) < each([m.timid for m in makes])
    shy = np.minimum(TIMID_BOLDNESS * np.exp(TIMID_SPREAD * rng.standard_normal(n)), 0.95)
    boldness = np.where(timid, shy, np.maximum(bold, 1.1))
    giant = int(np.flatnonzero(kind == Kind.LARGE)[0])
    usd[giant], boldness[giant] = GIANT_USD, 3.0
    restless = np.clip((boldness / 5) ** 0.9, 0.35, 8.0)
    names = rng.bytes(20 * n).hex()
    return Accounts(
        names=tuple(f"0x{names[40 * row : 40 * row + 40]}" for row in range(n)),
        kind=kind.astype(np.int8),
        usd=usd,
        boldness=boldness,
        restless=restless / restless.mean(),
        eager=restless / restless.mean() * each([m.eager for m in makes]),
        isolated=each([m.isolated for m in makes]),
        found=rng.random(n) < each([m.found for m in makes]),
        trades=_trades(coins, rng, n) & (kind < Kind.MAKER)[:, None],
    )


def _trades(coins: Sequence[Coin], rng: np.random.Generator, n: int) -> Bools:
    """Return which coins each account trades: one to three, the larger markets more often."""
    how_many = np.searchsorted(np.cumsum(COINS_TRADED), rng.random(n)) + 1
    weight = np.array([coin.open_interest * coin.spot for coin in coins]) ** 0.5
    order = rng.exponential(size=(n, len(coins))) / weight
    return np.argsort(np.argsort(order, axis=1), axis=1) < how_many[:, None]
