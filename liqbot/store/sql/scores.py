"""Scores of modelled maps in SQL: a row a day."""

import msgspec

from liqbot.market.layer import Layer
from liqbot.store.errors import DatabaseError
from liqbot.store.scores import ModelScore
from liqbot.store.sql.rooms import Connection, Records, reads, writes_beside

DAY_MS = 86_400_000


class SqlScores(Records):
    """What daily trials of the model have found."""

    @writes_beside
    def record(self, db: Connection, layer: Layer, score: ModelScore) -> None:
        db.execute(
            "INSERT INTO scores (layer, coin, day, score) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (layer, coin, day) DO UPDATE SET score = excluded.score",
            [layer.key, score.coin, score.time_ms // DAY_MS, msgspec.msgpack.encode(score)],
        )

    @reads
    def newest(self, db: Connection) -> list[ModelScore]:
        rows = db.execute(
            "SELECT score FROM scores WHERE (layer, coin, day) IN "
            "(SELECT layer, coin, max(day) FROM scores GROUP BY layer, coin) ORDER BY coin, layer"
        )
        try:
            return [msgspec.msgpack.decode(blob, type=ModelScore) for (blob,) in rows]
        except msgspec.DecodeError as error:
            raise DatabaseError(f"a score of a model cannot be read: {error}") from error
