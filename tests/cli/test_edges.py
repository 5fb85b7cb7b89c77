"""At the edge of what a machine offers there is one line that says what is wrong, and no traceback."""

import asyncio
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from liqbot.store.sqlite.store import SqliteStore

ROOT = Path(__file__).parents[2]
_DROP = """
import ctypes, os, sys
if os.geteuid() == 0 and ctypes.CDLL(None).prctl(24, 1, 0, 0, 0):
    sys.exit("CAP_DAC_OVERRIDE cannot be dropped here")
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
BOUND = ("-c", _DROP)
"""Runs what follows as somebody whom a file's mode binds: root is otherwise bound by none.

That is prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE), see capabilities(7). Another user might lack this Python.
"""


def liqbot(folder, *words, given="", through=(), **variables):
    """Run the program in a folder, `through` another Python; return what it said, and its status."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIQBOT_")}
    done = subprocess.run(
        [sys.executable, *through, "-m", "liqbot", *words],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"} | variables,
        input=given.encode(),
        capture_output=True,
        check=False,
        timeout=120,
    )
    return done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), done.returncode


@contextmanager
def held(file):
    """Have somebody at work on a database meanwhile."""
    store = SqliteStore(file)
    try:
        yield
    finally:
        asyncio.run(store.close())


@pytest.mark.parametrize(
    ("words", "variables", "said"),
    [
        (["run"], {"LIQBOT_DATABASE": ""}, "LIQBOT_DATABASE: must name a file, as liqbot.db (it is '')"),
        (["plugins", "new", "mine"], {}, "plugins/mine: Not a directory"),
        (["run", "--serve"], {"LIQBOT_DATABASE": "plugins/liqbot.db"}, "plugins/liqbot.db: "),
        (["setup"], {"LIQBOT_CONFIG": "plugins/liqbot.toml"}, "plugins/liqbot.toml: "),
    ],
)
def test_what_cannot_be_is_said_in_one_line(tmp_path, words, variables, said):
    (tmp_path / "plugins").write_text("a file where a folder should be")
    _, error, status = liqbot(tmp_path, *words, given="none\nsimulator\nBTC\nnone\n", **variables)
    assert status == 1
    assert "Traceback" not in error
    assert f"liqbot: {said}" in error
    assert len([line for line in error.splitlines() if "liqbot: " in line]) == 1


@pytest.mark.long
@pytest.mark.parametrize(
    "terminal",
    [
        {"PYTHONIOENCODING": "latin-1", "LANG": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_a_terminal_that_does_not_know_a_character_shows_another_one(tmp_path, terminal):
    told, error, status = liqbot(tmp_path, "run", given="/regime BTC\n", **terminal)
    assert (status, "Traceback" in error) == (0, False)
    assert "Open interest" in told


@pytest.mark.parametrize("begins", ["\ufeff", ""])
def test_a_settings_file_as_windows_writes_it_is_read(tmp_path, begins):
    (tmp_path / "liqbot.toml").write_bytes(f'{begins}coins = ["HYPE"]\r\n'.encode())
    told, error, status = liqbot(tmp_path, "config")
    assert (status, error) == (0, "")
    assert "HYPE" in told


def test_a_settings_file_that_is_a_folder_is_said_in_one_line(tmp_path):
    (tmp_path / "liqbot.toml").mkdir()
    _, error, status = liqbot(tmp_path, "run")
    assert (status, error) == (1, "liqbot: liqbot.toml: cannot be read: Is a directory\n")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda file: file.write_text("hello world"), "is not a liqbot database: file is not a database"),
        (lambda file: file.mkdir(), "is not a liqbot database: unable to open database file"),
    ],
)
def test_what_is_no_database_is_left_alone_and_said_in_one_line(tmp_path, make, said):
    make(tmp_path / "liqbot.db")
    _, error, status = liqbot(tmp_path, "run", "--serve", LIQBOT_WEB__PORT="0")
    assert (status, error) == (1, f"liqbot: liqbot.db: {said}\n")


def test_a_second_bot_on_one_database_is_refused_in_one_line(tmp_path):
    with held(tmp_path / "liqbot.db"):
        _, error, status = liqbot(tmp_path, "run", "--serve", LIQBOT_WEB__PORT="0")
    assert status == 1
    assert error == "liqbot: liqbot.db: another liqbot is at work on it; stop that one first\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&-"])
def test_closed_streams_are_no_error(tmp_path, closed):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIQBOT_")}
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -m liqbot setup {closed}', sys.executable],
        cwd=tmp_path,
        env=kept | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert b"Traceback" not in done.stderr


def piped(folder, words, *, into="true", limit=""):
    """Run the program in a pipe to another one; return what it said on standard error, and its status."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIQBOT_")}
    done = subprocess.run(
        [
            "/bin/sh",
            "-c",
            f'{limit}{{ "$0" -m liqbot {words}; echo $? >&3; }} 3>status | {into}',
            sys.executable,
        ],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(ROOT), "LIQBOT_WEB__PORT": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.stderr, int((folder / "status").read_text())


@pytest.mark.parametrize("words", ["config", "doctor", "--help", "db size"])
def test_whoever_reads_no_further_sees_no_error(tmp_path, words):
    SqliteStore(tmp_path / "liqbot.db").close_now()
    error, _ = piped(tmp_path, words)
    assert error == ""


def test_a_disk_that_is_full_at_the_start_is_said_in_one_line_and_does_no_harm(tmp_path):
    error, status = piped(tmp_path, "run --serve", limit="ulimit -f 8; ")
    assert (status, error) == (
        1,
        "liqbot: liqbot.db: cannot be opened as liqbot's database: disk I/O error\n",
    )
    SqliteStore(tmp_path / "liqbot.db").close_now()
    _, error, status = liqbot(tmp_path, "db", "check")
    assert (status, error) == (0, ""), "once there is room it goes on"


def test_a_folder_that_cannot_be_written_to_is_said_in_one_line(tmp_path):
    folder = tmp_path / "read-only"
    folder.mkdir(mode=0o500)
    _, error, status = liqbot(folder, "run", "--serve", through=BOUND, LIQBOT_WEB__PORT="0")
    assert (status, error.count("\n")) == (1, 1)
    assert error.startswith("liqbot: liqbot.db: cannot be opened as liqbot's database: ")


def test_lines_that_are_piped_in_are_answered_by_whoever_writes_a_plugin_as_well(tmp_path):
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "loud.py").write_text("print('loaded and loud')\n")
    told, error, status = liqbot(
        tmp_path,
        *("run", "--dev"),
        given="/regime BTC\n",
        LIQBOT_WEB__PORT="0",
        LIQBOT_SIMULATOR__BACKFILL_DAYS="0.1",
    )
    assert (status, "Traceback" in error) == (0, False)
    assert "Open interest" in told
    assert "loaded and loud" in told + error


@pytest.mark.parametrize(
    "odd",
    [{"TZ": "Mars/Olympus"}, {"LC_ALL": "xx_YY.UTF-8", "LANG": "xx_YY"}, {"HOME": "/nonexistent"}],
    ids=str,
)
def test_odd_surroundings_are_no_error(tmp_path, odd):
    told, error, status = liqbot(tmp_path, "config", **odd)
    assert (status, error) == (0, "")
    assert "LIQBOT_COINS" in told


def test_an_older_python_is_told_before_anything_is_made(tmp_path):
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    older = tmp_path / "python3.10"
    asked = "import sys; sys.version_info = (3, 10, 4); exec(sys.argv[1])"
    older.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{asked}' \"$2\"\n")
    older.chmod(0o755)
    make = shutil.which("make")
    if make is None:
        pytest.skip("there is no make")
    done = subprocess.run(
        [make, "run", f"PYTHON={older}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("liqbot needs Python 3.11 or newer: make run PYTHON=python3.11\n")
    assert not (tmp_path / ".venv").exists()
