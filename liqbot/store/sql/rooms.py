"""What every room of the store stands on: `reads`, `writes` and `Connection`, so that SQL is awaited.

Statements have `?` where values go, and hold to what both databases understand: truths are 0 and 1, a value
that stands alone has its type (`CAST(? AS TEXT) IS NULL`), the smaller of two is a `CASE`, and what becomes
of a row that is there already says `ON CONFLICT`. What both cannot be told alike is in `dialect.py`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from types import CoroutineType
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from liqbot.store.sql.dialect import Dialect

Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")


class Rows(Protocol):
    """What a statement found or changed."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""
        ...

    def fetchone(self) -> Any:  # noqa: ANN401 - what a row holds only its reader knows
        """Return the next row as a tuple; None behind the last."""
        ...

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """A connection within a transaction."""

    def execute(self, statement: str, values: Sequence[Any] | Mapping[str, Any] = ..., /) -> Rows:
        """Execute a statement."""
        ...

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> Rows:
        """Execute a statement for each row of values."""
        ...


class Connections(Protocol):
    """A database's connections, each on a thread of its own."""

    @property
    def dialect(self) -> Dialect:
        """What the database writes in its own way."""
        ...

    async def read(self, work: Callable[[Any], Result]) -> Result:
        """Return what `work` reads; all of it sees one state of the database. Raises `StoreError`."""
        ...

    async def write(self, work: Callable[[Any], Result], *, beside: bool = False) -> Result:
        """Do `work` in a transaction; return when it is committed. Raises `StoreError`.

        `beside`: others may write meanwhile. It may be done more than once, all but the last time without
        effect.
        """
        ...

    def close(self) -> None:
        """Finish what was asked, and let go of the database. Blocks."""
        ...


class Records:
    """A room of the store: its methods ask on one of the database's connections."""

    def __init__(self, connections: Connections) -> None:
        self.connections = connections


Room = TypeVar("Room", bound=Records)


def reads(
    method: Callable[Concatenate[Room, Connection, Parameters], Result],
) -> "Callable[Concatenate[Room, Parameters], CoroutineType[Any, Any, Result]]":
    """Let a method be awaited: it runs on a reader's thread and connection."""

    @wraps(method)
    async def asked(self: Room, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return await self.connections.read(lambda db: method(self, db, *args, **kwargs))

    return asked


def writes(
    method: Callable[Concatenate[Room, Connection, Parameters], Result],
) -> "Callable[Concatenate[Room, Parameters], CoroutineType[Any, Any, Result]]":
    """Let a method be awaited: it runs on a writer's thread and connection, as one transaction.

    Nobody else writes meanwhile, not in another process either.
    """

    @wraps(method)
    async def asked(self: Room, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return await self.connections.write(lambda db: method(self, db, *args, **kwargs))

    return asked


def writes_beside(
    method: Callable[Concatenate[Room, Connection, Parameters], Result],
) -> "Callable[Concatenate[Room, Parameters], CoroutineType[Any, Any, Result]]":
    """Let a method be awaited, as `writes` does; others that are marked so may write meanwhile.

    For what is asked often, and decides by nothing but rows that it changes itself.
    """

    @wraps(method)
    async def asked(self: Room, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return await self.connections.write(lambda db: method(self, db, *args, **kwargs), beside=True)

    return asked
