"""Starting the sink as a process of its own, asking it, and ending it."""

import json
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Running:
    """A sink that serves on loopback."""

    process: subprocess.Popen
    url: str

    def messages(self):
        """Return what is stored: [platform, chat, key, title, lines] each, in order of arrival."""
        return self._ask("messages")

    def tally(self):
        """Return how many messages were stored, how many 429s answered, and over how many seconds."""
        return self._ask("tally")

    def stop(self):
        """End it, and wait until it is gone."""
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=10)
        self.process.stdout.close()

    def _ask(self, path):
        with urllib.request.urlopen(f"{self.url}/{path}", timeout=30) as answer:  # noqa: S310 - our own
            return json.load(answer)


def start(*options):
    """Start a sink and wait for its port; `options` as `--help` of the module lists them.

    It ends with `stop()`, and by itself when this process dies.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "counterparts.sink", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=TESTS,
    )
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the sink ended with status {process.wait(timeout=10)}")
    return Running(process, f"http://127.0.0.1:{json.loads(line)['port']}")
