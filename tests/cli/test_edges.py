"""At the edge of what a machine offers there is one line that says what is wrong, and no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def liqbot(folder, *words, given="", **variables):
    """Run the program in a folder; return what it said, and its status."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIQBOT_")}
    done = subprocess.run(
        [sys.executable, "-m", "liqbot", *words],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"} | variables,
        input=given.encode(),
        capture_output=True,
        check=False,
        timeout=120,
    )
    return done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), done.returncode


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
