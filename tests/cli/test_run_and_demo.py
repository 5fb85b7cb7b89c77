"""`liqbot run` and `liqbot demo`: the bot itself, without a terminal."""

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import closing

import pytest
from cli.conftest import clean, command, run_apart
from recordings import recorded, row

from liqbot.chat.console.script import Type
from liqbot.cli import running
from liqbot.store.sqlite.database import DatabaseError, open_reader

SCRIPT = """
# Hello
/clusters BTC
/subscribe near-cluster BTC within=2% at_least=1M
move BTC -6 over 30m
wait alert
wait 10m
/status
"""
QUICK = {"LIQBOT_SIMULATOR__BACKFILL_DAYS": "0", "LIQBOT_SIMULATOR__SPEED": "600"}
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def heard(ran):
    """Return the lines that were typed, and the headings of the alerts."""
    return re.findall(r"^liqbot> (.*)", ran.out, re.MULTILINE), re.findall(r"ALERT +(.*)", ran.out)


@pytest.fixture(scope="module")
def scripted(tmp_path_factory):
    """Return what a script prints, and the folder that it was played in."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "script.txt").write_text(SCRIPT, encoding="utf-8")
    return run_apart(folder, "demo", "--script", "script.txt", LIQBOT_COINS="BTC,ETH", **QUICK), folder


@pytest.mark.long
def test_a_script_is_played_line_by_line_on_the_simulated_market(scripted):
    ran, _ = scripted
    assert (ran.status, ran.err) == (0, "")
    typed, alerts = heard(ran)
    assert typed == ["/clusters BTC", "/subscribe near-cluster BTC within=2% at_least=1M", "/status"]
    assert alerts
    assert alerts[0].startswith("BTC: $")
    assert ran.out.startswith("Hello\n")
    assert "simulator (Sandbox, measured, simulated): running" in ran.out


def test_a_demo_leaves_nothing_but_pictures(scripted):
    _, folder = scripted
    assert {file.name for file in folder.iterdir()} == {"script.txt", "pictures"}


@pytest.mark.long
def test_without_a_terminal_run_plays_the_tour(tmp_path):
    # A shorter past and a faster clock than people get: they wait some 15 s.
    ran = run_apart(tmp_path, "run", LIQBOT_SIMULATOR__BACKFILL_DAYS="1", LIQBOT_SIMULATOR__SPEED="300")
    assert (ran.status, ran.err) == (0, "")
    typed, alerts = heard(ran)
    assert typed[:4] == ["/clusters BTC", "/clusters ETH", "/clusters SOL", "/heatmap BTC"]
    assert any(line.startswith("/subscribe") for line in typed)
    assert alerts
    pictures = re.findall(r"picture: (.*)", ran.out)
    assert "BTC-heatmap" in pictures[0]
    assert all((tmp_path / picture).read_bytes().startswith(b"\x89PNG") for picture in pictures)
    assert {file.name for file in tmp_path.iterdir()} == {"pictures"}


# Scripts that fail


@pytest.fixture
def script(liqbot, folder):
    """Return how to play a script in a market without a past."""

    def script(text, *arguments):
        (folder / "script.txt").write_text(text, encoding="utf-8")
        return liqbot("demo", "--script", "script.txt", *arguments, **QUICK)

    return script


@pytest.mark.long
def test_lines_that_are_piped_in_are_answered(tmp_path):
    done = subprocess.run(
        command("run"),
        cwd=tmp_path,
        env=clean(),
        input="/regime BTC\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "/regime BTC" in done.stdout
    assert "Ratio" in done.stdout
    assert "/subscribe" not in done.stdout


def test_lines_of_a_file_are_answered_as_those_of_a_pipe_are(tmp_path, monkeypatch):
    (tmp_path / "lines.txt").write_text("/regime BTC\n", encoding="utf-8")
    with (tmp_path / "lines.txt").open(encoding="utf-8") as lines:
        monkeypatch.setattr(sys, "stdin", lines)
        assert running._given_lines() == [Type("/regime BTC")]
        assert running._given_lines() == []  # an empty one has nothing to ask: the tour is played


def test_a_script_whose_alert_never_comes_fails_and_says_so(script):
    ran = script("# Waiting\nwait alert\n", "--timeout", "0.1")
    assert ran.status == 1
    assert ran.out == "Waiting\n"
    assert ran.err == "liqbot: the script stopped: no alert came within 0.1 s\n"


def test_a_push_of_a_coin_that_is_not_simulated_fails_and_says_so(script):
    ran = script("move NOPE -5 over 30m\n")
    assert ran.status == 1
    assert ran.err.startswith("liqbot: the script stopped: move NOPE -5: NOPE is not simulated, only BTC")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# Hello\n\n/help\ndance\n", "line 4: 'dance'"),
        ("move BTC -5\n", "line 1"),
        ("\nwait for it\n", "line 2"),
    ],
)
def test_a_script_that_makes_no_sense_is_refused_by_its_line_before_anything_is_played(script, text, line):
    ran = script(text)
    assert (ran.status, ran.out) == (2, "")
    assert line in ran.err


def test_a_script_that_is_not_there_is_refused(liqbot):
    ran = liqbot("demo", "--script", "gone.txt")
    assert (ran.status, ran.out) == (2, "")
    assert "gone.txt" in ran.err


def test_a_command_that_is_wrong_is_answered_and_the_script_goes_on(script):
    ran = script("/clusters BTX\n/bogus\n# Over")
    assert ran.status == 0
    assert "Did you mean BTC?" in ran.out
    assert ran.out.endswith("Over\n")


def test_coins_that_the_simulator_does_not_know_are_refused(liqbot):
    ran = liqbot("demo", LIQBOT_COINS="NOPE")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("liqbot: LIQBOT_COINS: the simulator knows BTC")


# PlatformRunner


def test_where_no_source_works_run_ends_and_says_why(tmp_path):
    ran = run_apart(tmp_path, "run", LIQBOT_SOURCES="replay:gone.csv")
    assert ran.status == 1
    assert ran.err.splitlines()[-1] == "liqbot: gone.csv: cannot be read: No such file or directory"
    assert "Traceback" not in ran.err


def kept(path):
    """Return how many views the database at `path` has by now."""
    try:
        with closing(open_reader(path)) as reader:
            return reader.execute("SELECT count(*) FROM history").fetchone()[0]
    except DatabaseError:
        return 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_serves_until_it_is_told_to_stop(tmp_path, number):
    recorded(tmp_path / "x.csv", row("ann", 2, at=90))
    environment = clean(LIQBOT_SOURCES="replay:x.csv")
    with subprocess.Popen(
        command("run"),
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as bot:
        while not kept(tmp_path / "liqbot.db") and bot.poll() is None:
            with pytest.raises(subprocess.TimeoutExpired):
                bot.wait(0.02)
        bot.send_signal(number)
        assert bot.stderr is not None
        told = bot.stderr.read()
    assert bot.returncode == 0
    assert "Traceback" not in told
    assert kept(tmp_path / "liqbot.db") == 1
    assert not list(tmp_path.glob("*-wal"))


# At a terminal


class Terminal:
    """A process at a terminal of its own, for no longer than the test looks at it."""

    def __init__(self, folder, *arguments, **variables):
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            command(*arguments),
            cwd=folder,
            env=clean(TERM="xterm", PROMPT_TOOLKIT_NO_CPR="1", **variables),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._seen = ""
        self._until = time.monotonic() + 60

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._ours)
        self._process.kill()
        self._process.wait()

    def until(self, text):
        """Read until `text` has been printed since the last such wait."""
        while text not in self._seen:
            assert time.monotonic() < self._until, f"{text!r} did not come after {self._seen!r}"
            self._seen = ESCAPES.sub("", self._seen + self._read())
        _, _, self._seen = self._seen.partition(text)

    def type(self, text):
        os.write(self._ours, text.encode())

    def left(self):
        """Return the status with which the process ends."""
        with contextlib.suppress(OSError):  # nobody is at the other end any more
            while time.monotonic() < self._until:
                self._read()
        return self._process.wait(1)

    def _read(self):
        ready, _, _ = select.select([self._ours], [], [], 1)
        return os.read(self._ours, 4096).decode(errors="replace") if ready else ""


def test_at_a_terminal_run_opens_a_prompt_that_answers_until_one_leaves(tmp_path):
    with Terminal(tmp_path, "run", **QUICK) as terminal:
        terminal.until("liqbot>")
        terminal.type("/regime BTX\r")
        terminal.until("Did you mean BTC?")
        terminal.until("liqbot>")  # before it, the terminal itself would take the key
        terminal.type("\x04")
        assert terminal.left() == 0
    assert {file.name for file in tmp_path.iterdir()} == {"liqbot.db", "liqbot.history"}


@pytest.mark.long
def test_at_a_terminal_a_demo_leaves_no_database(tmp_path):
    with Terminal(tmp_path, "demo", "--scenario", "squeeze", **QUICK) as terminal:
        terminal.until("liqbot>")
        terminal.type("/quit\r")
        assert terminal.left() == 0
    assert list(tmp_path.iterdir()) == []
