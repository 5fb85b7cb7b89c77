"""ARCHITECTURE.md has a line for every file, made of what the file says of itself."""

import re
from pathlib import Path

import pytest

from docs import files

ARCHITECTURE = (files.ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def lines_by_folder():
    """Return the files that have a line, as paths from the root."""
    section = ARCHITECTURE.split("<!-- every-file:")[1].split("<!-- /every-file -->")[0]
    folder = None
    for line in section.splitlines():
        if heading := re.fullmatch(r"\*\*`(.+)/`\*\*", line):
            folder = Path(heading[1])
        elif entry := re.match(r"- `([^`]+)`: \S", line):
            yield str(folder / entry[1])


def test_every_file_of_the_product_has_a_line():
    product = {
        str(file.relative_to(files.ROOT))
        for place in files.PLACES
        for file in (files.ROOT / place).rglob("*.py")
        if file.read_text(encoding="utf-8").strip()
    }
    told = list(lines_by_folder())
    assert product - set(told) == set()
    assert len(told) == len(set(told))
    assert {path for path in told if not (files.ROOT / path).exists()} == set()


def test_the_lines_are_those_that_the_files_say():
    assert files.every_file() in ARCHITECTURE


def test_a_file_that_says_nothing_is_named(tmp_path, monkeypatch):
    (tmp_path / "liqbot").mkdir()
    (tmp_path / "liqbot" / "silent.py").write_text("x = 1\n")
    monkeypatch.setattr(files, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match=r"^liqbot/silent\.py: it does not say what it is$"):
        files.every_file()


def written(tmp_path, monkeypatch, **sources):
    folder = tmp_path / "liqbot"
    folder.mkdir()
    for name, text in sources.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.setattr(files, "ROOT", tmp_path)
    monkeypatch.setattr(files, "PLACES", ("liqbot",))
    return files.every_file()


def test_what_a_file_defines_is_folded_away_below_what_it_says(tmp_path, monkeypatch):
    code = '''"""Doors: open or closed.

More of them.

Not here: windows (`windows.py`).
"""

LIMIT: int = 3
_log = LIMIT


class Door:
    """One."""

    width: int

    def __init__(self):
        self._hinge, local = 1, 2

    def open(self):
        self.is_open = True


def _shut(door):
    inner = door
'''
    said = written(tmp_path, monkeypatch, doors=code)
    assert "- `doors.py`: Doors: open or closed. Not here: windows (`windows.py`)." in said.splitlines()
    assert "- doors.py: `LIMIT, Door(width, _hinge, open, is_open), _shut`" in said.splitlines()
    assert said.index("<details>") > said.index("Doors: open or closed")


def test_files_that_are_named_as_standing_elsewhere_are_there():
    product = {path.name for place in files.PLACES for path in (files.ROOT / place).rglob("*.py")}
    named = re.findall(r"Not here: (.*)", ARCHITECTURE)
    assert {name for text in named for name in re.findall(r"`(?:\w+/)*(\w+\.py)`", text)} <= product
