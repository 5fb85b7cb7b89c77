"""What a picture of the screener is drawn from."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from liqbot.charts.request import Look
from liqbot.market.side import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenedCoin:
    """A row of the table. USD; None for what is not known."""

    coin: str
    spot: float
    side: Side | None
    """Of the nearest cluster that matters."""
    distance_pct: float | None
    cluster_usd: float | None
    up_usd: float
    """Fuel near spot, above and below it."""
    down_usd: float
    lean: float | None
    """From -1 to +1."""
    trapped_long: float | None
    trapped_short: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenerInput:
    """A page of coins in their order."""

    sort: str
    title: str
    within_pct: float
    """Fuel counts within so many percent of spot."""
    rows: tuple[ScreenedCoin, ...]
    label: str
    """Where the figures come from."""
    time_ms: int
    look: Look = field(default_factory=Look)

    @property
    def key(self) -> Hashable:
        """What makes two inputs the same picture."""
        return ("screener", self.sort, self.title, self.rows, self.label, self.time_ms, self.look)
