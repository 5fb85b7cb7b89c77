"""Watches of a layer: which venue a watch reads, and what it remembers of each layer."""

from sqlite_utils import Database, Migrations

migrations = Migrations("liqbot")

_ORIGINS = ("live", "recorded", "simulated")
_BASES = ("measured", "modelled")


@migrations(name="0011_layers", transactional=False)
def layers(db: Database) -> None:
    """Make the watches anew, since SQLite cannot change what is unique; what refers to them stays.

    A table that others refer to can be made anew only while SQLite does not look at references, which is a
    matter of the connection and not of a transaction. All else is one transaction, so it has happened whole
    or not at all, and where it has, nothing is done again.
    """
    if "venue" in db["watches"].columns_dict:
        return
    best = _best_layers(db)
    db.conn.execute("PRAGMA foreign_keys = OFF")
    try:
        db.conn.execute("BEGIN IMMEDIATE")
        try:
            for statement in _STATEMENTS:
                db.conn.execute(statement)
            db.conn.executemany("UPDATE watches SET layer = ? WHERE coin = ?", best)
            db.conn.execute(
                "INSERT INTO states (watch_id, layer, state) SELECT old_watches.id, layer, state "
                "FROM old_watches JOIN watches ON watches.id = old_watches.id WHERE state IS NOT NULL"
            )
            db.conn.execute("DROP TABLE old_watches")
            db.conn.execute("COMMIT")
        except BaseException:
            db.conn.execute("ROLLBACK")
            raise
    finally:
        db.conn.execute("PRAGMA foreign_keys = ON")


def _best_layers(db: Database) -> list[tuple[str, str]]:
    """Return the best layer of each coin's history, with the coin: until now, rules have read that one."""
    best: dict[str, tuple[tuple[int, int, int], str]] = {}
    rows = db.conn.execute("SELECT coin, layer, max(time_ms) FROM history GROUP BY coin, layer").fetchall()
    for coin, layer, newest_ms in rows:
        words = layer.rsplit("/", 2)
        if len(words) != 3:
            continue
        rank = (_place(_ORIGINS, words[2]), _place(_BASES, words[1]), -newest_ms)
        if coin not in best or rank < best[coin][0]:
            best[coin] = (rank, layer)
    return [(layer, coin) for coin, (_rank, layer) in best.items()]


def _place(names: tuple[str, ...], name: str) -> int:
    return names.index(name) if name in names else len(names)


_STATEMENTS = (
    """
    CREATE TABLE new_watches (
        id INTEGER PRIMARY KEY,
        rule TEXT NOT NULL,
        coin TEXT NOT NULL,
        venue TEXT NOT NULL DEFAULT '',
        parameters TEXT NOT NULL,
        layer TEXT NOT NULL DEFAULT '',
        UNIQUE (rule, coin, venue, parameters)
    ) STRICT
    """,
    "INSERT INTO new_watches (id, rule, coin, parameters) SELECT id, rule, coin, parameters FROM watches",
    "CREATE TEMP TABLE old_watches AS SELECT id, state FROM watches",
    "DROP TABLE watches",
    "ALTER TABLE new_watches RENAME TO watches",
    "CREATE INDEX watches_by_coin ON watches (coin)",
    """
    CREATE TABLE states (
        watch_id INTEGER NOT NULL REFERENCES watches (id) ON DELETE CASCADE,
        layer TEXT NOT NULL,
        state BLOB NOT NULL,
        PRIMARY KEY (watch_id, layer)
    ) STRICT, WITHOUT ROWID
    """,
    "ALTER TABLE alerts ADD COLUMN venue TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE alerts ADD COLUMN layer TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE alerts ADD COLUMN instead_of TEXT NOT NULL DEFAULT ''",
)
