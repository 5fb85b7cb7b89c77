"""The password of a PostgreSQL server: in no log, answer, argument or error of a bot that works on it."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from app.test_planted_secrets import free_port
from app.test_secrets_of_a_machine import descendants, until
from postgres_server import running

PASSWORD = "d4tab@se/Planted?Password"  # noqa: S105 - it opens nothing
WRITTEN = "d4tab%40se%2FPlanted%3FPassword"
WITHIN_S = 60

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc"),
]


@pytest.fixture
def server(postgres_server):
    with running(postgres_server.programs, password=PASSWORD) as server:
        yield server


@pytest.fixture
def environment(tmp_path, server):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LIQBOT_", "PG"))}
    return kept | {
        "LIQBOT_DATABASE": f"postgresql://liqbot:{WRITTEN}@127.0.0.1:{server.port}/liqbot_model",
        "LIQBOT_SOURCES": "simulator",
        "LIQBOT_SIMULATOR__BACKFILL_DAYS": "0.1",
        "LIQBOT_BACKUPS__FOLDER": str(tmp_path / "backups"),
        "LIQBOT_WEB__PORT": str(free_port()),
        "LIQBOT_METRICS_PORT": str(free_port()),
        "LIQBOT_LOG_LEVEL": "debug",
    }


def told(folder, environment, *words):
    done = subprocess.run(
        [sys.executable, "-m", "liqbot", *words],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def asked(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - of our own
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


@contextmanager
def bot(folder, environment):
    """Run the bot as a service; give its process, and where its log is."""
    log = folder / "log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "liqbot", "run", "--serve"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process, log
        process.send_signal(signal.SIGTERM)
        process.wait(WITHIN_S)
    finally:
        process.kill()
        process.wait()


def assert_hidden(**texts):
    for name, text in texts.items():
        for secret in (PASSWORD, WRITTEN, "Planted"):
            assert secret not in text, f"the password is in {name}"


def test_the_password_of_a_server_is_told_nowhere_whatever_becomes_of_the_server(
    tmp_path, environment, server
):
    pages = [
        *(f"http://127.0.0.1:{environment['LIQBOT_METRICS_PORT']}/{page}" for page in ("healthz", "metrics")),
        f"http://127.0.0.1:{environment['LIQBOT_WEB__PORT']}/api/v1/status",
    ]
    with bot(tmp_path, environment) as (process, log):
        until(lambda: "bot_started" in log.read_text() and list((tmp_path / "backups").glob("*.db")))
        calm = "".join(map(asked, pages))
        server.stop()
        until(lambda: "database" in asked(pages[0]))
        away = "".join(map(asked, pages))
        server.start()
        until(lambda: "database" not in asked(pages[0]))
        started = (process.pid, *descendants(process.pid))
        arguments = "".join(Path(f"/proc/{one}/cmdline").read_text() for one in started)
        inherited = "".join(Path(f"/proc/{one}/environ").read_text() for one in started[1:])
    assert_hidden(
        log=log.read_text(), calm=calm, away=away, arguments=arguments, children=inherited,
        backups=" ".join(map(str, (tmp_path / "backups").iterdir())),
    )  # fmt: skip


def test_no_command_tells_it_whether_the_server_answers_refuses_or_is_away(tmp_path, environment, server):
    url = environment["LIQBOT_DATABASE"]
    wrong = url.replace("Planted", "Planted0")
    commands = (("config",), ("doctor",), ("db", "check"), ("view", "BTC"))
    said = {}

    def ask(state, database):
        for words in commands:
            said[f"{state} {' '.join(words)}"] = told(
                tmp_path, environment | {"LIQBOT_DATABASE": database}, *words
            )

    ask("answers", url)
    said["moved"] = told(tmp_path, environment, "db", "move", url, "new.db")
    ask("refuses", wrong)
    said["refused move"] = told(tmp_path, environment, "db", "move", wrong, "other.db")
    assert "password authentication failed" in said["refuses db check"]
    assert "password authentication failed" in said["refused move"]
    server.stop()
    ask("away", url)
    said["away run"] = told(tmp_path, environment, "run", "--serve")
    assert "does not answer" in said["away run"]
    said["away move"] = told(tmp_path, environment, "db", "move", url, "another.db")
    assert_hidden(**said)
