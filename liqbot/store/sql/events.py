"""The event log in SQL."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from liqbot.market import wire
from liqbot.market.events import ClusterGrew, LiquidationSeen, LiquidationSum, MarketEvent
from liqbot.market.layer import Layer
from liqbot.store.errors import DamagedError
from liqbot.store.events import LARGE_USD, MOST, WHOLE_MS, LoggedEvent
from liqbot.store.retention import DEFAULT, Retention
from liqbot.store.sql.memories import save_memories
from liqbot.store.sql.rooms import Connection, Connections, Records, reads, writes, writes_beside

HOUR_MS = 3_600_000


class SqlEvents(Records):
    """What happened, by layer and coin: a row an event."""

    def __init__(self, connections: Connections, retention: Retention = DEFAULT) -> None:
        super().__init__(connections)
        self._longest_ms = retention.events_ms

    @writes_beside
    def record(
        self,
        db: Connection,
        events: Sequence[MarketEvent],
        cursors: Mapping[Layer, str] | None = None,
        memories: Mapping[Layer, Mapping[str, bytes]] | None = None,
    ) -> None:
        _insert(db, events)
        for layer, by_coin in (memories or {}).items():
            save_memories(db, layer, by_coin)
        db.executemany(
            "INSERT INTO source_cursors (layer, cursor) VALUES (?, ?) "
            "ON CONFLICT (layer) DO UPDATE SET cursor = excluded.cursor",
            [(layer.key, cursor) for layer, cursor in (cursors or {}).items()],
        )

    @reads
    def cursor(self, db: Connection, layer: Layer) -> str:
        row = db.execute("SELECT cursor FROM source_cursors WHERE layer = ?", [layer.key]).fetchone()
        return row[0] if row else ""

    @reads
    def between(
        self,
        db: Connection,
        layer: Layer,
        coin: str,
        since_ms: int,
        until_ms: int,
        *,
        kinds: Collection[str] | None = None,
        limit: int = MOST,
    ) -> list[LoggedEvent]:
        wanted = sorted(kinds or ())
        of_kinds = "" if kinds is None else f"AND kind IN ({', '.join('?' * len(wanted)) or 'NULL'}) "
        rows = db.execute(
            "SELECT id, event FROM events WHERE layer = ? AND coin = ? AND time_ms > ? AND time_ms <= ? "
            f"{of_kinds}ORDER BY time_ms DESC, id DESC LIMIT ?",
            [layer.key, coin, since_ms, until_ms, *wanted, limit],
        ).fetchall()
        return [LoggedEvent(number, event_from_blob(blob)) for number, blob in reversed(rows)]

    @writes
    def forget(self, db: Connection, layer: Layer) -> None:
        db.execute("DELETE FROM events WHERE layer = ?", [layer.key])
        db.execute("DELETE FROM source_cursors WHERE layer = ?", [layer.key])

    @writes
    def thin(self, db: Connection, now_ms: int) -> None:
        db.execute("DELETE FROM events WHERE time_ms < ?", [now_ms - self._longest_ms])
        # Whole hours only: what is summed once is never taken apart again.
        aged_ms = (now_ms - WHOLE_MS) // HOUR_MS * HOUR_MS
        db.execute("DELETE FROM events WHERE time_ms < ? AND kind = ?", [aged_ms, ClusterGrew.kind])
        db.execute(
            "DELETE FROM events WHERE time_ms < ? AND kind = ? AND usd < ?",
            [aged_ms, LiquidationSeen.kind, LARGE_USD],
        )
        crowded = db.execute(
            "SELECT layer, coin, time_ms / ? FROM events WHERE time_ms < ? AND kind = ? "
            "GROUP BY 1, 2, 3 HAVING count(*) > 2",
            [HOUR_MS, aged_ms, LiquidationSum.kind],
        ).fetchall()
        for layer, coin, hour in crowded:
            _sum_up(db, layer, coin, hour * HOUR_MS)


def _sum_up(db: Connection, layer: str, coin: str, hour_ms: int) -> None:
    """Put one sum a side in the place of those of an hour."""
    where = "layer = ? AND coin = ? AND kind = ? AND time_ms >= ? AND time_ms < ?"
    span = [layer, coin, LiquidationSum.kind, hour_ms, hour_ms + HOUR_MS]
    rows = db.execute(f"SELECT event FROM events WHERE {where}", span).fetchall()
    by_side: dict[str, list[LiquidationSum]] = defaultdict(list)
    for (blob,) in rows:
        event = event_from_blob(blob)
        if isinstance(event, LiquidationSum):
            by_side[event.side.value].append(event)
    db.execute(f"DELETE FROM events WHERE {where}", span)
    _insert(
        db,
        [
            LiquidationSum(
                coin=coin,
                layer=sums[0].layer,
                time_ms=hour_ms,
                side=sums[0].side,
                usd=sum(one.usd for one in sums),
                count=sum(one.count for one in sums),
                sampled=any(one.sampled for one in sums),
            )
            for sums in by_side.values()
        ],
    )


def _insert(db: Connection, events: Sequence[MarketEvent]) -> None:
    db.executemany(
        "INSERT INTO events (layer, coin, time_ms, kind, usd, event) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (event.layer.key, event.coin, event.time_ms, event.kind, _usd(event), wire.event_to_bytes(event))
            for event in events
        ],
    )


def _usd(event: MarketEvent) -> float | None:
    cluster = getattr(event, "cluster", None)
    return getattr(event, "usd", None) if cluster is None else cluster.usd


def event_from_blob(blob: bytes) -> MarketEvent:
    """Return an event as it was written. Raises `DamagedError`."""
    try:
        return wire.event_from_bytes(blob)
    except wire.WireError as error:
        raise DamagedError(f"an event of the past cannot be read: {error}") from error
