"""What the engine wants to know again after a restart, kept as it gives it."""

import sqlite3
from collections.abc import Mapping

from liqbot.market.layer import Layer
from liqbot.store.database import transaction


class Memories:
    """One memory a layer and coin; what is in it is the engine's business."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def save(self, layer: Layer, memories: Mapping[str, bytes]) -> None:
        """Keep `memories` (by coin) in place of the ones before."""
        with transaction(self._db):
            self._db.executemany(
                "INSERT INTO memories (layer, coin, memory) VALUES (?, ?, ?) "
                "ON CONFLICT (layer, coin) DO UPDATE SET memory = excluded.memory",
                [(layer.key, coin, memory) for coin, memory in memories.items()],
            )

    def load(self, layer: Layer) -> list[bytes]:
        """Return the memories of a layer."""
        rows = self._db.execute("SELECT memory FROM memories WHERE layer = ?", [layer.key])
        return [memory for (memory,) in rows]

    def forget(self, layer: Layer) -> None:
        """Remove the memories of a layer."""
        self._db.execute("DELETE FROM memories WHERE layer = ?", [layer.key])
