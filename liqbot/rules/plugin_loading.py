"""Loading plugins into this process, and the rules that are there."""

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import get_args

from liqbot.rules.contributions import API, KIND_WORDS, Contribution
from liqbot.rules.plugin_discovery import Candidate, find_in_folder
from liqbot.rules.rule import Rule

PACKAGE = "liqbot_plugins"
"""The modules of the folder's plugins are named so: `liqbot_plugins.wall`."""


@dataclass(frozen=True, slots=True)
class LoadError:
    """A plugin that could not be loaded, or was stopped: the file, the line where it has one, and why."""

    file: Path
    line: int | None
    reason: str

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}" if self.line else str(self.file)
        return f"{where}: {self.reason}"


@dataclass(slots=True)
class Rules:
    """The rules that are there, by name, and what could not be loaded."""

    by_name: dict[str, Rule] = field(default_factory=dict[str, Rule])
    errors: list[LoadError] = field(default_factory=list[LoadError])

    def add(self, rules: Iterable[Rule]) -> None:
        """Take up `rules`; one whose name is taken already is refused, naming both files."""
        for rule in rules:
            error = refusal(rule, self.by_name.get(rule.name))
            if error is None:
                self.by_name[rule.name] = rule
            else:
                self.errors.append(error)

    def load_folder(self, folder: Path) -> None:
        """Take up the rules of every plugin in `folder`, inside this process; one that fails is noted."""
        for candidate in find_in_folder(folder):
            found = load(candidate)
            if isinstance(found, LoadError):
                self.errors.append(found)
            else:
                self.add(item for item in found if isinstance(item, Rule))


def refusal(item: Contribution, taken: Contribution | None) -> LoadError | None:
    """Return why `item` is left out where its name is `taken`; None where it is free."""
    if taken is None:
        return None
    what = KIND_WORDS[type(item)]
    reason = f"there is a {what} {item.name} already, in {taken.file}; this one is left out"
    return LoadError(Path(item.file), item.line, reason)


def load(candidate: Candidate) -> list[Contribution] | LoadError:
    """Run a plugin's code here, and return what it brings; what went wrong where it fails."""
    file = Path(candidate.file)
    if candidate.api > API:
        reason = f"it needs version {candidate.api} of liqbot.plugin; this liqbot has {API}"
        return LoadError(file, None, reason)
    try:
        found = contributions_of(_module(candidate))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may fail in any way, and harms only itself
        return load_error(file, error)
    return found or LoadError(file, None, "there is no rule in it; is `@rule(…)` missing?")


def contributions_of(module: ModuleType) -> list[Contribution]:
    """Return what `module` defines itself, or its package does, in the order of its lines."""
    own = [
        value
        for part in (module, *_parts_of(module.__name__))
        for value in vars(part).values()
        if isinstance(value, get_args(Contribution)) and _is_own(value.function.__module__, module.__name__)
    ]
    return sorted(dict.fromkeys(own), key=lambda item: (item.file, item.line or 0))


def load_error(file: Path, error: BaseException) -> LoadError:
    """Return `error` as the reason why the plugin in `file` was left out, with the line of its own."""
    folder = str(file.parent) if file.name == "__init__.py" else None
    if isinstance(error, SyntaxError) and error.filename and _is_in(error.filename, file, folder):
        return LoadError(Path(error.filename), error.lineno, f"SyntaxError: {error.msg}")
    # What went wrong may lie in what the plugin imports; the line to look at is still the plugin's own.
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _is_in(frame.filename, file, folder)]
    place = own[-1] if own else None
    reason = f"{type(error).__name__}: {error}"
    if place is None:
        return LoadError(file, None, reason)
    return LoadError(Path(place.filename), place.lineno, reason)


def _parts_of(name: str) -> list[ModuleType]:
    """Return the other files of a package that are loaded by now."""
    return [module for known, module in list(sys.modules.items()) if known.startswith(f"{name}.")]


def _is_own(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def _is_in(name: str, file: Path, folder: str | None) -> bool:
    return name == str(file) or (folder is not None and name.startswith(f"{folder}/"))


def _module(candidate: Candidate) -> ModuleType:
    if candidate.module:
        return importlib.import_module(candidate.module)
    file = Path(candidate.file)
    name = f"{PACKAGE}.{candidate.name}"
    inside = [str(file.parent)] if file.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=inside)
    if spec is None or spec.loader is None:
        raise ImportError("not a Python file")
    module = importlib.util.module_from_spec(spec)
    if PACKAGE not in sys.modules:  # files of a package that import each other look for it
        parent = ModuleType(PACKAGE, "The plugins of the folder.")
        parent.__path__ = []
        sys.modules[PACKAGE] = parent
    for part in _parts_of(name):  # of a package that was loaded before: its files may be others by now
        del sys.modules[part.__name__]
    sys.modules[name] = module  # so that a plugin's annotations can be resolved
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
