"""Work that several ask for at once is done once, and what came of it lately is kept."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Results by key: of equal keys the first caller's work serves all. For one event loop."""

    def __init__(self, remembered: int) -> None:
        self._remembered = remembered
        self._done: OrderedDict[Hashable, T] = OrderedDict()
        self._running: dict[Hashable, asyncio.Task[T]] = {}

    async def get(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` gives, or gave to another who asked for `key`. Raises what it raises.

        Failures are told to all who wait, and never kept. Whoever stops waiting stops nobody else.
        """
        if key in self._done:
            self._done.move_to_end(key)
            return self._done[key]
        task = self._running.get(key)
        if task is None or task.get_loop() is not asyncio.get_running_loop():
            task = asyncio.ensure_future(self._do(key, work))
            self._running[key] = task
            task.add_done_callback(lambda task: self._settle(key, task))
        return await asyncio.shield(task)

    async def _do(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        result = await work()
        self._done[key] = result
        while len(self._done) > self._remembered:
            self._done.popitem(last=False)
        return result

    def _settle(self, key: Hashable, task: asyncio.Task[T]) -> None:
        if self._running.get(key) is task:
            del self._running[key]
        if not task.cancelled():
            task.exception()  # looked at: a failure for which nobody waits any more is no warning
