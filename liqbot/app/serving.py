"""Serving a platform's people: its adapter runs for as long as the bot does."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from liqbot.chat.adapter import Adapter, AdapterError

_log = structlog.get_logger()

SHORTEST_PAUSE_S = 1
LONGEST_PAUSE_S = 60
"""The longest pause before an adapter that failed is started again."""


class Serving:
    """One adapter, started again whenever it fails."""

    def __init__(
        self,
        name: str,
        adapter: Adapter,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`sleep` waits so many seconds before another start."""
        self.name = name
        self.adapter = adapter
        self.state = "starting"
        """In a word or two: `running`, or what went wrong."""
        self.failure: AdapterError | None = None
        """Why it has stopped for good."""
        self._sleep = sleep

    async def run(self) -> None:
        """Return when the adapter can serve no more."""
        pause_s = SHORTEST_PAUSE_S
        while True:
            self.state = "running"
            try:
                await self.adapter.run()
            except AdapterError as error:
                self.state, self.failure = f"stopped: {error}", error
                _log.error("platform_stopped", platform=self.name, reason=str(error))
                return
            except Exception as error:  # noqa: BLE001 - whatever a platform does, the bot goes on
                self.state = f"failed, is started again: {type(error).__name__}"
                _log.exception("platform_failed", platform=self.name, again_in_s=pause_s)
            else:
                self.state = "ended"
                return
            await self._sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
