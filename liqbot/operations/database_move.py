"""`liqbot db move`: everything of one database in another one, from SQLite to PostgreSQL or back."""

from collections.abc import Callable

from liqbot.store.address import DatabaseAddress, parse_address
from liqbot.store.errors import DatabaseError
from liqbot.store.moving import Step, move

__all__ = ["Step", "move_database"]


def move_database(source: str, target: str, progress: Callable[[Step], None]) -> tuple[str, str, int]:
    """Copy a database and compare every row; return both as they are shown, and how many rows there are.

    Both are as in LIQBOT_DATABASE: a file, or a URL. One that was cut short goes on where it was. Raises
    `DatabaseError`.
    """
    begin, end = _address(source), _address(target)
    return str(begin), str(end), move(begin, end, progress)


def _address(text: str) -> DatabaseAddress:
    try:
        return parse_address(text)
    except ValueError as error:
        raise DatabaseError(f"a database {error}") from None
