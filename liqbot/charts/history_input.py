"""What a picture of a coin's past readings is drawn from."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from liqbot.charts.request import Look
from liqbot.market.dated_reading import DatedReading
from liqbot.market.price_path import Path


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HistoryInput:
    """Readings of one coin of one layer, at least two, the oldest first, and price between them."""

    coin: str
    label: str
    """Of the layer: venue and basis."""
    window: str
    readings: tuple[DatedReading, ...]
    path: Path
    """May be empty: then the readings' spots are the line of price."""
    look: Look = field(default_factory=Look)

    @property
    def key(self) -> Hashable:
        """What makes two inputs the same picture."""
        newest = self.readings[-1]
        return (
            "history", self.coin, self.label, self.window, len(self.readings), self.readings[0].time_ms,
            newest.time_ms, newest.up_usd, newest.down_usd, len(self.path), self.path.until_ms, self.look,
        )  # fmt: skip
