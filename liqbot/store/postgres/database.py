"""Connecting to PostgreSQL: what every connection of ours is set to, and what its errors mean in one line.

`connect` is for threads, as the store uses them; `connect_async` for what waits on the event loop, such as
`LISTEN`. Both run each statement as a transaction of its own unless one is begun.
"""

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, LiteralString, cast

import psycopg
from psycopg import conninfo
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Dumper
from psycopg.rows import TupleRow
from psycopg.types.array import ListBinaryDumper
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper

from liqbot.store.address import PostgresUrl
from liqbot.store.errors import DatabaseError, StoreError

OLDEST = 140_000
"""The oldest server that is supported, as servers number their versions: 14.0."""
CONNECT_S = 10
"""So long a server may take to take a connection."""
HUNG_S = 10
"""A connection on which the other end is silent for so long is given up, at both ends."""
IDLE_S = 5
"""A transaction in which nothing is asked for so long is ended by the server, and its locks with it."""
CLOCK_MS = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
"""The server's clock in a statement, ms since 1970 UTC."""
_OURS = {
    "tcp_keepalives_idle": HUNG_S // 2,
    "tcp_keepalives_interval": 2,
    "tcp_keepalives_count": 3,
    "tcp_user_timeout": HUNG_S * 1000,
    "idle_in_transaction_session_timeout": IDLE_S * 1000,
    "statement_timeout": 0,
    "lock_timeout": 0,
    "idle_session_timeout": 0,
    "default_transaction_isolation": "read committed",
}
"""What is set on each connection, whatever an administrator has set for all of a role.
`options` in the URL come first. Set once it is made: a pooler refuses to be asked for them before."""
_READ_ONLY = (
    "the server is for reading only, as a stand-by is; name the primary, or all of them with "
    "target_session_attrs=read-write"
)


def connect(url: PostgresUrl, *, name: str = "liqbot", writes: bool = False) -> psycopg.Connection[TupleRow]:
    """Connect to a database; `name` is shown to administrators. Blocks. Raises `DatabaseError`.

    `writes`: a server that is for reading only is refused.
    """
    try:
        connection = psycopg.connect(**_parameters(url, name))
        with _given_up_if_failed(connection):
            connection.execute(*_set(url))
    except psycopg.Error as error:
        raise unusable(url, error) from None
    _require_supported(url, connection, writes=writes)
    adapt(connection.adapters)
    return connection


async def connect_async(url: PostgresUrl, *, name: str = "liqbot") -> psycopg.AsyncConnection[TupleRow]:
    """Connect without blocking, to what may be written, as `connect` does. Raises `DatabaseError`."""
    try:
        connection = await psycopg.AsyncConnection.connect(**_parameters(url, name))
        with _given_up_if_failed(connection):  # or if whoever wants it is gone by now
            await connection.execute(*_set(url))
    except psycopg.Error as error:
        raise unusable(url, error) from None
    _require_supported(url, connection, writes=True)
    adapt(connection.adapters)
    return connection


@contextmanager
def _given_up_if_failed(connection: psycopg.BaseConnection[Any]) -> Generator[None]:
    """Let go of a connection that nobody will have; a server has no more than so many."""
    try:
        yield
    except BaseException:
        connection.pgconn.finish()
        raise


def adapt(adapters: AdaptersMap) -> None:
    """Let Python's whole numbers and truths be the BIGINT that all of our tables hold; lists go as bytes."""
    adapters.register_dumper(int, Int8Dumper)
    adapters.register_dumper(int, Int8BinaryDumper)
    adapters.register_dumper(bool, _TruthDumper)
    adapters.register_dumper(list, ListBinaryDumper)  # as text, bytes in a list take a hundred times as long


def unusable(url: PostgresUrl, error: psycopg.Error) -> DatabaseError:
    """Return in one line why a database cannot be used, and what to do; a password does not stand in it."""
    if _is_read_only(error):
        return DatabaseError(f"{url}: {_READ_ONLY}")
    text = _last_line(str(error))
    for secret in url.secrets:
        text = text.replace(secret, "[hidden]")
    for pattern, meaning in _MEANINGS:
        if re.search(pattern, text):
            return DatabaseError(f"{url}: {meaning.format(text=text)}")
    return DatabaseError(f"{url}: cannot be used: {text}")


def told(error: psycopg.Error) -> StoreError:
    """Return an error of a statement as the rest of the house knows it: nobody else speaks PostgreSQL."""
    text = _READ_ONLY if _is_read_only(error) else _last_line(str(error)) or type(error).__name__
    found = StoreError(text)
    found.__cause__ = error
    return found


def is_of_connection(error: psycopg.Error) -> bool:
    """Return whether another connection may fare better: this one is broken, or leads to the wrong server.

    After a fail-over, the server that was the primary may be there still, for reading only.
    """
    state = error.sqlstate
    if state is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return state.startswith(("08", "57P", "58")) or _is_read_only(error)


def _is_read_only(error: psycopg.Error) -> bool:
    return isinstance(error, psycopg.errors.ReadOnlySqlTransaction)


def _parameters(url: PostgresUrl, name: str) -> dict[str, Any]:
    try:
        given = conninfo.conninfo_to_dict(url.url)
    except psycopg.ProgrammingError as error:
        raise unusable(url, error) from None
    own = {
        "application_name": name,
        "connect_timeout": CONNECT_S,
        "keepalives_idle": HUNG_S // 2,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": HUNG_S * 1000,
    }
    return {**own, **given, "client_encoding": "utf8", "autocommit": True}


def _set(url: PostgresUrl) -> tuple[LiteralString, list[str]]:
    """Return a statement with its values that sets a new connection up."""
    given = str(conninfo.conninfo_to_dict(url.url).get("options") or "")
    ours = [(name, str(value)) for name, value in _OURS.items() if f"{name}=" not in given]
    calls = ", ".join(["set_config(%s, %s, false)"] * len(ours))
    return cast("LiteralString", f"SELECT {calls}"), [text for pair in ours for text in pair]


def _require_supported(url: PostgresUrl, connection: psycopg.BaseConnection[Any], *, writes: bool) -> None:
    version, encoding = connection.info.server_version, connection.info.parameter_status("server_encoding")
    of_reading = ("in_hot_standby", "default_transaction_read_only")
    if version < OLDEST:
        found = f"{version // 10_000}.{version % 10_000}"
        wrong = f"is PostgreSQL {found}; liqbot needs {OLDEST // 10_000} or newer"
    elif encoding != "UTF8":
        wrong = f"holds text as {encoding}; make it anew with `createdb --encoding=UTF8 --template=template0`"
    elif writes and "on" in map(connection.info.parameter_status, of_reading):
        wrong = _READ_ONLY
    else:
        return
    connection.pgconn.finish()
    raise DatabaseError(f"{url}: {wrong}")


def _last_line(text: str) -> str:
    """Return the last line of what the driver says, which of several addresses is the last one's."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "failed: " in line or "FATAL" in line]
    line = (errors or lines or [""])[-1 if errors else 0]
    return re.sub(r"^.*(FATAL: +|failed: )", "", line)


_MEANINGS = (
    (
        r"password authentication failed|no password supplied|authentication failed",
        "the server refuses: {text}",
    ),
    (r"database .* does not exist", "{text}; make it on the server with `createdb`"),
    (r"role .* does not exist", "{text}; make it on the server with `createuser`"),
    (r"no pg_hba.conf entry", "the server lets nobody in from here: {text}"),
    (
        r"too many (clients|connections)|remaining connection slots",
        "the server has no connection left: {text}",
    ),
    (
        r"refused|No such file|timeout|timed out|translate host|not known|unreachable|No route|"  # noqa: ISC004
        r"starting up|shutting down|recovery mode|server closed|terminating connection|resolution",
        "does not answer: {text}",
    ),
    (r"session is read-only|in hot standby mode", "of its servers none that answers may be written: {text}"),
    (r"no schema has been selected", "{text}: search_path names no schema that there is"),
    (r"permission denied", "{text}; the user needs the rights of the database's owner"),
)
"""What servers say, and what to tell of it."""


class _TruthDumper(Dumper):
    """True and false as the whole numbers 1 and 0, which is how SQLite keeps them."""

    oid = 20  # BIGINT

    def dump(self, obj: bool) -> Buffer:  # noqa: FBT001 - the driver calls it
        return b"1" if obj else b"0"
