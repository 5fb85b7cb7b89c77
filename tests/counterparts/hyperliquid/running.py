"""Starting the counterpart as a process of its own, and talking to it beside the client under test."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec

from liqbot.sources.hyperliquid.settings import HyperliquidSettings

from .clock import FastClock

TESTS = Path(__file__).resolve().parents[2]
PACE = float(os.environ.get("COUNTERPART_PACE", "1"))
"""Simulated time goes by so many times as fast as a test asks for: less than 1 on a machine that is busy."""


@dataclass(frozen=True)
class Counterpart:
    """A running counterpart."""

    clock: FastClock
    http: str
    ws: str
    accounts: int
    pid: int

    def settings(self, *, weight_a_minute: float = 1000, **more) -> HyperliquidSettings:
        """Return settings that lead here, with a budget by the minute of the client's clock."""
        leading_here = {
            "api_url": self.http,
            "ws_url": self.ws,
            "leaderboard_url": f"{self.http}/leaderboard",
            "hyperperps_url": f"{self.http}/heatmap",
            "weight_per_minute": round(weight_a_minute),
        }
        return HyperliquidSettings(**leading_here | more)

    def control(self, **asked) -> dict:
        return httpx.post(f"{self.http}/control", json=asked, timeout=30).json()

    def stats(self) -> dict:
        return self._get("stats")

    def truth(self) -> dict:
        return self._get("truth")

    def truth_at(self, marks: dict[str, float]) -> dict:
        """Return of each coin what was true when its mark was nearest to the one in `marks`."""
        truths = self._get("truths")
        return {
            coin: min(truths, key=lambda truth: abs(truth[coin]["mark"] - mark))[coin]
            for coin, mark in marks.items()
        }

    def positions(self) -> dict:
        return self._get("positions")

    def _get(self, what: str) -> dict:
        return msgspec.json.decode(httpx.get(f"{self.http}/{what}", timeout=30).content)


@contextlib.contextmanager
def counterpart(**options) -> Iterator[Counterpart]:
    """Run a counterpart with command-line options by name (`crowd=2`, `still=True`) until the end."""
    arguments = []
    options["speed"] = options.get("speed", 60) * PACE
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        arguments += [flag] if value is True else [flag, str(value)]
    process = subprocess.Popen(
        [sys.executable, "-m", "counterparts.hyperliquid", *arguments],
        env={**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the counterpart did not start: status {process.wait(10)}")
        where = msgspec.json.decode(line)
        yield Counterpart(
            clock=FastClock(where["speed"], where["began_s"], where["start_ms"]),
            http=f"http://127.0.0.1:{where['http']}",
            ws=f"ws://127.0.0.1:{where['ws']}",
            accounts=where["accounts"],
            pid=process.pid,
        )
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()
