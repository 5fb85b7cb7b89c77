"""Deliveries in PostgreSQL, where several processes take from them: many rows a statement, no row twice."""

from collections.abc import Sequence
from dataclasses import replace

from liqbot.store.deliveries import Delivery, DeliveryStatus, Outcome
from liqbot.store.sql.deliveries import SqlDeliveries
from liqbot.store.sql.rooms import Connection, writes_beside
from liqbot.store.sql.statuses import SENDING, UNKNOWN, WAITING

# What another process is about to claim, to settle or to hold is left to it. Rows are locked in the order of
# their chats, as heads of queues are.
_LOCK = (
    f"SELECT id FROM deliveries WHERE id = ANY (CAST(? AS bigint[])) AND {WAITING} "
    "ORDER BY chat_id, id FOR UPDATE SKIP LOCKED"
)
_CLAIM = (
    f"UPDATE deliveries SET status = {SENDING}, attempts = attempts + 1, "
    "carrier = coalesce(carrier, own.head) "
    "FROM unnest(CAST(? AS bigint[]), CAST(? AS bigint[])) AS own (row, head) WHERE id = own.row"
)
_SETTLE = f"""
    WITH told AS (
        SELECT * FROM unnest(
            CAST(:ids AS bigint[]), CAST(:statuses AS text[]), CAST(:due AS bigint[]),
            CAST(:sent AS bigint[]), CAST(:uncounted AS bigint[]), CAST(:errors AS text[]),
            CAST(:messages AS text[])
        ) AS told (row, status, due_ms, sent_ms, uncounted, error, message_id)
    ), locked AS (
        SELECT id FROM deliveries WHERE id = ANY (CAST(:ids AS bigint[])) AND status = {SENDING}
        ORDER BY chat_id, id FOR UPDATE
    )
    UPDATE deliveries SET status = told.status, due_ms = coalesce(told.due_ms, deliveries.due_ms),
        unclear_ms = CASE WHEN told.status = {UNKNOWN} THEN coalesce(unclear_ms, deliveries.due_ms)
            ELSE unclear_ms END,
        sent_ms = told.sent_ms, attempts = attempts - told.uncounted, error = told.error,
        message_id = told.message_id
    FROM told JOIN locked ON locked.id = told.row WHERE deliveries.id = told.row
"""


class PostgresDeliveries(SqlDeliveries):
    """What is owed to chats. Senders of several tokens take from it at the same time."""

    @writes_beside
    def claim(self, db: Connection, deliveries: Sequence[Delivery]) -> list[Delivery]:
        wanted = [row for delivery in deliveries for row in delivery.ids]
        ours = {row for (row,) in db.execute(_LOCK, [wanted])}
        claimed: list[Delivery] = []
        for delivery in deliveries:
            rows = [row for row in zip(delivery.ids, delivery.alerts, strict=True) if row[0] in ours]
            if rows:
                ids, alerts = zip(*rows, strict=True)
                claimed.append(replace(delivery, ids=ids, alerts=alerts))
        heads = [
            (row, delivery.ids[0] if len(delivery.ids) > 1 else None)  # tried again, it is the same message
            for delivery in claimed
            for row in delivery.ids
        ]
        if heads:
            db.execute(_CLAIM, [[row for row, _ in heads], [head for _, head in heads]])
        return claimed

    def _settle_rows(self, db: Connection, outcomes: Sequence[Outcome]) -> None:
        rows = [(row, outcome) for outcome in outcomes for row in outcome.delivery.ids]
        arrived = [outcome.status == DeliveryStatus.SENT for _, outcome in rows]
        each = list(zip(arrived, rows, strict=True))
        db.execute(
            _SETTLE,
            {
                "ids": [row for row, _ in rows],
                "statuses": [str(one.status) for _, one in rows],
                "due": [None if sent else one.at_ms for sent, (_, one) in each],
                "sent": [one.at_ms if sent else None for sent, (_, one) in each],
                "uncounted": [int(not one.counts) for _, one in rows],
                "errors": [None if sent else one.error for sent, (_, one) in each],
                "messages": [one.message_id for _, one in rows],
            },
        )
