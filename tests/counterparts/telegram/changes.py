"""Waiting for a condition instead of for a while."""

import asyncio

TOGETHER = 0.002  # seconds: in a broadcast, thousands of changes come at once


class Signal:
    """Fired at every change; whoever waits looks again, soon after."""

    def __init__(self):
        self._waiting = set()
        self._due = None

    def fire(self):
        if self._waiting and self._due is None:
            self._due = asyncio.get_running_loop().call_later(TOGETHER, self._wake)

    def _wake(self):
        waiting, self._waiting, self._due = self._waiting, set(), None
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, condition, within):
        """Return the first true value of `condition()`, or its last one after `within` seconds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while not (value := condition()):
            left = deadline - loop.time()
            if left <= 0:
                return value
            future = loop.create_future()
            self._waiting.add(future)
            try:
                await asyncio.wait({future}, timeout=left)
            finally:
                self._waiting.discard(future)
        return value
