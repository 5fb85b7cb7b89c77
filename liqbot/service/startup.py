"""What is still under way in the first seconds of a bot; questions wait for it, and are not refused."""

import asyncio
import contextlib
from collections.abc import Awaitable

from liqbot.service.errors import UserError
from liqbot.service.markets import Markets

FIRST_VIEW_S = 5.0
"""So long after the start a question waits for the first view; after that it is said that there is none."""
SETTLED_S = 30.0
"""So long a question about the past waits until the past is there."""


class Startup:
    """Says when there is a first view, when the past can be read, and when all plugins are there."""

    def __init__(self, markets: Markets) -> None:
        """Nothing is under way before `begin`, and nobody waits."""
        self._markets = markets
        self._first_view_until_s: float | None = None
        self._past: set[str] = set()
        self._settled = asyncio.Event()
        self._settled.set()
        self.plugins = asyncio.Event()
        """Set as soon as all plugins are there."""
        self.plugins.set()
        self._settled_s: float | None = SETTLED_S

    def wait_out(self) -> None:
        """Let questions about the past wait until it is there, however long that takes, as a script does."""
        self._settled_s = None

    def begin(self) -> None:
        """Let questions wait for a first view from now on."""
        self._first_view_until_s = asyncio.get_running_loop().time() + FIRST_VIEW_S

    def past_begins(self, source: str) -> None:
        """Note that a source shows its present, and has yet to tell its past."""
        self._past.add(source)
        self._settled.clear()

    def past_ends(self, source: str) -> None:
        """Note that the past of a source is there, or never will be."""
        self._past.discard(source)
        if not self._past:
            self._settled.set()

    @property
    def reads_past(self) -> bool:
        """Whether the past of some source has yet to be read."""
        return bool(self._past)

    async def first_view(self) -> None:
        """Wait for the first view of any coin, for as long as the start may take."""
        if self._first_view_until_s is None or self._markets.views:
            return
        left_s = self._first_view_until_s - asyncio.get_running_loop().time()
        if left_s > 0:
            await _within(self._markets.any_arrives(), left_s)

    async def loaded(self) -> None:
        """Wait until all plugins are there."""
        await _within(self.plugins.wait(), self._settled_s)

    async def settled(self) -> None:
        """Wait until the past can be read and all plugins are there."""
        await _within(self._settled.wait(), self._settled_s)
        await self.loaded()

    async def require_past(self) -> None:
        """Wait until the past can be read. Raises `UserError` where that takes longer than anybody waits.

        What is only half read is nothing to answer with: it would look like all that there was.
        """
        await self.settled()
        if self.reads_past:
            raise UserError(
                "The bot has just started, and its past is still being read. Ask again in a minute.",
                again=True,
            )


async def _within(waiting: Awaitable[object], seconds: float | None) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(waiting, seconds)
