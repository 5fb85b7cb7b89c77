"""How large a database is, by table, and what a coin and day takes: what `liqbot db size` tells."""

from collections.abc import Mapping
from dataclasses import dataclass

from liqbot.store.address import DatabaseAddress
from liqbot.store.maintenance import coin_days, sizes


@dataclass(frozen=True, slots=True)
class DatabaseSize:
    """What is taken, in bytes of whole pages, indexes included."""

    tables: Mapping[str, tuple[int, int]]
    """By table its rows and its bytes, the largest first; empty ones left out."""
    coin_days: float
    """Days that are kept, times coins and layers."""

    @property
    def taken(self) -> int:
        """Bytes of all tables."""
        return sum(taken for _rows, taken in self.tables.values())

    @property
    def a_coin_day(self) -> float:
        """Bytes for each coin, layer and day."""
        return self.taken / self.coin_days if self.coin_days else 0.0


def size_of(database: DatabaseAddress) -> DatabaseSize:
    """Return how large a database is. Raises `DatabaseError`."""
    tables = {name: found for name, found in sizes(database).items() if found[0]}
    return DatabaseSize(tables, coin_days(database))
