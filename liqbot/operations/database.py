"""`liqbot db`, `liqbot doctor`: a database backed up, checked for damage and its schema, counted."""

from collections.abc import Callable
from pathlib import Path

from liqbot.store.address import DatabaseAddress
from liqbot.store.errors import DatabaseError
from liqbot.store.maintenance import back_up as _back_up
from liqbot.store.maintenance import bytes_of as _bytes_of
from liqbot.store.maintenance import damage, differences, restore_to_server
from liqbot.store.maintenance import is_empty as _is_empty
from liqbot.store.opening import reading
from liqbot.store.sqlite.database import restore as _restore


def back_up(address: DatabaseAddress, copy: Path, progress: Callable[[int, int], None]) -> None:
    """Copy the database, also while its bot runs; `progress` is told how much of how much is done.

    Raises `DatabaseError`.
    """
    _back_up(address, copy, progress)


def restore(
    copy: Path, address: DatabaseAddress, now: str, progress: Callable[[int, int], None]
) -> Path | None:
    """Put a backup in the place of the database; return where the file is kept that was there before.

    `now` tells that file from others. A database on a server must be empty. Raises `DatabaseError`; then
    nothing was changed.
    """
    if not isinstance(address, Path):
        restore_to_server(copy, address, progress)
        return None
    aside = address.with_name(f"{address.name}.before-{now}")
    was_there = address.exists()
    _restore(copy, address, aside)
    return aside if was_there else None


def bytes_of(address: DatabaseAddress) -> int:
    """Return how many bytes a database takes. Raises `DatabaseError`."""
    return _bytes_of(address)


def require_well(address: DatabaseAddress, *, thorough: bool = False) -> None:
    """Raise `DatabaseError`, which names what is wrong, where the database is damaged or of another schema.

    Where it is `thorough`, all of it is read.
    """
    found = damage(address, thorough=thorough)
    if found is not None:
        raise DatabaseError(f"{address} is damaged: {found}")
    different = differences(address)
    if different:
        raise DatabaseError(f"{address} is not as this version needs it: {'; '.join(different)}")


def is_empty(address: DatabaseAddress) -> bool:
    """Return whether there is nothing yet at an address where all is set up. Raises `DatabaseError`."""
    return _is_empty(address)


async def count_subscriptions(address: DatabaseAddress) -> int:
    """Return how many subscriptions there are. Raises `DatabaseError`."""
    async with reading(address) as store:
        return await store.subscriptions.count()
