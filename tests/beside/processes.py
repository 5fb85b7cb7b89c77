"""Processes of a bot, as an operator runs them: `liqbot run --serve --role …`, each with a log of its own."""

import asyncio
import json
import os
import signal
import socket
import subprocess
from contextlib import closing

import aiohttp

STARTED_S = 60
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


def clean(environment=os.environ):
    """Return the environment without what is set for liqbot or a database there."""
    return {name: value for name, value in environment.items() if not name.startswith(("LIQBOT_", "PG"))}


def _read(line):
    try:
        return json.loads(line)
    except ValueError:
        return {"text": line}
