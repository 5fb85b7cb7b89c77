"""Scores of modelled maps in SQLite: a row a day."""

import sqlite3

import msgspec

from liqbot.market.layer import Layer
from liqbot.store.errors import DatabaseError
from liqbot.store.scores import ModelScore
from liqbot.store.sqlite.connections import Records, reads, writes

DAY_MS = 86_400_000


class SqliteScores(Records):
    """What daily trials of the model have found."""

    @writes
    def record(self, db: sqlite3.Connection, layer: Layer, score: ModelScore) -> None:
        db.execute(
            "INSERT OR REPLACE INTO scores (layer, coin, day, score) VALUES (?, ?, ?, ?)",
            [layer.key, score.coin, score.time_ms // DAY_MS, msgspec.msgpack.encode(score)],
        )

    @reads
    def newest(self, db: sqlite3.Connection) -> list[ModelScore]:
        rows = db.execute("SELECT score, max(day) FROM scores GROUP BY layer, coin ORDER BY coin, layer")
        try:
            return [msgspec.msgpack.decode(blob, type=ModelScore) for blob, _day in rows]
        except msgspec.DecodeError as error:
            raise DatabaseError(f"a score of a model cannot be read: {error}") from error
