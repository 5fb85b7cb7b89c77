"""Secrets on a machine that others use too: its processes, its files whatever the umask, its proxy."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROXY_PASSWORD = "pr0xyPlantedPassword"  # noqa: S105 - it opens nothing
TELEGRAM = "123456789:AAplantedTelegramTokenOfNobodyAtAll00"
DISCORD = "MTAwMDAwMDAwMDAwMDAwMDAw.GplanT.plantedDiscordTokenOfNobodyAtAll000000"
SECRETS = (PROXY_PASSWORD, TELEGRAM.partition(":")[2], DISCORD)
WITHIN_S = 60

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc"),
]


@pytest.fixture
def environment(tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIQBOT_")}
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        port = own.getsockname()[1]
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
    return (
        kept
        | dict.fromkeys(proxies, f"http://somebody:{PROXY_PASSWORD}@127.0.0.1:1")
        | {
            "LIQBOT_DATABASE": str(tmp_path / "liqbot.db"),
            "LIQBOT_SOURCES": "hyperliquid,simulator",
            "LIQBOT_SIMULATOR__BACKFILL_DAYS": "0.1",
            "LIQBOT_PLUGINS_PATH": str(ROOT / "plugins"),
            "LIQBOT_TELEGRAM__TOKEN": TELEGRAM,
            "LIQBOT_DISCORD__TOKEN": DISCORD,
            "LIQBOT_BACKUPS__FOLDER": str(tmp_path / "backups"),
            "LIQBOT_LOG_LEVEL": "debug",
            "LIQBOT_WEB__ENABLED": "false",
            "LIQBOT_METRICS_PORT": str(port),
            "NO_PROXY": "",
        }
    )


def descendants(pid):
    """Return the processes that a process has started, and theirs."""
    listed = " ".join(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))
    return [one for child in listed.split() for one in (int(child), *descendants(int(child)))]


def until(holds):
    end = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_tokens_and_a_proxys_password_are_in_no_output_no_argument_and_no_child(tmp_path, environment):
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "liqbot", "run", "--serve"],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            umask=0,
        )
    try:
        until(lambda: "telegram_not_reached" in log.read_text() and list((tmp_path / "backups").glob("*.db")))
        until(lambda: descendants(process.pid))
        children = descendants(process.pid)
        arguments = [Path(f"/proc/{one}/cmdline").read_text() for one in (process.pid, *children)]
        inherited = [Path(f"/proc/{one}/environ").read_text() for one in children]
        assert DISCORD in Path(f"/proc/{process.pid}/environ").read_text(), "it can be seen where it is"
        found = [path for path in tmp_path.rglob("*") if path.is_file() and path != log]
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in found}
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(WITHIN_S)
    assert {"liqbot.db", "liqbot.db-wal", "liqbot.db-shm"} <= modes.keys()
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}, "though umask is 0"
    told = [log.read_text()]
    for command in ("doctor", "config"):
        done = subprocess.run(
            [sys.executable, "-m", "liqbot", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        told.append(done.stdout + done.stderr)
    assert "through the proxy http://127.0.0.1:1" in told[1], "that it goes through the proxy is told"
    for secret in SECRETS:
        assert not [text for text in arguments if secret in text], "everybody may list processes"
        assert not [text for text in inherited if secret in text], "plugins could read it there"
        assert not [text for text in told if secret in text]
