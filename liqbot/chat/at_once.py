"""How much is done at once for one server or chat, so that others have turns in between."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class AtOnce:
    """Lets so many work at once for each; the others wait, first come, first served.

    A hundred answers that are begun at once slow down all others: each of their steps waits for a hundred.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, whose: str) -> AsyncGenerator[None]:
        """Wait for a turn of the one whose work it is, which ends with the block."""
        turns = self._turns.get(whose)
        if turns is None:
            turns = self._turns[whose] = asyncio.Semaphore(self._most)
        async with turns:
            yield
