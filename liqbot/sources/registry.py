"""Which sources there are: every folder below `sources/` that has a `venue.py` brings one.

A venue declares itself there with `@source(NAME, settings=…)`, as a plugin does: its settings, how it is
made of them, and, on the source itself, how an operator can check it (`WithCheck`). A new one touches
nothing else.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from pydantic import BaseModel

import liqbot.sources
from liqbot.rules.contributions import SourceKind
from liqbot.rules.wording import listed
from liqbot.sections import Section, SettingsError

PLUGIN = "plugin"
"""What stands before the name of a source that a plugin brings: `plugin:NAME`."""


@cache
def venues() -> Mapping[str, SourceKind]:
    """Return the sources that come with liqbot, by name."""
    kinds: dict[str, SourceKind] = {}
    modules = pkgutil.walk_packages(liqbot.sources.__path__, f"{liqbot.sources.__name__}.")
    for name in sorted((module.name for module in modules), key=lambda name: (name.count("."), name)):
        if name.endswith(".venue"):
            declared = vars(importlib.import_module(name)).values()
            kinds |= {kind.name: kind for kind in declared if isinstance(kind, SourceKind)}
    return kinds


def sections() -> dict[str, type[Section]]:
    """Return the settings that each of them declares, by name."""
    found = {name: kind.settings for name, kind in venues().items()}
    return {name: section for name, section in found.items() if section and issubclass(section, Section)}


def spellings() -> list[str]:
    """Return how each is written in `LIQBOT_SOURCES`: `binance`, `replay:FILE`, `plugin:NAME`."""
    named = [kind.name for kind in venues().values() if not kind.takes]
    taking = [f"{kind.name}:{kind.takes}" for kind in venues().values() if kind.takes]
    return [*named, *taking, f"{PLUGIN}:NAME"]


def is_spelt(name: str) -> bool:
    """Return whether `name` may stand in `LIQBOT_SOURCES`. Which plugins there are is seen when they load."""
    kind, _, rest = name.partition(":")
    if kind == PLUGIN:
        return bool(rest)
    return kind in venues() and bool(rest) == bool(venues()[kind].takes)


def kind_of(name: str, kinds: Mapping[str, SourceKind] | None = None) -> tuple[SourceKind, str]:
    """Return the source that `name` names among `kinds` (all venues by default), and its argument.

    Raises `SettingsError` where there is none.
    """
    known = venues() if kinds is None else kinds
    kind, _, rest = name.partition(":")
    if kind == PLUGIN:
        kind, _, rest = rest.partition(":")
    found = known.get(kind)
    if found is None:
        raise SettingsError(f"LIQBOT_SOURCES: no plugin brings a source {kind}; there is {listed(known)}")
    return found, rest


def checked(kind: SourceKind, options: Mapping[str, object]) -> dict[str, object]:
    """Return `options` as the source declares them. Raises `pydantic.ValidationError`."""
    section: type[BaseModel] | None = kind.settings
    return dict(options) if section is None else section.model_validate(dict(options)).model_dump()
