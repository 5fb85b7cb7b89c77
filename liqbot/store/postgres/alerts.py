"""States, alerts and what is owed in PostgreSQL: a view in a few statements, however many it fires for."""

from collections.abc import Sequence

import msgspec

from liqbot.market.accounts import AccountState
from liqbot.market.view import MarketView
from liqbot.store.alerts import EXPIRES_MS, NewAlert, Read
from liqbot.store.sql.alerts import SqlAlerts, packed_view
from liqbot.store.sql.rooms import Connection, writes_beside
from liqbot.store.sql.statuses import DUE
from liqbot.store.subscriptions import Watch

_STATES = """
    INSERT INTO states (watch_id, layer, state)
    SELECT watches.id, coalesce(CAST(? AS text), watches.layer), new.state
    FROM unnest(CAST(? AS bigint[]), CAST(? AS bytea[])) AS new (id, state)
    JOIN watches ON watches.id = new.id
    ORDER BY watches.id
    ON CONFLICT (watch_id, layer) DO UPDATE SET state = excluded.state
"""
_LAYERS = """
    UPDATE watches SET layer = ? WHERE id IN (
        SELECT id FROM watches WHERE id = ANY (CAST(? AS bigint[])) AND layer != ?
        ORDER BY id FOR NO KEY UPDATE)
"""
_NUMBERS = "SELECT nextval(pg_get_serial_sequence('alerts', 'id')) FROM generate_series(1, ?)"
_ALERTS = """
    INSERT INTO alerts (id, rule, coin, parameters, venue, key, reason, hit, instead_of, time_ms, view, layer)
    SELECT new.*, ?, ?, ?
    FROM unnest(CAST(? AS bigint[]), CAST(? AS text[]), CAST(? AS text[]), CAST(? AS text[]),
        CAST(? AS text[]), CAST(? AS text[]), CAST(? AS text[]), CAST(? AS bytea[]), CAST(? AS text[])) AS new
"""
_OWED = f"""
    INSERT INTO deliveries (alert_id, chat_id, status, due_ms, expires_ms)
    SELECT new.alert, chat_id, {DUE}, ?, ?
    FROM unnest(CAST(? AS bigint[]), CAST(? AS bigint[])) AS new (alert, watch)
    JOIN subscriptions ON watch_id = new.watch JOIN chats ON chats.id = chat_id
    WHERE paused = 0 AND inactive IS NULL AND (until_ms IS NULL OR until_ms > ?)
    ORDER BY chat_id, new.alert
"""
_ONCE = """
    UPDATE subscriptions SET paused = 1
    FROM unnest(CAST(? AS bigint[]), CAST(? AS bigint[])) AS new (alert, watch)
    WHERE watch_id = new.watch AND once = 1 AND EXISTS (SELECT 1 FROM deliveries WHERE alert_id = new.alert)
"""


class PostgresAlerts(SqlAlerts):
    """What watches remember, and the alerts that they raised."""

    @writes_beside
    def commit_all(self, db: Connection, read: Sequence[Read], now_ms: int) -> int:
        by_layer: dict[str, list[tuple[Watch, bytes]]] = {}
        for one in read:
            by_layer.setdefault(one.view.layer.key, []).extend(one.states)
        for key, states in by_layer.items():
            self._remember(db, key, states)
        numbers: list[int] = []
        for one in read:
            if one.alerts:
                numbers += self._write(db, one.view, one.view.layer.key, one.alerts)
        return _owe(db, numbers, [alert for one in read for alert in one.alerts], now_ms)

    def _remember(self, db: Connection, key: str | None, states: Sequence[tuple[Watch, bytes]]) -> None:
        by_watch = {watch.id: state for watch, state in states}
        if not by_watch:
            return
        db.execute(_STATES, [key, list(by_watch), list(by_watch.values())])
        if key is not None:
            db.execute(_LAYERS, [key, list(by_watch), key])

    def _raise(
        self,
        db: Connection,
        view: MarketView | AccountState,
        layer: str,
        alerts: Sequence[NewAlert],
        now_ms: int,
    ) -> int:
        """Write alerts down, and what is owed of them; return how many deliveries that are."""
        return _owe(db, self._write(db, view, layer, alerts), alerts, now_ms)

    def _write(
        self, db: Connection, view: MarketView | AccountState, layer: str, alerts: Sequence[NewAlert]
    ) -> list[int]:
        """Write alerts down; return their numbers."""
        numbers = [number for (number,) in db.execute(_NUMBERS, [len(alerts)])]
        columns = zip(
            *(
                (
                    one.watch.rule,
                    one.watch.coin,
                    one.watch.parameters,
                    one.watch.venue,
                    one.hit.key,
                    one.reason,
                    msgspec.json.encode(one.hit),
                    one.instead_of,
                )
                for one in alerts
            ),
            strict=True,
        )
        db.execute(_ALERTS, [view.time_ms, packed_view(view), layer, numbers, *map(list, columns)])
        return numbers


def _owe(db: Connection, numbers: list[int], alerts: Sequence[NewAlert], now_ms: int) -> int:
    """Write down what is owed of alerts that have these numbers; return how many deliveries that are.

    It is one statement for all of a transaction: heads of queues are locked in the order of their chats.
    """
    if not alerts:
        return 0
    watches = [alert.watch.id for alert in alerts]
    owed = db.execute(_OWED, [now_ms, now_ms + EXPIRES_MS, numbers, watches, now_ms]).rowcount
    if owed:
        db.execute(_ONCE, [numbers, watches])
    return owed
