"""Both kinds of database, as lives are killed in the middle of their statements."""

from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from crash.points import Statements

from liqbot.store.address import PostgresUrl
from liqbot.store.opening import open_store
from liqbot.store.postgres import connections
from liqbot.store.postgres.connections import Database


def written(address):
    """Return an address as an order has it."""
    return address.url if isinstance(address, PostgresUrl) else str(address)


def read(text):
    """Return the address of an order."""
    return PostgresUrl(text) if text.startswith("postgresql:") else Path(text)


@contextmanager
def trapped(address, trap):
    """Give the store at an address, whose writing connections may meet a trap."""
    if isinstance(address, PostgresUrl):
        with _traced(trap):
            yield open_store(address)
        return
    store = open_store(address)
    store._db.set_trace_callback(Statements(trap).seen)
    yield store


@contextmanager
def _traced(trap):
    """Have each connection to PostgreSQL tell what it runs."""
    connect, begin = connections.connect, connections._begin

    def traced(url, **more):
        connection = connect(url, **more)
        connection.statements, commit = Statements(trap), connection.commit

        def committed():
            connection.statements.seen("COMMIT")
            commit()
            connection.statements.ran()

        connection.commit = committed
        return connection

    def begun(connection, statements):
        connection.statements.seen(statements)
        return begin(connection, statements)

    class Traced(Database):
        def execute(self, statement, values=(), /):
            self.connection.statements.seen(statement)
            return super().execute(statement, values)

        def executemany(self, statement, rows, /):
            self.connection.statements.seen(statement)
            return super().executemany(statement, rows)

    with patch.multiple(connections, connect=traced, _begin=begun, Database=Traced):
        yield
