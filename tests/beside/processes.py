"""Processes of a bot, as an operator runs them: `liqbot run --serve --role …`, each with a log of its own."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import time
from contextlib import closing
from pathlib import Path

import aiohttp

PLUGINS = Path(__file__).parent / "plugin"
STARTED_S = 120
STOPPED_S = 30


def free_port():
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


async def until(holds, what, within_s=STARTED_S):
    """Wait for what is true elsewhere; `holds` may be a coroutine function."""
    try:
        async with asyncio.timeout(within_s):
            while True:
                found = holds()
                if await found if asyncio.iscoroutine(found) else found:
                    return
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"waited {within_s} s until {what}") from None


class Process:
    """One of them."""

    def __init__(self, command, words, *, name, folder, environment):
        """`command` is how liqbot is called, `words` are more of `liqbot run`."""
        self.name = name
        self.log = folder / f"{name}.log"
        self.metrics_port, self.page_port = free_port(), free_port()
        ports = {"LIQBOT_METRICS_PORT": str(self.metrics_port), "LIQBOT_WEB__PORT": str(self.page_port)}
        with self.log.open("wb") as out:
            self._process = subprocess.Popen(
                [*command, "run", "--serve", *words],
                cwd=folder,
                env=environment | ports | {"LIQBOT_LOG_FORMAT": "json"},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self):
        return self._process.pid

    @property
    def is_alive(self):
        return self._process.poll() is None

    @property
    def lines(self):
        """What it has logged, as dicts; what is no log line is a line of text."""
        return [_read(line) for line in self.log.read_text().splitlines()]

    async def started(self):
        """Wait until it is at work."""
        await until(
            lambda: not self.is_alive or "bot_started" in self.log.read_text(), f"{self.name} started"
        )
        assert self.is_alive, self.log.read_text()

    async def stop(self):
        """Stop it in order."""
        assert self.is_alive, self.log.read_text()
        self._process.send_signal(signal.SIGTERM)
        assert await self.ended() == 0, self.log.read_text()

    async def ended(self):
        """Wait until it has ended by itself; return its status."""
        await until(lambda: not self.is_alive, f"{self.name} ended", STOPPED_S)
        return self._process.returncode

    def kill(self):
        """End it as a machine ends."""
        self._process.kill()
        self._process.wait()

    async def asked(self, path, *, page=False):
        """Return status and text of a path of the operator's own port, or of the page's; 0 without answer."""
        port = self.page_port if page else self.metrics_port
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
                session.get(f"http://127.0.0.1:{port}{path}") as answer,
            ):
                return answer.status, await answer.text()
        except aiohttp.ClientError:
            return 0, ""


def environment_of(database):
    """Return the environment of processes on a database that follow the market of `plugin/waves.py`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LIQBOT_", "PG"))}
    return kept | {
        "LIQBOT_DATABASE": database.url,
        "LIQBOT_SOURCES": "plugin:waves",
        "LIQBOT_COINS": "BTC",
        "LIQBOT_PLUGINS_PATH": str(PLUGINS),
        "LIQBOT_PLUGINS__TRUSTED": "waves",
        "WAVES_BEGUN_MS": str(time.time_ns() // 1_000_000),
    }


def complaints_of(process, expected):
    """Return what a process has logged as an error, but for the troubles that are `expected`."""
    return [
        f"{process.name}: {line}"
        for line in process.lines
        if "Traceback" in str(line)
        or (line.get("level") in ("error", "critical") and line.get("what") not in expected)
    ]


def _read(line):
    try:
        return json.loads(line)
    except ValueError:
        return {"text": line}
