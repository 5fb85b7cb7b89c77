"""Notes in SQLite."""

import sqlite3

from liqbot.store.sqlite.connections import Records, reads, writes


class SqliteNotes(Records):
    """One text a name."""

    @reads
    def get(self, db: sqlite3.Connection, name: str) -> str | None:
        row = db.execute("SELECT text FROM notes WHERE name = ?", [name]).fetchone()
        return None if row is None else row[0]

    @writes
    def set(self, db: sqlite3.Connection, name: str, text: str) -> None:
        db.execute(
            "INSERT INTO notes (name, text) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET text = excluded.text",
            [name, text],
        )
