"""Whether a database has the tables that this version expects; it names what is lacking, and what is more."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from liqbot.store.sqlite.database import MigratedDatabase, bring_up, open_reader

Part = tuple[str, str]
"""Something of a schema: a word on what it is, and its name."""


def differences(path: Path) -> list[str]:
    """Return in what the schema of the database at `path` differs from this version's; nothing for one alike.

    Raises `DatabaseError` where it cannot be read at all, or is not of this version.
    """
    with closing(open_reader(path)) as connection, closing(MigratedDatabase(memory=True)) as fresh:
        bring_up(fresh)
        return list(_compared(_parts(connection), _parts(fresh.conn)))


def _compared(found: Mapping[Part, str], expected: Mapping[Part, str]) -> Iterator[str]:
    for what, name in sorted(expected.keys() - found.keys()):
        if what != "column" or ("table", name.partition(".")[0]) in found:  # a table lacks its columns anyway
            yield f"{what} {name} is missing"
    for what, name in sorted(found.keys() - expected.keys()):
        if what != "column" or ("table", name.partition(".")[0]) in expected:
            yield f"{what} {name} should not be there"
    for part in sorted(expected.keys() & found.keys()):
        if expected[part] != found[part]:
            yield f"{part[0]} {part[1]} is {found[part]}, and should be {expected[part]}"


def _parts(connection: sqlite3.Connection) -> dict[Part, str]:
    """Return every table, column, index and trigger with its definition."""
    parts: dict[Part, str] = {}
    rows = connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master").fetchall()
    for what, name, sql in rows:
        if name.startswith(("sqlite_", "_sqlite", "idx__sqlite")):
            continue
        # A table's columns are compared one by one: those that were added later stand otherwise in its text.
        parts[what, name] = _manner(sql) if what == "table" else " ".join(sql.split())
        if what == "table":
            for column in connection.execute(f"PRAGMA table_info({name})"):
                _, label, kind, required, default, key = column
                parts["column", f"{name}.{label}"] = " ".join(
                    [kind, *["NOT NULL"] * required, *["PRIMARY KEY"] * bool(key)]
                    + ([] if default is None else [f"DEFAULT {default}"])
                )
    return parts


def _manner(sql: str) -> str:
    """Return how a table keeps its rows, apart from its columns."""
    return ", ".join(word for word in ("AUTOINCREMENT", "WITHOUT ROWID", "STRICT") if word in sql) or "plain"
