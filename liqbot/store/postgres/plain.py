"""One plain connection for what goes through a whole database: an export, a move."""

from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from psycopg import sql

from liqbot.store.address import PostgresUrl
from liqbot.store.errors import DatabaseError, DiskFullError
from liqbot.store.postgres import schema
from liqbot.store.postgres.connections import Database
from liqbot.store.postgres.database import connect, unusable
from liqbot.store.tables import Table

_LOOK = "liqbot-look"
"""The name of a connection that only looks who else is there."""
_LOCK = 0x6D6F_7665  # "move"
"""The advisory lock under which a database is filled."""


@contextmanager
def looking(url: PostgresUrl) -> Generator[Database]:
    """Give a connection that sees one state of the database. Raises `DatabaseError`."""
    with closing(connect(url)) as connection:
        schema.require_current(url, connection)
        try:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield Database(connection)
        except psycopg.Error as error:
            raise unusable(url, error) from error


@contextmanager
def writing(url: PostgresUrl) -> Generator[Database]:
    """Give a connection in a transaction, which is committed where all went well. Raises `DatabaseError`."""
    with closing(connect(url)) as connection:
        schema.prepare(url, connection)
        try:
            with connection.transaction():
                yield Database(connection)
        except psycopg.Error as error:
            raise unusable(url, error) from error


def give_numbers_from(db: Database, table: str, last: int) -> None:
    """Let the next row of a table get a number behind `last`, and behind all that it has."""
    db.execute(
        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "
        f"greatest(?, (SELECT coalesce(max(id), 1) FROM {table})), true)",
        [max(last, 1)],
    )


def last_number(db: Database, table: str) -> int:
    """Return the last number that was given to a row of a table; 0 for none."""
    row = db.execute(
        "SELECT last_value FROM pg_sequences WHERE schemaname || '.' || sequencename = "
        f"pg_get_serial_sequence('{table}', 'id')"
    ).fetchone()
    return 0 if row is None or row[0] is None else row[0]


def require_nobody(url: PostgresUrl) -> None:
    """Raise `DatabaseError` where a liqbot is at work on the database."""
    with closing(connect(url, name=_LOOK)) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            f"AND application_name LIKE 'liqbot%' AND application_name <> '{_LOOK}'"
        ).fetchone()
    if row and row[0]:
        raise _taken(url)


def _taken(url: PostgresUrl) -> DatabaseError:
    return DatabaseError(f"{url}: a liqbot is at work on it; stop that one first")


def is_made(url: PostgresUrl) -> bool:
    """Return whether a database has a schema, and is not being filled. Raises `DatabaseError`."""
    require_nobody(url)
    with closing(connect(url, name=_LOOK)) as connection:
        return schema.moving_from(connection) is None and bool(schema.applied(url, connection))


class Filling:
    """A database that is being filled, and which no bot opens before it is finished."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.db = Database(connection)
        self._connection = connection

    def put(self, table: Table, batch: Sequence[tuple[Any, ...]]) -> None:
        """Add rows, as one transaction."""
        names = sql.SQL(", ").join(map(sql.Identifier, table.columns))
        copy = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), names)
        with self._connection.transaction(), self._connection.cursor().copy(copy) as rows:
            for row in batch:
                rows.write_row(row)

    def finish(self) -> None:
        """Let bots open it."""
        self._connection.execute("ANALYZE")
        self._connection.execute(f"DROP TABLE {schema.MOVING}")


@contextmanager
def filling(url: PostgresUrl, source: str) -> Generator[Filling]:
    """Give an empty database to fill, or one that was being filled from the same `source`.

    Raises `DatabaseError`.
    """
    require_nobody(url)
    with closing(connect(url, name="liqbot-move")) as connection:
        try:
            if connection.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone() != (True,):
                raise _taken(url)  # another move has looked in the same moment
            begun = schema.moving_from(connection)
            if begun is None:
                if schema.applied(url, connection):
                    raise _taken(url)  # by whoever has finished it in the same moment
                with connection.transaction():
                    schema.prepare(url, connection)
                    connection.execute(f"CREATE TABLE {schema.MOVING} (source TEXT NOT NULL)")
                    connection.execute(f"INSERT INTO {schema.MOVING} VALUES (%s)", [source])
            elif begun != source:
                raise DatabaseError(f"{url}: is half filled from elsewhere; make it anew with `createdb`")
            yield Filling(connection)
        except psycopg.errors.DiskFull as error:
            raise DiskFullError(f"{url}: the server's disk is full") from error
        except psycopg.Error as error:
            raise unusable(url, error) from error
