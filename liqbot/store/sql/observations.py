"""Observations in SQL: a row each, with the number of the newest event that belongs to it."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import NamedTuple

from liqbot.market.events import MarketEvent, Observation
from liqbot.market.layer import Layer
from liqbot.market.view import MarketView
from liqbot.store.observations import COARSE_STEP_MS, EVENTS_MS, FINE_MS, STEP_MS
from liqbot.store.retention import DEFAULT, Retention
from liqbot.store.sql.blobs import view_from_blob, view_to_blob
from liqbot.store.sql.events import event_from_blob
from liqbot.store.sql.rooms import Connection, Connections, Records, reads, writes, writes_beside
from liqbot.store.sql.skipping import layers_of

PAGE = 50
"""So many are read at a time where all of a span are wanted."""
NEAR = 10_000
"""Of coins with no more events than that since their last observation, the events are read in one go."""
_Key = tuple[str, str]
_NEWEST = """
    WITH wanted (layer, coin) AS (VALUES {wanted})
    SELECT one.layer, one.coin, one.time_ms, one.newest_event FROM wanted JOIN observations AS one
    ON one.layer = wanted.layer AND one.coin = wanted.coin AND one.time_ms = (
        SELECT max(time_ms) FROM observations AS other
        WHERE other.layer = wanted.layer AND other.coin = wanted.coin)
"""
_NEXT = """
    WITH wanted (coin, since_ms) AS (VALUES {wanted})
    SELECT one.coin, one.newest_event, one.view, coalesce((
        SELECT newest_event FROM observations AS earlier
        WHERE earlier.layer = one.layer AND earlier.coin = one.coin AND earlier.time_ms < one.time_ms
        ORDER BY earlier.time_ms DESC LIMIT 1), 0)
    FROM wanted JOIN observations AS one ON one.layer = ? AND one.coin = wanted.coin
    AND one.time_ms = CASE WHEN since_ms IS NULL
        THEN (SELECT max(time_ms) FROM observations WHERE layer = ? AND coin = wanted.coin)
        ELSE (SELECT min(time_ms) FROM observations
            WHERE layer = ? AND coin = wanted.coin AND time_ms >= since_ms) END
    ORDER BY one.coin
"""


class _Kept(NamedTuple):
    """The place of an observation: its time, and the newest event that belongs to it."""

    time_ms: int
    newest_event: int


_NONE = _Kept(-1, 0)


class SqlObservations(Records):
    """What rules have read, by layer and coin."""

    def __init__(self, connections: Connections, retention: Retention = DEFAULT) -> None:
        super().__init__(connections)
        self._longest_ms = retention.views_ms
        self._newest: dict[_Key, int] = {}
        """Time of the newest one, so that most views cost no look at the database."""

    async def record(self, views: Sequence[MarketView]) -> list[Observation]:
        due = [view for view in views if _begins_step(view, self._newest.get(_key(view), -1))]
        kept = await self._record(due) if due else []
        self._newest |= {_key(one.view): one.time_ms for one in kept}
        return kept

    def forget_cached(self, layer: Layer | None = None) -> None:
        """Look at the database anew, as to one layer or to all."""
        for key in [key for key in list(self._newest) if layer is None or key[0] == layer.key]:
            self._newest.pop(key, None)

    @writes_beside
    def _record(self, db: Connection, views: Sequence[MarketView]) -> list[Observation]:
        kept: list[Observation] = []
        for some in _rounds(views):
            kept += self._record_of_each(db, some)
        return kept

    def _record_of_each(self, db: Connection, views: Mapping[_Key, MarketView]) -> list[Observation]:
        """Write down observations of which each is of another layer or coin."""
        before = _newest_of(db, views)
        due = [
            (key, view, before.get(key, _NONE))
            for key, view in views.items()
            if _begins_step(view, before.get(key, _NONE).time_ms)
        ]
        events = _events_after(db, {key: known.newest_event for key, _, known in due})
        rows: list[tuple[str, str, int, int, bytes]] = []
        kept: list[Observation] = []
        for key, view, known in due:
            numbered = events.get(key, [])
            newest_event = numbered[-1][0] if numbered else known.newest_event
            rows.append((*key, view.time_ms, newest_event, view_to_blob(view)))
            kept.append(Observation(view, _news(view, numbered)))
        db.executemany(
            "INSERT INTO observations (layer, coin, time_ms, newest_event, view) VALUES (?, ?, ?, ?, ?)", rows
        )
        for key, view, known in due:
            if view.time_ms // COARSE_STEP_MS > known.time_ms // COARSE_STEP_MS:
                _thin(db, key, view.time_ms, self._longest_ms)
        return kept

    async def since(self, layer: Layer, coin: str, since_ms: int) -> AsyncIterator[Observation]:
        page = await self._page(layer, coin, since_ms)
        while page:
            for observation in page:
                yield observation
            page = await self._page(layer, coin, page[-1].time_ms + 1) if len(page) == PAGE else []

    @reads
    def _page(self, db: Connection, layer: Layer, coin: str, since_ms: int) -> list[Observation]:
        rows = db.execute(
            "SELECT time_ms, newest_event, view FROM observations WHERE layer = ? AND coin = ? "
            "AND time_ms >= ? ORDER BY time_ms LIMIT ?",
            [layer.key, coin, since_ms, PAGE],
        ).fetchall()
        if not rows:
            return []
        before = _newest(db, (layer.key, coin), before_ms=rows[0][0]).newest_event
        numbered = _events(db, (layer.key, coin), before, rows[-1][1])
        found: list[Observation] = []
        for _, newest_event, blob in rows:
            view = view_from_blob(blob)
            own = [one for one in numbered if before < one[0] <= newest_event]
            found.append(Observation(view, _news(view, own)))
            before = max(before, newest_event)
        return found

    @reads
    def next_of(self, db: Connection, layer: Layer, since_ms: Mapping[str, int | None]) -> list[Observation]:
        if not since_ms:
            return []
        key = layer.key
        wanted = ", ".join(["(CAST(? AS TEXT), CAST(? AS BIGINT))"] * len(since_ms))
        values = [value for one in since_ms.items() for value in one]
        rows = db.execute(_NEXT.format(wanted=wanted), [*values, key, key, key]).fetchall()
        events = _events_of(db, key, {coin: (before, newest) for coin, newest, _, before in rows})
        found: list[Observation] = []
        for coin, _, blob, _ in rows:
            view = view_from_blob(blob)
            found.append(Observation(view, _news(view, events.get(coin, ()))))
        return found

    async def newest(self, layer: Layer, coin: str) -> Observation | None:
        time_ms = await self._newest_ms(layer, coin)
        return next(iter(await self._page(layer, coin, time_ms)), None) if time_ms >= 0 else None

    @reads
    def events_since_newest(self, db: Connection, layer: Layer, coin: str) -> list[MarketEvent]:
        key = (layer.key, coin)
        newest = _newest(db, key)
        return [] if newest == _NONE else [event for _, event in _events(db, key, newest.newest_event)]

    @reads
    def layers(self, db: Connection, coin: str) -> list[Layer]:
        rows = [
            db.execute(
                "SELECT view FROM observations WHERE layer = ? AND coin = ? ORDER BY time_ms DESC LIMIT 1",
                [key, coin],
            ).fetchone()
            for key in layers_of(db, "observations")
        ]
        views = [view_from_blob(row[0]) for row in rows if row is not None]
        return [view.layer for view in sorted(views, key=lambda view: -view.time_ms)]

    @reads
    def _newest_ms(self, db: Connection, layer: Layer, coin: str) -> int:
        return _newest(db, (layer.key, coin)).time_ms

    @writes
    def forget(self, db: Connection, layer: Layer) -> None:
        db.execute("DELETE FROM observations WHERE layer = ?", [layer.key])
        self.forget_cached(layer)


def _key(view: MarketView) -> _Key:
    return view.layer.key, view.coin


def _begins_step(view: MarketView, newest_ms: int) -> bool:
    return view.time_ms // STEP_MS > newest_ms // STEP_MS


def _rounds(views: Sequence[MarketView]) -> list[dict[_Key, MarketView]]:
    """Return views by layer and coin, one of each in a round, in their order."""
    rounds: list[dict[_Key, MarketView]] = []
    seen: Counter[_Key] = Counter()
    for view in views:
        key = _key(view)
        if seen[key] == len(rounds):
            rounds.append({})
        rounds[seen[key]][key] = view
        seen[key] += 1
    return rounds


def _newest_of(db: Connection, keys: Collection[_Key]) -> dict[_Key, _Kept]:
    """Return the newest place of each layer and coin that has any."""
    wanted = ", ".join(["(CAST(? AS TEXT), CAST(? AS TEXT))"] * len(keys))
    rows = db.execute(_NEWEST.format(wanted=wanted), [value for key in keys for value in key])
    return {(layer, coin): _Kept(time_ms, newest) for layer, coin, time_ms, newest in rows}


def _newest(db: Connection, key: _Key, before_ms: int = 2**62) -> _Kept:
    """Return the newest place before a time; one that is before everything without any."""
    row = db.execute(
        "SELECT time_ms, newest_event FROM observations WHERE layer = ? AND coin = ? AND time_ms < ? "
        "ORDER BY time_ms DESC LIMIT 1",
        [*key, before_ms],
    ).fetchone()
    return _NONE if row is None else _Kept(*row)


def _events(db: Connection, key: _Key, after: int, up_to: int = 2**62) -> list[tuple[int, MarketEvent]]:
    """Return the events of the log with numbers in (after, up_to], rising, each with its number."""
    # By number: those of a minute lie side by side, while the index would go through all of the coin's. It is
    # not used for what is put together.
    rows = db.execute(
        "SELECT id, event FROM events WHERE id > ? AND id <= ? AND layer || '' = ? AND coin || '' = ? "
        "ORDER BY id",
        [after, up_to, *key],
    )
    return [(number, event_from_blob(blob)) for number, blob in rows]


def _events_of(
    db: Connection, layer: str, spans: Mapping[str, tuple[int, int]]
) -> dict[str, list[tuple[int, MarketEvent]]]:
    """Return by coin the events that its span has: numbers in (after, up to]."""
    found: dict[str, list[tuple[int, MarketEvent]]] = {}
    newest = max((up_to for _, up_to in spans.values()), default=0)
    near = {coin: after for coin, (after, _) in spans.items() if newest - after <= NEAR}
    for coin in spans.keys() - near.keys():  # its last one is long ago: that alone is worth a look of its own
        found[coin] = _events(db, (layer, coin), *spans[coin])
    rows = db.execute(
        "SELECT coin, id, event FROM events WHERE id > ? AND id <= ? AND layer || '' = ? ORDER BY id",
        [min(near.values(), default=newest), newest, layer],
    )
    for coin, number, blob in rows:
        if coin in near and near[coin] < number <= spans[coin][1]:
            found.setdefault(coin, []).append((number, event_from_blob(blob)))
    return found


def _events_after(db: Connection, after: Mapping[_Key, int]) -> dict[_Key, list[tuple[int, MarketEvent]]]:
    """Return by layer and coin the events of the log with higher numbers."""
    (newest,) = db.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()
    found: dict[_Key, list[tuple[int, MarketEvent]]] = {}
    for layer in dict.fromkeys(layer for layer, _ in after):
        spans = {coin: (number, newest) for (own, coin), number in after.items() if own == layer}
        found |= {(layer, coin): events for coin, events in _events_of(db, layer, spans).items()}
    return found


def _news(view: MarketView, numbered: Sequence[tuple[int, MarketEvent]]) -> tuple[MarketEvent, ...]:
    """Return the events without those of long ago: the log writes sums of old ones under new numbers."""
    return tuple(event for _, event in numbered if event.time_ms > view.time_ms - EVENTS_MS)


def _thin(db: Connection, key: _Key, now_ms: int, longest_ms: int) -> None:
    """Leave the newest of each coarse step of what has aged, and nothing of what is too old."""
    mine = "layer = ? AND coin = ? AND time_ms < ?"
    db.execute(f"DELETE FROM observations WHERE {mine}", [*key, now_ms - longest_ms])
    aged_ms = (now_ms - FINE_MS) // COARSE_STEP_MS * COARSE_STEP_MS  # whole steps only
    db.execute(
        f"DELETE FROM observations WHERE {mine} AND time_ms NOT IN "
        f"(SELECT max(time_ms) FROM observations WHERE {mine} GROUP BY time_ms / ?)",
        [*key, aged_ms, *key, aged_ms, COARSE_STEP_MS],
    )
