"""Which chat platforms there are, and which bots of each: a folder below `chat/` with a `platform.py` is one.

A platform declares itself there as `PLATFORM`: its settings, how its adapter is made of them, and how an
operator can check it. A new one touches nothing else. Its library is loaded where it is served or checked.
Where its settings have `accounts`, each of them is a bot with a token, a sender and people of its own.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, SecretStr

import liqbot.chat
from liqbot.chat.account_settings import WithAccounts
from liqbot.platform_names import account_name
from liqbot.sections import Section

if TYPE_CHECKING:  # settings are read before all else: what serves people is loaded later
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from liqbot.chat.adapter import Adapter, Reception


@dataclass(frozen=True, slots=True)
class PlatformKind:
    """A chat platform that the bot can serve."""

    name: str
    """As in settings and in the keys of chats: `discord`."""
    settings: type[Section]
    """Its section: what it needs is there when its `is_set` says so."""
    make: Callable[[Any, Reception], Adapter]
    """Makes the adapter of a section."""
    check: Callable[[Any], Awaitable[object]]
    """Asks the platform about the bot of a section, and says in words how it is. Raises `AdapterError`."""
    reach: Callable[[Any, str], Awaitable[str]] | None = None
    """Asks whether the bot can write to a chat, by its id, and says which that is. Raises `AdapterError`."""


@dataclass(frozen=True, slots=True)
class Account:
    """One bot on a platform: a token, with limits, a sender and people of its own."""

    name: str
    """As in the keys of its chats: `telegram`, or `telegram.second` for one that is named in the settings."""
    kind: PlatformKind
    section: Section
    """The settings that are its own."""


@cache
def platforms() -> Mapping[str, PlatformKind]:
    """Return the platforms that come with liqbot, by name."""
    folders = sorted(one.name for one in pkgutil.iter_modules(liqbot.chat.__path__) if one.ispkg)
    modules = (f"{liqbot.chat.__name__}.{folder}.platform" for folder in folders)
    declared = [importlib.import_module(name) for name in modules if importlib.util.find_spec(name)]
    found = [kind for module in declared for kind in vars(module).values() if isinstance(kind, PlatformKind)]
    return {kind.name: kind for kind in found}


def sections() -> dict[str, type[Section]]:
    """Return the settings that each of them declares, by name."""
    return {name: kind.settings for name, kind in platforms().items()}


def accounts(section_of: Callable[[type[Section]], Section]) -> Iterator[Account]:
    """Yield every bot that is set up; `section_of` returns a platform's settings, as `Settings.section`."""
    for kind in platforms().values():
        yield from accounts_of(kind, section_of(kind.settings))


def accounts_of(kind: PlatformKind, section: Section) -> Iterator[Account]:
    """Yield the bots of one platform: the one whose token is the section's own, then those with a name."""
    if is_set(section):
        yield Account(kind.name, kind, section)
    if isinstance(section, WithAccounts):
        for name, own in section.each_account().items():
            yield Account(account_name(kind.name, name), kind, own)


def is_set(section: object) -> bool:
    """Return whether a section holds what its platform needs for the bot whose token is its own."""
    return bool(getattr(section, "is_set", False))


def secrets(section: BaseModel) -> list[SecretStr]:
    """Return what of a section nobody may read."""
    values = (getattr(section, name) for name in type(section).model_fields)
    return [value for value in values if isinstance(value, SecretStr)]
