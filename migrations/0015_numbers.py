"""Numbers of chats, watches, alerts and deliveries are never given twice.

SQLite gives the number of the newest row again once that is removed. Whoever still held it, as an evaluation
or a sending that had begun before, then spoke of another chat, watch or delivery; and a platform that
recognises repeats by their key took a new alert for an old one.
"""

from collections.abc import Iterator

from sqlite_utils import Database, Migrations

migrations = Migrations("liqbot")

_TABLES = ("chats", "watches", "alerts", "deliveries")
_BEFORE = "id INTEGER PRIMARY KEY"
_AFTER = f"{_BEFORE} AUTOINCREMENT"


@migrations(name="0015_numbers", transactional=False)
def numbers(db: Database) -> None:
    """Make the tables anew, with what they hold; SQLite cannot change how a table gives its numbers.

    A table that others refer to can be made anew only while SQLite does not look at references, which is a
    matter of the connection and not of a transaction. All else is one transaction, and is not done twice.
    """
    connection = db.conn
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in list(_statements(db)):
                connection.execute(statement)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
    finally:
        connection.execute("PRAGMA foreign_keys = ON")


def _statements(db: Database) -> Iterator[str]:
    """Yield what makes those tables anew that are as they were, and then their indexes and triggers."""
    rows = db.conn.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    ).fetchall()
    tables = {name: sql for kind, name, _, sql in rows if kind == "table" and name in _TABLES}
    old = {name: sql for name, sql in tables.items() if _AFTER not in sql}
    beside = [(kind, name, sql) for kind, name, table, sql in rows if kind != "table" and table in old]
    for kind, name, _ in beside:
        yield f"DROP {kind} {name}"
    for name, sql in old.items():
        columns = sql[sql.index("(") :].replace(_BEFORE, _AFTER, 1)
        yield f"CREATE TABLE new_{name} {columns}"
        yield f"INSERT INTO new_{name} SELECT * FROM {name}"  # noqa: S608 - names of tables
        yield f"DROP TABLE {name}"
        yield f"ALTER TABLE new_{name} RENAME TO {name}"
    for _, _, sql in beside:
        yield sql
