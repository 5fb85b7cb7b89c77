"""Notes: short texts that a part of the bot wants to find again after a restart, by name."""

import sqlite3


class Notes:
    """One text a name."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, name: str) -> str | None:
        """Return the note of that name; None where there is none."""
        row = self._db.execute("SELECT text FROM notes WHERE name = ?", [name]).fetchone()
        return None if row is None else row[0]

    def set(self, name: str, text: str) -> None:
        """Write a note in place of the one before."""
        self._db.execute(
            "INSERT INTO notes (name, text) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET text = excluded.text",
            [name, text],
        )
