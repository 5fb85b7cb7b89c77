"""Finding plugins: files and packages of the plugins folder, and what installed distributions announce.

Nothing is imported here: whether a plugin may be loaded, and where, is decided before its code runs.
"""

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

GROUP = "liqbot.plugins"
"""The entry-point group in which distributions announce their plugins."""
_LEFT_ALONE = ("_", ".", "test_", "tests", "conftest")
API_NAME = "__liqbot_api__"
"""With this a plugin says which version of the public face it needs."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin that was found, and not yet loaded."""

    name: str
    """A file's or a package's name without `.py`, or an entry point's name."""
    file: str
    """The file that is named where something is wrong."""
    module: str = ""
    """The module of an entry point; empty for what lies in the folder."""
    version: str | None = None
    """`__version__` of a file, or the version of the distribution; None where it has none."""
    api: int = 1
    """The version of the public face that it needs."""

    @property
    def words(self) -> str:
        """Its name and version: `wall 1.2`."""
        return f"{self.name} {self.version}" if self.version else self.name


def find_in_folder(folder: Path) -> Iterator[Candidate]:
    """Yield the plugins of a folder, by name: `*.py`, and folders with an `__init__.py`.

    What begins with an underscore or a dot is a helper and left alone; so are tests.
    """
    files = [*folder.absolute().glob("*.py"), *folder.absolute().glob("*/__init__.py")]
    for file in sorted(files, key=_name):
        if not _name(file).startswith(_LEFT_ALONE):
            constants = _constants(file)
            version, api = constants.get("__version__"), constants.get(API_NAME)
            yield Candidate(
                _name(file),
                str(file),
                version=version if isinstance(version, str) else None,
                api=api if isinstance(api, int) else 1,
            )


def find_at(path: Path) -> list[Candidate]:
    """Return the plugin that `path` is (a file, or a package's folder); of any other folder all in it."""
    path = path.absolute()
    package = path / "__init__.py"
    if path.is_dir() and not package.exists():
        return list(find_in_folder(path))
    file = package if package.exists() else path
    folder = file.parent.parent if file is package else file.parent
    return [one for one in find_in_folder(folder) if one.file == str(file)]


def find_installed() -> Iterator[Candidate]:
    """Yield the plugins that installed distributions announce, by name."""
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        file = _file_of(point)
        api = _constants(file).get(API_NAME)
        yield Candidate(
            point.name,
            str(file),
            module=point.module,
            version=None if point.dist is None else point.dist.version,
            api=api if isinstance(api, int) else 1,
        )


def denied_by(candidate: Candidate, denied: Collection[str]) -> str | None:
    """Return the entry of the deny list that keeps `candidate` out; None where none does.

    An entry is a name, or a name with versions: `wall`, `wall==1.2`, `wall<2`. A plugin without a version is
    kept out by its name alone, and by every entry of its name: nobody could tell that it is another one.
    """
    for entry in denied:
        requirement = Requirement(entry)
        if canonicalize_name(requirement.name) == canonicalize_name(candidate.name) and (
            candidate.version is None or _holds(requirement, candidate.version)
        ):
            return entry
    return None


def _holds(requirement: Requirement, version: str) -> bool:
    try:
        return requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return True  # a version that cannot be compared cannot be cleared


def _name(file: Path) -> str:
    return file.parent.name if file.name == "__init__.py" else file.stem


def _constants(file: Path) -> dict[str, object]:
    """Return the plain constants at the top of a file, read without running it; none where it is broken."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _file_of(point: EntryPoint) -> Path:
    """Return the file of an entry point's module without importing it."""
    path = point.module.replace(".", "/")
    if point.dist is None:
        return Path(path + ".py")
    file = Path(str(point.dist.locate_file(path + ".py")))
    package = Path(str(point.dist.locate_file(path + "/__init__.py")))
    return package if package.exists() else file
