"""Roles: what one process of a bot does. By default all of it; on PostgreSQL several processes share them.

`engine` watches the market, `alerts` lets rules read what it has seen, `scanner` asks for accounts, `web`
serves page and API, and each chat platform has a role of its own name, for all bots there; `telegram.second`
is the one bot of that name.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from liqbot.chat import registry
from liqbot.platform_names import kind_of
from liqbot.rules.wording import nearest
from liqbot.settings import Settings, SettingsError
from liqbot.text.figures import listed

ENGINE, ALERTS, SCANNER, WEB = "engine", "alerts", "scanner", "web"
_SHARDS = re.compile(r"(\d+)(?:-(\d+))?/(\d+)")


def all_roles() -> tuple[str, ...]:
    """Return every role that there is."""
    return (ENGINE, ALERTS, *registry.platforms(), SCANNER, WEB)


@dataclass(frozen=True, slots=True)
class Duties:
    """What one process does."""

    roles: frozenset[str]
    shards: tuple[range, int] | None = None
    """Which shards of Discord it serves, and of how many; None for all, as many as Discord advises."""

    @property
    def is_whole(self) -> bool:
        """Whether the process does everything that there is to do."""
        return self.roles == frozenset(all_roles()) and self.shards is None

    def has(self, role: str) -> bool:
        """Return whether the process has a role, or that of the whole platform of a bot."""
        return role in self.roles or kind_of(role) in self.roles

    @property
    def names(self) -> tuple[str, ...]:
        """The roles in their order, those of single bots last."""
        known = all_roles()
        return (*(role for role in known if role in self.roles), *sorted(self.roles - set(known)))

    @property
    def words(self) -> str:
        """The roles as they are typed."""
        named = ",".join(self.names)
        return named if self.shards is None else f"{named} shards {shards_text(self.shards)}"


def whole() -> Duties:
    """Return the duties of a bot that is one process."""
    return Duties(frozenset(all_roles()))


def read_duties(roles: Collection[str], shards: str, bots: Collection[str] = ()) -> Duties:
    """Return what `--role` and `--shards` ask for; `bots` are those on platforms, by name.

    Raises `SettingsError` that says what there is.
    """
    names = [name.strip() for role in roles for name in role.split(",") if name.strip()]
    known = (*all_roles(), *(bot for bot in bots if bot not in all_roles()))
    for name in names:
        if name not in known:
            near = nearest(name, known)
            meant = f"; did you mean {near}?" if near else f"; choose from {listed(known)}"
            raise SettingsError(f"--role: there is no role {name!r}{meant}")
    duties = Duties(frozenset(names or all_roles()), read_shards(shards) if shards else None)
    if duties.shards is not None and "discord" not in map(kind_of, duties.roles):
        raise SettingsError("--shards: only a process with the role discord has shards")
    return duties


def read_shards(text: str) -> tuple[range, int]:
    """Return the shards that `0-3/16` or `5/16` means, and of how many. Raises `SettingsError`."""
    found = _SHARDS.fullmatch(text.strip())
    if found is None:
        raise SettingsError(f"--shards: {text!r} names no shards; write 0-3/16 for the first four of sixteen")
    first, last, count = int(found[1]), int(found[2] or found[1]), int(found[3])
    if not first <= last < count:
        raise SettingsError(
            f"--shards: of {count} shards the numbers are 0 to {count - 1}, the lower one first"
            if count
            else "--shards: there is at least one shard"
        )
    return range(first, last + 1), count


def shards_text(shards: tuple[range, int]) -> str:
    """Return shards as they are typed: `0-3/16`."""
    numbers, count = shards
    return f"{numbers.start}-{numbers.stop - 1}/{count}"


def require_shared(duties: Duties, settings: Settings) -> None:
    """Refuse roles apart where only one process can reach the database. Raises `SettingsError`."""
    if duties.is_whole or settings.is_shared:
        return
    what = "--role" if duties.roles != frozenset(all_roles()) else "--shards"
    raise SettingsError(
        f"{what}: processes that share the work need a database that all of them reach, and SQLite is a file "
        f"for one process. Set LIQBOT_DATABASE=postgresql://user:password@host/name, or run all roles in one"
    )
