"""Closing that is finished: whoever is cancelled while it closes something has closed it all the same."""

import asyncio
from collections.abc import Coroutine


async def finished(closing: Coroutine[object, object, None]) -> None:
    """Wait until `closing` is done, however often this is cancelled meanwhile; then be cancelled.

    What is closed in several steps, as a pool of connections, would otherwise be left half open, with nobody
    who knows of the rest. It must not take long: a shutdown waits for it.
    """
    task, cancelled = asyncio.ensure_future(closing), None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # whoever is cancelled is told of nothing else
        raise cancelled
    task.result()
