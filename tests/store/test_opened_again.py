"""A database of this version is opened again: nothing of it changes, neither its tables nor a row in any."""

import sqlite3
from contextlib import closing

from databases import behind, opened

from liqbot.store.maintenance import damage, differences
from liqbot.store.sqlite.database import MigratedDatabase, bring_up
from liqbot.store.tables import looking, rows, tables

PLAIN = {"INTEGER": 1, "REAL": 0.5, "TEXT": "x'ÄÖ\t\\N", "BLOB": b"\0\xff"}
CHOSEN = {("deliveries", "status"): "due", ("standings", "standing"): "blocked"}
"""What a column takes that does not take anything."""


def one_row_of_each():
    """Yield, for each table, what puts a row with a value in every column into it; all refer to number 1."""
    with closing(MigratedDatabase(memory=True)) as model:
        bring_up(model)
        for table in tables():
            kinds = {column.name: column.type for column in model[table.name].columns}
            row = {name: CHOSEN.get((table.name, name), PLAIN[kind]) for name, kind in kinds.items()}
            marks = ", ".join("?" * len(row))
            yield f"INSERT INTO {table.name} ({', '.join(row)}) VALUES ({marks})", list(row.values())  # noqa: S608


def content(address):
    with looking(address) as db:
        return {table.name: list(rows(db, table)) for table in tables()}


def fill(address):
    with opened(address) as store, behind(store) as db:
        for statement, values in one_row_of_each():
            if "queue_heads" not in statement:  # a trigger makes them
                db.execute(statement, values)


def test_nothing_changes_whichever_table_has_rows(address):
    fill(address)
    before = content(address)
    assert all(before.values()), "every table has a row"
    for _ in range(2):
        with opened(address):
            pass
        assert content(address) == before
    assert differences(address) == []
    assert damage(address, thorough=True) is None


def test_not_a_byte_of_a_file_is_written(path):
    fill(path)

    def dump():
        with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as connection:
            return list(connection.iterdump())

    before, told = path.read_bytes(), dump()
    with opened(path):
        pass
    assert dump() == told, "which migrations were applied, and when, as well"
    assert path.read_bytes() == before
