"""Waiting for a condition instead of for a while."""

import asyncio


class Signal:
    """Fired at every change; whoever waits looks again."""

    def __init__(self):
        self._waiting = []

    def fire(self):
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, condition, within):
        """Return the first true value of `condition()`, or its last one after `within` seconds."""
        deadline = asyncio.get_running_loop().time() + within
        while not (value := condition()):
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            left = deadline - asyncio.get_running_loop().time()
            done, _ = await asyncio.wait({future}, timeout=max(left, 0))
            if not done:
                return condition()
        return value
