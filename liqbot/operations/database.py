"""`liqbot db`, `liqbot doctor`: a database backed up, checked for damage and its schema, counted."""

from collections.abc import Callable
from pathlib import Path

from liqbot.store.errors import DatabaseError
from liqbot.store.sqlite.database import back_up as _back_up
from liqbot.store.sqlite.database import damage
from liqbot.store.sqlite.database import restore as _restore
from liqbot.store.sqlite.schema import differences
from liqbot.store.sqlite.store import reading


def back_up(path: Path, copy: Path, progress: Callable[[int, int], None]) -> None:
    """Copy the database, also while its bot runs; `progress` is told pages done and in all.

    Raises `DatabaseError`.
    """
    _back_up(path, copy, progress)


def restore(copy: Path, path: Path, aside: Path) -> None:
    """Put a backup in the place of the database at `path`, which is kept as `aside`.

    Raises `DatabaseError`; then nothing was changed.
    """
    _restore(copy, path, aside)


def require_well(path: Path, *, thorough: bool = False) -> None:
    """Raise `DatabaseError`, which names what is wrong, where the database is damaged or of another schema.

    Where it is `thorough`, all of it is read.
    """
    found = damage(path, thorough=thorough)
    if found is not None:
        raise DatabaseError(f"{path} is damaged: {found}")
    different = differences(path)
    if different:
        raise DatabaseError(f"{path} is not as this version needs it: {'; '.join(different)}")


async def count_subscriptions(path: Path) -> int:
    """Return how many subscriptions there are. Raises `DatabaseError`."""
    async with reading(path) as store:
        return await store.subscriptions.count()
