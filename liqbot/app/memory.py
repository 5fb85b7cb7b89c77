"""Sparing garbage collection: what lives as long as the process is frozen, as a full search stalls everybody.

Python looks through all objects for circles that nobody holds, and nothing else runs meanwhile: some 80 ms
once the libraries are loaded. What there is after the start is therefore set aside, and once more when the
first pictures and positions have come.
"""

import asyncio
import gc

AGAIN_S = 600.0


def set_aside() -> None:
    """Take what there is out of the searches for garbage."""
    gc.collect()
    gc.freeze()


async def set_aside_after_start() -> None:
    """Do it now, and once again when the bot has been at work for a while."""
    set_aside()
    await asyncio.sleep(AGAIN_S)
    set_aside()
