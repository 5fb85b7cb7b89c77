"""Runs one platform's adapter, which serves people: begun again when it fails, while this process leads.

Not here: sending alerts (`alerts/dispatcher.py`), making adapters (`adapters.py`).
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from liqbot.chat.adapter import Adapter, AdapterError, WithClock, WithTrouble
from liqbot.store.leadership import Leadership
from liqbot.store.leases import Lease

_log = structlog.get_logger()

SHORTEST_PAUSE_S = 1
LONGEST_PAUSE_S = 60
"""The longest pause before an adapter that failed is started again."""


class PlatformRunner:
    """One adapter, started again whenever it fails."""

    def __init__(
        self,
        name: str,
        adapter: Adapter,
        *,
        leadership: Leadership | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Without `leadership` nobody else could serve.

        `sleep` waits so many seconds before another start.
        """
        self.leadership = leadership
        self.name = name
        self.adapter = adapter
        self._state = "starting"
        self.failure: AdapterError | None = None
        """Why it stopped last; None where it never did."""
        self._sleep = sleep

    @property
    def state(self) -> str:
        """In a word or two: `running`, or what goes wrong."""
        trouble = self.adapter.trouble if isinstance(self.adapter, WithTrouble) else None
        return trouble if trouble and self._state == "running" else self._state

    @property
    def clock_ahead_s(self) -> float | None:
        """How far this machine's clock is ahead of the platform's; None where that is not known."""
        return self.adapter.clock_ahead_s if isinstance(self.adapter, WithClock) else None

    @property
    def leads(self) -> bool:
        """Whether it is this process that serves the platform's people."""
        return self.leadership is None or self.leadership.is_held

    async def run(self) -> None:
        """Serve until cancelled, or until the adapter ends by itself; while that is this process's to do."""
        if self.leadership is None:
            await self._serve()
        else:
            await self.leadership.run(self._lead)

    async def _lead(self, _lease: Lease) -> None:
        try:
            await self._serve()
        finally:
            self._state = "starting"

    async def _serve(self) -> None:
        pause_s = SHORTEST_PAUSE_S
        while True:
            self._state = "running"
            try:
                await self.adapter.run()
            except AdapterError as error:
                self._state, self.failure = f"stopped: {error}", error
                _log.error(
                    "platform_stopped",
                    platform=self.name,
                    reason=str(error),
                    again_in_s=pause_s,
                )
            except Exception as error:  # noqa: BLE001 - whatever a platform does, the bot goes on
                self._state = f"failed, is started again: {type(error).__name__}"
                _log.exception("platform_failed", platform=self.name, again_in_s=pause_s)
            else:
                self._state = "ended"
                return
            await self._sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
