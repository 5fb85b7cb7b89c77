"""Watches' states, alerts and what is owed of them, in SQL: the commit of a view, samples, announcements."""

import functools
import zlib
from collections.abc import Collection, Sequence

import msgspec

from liqbot.market import wire
from liqbot.market.accounts import AccountState
from liqbot.market.view import MarketView
from liqbot.rules.rule import Hit
from liqbot.store.alerts import ANNOUNCEMENT, EXPIRES_MS, Alert, NewAlert, Read, Told, WatchesOfCoin
from liqbot.store.chats import ChatKey
from liqbot.store.deliveries import DeliveryStatus
from liqbot.store.sql.chats import meet
from liqbot.store.sql.rooms import Connection, Records, reads, writes, writes_beside
from liqbot.store.sql.statuses import DUE, OPEN, OWED, SENT
from liqbot.store.subscriptions import ACCOUNT_RULE, Watch

PRUNED_AT_ONCE = 500
"""So many alerts are looked at in one transaction: others write in between, for however many years it is."""


class SqlAlerts(Records):
    """What watches remember, and the alerts that they raised."""

    @reads
    def watches(
        self, db: Connection, coin: str, layer: str | None = None
    ) -> list[tuple[Watch, bytes | None]]:
        return self._watches(db, [coin], layer)

    @reads
    def watches_of(self, db: Connection, coins: Collection[str], layer: str) -> dict[str, WatchesOfCoin]:
        found: dict[str, list[tuple[Watch, bytes | None]]] = {}
        for watch, state in self._watches(db, coins, layer):
            found.setdefault(watch.coin, []).append((watch, state))
        last_read = self._last_read(db, found)
        return {coin: WatchesOfCoin(watches, last_read.get(coin, {})) for coin, watches in found.items()}

    @reads
    def watches_of_rule(self, db: Connection, rule: str) -> list[Watch]:
        rows = db.execute(
            "SELECT id, rule, coin, parameters, venue FROM watches WHERE rule = ? ORDER BY id", [rule]
        )
        return [Watch(*row) for row in rows]

    @reads
    def last_read(self, db: Connection, coin: str) -> dict[int, tuple[str, bytes]]:
        return self._last_read(db, [coin]).get(coin, {})

    @reads
    def states(self, db: Connection, watch: Watch) -> dict[str, bytes]:
        return dict(db.execute("SELECT layer, state FROM states WHERE watch_id = ?", [watch.id]).fetchall())

    @reads
    def state(self, db: Connection, watch: Watch) -> bytes | None:
        row = db.execute(
            "SELECT state FROM states JOIN watches ON id = watch_id AND states.layer = watches.layer "
            "WHERE watch_id = ?",
            [watch.id],
        ).fetchone()
        return None if row is None else row[0]

    @writes_beside
    def commit(
        self,
        db: Connection,
        view: MarketView | AccountState | None,
        states: Sequence[tuple[Watch, bytes]],
        alerts: Sequence[NewAlert],
        now_ms: int,
        *,
        layer: str | None = None,
    ) -> int:
        return self._commit(db, view, states, alerts, now_ms, layer=layer)

    @writes_beside
    def commit_all(self, db: Connection, read: Sequence[Read], now_ms: int) -> int:
        return sum(self._commit(db, one.view, one.states, one.alerts, now_ms) for one in read)

    def _commit(
        self,
        db: Connection,
        view: MarketView | AccountState | None,
        states: Sequence[tuple[Watch, bytes]],
        alerts: Sequence[NewAlert],
        now_ms: int,
        *,
        layer: str | None = None,
    ) -> int:
        key = view.layer.key if layer is None and isinstance(view, MarketView) else layer
        self._remember(db, key, states)
        if not alerts:
            return 0
        if view is None:
            raise ValueError("an alert is raised in a view")
        return self._raise(db, view, key or "", alerts, now_ms)

    def _remember(self, db: Connection, key: str | None, states: Sequence[tuple[Watch, bytes]]) -> None:
        """Write down what watches remember; None stands for the layer that each has read last."""
        db.executemany(
            "INSERT INTO states (watch_id, layer, state) SELECT id, coalesce(?, layer), ? FROM watches "
            "WHERE id = ? ON CONFLICT (watch_id, layer) DO UPDATE SET state = excluded.state",
            [(key, state, watch.id) for watch, state in states],
        )
        if key is not None:
            db.executemany(
                "UPDATE watches SET layer = ? WHERE id = ? AND layer != ?",
                [(key, watch.id, key) for watch, _state in states],
            )

    def _raise(
        self,
        db: Connection,
        view: MarketView | AccountState,
        layer: str,
        alerts: Sequence[NewAlert],
        now_ms: int,
    ) -> int:
        """Write alerts down, and what is owed of them; return how many deliveries that are."""
        blob, due = packed_view(view), 0
        for alert in alerts:
            alert_id = self._add(db, alert, view.time_ms, layer, blob, sample=False)
            due += self._owe(db, alert_id, alert.watch, now_ms)
        return due

    @writes_beside
    def sample(  # noqa: PLR0917 - one more than its Protocol has, which counts as we do
        self,
        db: Connection,
        chat: ChatKey,
        watch: Watch,
        hit: Hit,
        view: MarketView | AccountState,
        now_ms: int,
        *,
        layer: str = "",
    ) -> int:
        layer = view.layer.key if isinstance(view, MarketView) else layer
        meet(db, chat, now_ms)
        alert_id = self._add(
            db, NewAlert(watch, hit, "sample"), view.time_ms, layer, packed_view(view), sample=True
        )
        db.execute(
            "INSERT INTO deliveries (alert_id, chat_id, status, due_ms, expires_ms) "
            f"SELECT ?, id, {DUE}, ?, ? FROM chats WHERE (platform, native_id, thread) = (?, ?, ?)",
            [alert_id, now_ms, now_ms + EXPIRES_MS, *chat],
        )
        return alert_id

    @writes
    def announce(self, db: Connection, text: str, now_ms: int, expires_ms: int) -> tuple[int, int]:
        hit = msgspec.json.encode(Hit(ANNOUNCEMENT, text))
        alert_id = db.execute(
            "INSERT INTO alerts (rule, coin, parameters, key, reason, time_ms, hit, view, sample) "
            "VALUES ('', '', '', '', ?, ?, ?, ?, 1) RETURNING id",
            [ANNOUNCEMENT, now_ms, hit, b""],
        ).fetchone()[0]
        owed = db.execute(
            "INSERT INTO deliveries (alert_id, chat_id, status, due_ms, expires_ms) "
            f"SELECT ?, id, {DUE}, ?, ? FROM chats WHERE inactive IS NULL",
            [alert_id, now_ms, expires_ms],
        ).rowcount
        return alert_id, owed

    @reads
    def alert(self, db: Connection, alert_id: int) -> Alert | None:
        return _alert(db, alert_id)

    @reads
    def told(self, db: Connection, chat: ChatKey, alert_id: int) -> Told | None:
        row = db.execute(
            "SELECT status, sent_ms, attempts FROM deliveries JOIN chats ON chats.id = chat_id "
            "WHERE alert_id = ? AND (platform, native_id, thread) = (?, ?, ?)",
            [alert_id, *chat],
        ).fetchone()
        alert = _alert(db, alert_id)
        if row is None or alert is None or alert.reason == ANNOUNCEMENT:
            return None
        return Told(alert, DeliveryStatus(row[0]), *row[1:])

    @reads
    def message_of(self, db: Connection, chat_id: int, alert: Alert) -> str | None:
        row = db.execute(
            "SELECT message_id FROM deliveries JOIN alerts ON alerts.id = alert_id "
            f"WHERE chat_id = ? AND status = {SENT} AND message_id IS NOT NULL AND alert_id < ? "
            "AND (rule, coin, parameters, venue, key) = (?, ?, ?, ?, ?) AND NOT EXISTS ("
            "SELECT 1 FROM deliveries AS beside JOIN alerts AS other ON other.id = beside.alert_id "
            "WHERE beside.chat_id = deliveries.chat_id AND beside.message_id = deliveries.message_id "
            "AND other.key != alerts.key) ORDER BY alert_id DESC LIMIT 1",
            [chat_id, alert.id, alert.rule, alert.coin, alert.parameters, alert.venue, alert.hit.key],
        ).fetchone()
        return None if row is None else row[0]

    @reads
    def newest_of(self, db: Connection, chat: ChatKey, limit: int) -> list[Alert]:
        chat_id = "(SELECT id FROM chats WHERE (platform, native_id, thread) = (?, ?, ?))"
        arriving = f"SELECT alert_id FROM deliveries WHERE {OPEN} AND status != {DUE} AND chat_id = {chat_id}"
        arrived = f"SELECT alert_id FROM deliveries WHERE status = {SENT} AND chat_id = {chat_id}"
        rows = [
            *db.execute(f"{arriving} ORDER BY id DESC LIMIT ?", [*chat, limit]),
            *db.execute(f"{arrived} ORDER BY sent_ms DESC LIMIT ?", [*chat, limit]),
        ]
        found = [alert_id for (alert_id,) in dict.fromkeys(rows)][:limit]
        alerts = (_alert(db, alert_id) for alert_id in found)
        return [alert for alert in alerts if alert is not None and alert.reason != ANNOUNCEMENT]

    @reads
    def latest(self, db: Connection, coin: str | None, limit: int) -> list[Alert]:
        rows = db.execute(
            "SELECT id FROM alerts WHERE sample = 0 AND (CAST(? AS TEXT) IS NULL OR coin = ?) AND rule != ? "
            "ORDER BY id DESC LIMIT ?",
            [coin, coin, ACCOUNT_RULE, limit],
        ).fetchall()
        alerts = (_alert(db, alert_id) for (alert_id,) in rows)
        return [alert for alert in alerts if alert is not None]

    @reads
    def of_rule(self, db: Connection, rule: str, coin: str, since_ms: int, limit: int) -> list[Alert]:
        rows = db.execute(
            "SELECT id FROM alerts WHERE time_ms > ? AND rule = ? AND coin = ? AND sample = 0 "
            "ORDER BY id DESC LIMIT ?",
            [since_ms, rule, coin, limit],
        ).fetchall()
        alerts = (_alert(db, alert_id) for (alert_id,) in reversed(rows))
        return [alert for alert in alerts if alert is not None]

    @reads
    def view_of(self, db: Connection, alert: Alert) -> MarketView:
        (blob,) = db.execute("SELECT view FROM alerts WHERE id = ?", [alert.id]).fetchone()
        try:
            return _view(bytes(blob))
        except zlib.error as error:
            raise wire.WireError(f"alert {alert.id} has a damaged view: {error}") from error

    @reads
    def account_of(self, db: Connection, alert: Alert) -> AccountState:
        row = db.execute("SELECT view FROM alerts WHERE id = ?", [alert.id]).fetchone()
        try:
            return wire.account_from_bytes(zlib.decompress(b"" if row is None else row[0]))
        except zlib.error as error:
            raise wire.WireError(f"alert {alert.id} has a damaged account: {error}") from error

    @reads
    def upload(self, db: Connection, alert_id: int, platform: str) -> str | None:
        row = db.execute(
            "SELECT handle FROM uploads WHERE (alert_id, platform) = (?, ?)", [alert_id, platform]
        ).fetchone()
        return None if row is None else row[0]

    @writes_beside
    def rewrite(self, db: Connection, watch: Watch, layer: str, state: bytes) -> None:
        db.execute("UPDATE states SET state = ? WHERE (watch_id, layer) = (?, ?)", [state, watch.id, layer])

    @writes
    def forget_states(self, db: Connection, layer: str | None = None) -> None:
        db.execute(
            "DELETE FROM states WHERE CAST(? AS TEXT) IS NULL OR layer = ? "
            "OR layer = '' AND watch_id IN (SELECT id FROM watches WHERE layer = ?)",
            [layer, layer, layer],
        )
        db.execute("UPDATE watches SET layer = '' WHERE CAST(? AS TEXT) IS NULL OR layer = ?", [layer, layer])

    async def prune(self, before_ms: int) -> int:
        removed, after = 0, 0
        while after is not None:
            count, after = await self._prune_some(before_ms, after)
            removed += count
        return removed

    @writes
    def _prune_some(self, db: Connection, before_ms: int, after: int) -> tuple[int, int | None]:
        """Prune among the alerts behind one; return how many went and the last looked at, None at the end."""
        [last] = db.execute(
            "SELECT max(id) FROM (SELECT id FROM alerts WHERE id > ? ORDER BY id LIMIT ?) AS step",
            [after, PRUNED_AT_ONCE],
        ).fetchone()
        if last is None:
            return 0, None
        pruned = db.execute(
            "DELETE FROM alerts WHERE id > ? AND id <= ? AND NOT EXISTS (SELECT 1 FROM deliveries "
            f"WHERE alert_id = alerts.id AND (due_ms >= ? OR {OWED}))",
            [after, last, before_ms],
        )
        return pruned.rowcount, last

    def _watches(
        self, db: Connection, coins: Collection[str], layer: str | None
    ) -> list[tuple[Watch, bytes | None]]:
        if not coins:
            return []
        # States of before layers were told apart may stand under none: whoever reads first takes them on.
        rows = db.execute(
            "SELECT id, rule, coin, parameters, venue, state FROM watches LEFT JOIN states "
            "ON watch_id = id AND states.layer = CASE WHEN CAST(:layer AS TEXT) IS NULL THEN watches.layer "
            "WHEN watches.layer = '' AND NOT EXISTS (SELECT 1 FROM states AS own "
            "WHERE own.watch_id = id AND own.layer = CAST(:layer AS TEXT)) "
            "THEN '' ELSE CAST(:layer AS TEXT) END "
            f"WHERE coin IN ({self.connections.dialect.json_texts(':coins')}) ORDER BY id",
            {"layer": layer, "coins": _texts(coins)},
        )
        return [(Watch(*row[:5]), row[5]) for row in rows]

    def _last_read(self, db: Connection, coins: Collection[str]) -> dict[str, dict[int, tuple[str, bytes]]]:
        found: dict[str, dict[int, tuple[str, bytes]]] = {}
        if not coins:
            return found
        rows = db.execute(
            "SELECT coin, id, watches.layer, state FROM watches JOIN states "
            "ON watch_id = id AND states.layer = watches.layer "
            f"WHERE coin IN ({self.connections.dialect.json_texts(':coins')}) AND watches.layer != ''",
            {"coins": _texts(coins)},
        )
        for coin, watch_id, layer, state in rows:
            found.setdefault(coin, {})[watch_id] = (layer, state)
        return found

    def _add(
        self,
        db: Connection,
        alert: NewAlert,
        time_ms: int,
        layer: str,
        blob: bytes,
        *,
        sample: bool,
    ) -> int:
        watch, hit = alert.watch, msgspec.json.encode(alert.hit)
        written = db.execute(
            "INSERT INTO alerts (rule, coin, parameters, key, reason, time_ms, hit, view, sample, venue, "
            "layer, instead_of) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            [
                watch.rule,
                watch.coin,
                watch.parameters,
                alert.hit.key,
                alert.reason,
                time_ms,
                hit,
                blob,
                sample,
                watch.venue,
                layer,
                alert.instead_of,
            ],
        )
        return written.fetchone()[0]

    def _owe(self, db: Connection, alert_id: int, watch: Watch, now_ms: int) -> int:
        """Write down a delivery for each chat that subscribes to `watch` and is to be spoken to."""
        owed = db.execute(
            "INSERT INTO deliveries (alert_id, chat_id, status, due_ms, expires_ms) "
            f"SELECT ?, chat_id, {DUE}, ?, ? FROM subscriptions JOIN chats ON chats.id = chat_id "
            "WHERE watch_id = ? AND paused = 0 AND inactive IS NULL AND (until_ms IS NULL OR until_ms > ?)",
            [alert_id, now_ms, now_ms + EXPIRES_MS, watch.id, now_ms],
        ).rowcount
        if owed:
            db.execute("UPDATE subscriptions SET paused = 1 WHERE watch_id = ? AND once = 1", [watch.id])
        return owed


def _texts(texts: Collection[str]) -> str:
    """Return texts as the JSON array that `Dialect.json_texts` reads."""
    return msgspec.json.encode(list(texts)).decode()


def packed_view(view: MarketView | AccountState) -> bytes:
    """Return what an alert was raised in as it is kept with it."""
    written = wire.to_bytes(view) if isinstance(view, MarketView) else wire.account_to_bytes(view)
    return zlib.compress(written, level=1)


@functools.lru_cache(maxsize=4)
def _view(blob: bytes) -> MarketView:
    """Return a view that was packed: many alerts are of the same one."""
    return wire.from_bytes(zlib.decompress(blob))


def _alert(db: Connection, alert_id: int) -> Alert | None:
    row = db.execute(
        "SELECT id, rule, coin, parameters, reason, hit, time_ms, sample, venue, layer, instead_of "
        "FROM alerts WHERE id = ?",
        [alert_id],
    ).fetchone()
    if row is None:
        return None
    hit = msgspec.json.decode(row[5], type=Hit)
    return Alert(
        *row[:5], hit=hit, time_ms=row[6], sample=bool(row[7]), venue=row[8], layer=row[9], instead_of=row[10]
    )
