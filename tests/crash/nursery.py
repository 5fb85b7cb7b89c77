"""Where lives begin: one process that has imported everything, and forks. Starting takes longer than dying.

`python -m crash.nursery` reads orders, a line of JSON each; of each it prints the process, and how it ended.
"""

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import structlog
from crash.life import live

TESTS = Path(__file__).resolve().parents[1]
LONGEST_S = 240
"""A life that takes longer hangs; with thousands of chats a busy machine needs a minute and more."""


class Nursery:
    """Begins one life after the other."""

    def __init__(self, log):
        """`log` is the open file in which lives complain."""
        command = [sys.executable, "-m", "crash.nursery"]
        self._process = subprocess.Popen(
            command, cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, bufsize=0
        )

    def live(self, order, *, kill_after_s=None):
        """Let one life begin, and return its exit status when it is over: negative for a signal."""
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        pid = int(self._told(LONGEST_S))
        told = self._told(LONGEST_S if kill_after_s is None else kill_after_s)
        if told is None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            told = self._told(LONGEST_S)
            if kill_after_s is None:
                raise RuntimeError(f"a life did not end by itself; its order was {order}")
        return int(told)

    def close(self):
        """Begin no more lives."""
        self._process.stdin.close()
        self._process.wait(LONGEST_S)
        self._process.stdout.close()

    def _told(self, seconds):
        """Return the next line; None where none comes in time."""
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            return None
        return self._process.stdout.readline()


def main():
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    for line in iter(sys.stdin.readline, ""):
        pid = os.fork()
        if not pid:
            asyncio.run(live(json.loads(line)))
            os._exit(0)
        print(pid, flush=True)  # noqa: T201 - this is how it tells
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
