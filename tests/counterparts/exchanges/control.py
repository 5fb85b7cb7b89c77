"""The counterpart as tests hold it: started, steered, looked into, stopped."""

import atexit
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import httpx

TESTS = Path(__file__).resolve().parents[2]


class Control:
    """The door that only tests use."""

    def __init__(self, url):
        self.url = url
        self.websocket_url = url.replace("http", "ws", 1)
        self._http = httpx.Client(base_url=f"{url}/control", timeout=60)

    def fault(self, venue, kind, path="", **more):
        self._post("fault", {"venue": venue, "kind": kind, "path": path, **more})

    def clear(self):
        self._post("clear", {})

    def now(self, now_ms):
        """Let it be `now_ms`; return by coin who was liquidated: `[time_ms, side, price, coins]`."""
        return self._post("now", {"now_ms": now_ms})["liquidations"]

    def shock(self, percent):
        self._post("shock", {"percent": percent})

    def log(self):
        return self._http.get("log").raise_for_status().json()

    def asked(self, venue, path=""):
        """Return the requests that came to `venue`, below paths that contain `path`."""
        return [
            request
            for request in self.log()["requests"]
            if request["venue"] == venue and path in request["path"]
        ]

    def _post(self, door, body):
        return self._http.post(door, json=body).raise_for_status().json()

    def close(self):
        self._http.close()


@contextmanager
def counterpart(*, now_ms=0, days=1.0, seed=7, scenario="mixed"):
    """Run the exchanges as a process of their own. `now_ms` stops their clock; 0 lets it follow ours."""
    options = f"--now-ms={now_ms}", f"--days={days}", f"--seed={seed}", f"--scenario={scenario}"
    with _forked(options) if now_ms else _started(options) as told:
        if not told:
            raise RuntimeError("the exchanges did not start")
        control = Control(told.split()[0])
        try:
            yield control
        finally:
            control.close()


@contextmanager
def _started(options):
    process = _process(*options)
    try:
        yield process.stdout.readline()
    finally:
        process.stdin.close()
        process.terminate()
        process.wait(10)
        process.stdout.close()


@contextmanager
def _forked(options):
    """Run exchanges that are forked off a process which has made the market of these options already."""
    process = _forking(options)
    process.stdin.write("another\n")
    process.stdin.flush()
    told = process.stdout.readline()
    try:
        yield told
    finally:
        if told:
            os.kill(int(told.split()[-1]), signal.SIGTERM)


@cache
def _forking(options):
    process = _process("--forks", *options)
    atexit.register(_end, process)
    return process


def _end(process):
    process.stdin.close()
    process.wait(10)
    process.stdout.close()


def _process(*options):
    command = [sys.executable, "-m", "counterparts.exchanges", *options]
    return subprocess.Popen(command, cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
