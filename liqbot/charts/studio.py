"""The studio: draws off the event loop, on one thread of its own.

matplotlib is imported on that thread when the first picture is asked for, never before: a bot that draws
nothing does not pay for it, and one that does keeps answering while it loads.
"""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from liqbot.market.view import MarketView
from liqbot.message import Picture

SWITCH_S = 0.001
"""How long, in seconds, the drawing thread may keep the interpreter when others wait for it."""


class DrawingError(Exception):
    """A picture could not be drawn; the message names the coin and the chart, the cause says why."""


class Studio:
    """Draws one picture after another on its own thread. A drawing that fails harms no other.

    Usable as a context manager, or until `close`.
    """

    def __init__(self) -> None:
        # A thread that draws gives way to the event loop after this long; Python's own 5 ms would be felt.
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_S))
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="studio")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def heatmap(self, view: MarketView, window: str) -> Picture:
        """Return the heatmap of a view that has a grid; `window` names how far back it goes: `7d`.

        Raises `DrawingError`, also for a view without a grid.
        """
        return await self._drawn(f"{view.coin} heatmap over {window}", lambda: _heatmap(view, window))

    async def map(self, view: MarketView) -> Picture:
        """Return the map of a view, bar by bar. Raises `DrawingError`."""
        return await self._drawn(f"{view.coin} map", lambda: _ladder(view))

    def close(self) -> None:
        """Let the picture that is being drawn be finished, drop those that wait, and end the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    async def _drawn(self, what: str, draw: Callable[[], Picture]) -> Picture:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, draw)
        except Exception as error:
            raise DrawingError(f"could not draw the {what}: {error}") from error


def _heatmap(view: MarketView, window: str) -> Picture:
    from liqbot.charts import heatmap  # noqa: PLC0415 - matplotlib is loaded here, on the studio's thread

    return heatmap.draw(view, window=window)


def _ladder(view: MarketView) -> Picture:
    from liqbot.charts import ladder  # noqa: PLC0415 - matplotlib is loaded here, on the studio's thread

    return ladder.draw(view)
