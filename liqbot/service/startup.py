"""What is still under way in the first seconds of a bot; questions wait for it, and are not refused."""

import asyncio
import contextlib
from collections.abc import Awaitable

from liqbot.service.errors import UserError
from liqbot.service.markets import Markets

FIRST_VIEW_S = 60.0
"""So long after the start a question waits for the first view; after that it is said that there is none."""
SETTLED_S = 60.0
"""So long a question about the past waits until that is there; people see that it is worked on."""


class Startup:
    """Says when there is a first view, when the past can be read, and when all plugins are there."""

    def __init__(self, markets: Markets) -> None:
        """Nothing is under way before `begin`, and nobody waits."""
        self._markets = markets
        self._first_view_until_s: float | None = None
        self._sources = 0
        self._without_data: set[int] = set()
        self._none_tells = asyncio.Event()
        """Set as soon as each of the sources has said why it has nothing to tell."""
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

    def begin(self, sources: int = 0) -> None:
        """Let questions wait for a first view from now on, of so many sources or of another process."""
        self._first_view_until_s = asyncio.get_running_loop().time() + FIRST_VIEW_S
        self._sources = sources

    def has_no_data(self, place: int) -> None:
        """Note that the source at a place has nothing to tell at present; nobody waits where none has."""
        self._without_data.add(place)
        if len(self._without_data) >= self._sources:
            self._none_tells.set()

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

    @property
    def is_under_way(self) -> bool:
        """Whether a question may have to wait."""
        return self._view_due_s > 0 or self.reads_past or not self.plugins.is_set()

    @property
    def _view_due_s(self) -> float:
        """For how many seconds the first view is still waited for; 0 where it is there, or none will come."""
        if self._first_view_until_s is None or self._markets.views or self._none_tells.is_set():
            return 0.0
        return max(0.0, self._first_view_until_s - asyncio.get_running_loop().time())

    async def first_view(self) -> None:
        """Wait for the first view of any coin, for as long as the start may take."""
        due_s = self._view_due_s
        if not due_s:
            return
        either = [
            asyncio.ensure_future(one) for one in (self._markets.any_arrives(), self._none_tells.wait())
        ]
        try:
            await asyncio.wait(either, timeout=due_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in either:
                one.cancel()

    async def loaded(self) -> None:
        """Wait until all plugins are there."""
        await _within(self.plugins.wait(), self._settled_s)

    async def settled(self, at_most_s: float | None = None) -> None:
        """Wait until the past can be read and all plugins are there, at most so long where that is given."""
        await _within(self._settled.wait(), self._settled_s if at_most_s is None else at_most_s)
        await self.loaded()

    async def require_past(self, at_most_s: float | None = None) -> None:
        """Wait until the past can be read. Raises `UserError` where that takes longer than anybody waits.

        What is only half read is nothing to answer with: it would look like all that there was.
        """
        await self.settled(at_most_s)
        if self.reads_past:
            raise UserError(
                "The bot has just started, and its past is still being read. Ask again in a minute.",
                again=True,
            )


async def _within(waiting: Awaitable[object], seconds: float | None) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(waiting, seconds)
