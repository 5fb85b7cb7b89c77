"""The engine's memories in SQL."""

from collections.abc import Mapping

from liqbot.market.layer import Layer
from liqbot.store.sql.rooms import Connection, Records, reads, writes, writes_beside


class SqlMemories(Records):
    """One memory a layer and coin; what is in it is the engine's business."""

    @writes_beside
    def save(self, db: Connection, layer: Layer, memories: Mapping[str, bytes]) -> None:
        save_memories(db, layer, memories)

    @reads
    def load(self, db: Connection, layer: Layer) -> list[bytes]:
        rows = db.execute("SELECT memory FROM memories WHERE layer = ?", [layer.key])
        return [memory for (memory,) in rows]

    @writes
    def forget(self, db: Connection, layer: Layer) -> None:
        db.execute("DELETE FROM memories WHERE layer = ?", [layer.key])


def save_memories(db: Connection, layer: Layer, memories: Mapping[str, bytes]) -> None:
    """Keep memories by coin in place of the ones before. For use within a transaction."""
    db.executemany(
        "INSERT INTO memories (layer, coin, memory) VALUES (?, ?, ?) "
        "ON CONFLICT (layer, coin) DO UPDATE SET memory = excluded.memory",
        [(layer.key, coin, memory) for coin, memory in memories.items()],
    )
