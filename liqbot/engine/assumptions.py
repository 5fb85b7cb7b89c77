"""What the modelled map assumes: leverage tiers and their shares (rungs), turnover, where levels lie.

Nobody outside an exchange sees them, and nobody publishes the truth. The figures here were chosen on recorded
positions of 4 to 10 February 2026 (Hyperliquid); `docs/how-wrong.md` says how wrong they are on other days.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from liqbot.engine.liquidation_price import liquidation_price
from liqbot.market.maps import BIN_WIDTH
from liqbot.market.margin import MarginTiers
from liqbot.market.positions import Bools, Floats

SIDES = np.array([1.0, -1.0])
"""The sign of a size, by `Side.row`."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is assumed of the positions that are opened on a venue."""

    leverages: tuple[float, ...] = (2.0, 3.0, 5.0, 10.0, 25.0, 50.0, 100.0)
    """The leverage tiers, rising: leverage by the margin that stands behind a position, cross or isolated."""
    shares: tuple[float, ...] = (0.22, 0.22, 0.22, 0.16, 0.09, 0.06, 0.03)
    """How much of what is opened with a level belongs to each tier; they add up to 1."""
    standing_share: float = 0.15
    """Share of what is opened that has a level within reach; the rest is hedged, or has margin to spare. By
    coin see `assumed_of`."""
    turnover_per_hour: float = 0.002
    """Share of open interest that is closed and opened anew in an hour without open interest showing it. All
    closing on Hyperliquid was measured as a hazard of 0.00276 an hour (summer 2026); some of it shows."""
    smear: float = 0.003
    """A level is known to this share of its price: entries differ within a candle."""
    spread: float = 0.6
    """A level is known to this share of its distance from the entry: who says 10x has put up between 7% and
    13% of margin. Levels without it are sharper than anybody can know."""
    past_range: float = 0.1
    """Within this share of the first price lay the entries of what was open before the model began."""
    position_usd: float = 50_000.0
    """Size of a position, which decides its margin tier."""

    def __post_init__(self) -> None:
        if len(self.leverages) != len(self.shares) or abs(sum(self.shares) - 1) > 1e-9:
            raise ValueError(f"one share a leverage, 1 in all, not {self.shares} for {self.leverages}")
        if list(self.leverages) != sorted(set(self.leverages)) or min(self.leverages, default=2) <= 1:
            raise ValueError(f"leverages rise and are above 1, not {self.leverages}")
        if min(self.shares, default=0) < 0 or not 0 <= self.standing_share <= 1:
            raise ValueError("shares lie between 0 and 1")
        if not 0 <= self.turnover_per_hour <= 0.1:
            raise ValueError(f"a turnover between 0 and 0.1 an hour, not {self.turnover_per_hour}")
        if not 0 < self.past_range < 1:
            raise ValueError(f"a past range between 0 and 1, not {self.past_range}")
        if not 0 <= self.smear <= 0.05 or not 0 <= self.spread <= 1 or not self.position_usd > 0:
            raise ValueError("a smear from 0 to 0.05, a spread from 0 to 1, and a position above 0 USD")


STANDING = {"BTC": 0.63, "ETH": 0.31, "SOL": 0.245, "HYPE": 0.125}
"""`standing_share` by coin: each coin's own figure, drawn towards that of all coins by the number n of
accounts that it rests on (by n / (n + 4); n is 2 to 9, since large accounts count for more)."""


def assumed_of(coin: str) -> Assumptions:
    """Return what is assumed of positions in `coin`, on whatever venue."""
    default = Assumptions()
    return replace(default, standing_share=STANDING.get(coin.upper(), default.standing_share))


@dataclass(frozen=True, eq=False)
class Rungs:
    """The leverage tiers that a venue allows, and how far from its entry each of them liquidates."""

    leverages: Floats
    """Shape (tiers,), rising."""
    shares: Floats
    """Shape (tiers,): of all that is opened; what they leave over has no level."""
    offsets: Floats
    """Shape (2 sides, tiers): ln(level / entry) in bins; below 0 for longs, above 0 for shorts."""
    widths: Floats
    """Shape (2 sides, tiers): over how many bins a level is spread."""

    def __len__(self) -> int:
        return len(self.leverages)

    def among(self, leverages: Sequence[float] | None) -> Bools:
        """Return which tiers are among `leverages`, all for None, shape (tiers,)."""
        if leverages is None:
            return np.ones(len(self), dtype=np.bool_)
        return np.isin(self.leverages, leverages)


def rungs_of(assumptions: Assumptions, tiers: MarginTiers | None) -> Rungs:
    """Return the leverage tiers as `tiers` allow them; tiers above the venue's maximum are left out.

    Levels are exact for an isolated linear position of `position_usd`, `liquidation_price` with the margin
    tier that holds at the level. Without `tiers` (None: the venue's are not known) only the initial margin
    is reckoned with, so that levels lie a little too far out.
    """
    leverages, shares = np.array(assumptions.leverages), np.array(assumptions.shares)
    size = assumptions.position_usd
    if tiers is None:
        offsets = np.log(1 - SIDES[:, np.newaxis] / leverages)
    else:
        notional = np.full(len(leverages), size)
        margin = notional / leverages - tiers.maintenance_margin(notional)
        ones = np.ones(len(leverages))
        levels = [liquidation_price(side * notional, ones, margin, tiers) for side in SIDES]
        offsets = np.log(np.array(levels))
        most = tiers.max_leverages[int(np.searchsorted(tiers.lower_bounds, size, side="right")) - 1]
        offsets[:, leverages > most] = np.nan
    widths = (assumptions.smear + assumptions.spread * np.abs(offsets)) / BIN_WIDTH
    usable = np.all(SIDES[:, np.newaxis] * offsets < 0, axis=0)
    left = shares[usable].sum()
    return Rungs(
        leverages=leverages[usable],
        shares=assumptions.standing_share * shares[usable] / (left if left > 0 else 1.0),
        offsets=offsets[:, usable] / BIN_WIDTH,
        widths=widths[:, usable],
    )
