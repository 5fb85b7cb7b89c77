"""Loading rules: the built-in ones, and those in the files of a plugins folder."""

import importlib.util
import sys
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from liqbot.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class LoadError:
    """A plugin that could not be loaded: the file, the line where it has one, and why."""

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
            taken = self.by_name.get(rule.name)
            if taken is None:
                self.by_name[rule.name] = rule
            else:
                reason = f"there is a rule {rule.name} already, in {taken.file}; this one is left out"
                self.errors.append(LoadError(Path(rule.file), rule.line, reason))

    def load_folder(self, folder: Path) -> None:
        """Take up the rules of every `*.py` in `folder`; a file that fails is noted, the rest loads."""
        for file in sorted(folder.absolute().glob("[!_]*.py")):
            try:
                found = list(rules_in(_module(file)))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may fail in any way, and harms only itself
                self.errors.append(_load_error(file, error))
                continue
            if not found:
                self.errors.append(LoadError(file, None, "there is no rule in it; is `@rule(…)` missing?"))
            self.add(found)


def rules_in(module: ModuleType) -> Iterator[Rule]:
    """Yield the rules that `module` defines, in the order of its lines."""
    own = [value for value in vars(module).values() if isinstance(value, Rule)]
    yield from sorted((rule for rule in own if rule.function.__module__ == module.__name__), key=_line)


def _line(rule: Rule) -> int:
    return rule.line or 0


def _module(file: Path) -> ModuleType:
    name = f"liqbot_plugins.{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError("not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # so that a plugin's annotations can be resolved
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _load_error(file: Path, error: BaseException) -> LoadError:
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return LoadError(file, error.lineno, f"SyntaxError: {error.msg}")
    # What went wrong may lie in what the plugin imports; the line to look at is still the plugin's own.
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return LoadError(file, own[-1].lineno if own else None, f"{type(error).__name__}: {error}")
