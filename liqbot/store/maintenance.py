"""What an operator does with a database, whichever it is: copying it, checking it, asking how large it is."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

from liqbot.store.address import DatabaseAddress, PostgresUrl
from liqbot.store.errors import DatabaseError
from liqbot.store.moving import move, unfinished
from liqbot.store.opening import require_driver
from liqbot.store.sqlite import database, schema
from liqbot.store.sqlite.sizes import sizes as sizes_of_file
from liqbot.store.tables import looking

DAY_MS = 86_400_000


def back_up(address: DatabaseAddress, copy: Path, progress: Callable[[int, int], None]) -> None:
    """Copy a database, which may be in use, to the new file `copy`, which is one of SQLite.

    `progress` hears how much of how much is done. Raises `DatabaseError`.
    """
    if not isinstance(address, PostgresUrl):
        database.back_up(address, copy, progress)
        return
    if copy.exists():
        raise DatabaseError(f"{copy}: is there already; a backup overwrites nothing")
    unfinished(copy).unlink(missing_ok=True)
    try:
        move(address, copy, lambda step: progress(step.done, step.total), in_use=True)
    except DatabaseError:
        unfinished(copy).unlink(missing_ok=True)
        raise


def restore_to_server(copy: Path, url: PostgresUrl, progress: Callable[[int, int], None]) -> None:
    """Put the copy into an empty database on a server. Raises `DatabaseError`; then it is still empty."""
    if not copy.exists():
        raise DatabaseError(f"{copy}: there is no such backup")
    damaged = database.damage(copy, thorough=True)
    if damaged:
        raise DatabaseError(f"{copy} is damaged: {damaged}. Nothing was changed")
    move(copy, url, lambda step: progress(step.done, step.total))


def bytes_of(address: DatabaseAddress) -> int:
    """Return how many bytes a database takes. Raises `DatabaseError`."""
    if not isinstance(address, PostgresUrl):
        return address.stat().st_size
    return sum(taken for _rows, taken in sizes(address).values())


def is_empty(address: DatabaseAddress) -> bool:
    """Return whether a database is still to be made. Raises `DatabaseError` where a server has none."""
    if not isinstance(address, PostgresUrl):
        return not address.exists() or not address.stat().st_size
    return not _upkeep(address).had_migrations(address)


def damage(address: DatabaseAddress, *, thorough: bool = False) -> str | None:
    """Return what is wrong with a database; None where all is well.

    `thorough` reads all of it. Raises `DatabaseError` where it cannot be read at all.
    """
    if not isinstance(address, PostgresUrl):
        return database.damage(address, thorough=thorough)
    return _upkeep(address).damage(address, thorough=thorough)


def differences(address: DatabaseAddress) -> list[str]:
    """Return in what a schema differs from this version's; nothing for one alike. Raises `DatabaseError`."""
    if not isinstance(address, PostgresUrl):
        return schema.differences(address)
    return _upkeep(address).differences(address)


def sizes(address: DatabaseAddress) -> dict[str, tuple[int, int]]:
    """Return by table its rows and its bytes, indexes included; the largest first. Raises `DatabaseError`."""
    if not isinstance(address, PostgresUrl):
        return sizes_of_file(address)
    return _upkeep(address).sizes(address)


def coin_days(address: DatabaseAddress) -> float:
    """Return of how many coins and layers how many days are kept, as one product. Raises `DatabaseError`."""
    with looking(address) as db:
        spans = db.execute("SELECT max(time_ms) - min(time_ms) FROM history GROUP BY layer, coin").fetchall()
    return sum(max(span / DAY_MS, 1 / 24) for (span,) in spans)


def _upkeep(address: PostgresUrl) -> ModuleType:
    """Return what does the same with PostgreSQL; its driver is an extra."""
    require_driver(address)
    return import_module("liqbot.store.postgres.upkeep")
