"""The command line, in a folder of its own and without anybody's settings."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from listening import listen

from liqbot.cli import main

PROJECT = Path(__file__).parents[2]


class Ran(NamedTuple):
    """What a command left: its status, and its lines."""

    status: int
    out: str
    err: str


def clean(**variables):
    """Return an environment without anybody's settings; a warning is an error.

    The web takes any port that is free: several of these run at once.
    """
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("LIQBOT_")}
    return (
        kept
        | {"PYTHONPATH": str(PROJECT), "PYTHONWARNINGS": "error", "MPLCONFIGDIR": "", "NO_COLOR": "1"}
        | {"LIQBOT_WEB__PORT": "0"}
        | variables
    )


def command(*arguments):
    return [sys.executable, "-m", "liqbot", *map(str, arguments)]


def run_apart(folder, *arguments, **variables):
    """Run `liqbot` as a process of its own in `folder`, with nothing to read from."""
    done = subprocess.run(
        command(*arguments),
        cwd=folder,
        env=clean(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in an empty folder, without anybody's settings."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.upper().startswith("LIQBOT_"):
            monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def liqbot(folder, monkeypatch, capsys):
    """Return how to run `liqbot` in this process, which is faster than apart."""
    assert folder

    def liqbot(*arguments, **variables):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["liqbot", *map(str, arguments)])
            for name, value in variables.items():
                patch.setenv(name, str(value))
            capsys.readouterr()
            with pytest.raises(SystemExit) as left:
                main()
            out, err = capsys.readouterr()
        listen()  # or later tests would log to where this one's errors went
        return Ran(left.value.code or 0, out, err)

    return liqbot


@pytest.fixture
def refused(liqbot):
    """Return how to run what fails with one line on standard error and status 1; it returns that line."""

    def refused(*arguments, **variables):
        ran = liqbot(*arguments, **variables)
        assert ran.status == 1
        assert ran.out == ""
        assert ran.err.startswith("liqbot: ")
        assert ran.err.count("\n") == 1
        return ran.err.removeprefix("liqbot: ").rstrip("\n")

    return refused
