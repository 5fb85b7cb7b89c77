"""Skip scans: which layers and coins a table has, by its index (layer, coin, time_ms), without reading it.

`SELECT DISTINCT` reads every row of a large table in PostgreSQL, and in SQLite where no statistics are kept.
These go from one value to the next: a look for each.
"""

from liqbot.store.sql.rooms import Connection

_STEPS = """
    WITH RECURSIVE steps (value) AS (
        SELECT min({column}) FROM {table} WHERE {where}
        UNION ALL
        SELECT (SELECT min({column}) FROM {table} WHERE {where} AND {column} > steps.value)
        FROM steps WHERE steps.value IS NOT NULL
    )
    SELECT value FROM steps WHERE value IS NOT NULL
"""


def layers_of(db: Connection, table: str) -> list[str]:
    """Return the keys of the layers that a table has, in their order."""
    return [key for (key,) in db.execute(_STEPS.format(table=table, column="layer", where="0 = 0"))]


def coins_of(db: Connection, table: str, layer: str) -> list[str]:
    """Return the coins that a table has of a layer, in their order."""
    statement = _STEPS.format(table=table, column="coin", where="layer = ?")
    return [coin for (coin,) in db.execute(statement, [layer, layer])]
