"""A page of the documentation, followed word for word: its files are written, its commands are run."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.conftest import clean, command

PAGES = Path(__file__).parents[1] / "docs" / "pages"
_BLOCK = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)


@dataclass(frozen=True)
class File:
    """A file that the reader writes."""

    path: str
    text: str


@dataclass(frozen=True)
class Run:
    """A command that the reader types, and what comes of it; `…` stands for anything."""

    line: str
    output: str


def steps(page: str) -> Iterator[File | Run]:
    """Yield what a page asks its reader to do, in its order."""
    for block in _BLOCK.finditer((PAGES / page).read_text()):
        if block["file"]:
            yield File(block["file"], block["text"])
        if block["kind"] == "console":
            for part in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
                line, _, output = part.partition("\n")
                yield Run(line, output)


def follow(page: str, folder: Path) -> list[File | Run]:
    """Do what a page says, in `folder`; fail where what comes of it is not what it says."""
    done = list(steps(page))
    for step in done:
        if isinstance(step, File):
            file = folder / step.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(step.text)
        else:
            printed = run(step.line, folder)
            assert re.fullmatch(_pattern(step.output), printed, re.DOTALL), f"$ {step.line}\n{printed}"
    return done


def run(line: str, folder: Path) -> str:
    """Return what a command of the operator prints, on both outputs."""
    program, *arguments = shlex.split(line)
    assert program == "liqbot"
    done = subprocess.run(
        command(*arguments),
        cwd=folder,
        env=clean(PYTHONWARNINGS="", LIQBOT_SIMULATOR__BACKFILL_DAYS="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout


def _pattern(output: str) -> str:
    """Return a pattern: `…` within a line is anything in it, on a line of its own any lines."""
    lines = []
    for line in output.splitlines():
        is_any = line.strip() == "…"
        lines.append(r"(?:[^\n]*\n)*?" if is_any else re.escape(line).replace("…", r"[^\n]*?") + r"\n")
    return "".join(lines)
