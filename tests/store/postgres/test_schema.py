"""The schema in PostgreSQL is what the migrations make: there is one answer to what a database looks like."""

from contextlib import closing

import psycopg
import pytest

from liqbot.store.errors import DatabaseError
from liqbot.store.postgres import schema
from liqbot.store.sqlite.database import MigratedDatabase, bring_up


@pytest.fixture
def connection(postgres):
    with closing(psycopg.connect(postgres.url, autocommit=True)) as opened:
        yield opened


def columns(connection):
    rows = connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    )
    return set(rows)


def test_every_table_has_the_columns_that_it_has_in_sqlite(connection):
    with closing(MigratedDatabase(memory=True)) as model:
        bring_up(model)
        expected = {
            (table, column)
            for table in model.table_names()
            if not table.startswith(("_sqlite", "sqlite_"))
            for column in model[table].columns_dict
        }
    kept = {table for table, _ in expected}
    assert {(table, column) for table, column in columns(connection) if table in kept} == expected


def test_a_database_has_had_every_migration_and_is_made_once(connection, postgres):
    assert schema.applied(postgres, connection) == schema.known_names()
    before = connection.execute("SELECT oid, relname FROM pg_class ORDER BY 1").fetchall()
    schema.prepare(postgres, connection)
    assert connection.execute("SELECT oid, relname FROM pg_class ORDER BY 1").fetchall() == before


def test_a_newer_database_is_refused_and_not_touched(connection, postgres):
    connection.execute(f"INSERT INTO {schema.APPLIED} (name, applied_at) VALUES ('9000_colours', '')")
    with pytest.raises(DatabaseError, match=r"newer liqbot \(it has 9000_colours\)"):
        schema.prepare(postgres, connection)


def test_the_database_of_another_program_is_refused(connection, postgres):
    connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE pictures (id int)")
    with pytest.raises(DatabaseError, match="database of another program"):
        schema.prepare(postgres, connection)


def test_one_that_is_no_database_of_liqbots_yet_cannot_be_read(connection, postgres):
    connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    with pytest.raises(DatabaseError, match="no database of liqbot's yet"):
        schema.require_current(postgres, connection)
