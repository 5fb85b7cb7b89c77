"""Notes in SQL."""

from liqbot.store.sql.rooms import Connection, Records, reads, writes_beside


class SqlNotes(Records):
    """One text a name."""

    @reads
    def get(self, db: Connection, name: str) -> str | None:
        row = db.execute("SELECT text FROM notes WHERE name = ?", [name]).fetchone()
        return None if row is None else row[0]

    @writes_beside
    def set(self, db: Connection, name: str, text: str) -> None:
        db.execute(
            "INSERT INTO notes (name, text) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET text = excluded.text",
            [name, text],
        )
