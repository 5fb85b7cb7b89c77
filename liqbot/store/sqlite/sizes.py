"""What takes how much room in an SQLite database."""

from contextlib import closing
from pathlib import Path

from liqbot.store.sqlite.database import open_reader


def sizes(path: Path) -> dict[str, tuple[int, int]]:
    """Return by table its rows and its bytes, indexes included; the largest first. Raises `DatabaseError`."""
    with closing(open_reader(path)) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        of = dict(db.execute("SELECT name, tbl_name FROM sqlite_master WHERE type IN ('table', 'index')"))
        taken: dict[str, int] = dict.fromkeys(tables, 0)
        for name, used in db.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"):
            if of.get(name) in taken:
                taken[of[name]] += used
        rows = {name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}  # noqa: S608 - a name of the schema
    return {name: (rows[name], taken[name]) for name in sorted(tables, key=lambda one: -taken[one])}
