"""Opening the database at an address, whichever it is: a file of SQLite, or a URL of PostgreSQL."""

import asyncio
import importlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from liqbot.logs import hide
from liqbot.store.accounts import Accounts
from liqbot.store.address import DatabaseAddress, PostgresUrl
from liqbot.store.errors import DatabaseError
from liqbot.store.retention import DEFAULT, Retention
from liqbot.store.sql.accounts import SqlAccounts
from liqbot.store.sqlite.connections import Connections
from liqbot.store.sqlite.store import SqliteStore
from liqbot.store.store import Store


def open_store(
    database: DatabaseAddress, *, read_only: bool = False, retention: Retention = DEFAULT
) -> Store:
    """Open the store at an address, or make it; `read_only`: beside its bot. Blocks.

    Raises `DatabaseError`.
    """
    if not isinstance(database, PostgresUrl):
        return SqliteStore(database, read_only=read_only, retention=retention)
    require_driver(database)
    from liqbot.store.postgres.store import PostgresStore  # noqa: PLC0415 - an extra

    return PostgresStore(database, read_only=read_only, retention=retention)


def open_accounts(database: DatabaseAddress, venue: str) -> Accounts:
    """Open the known accounts of a venue, on connections of their own. Blocks. Raises `DatabaseError`."""
    if not isinstance(database, PostgresUrl):
        return SqlAccounts(Connections(database), venue)
    require_driver(database)
    from liqbot.store.postgres.connections import Connections as PostgresConnections  # noqa: PLC0415 - an extra

    return SqlAccounts(PostgresConnections(database), venue)


@asynccontextmanager
async def reading(database: DatabaseAddress) -> AsyncGenerator[Store]:
    """Give the store at an address for reading, beside the bot that may be at work on it.

    Raises `DatabaseError` where there is none, or none of this version.
    """
    store = await asyncio.to_thread(lambda: open_store(database, read_only=True))
    try:
        yield store
    finally:
        await store.close()


def require_driver(url: PostgresUrl) -> None:
    """Take a URL's password out of all logs. Raise `DatabaseError` where it has no driver."""
    hide(map(SecretStr, url.secrets))
    try:
        importlib.import_module("psycopg")
    except ImportError as error:
        raise DatabaseError(f"{url}: needs a driver: pip install 'liqbot[postgres]' ({error})") from None
