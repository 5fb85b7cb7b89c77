"""Starting the counterpart as a process of its own, and ending it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Running:
    """A counterpart that serves on loopback."""

    process: subprocess.Popen
    url: str
    token: str
    username: str
    validates: bool

    def stop(self):
        """End it, and wait until it is gone."""
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=10)
        self.process.stdout.close()


def start(*options: str) -> Running:
    """Start a counterpart and wait for its port; `options` as `--help` of the module lists them.

    It ends with `stop()`, and by itself when this process dies.
    """
    path = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(
        [sys.executable, "-m", "counterparts.telegram", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the counterpart of Telegram ended with status {process.wait(timeout=10)}")
    told = json.loads(line)
    url = f"http://127.0.0.1:{told['port']}"
    return Running(process, url, told["token"], told["username"], told["validates"])
