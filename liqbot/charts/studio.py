"""The studio: draws off the event loop, on threads of its own, and each picture once however many ask for it.

matplotlib is imported on those threads when the first picture is asked for, never before: a bot that draws
nothing does not pay for it, and one that does keeps answering while it loads.
"""

import asyncio
import contextvars
import os
import sys
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from liqbot.charts.history_input import HistoryInput
from liqbot.charts.request import ComparisonInput, HeatmapInput, MapInput, TerrainInput
from liqbot.charts.screener_input import ScreenerInput
from liqbot.charts.sharing import Shared
from liqbot.errors import OperatorError
from liqbot.message import Picture
from liqbot.text import language

SWITCH_S = 0.0005
"""How long, in seconds, a drawing thread may keep the interpreter when others wait for it."""
MOST_THREADS = 4
REMEMBERED = 24
"""So many pictures are kept for those who ask for the same: about two megabytes."""


class DrawingError(OperatorError):
    """A picture could not be drawn; the message names the coin and the chart, the cause says why."""


class Studio:
    """Draws pictures on its own threads, as many at once as there are cores. A failure harms no other.

    Usable as a context manager, or until `close`.
    """

    def __init__(self) -> None:
        # A thread that draws gives way to the event loop after this long; Python's own 5 ms would be felt.
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_S))
        threads = min(os.cpu_count() or 1, MOST_THREADS)
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="studio")
        self._shared: Shared[Picture] = Shared(REMEMBERED)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def heatmap(self, asked: HeatmapInput) -> Picture:
        """Return a heatmap. Raises `DrawingError`, also for a past without a column."""
        return await self._drawn(
            f"{asked.view.coin} heatmap over {asked.window}", asked.key, lambda: _heatmap(asked)
        )

    async def map(self, asked: MapInput) -> Picture:
        """Return the map of a view, price by price. Raises `DrawingError`."""
        return await self._drawn(f"{asked.view.coin} map", asked.key, lambda: _ladder(asked))

    async def comparison(self, asked: ComparisonInput) -> Picture:
        """Return two to four venues or models side by side. Raises `DrawingError`."""
        coin = asked.panels[0].view.coin if asked.panels else "empty"
        return await self._drawn(f"{coin} comparison", asked.key, lambda: _comparison(asked))

    async def terrain(self, asked: TerrainInput) -> Picture:
        """Return a map in three dimensions. Raises `DrawingError`."""
        return await self._drawn(
            f"{asked.view.coin} terrain over {asked.window}", asked.key, lambda: _terrain(asked)
        )

    async def history(self, asked: HistoryInput) -> Picture:
        """Return the past readings of a coin as curves. Raises `DrawingError`."""
        return await self._drawn(
            f"{asked.coin} history over {asked.window}", asked.key, lambda: _history(asked)
        )

    async def screener(self, asked: ScreenerInput) -> Picture:
        """Return a page of all coins as a table. Raises `DrawingError`."""
        return await self._drawn(f"screener by {asked.sort}", asked.key, lambda: _screener(asked))

    def close(self) -> None:
        """Let the pictures that are being drawn be finished, drop those that wait, and end the threads."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _drawn(self, what: str, key: Hashable, draw: Callable[[], Picture]) -> Picture:
        spoken = contextvars.copy_context()  # a picture speaks the language of whoever asks for it

        async def drawing() -> Picture:
            return await asyncio.get_running_loop().run_in_executor(self._threads, spoken.run, draw)

        try:
            return await self._shared.get((language(), key), drawing)
        except Exception as error:
            raise DrawingError(f"could not draw the {what}: {error}") from error


def _heatmap(asked: HeatmapInput) -> Picture:
    from liqbot.charts import heatmap  # noqa: PLC0415 - matplotlib is loaded here, on the studio's thread

    return heatmap.draw(asked)


def _history(asked: HistoryInput) -> Picture:
    from liqbot.charts import history  # noqa: PLC0415 - matplotlib is loaded here, on the studio's thread

    return history.draw(asked)


def _screener(asked: ScreenerInput) -> Picture:
    from liqbot.charts import screener  # noqa: PLC0415 - matplotlib is loaded here, on the studio's thread

    return screener.draw(asked)


def _ladder(asked: MapInput) -> Picture:
    from liqbot.charts import ladder  # noqa: PLC0415 - matplotlib is loaded here, on the studio's thread

    return ladder.draw(asked)


def _comparison(asked: ComparisonInput) -> Picture:
    from liqbot.charts import comparison  # noqa: PLC0415 - matplotlib is loaded here, on the studio's thread

    return comparison.draw(asked)


def _terrain(asked: TerrainInput) -> Picture:
    from liqbot.charts import terrain  # noqa: PLC0415 - matplotlib is loaded here, on the studio's thread

    return terrain.draw(asked)
