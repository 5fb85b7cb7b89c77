"""Notes in SQL."""

from collections.abc import Callable

from liqbot.store.sql.rooms import Connection, Records, reads, writes, writes_beside


class SqlNotes(Records):
    """One text a name."""

    @reads
    def get(self, db: Connection, name: str) -> str | None:
        return _read(db, name)

    @writes_beside
    def set(self, db: Connection, name: str, text: str) -> None:
        _write(db, name, text)

    @writes
    def change(self, db: Connection, name: str, change: Callable[[str | None], str]) -> str:
        text = change(_read(db, name))
        _write(db, name, text)
        return text


def _read(db: Connection, name: str) -> str | None:
    row = db.execute("SELECT text FROM notes WHERE name = ?", [name]).fetchone()
    return None if row is None else row[0]


def _write(db: Connection, name: str, text: str) -> None:
    db.execute(
        "INSERT INTO notes (name, text) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET text = excluded.text",
        [name, text],
    )
