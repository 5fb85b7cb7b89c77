"""Cases of the scoreboard in SQL."""

from collections.abc import Sequence

import msgspec

from liqbot.engine.scoreboard import Case
from liqbot.market.layer import Layer
from liqbot.store.errors import DatabaseError
from liqbot.store.retention import DEFAULT, Retention
from liqbot.store.sql.rooms import Connection, Connections, Records, reads, writes, writes_beside

_cases = msgspec.msgpack.Decoder(Case)


class SqlCases(Records):
    """What can be counted: a row a case."""

    def __init__(self, connections: Connections, retention: Retention = DEFAULT) -> None:
        super().__init__(connections)
        self._retention = retention

    @writes_beside
    def record(self, db: Connection, layer: Layer, coin: str, cases: Sequence[Case]) -> None:
        db.executemany(
            "INSERT INTO cases (layer, coin, time_ms, cluster, entry) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            [(layer.key, coin, one.time_ms, one.cluster.id, msgspec.msgpack.encode(one)) for one in cases],
        )

    @reads
    def between(self, db: Connection, layer: Layer, coin: str, since_ms: int, until_ms: int) -> list[Case]:
        rows = db.execute(
            "SELECT entry FROM cases WHERE layer = ? AND coin = ? AND time_ms > ? AND time_ms <= ? "
            "ORDER BY time_ms, cluster",
            [layer.key, coin, since_ms, until_ms],
        )
        try:
            return [_cases.decode(blob) for (blob,) in rows]
        except msgspec.DecodeError as error:
            raise DatabaseError(f"a case of the past cannot be read: {error}") from error

    @writes
    def forget(self, db: Connection, layer: Layer) -> None:
        db.execute("DELETE FROM cases WHERE layer = ?", [layer.key])

    @writes
    def thin(self, db: Connection, now_ms: int) -> None:
        db.execute("DELETE FROM cases WHERE time_ms < ?", [now_ms - self._retention.history_ms])
