"""Where processes begin: one that has imported everything, and forks. Starting takes longer than dying.

`python -m cluster.nursery` reads orders, a line of JSON each; of each it prints the process's number. It
reaps those that end.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from cluster.life import live

TESTS = Path(__file__).resolve().parents[1]
STARTED_S = 30


class Nursery:
    """Begins processes."""

    def __init__(self, log):
        """`log` is the open file in which they complain."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cluster.nursery"],
            cwd=TESTS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            bufsize=0,
        )

    def begin(self, order):
        """Let one begin; return its number."""
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return int(self._process.stdout.readline())

    def close(self):
        """Begin no more; those that live are killed."""
        self._process.stdin.close()
        self._process.wait(STARTED_S)
        self._process.stdout.close()


def main():
    living = set()
    signal.signal(signal.SIGCHLD, lambda *_: _reap(living))
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                asyncio.run(live(json.loads(line)))
            finally:
                os._exit(1)
        living.add(pid)
        print(pid, flush=True)  # noqa: T201 - this is how it tells
    for pid in living.copy():
        os.kill(pid, signal.SIGKILL)


def _reap(living):
    try:
        while (pid := os.waitpid(-1, os.WNOHANG)[0]) > 0:
            living.discard(pid)
    except ChildProcessError:
        pass


if __name__ == "__main__":
    main()
