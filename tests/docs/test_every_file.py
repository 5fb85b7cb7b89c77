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
        elif entry := re.match(r"- `([^`]+)`(?: \(.*?\))?: \S", line):
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
