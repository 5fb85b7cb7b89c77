"""What every request to Discord goes through on its way: the rate of all together, and whose answer it is.

All requests of a bot together are limited, those that the library makes by itself too: a direct message costs
two, a picture that is refused one more. The limits of single routes are the library's affair, since Discord
tells them with every answer. And what is no answer of Discord's, as a proxy's page with status 200, is a
broken line: the library would take it for data.
"""

import contextlib
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from types import SimpleNamespace

import aiohttp

from liqbot.alerts.rate_window import RateWindow

A_SECOND = 50
"""So many requests Discord takes of a bot."""
_FREE = ("/interactions/", "/webhooks/")
"""What does not count: answers to people."""


_unanswered: ContextVar[list[str] | None] = ContextVar("unanswered", default=None)


@contextmanager
def noting_unanswered() -> Generator[list[str]]:
    """Give what happened to tries of the library's own that had no answer meanwhile.

    It tries again by itself and tells the last answer only; what an earlier try asked for may have been done.
    """
    noted: list[str] = []
    token = _unanswered.set(noted)
    try:
        yield noted
    finally:
        _unanswered.reset(token)


def _note(why: str) -> None:
    noted = _unanswered.get()
    if noted is not None:
        noted.append(why)


class NotDiscord(aiohttp.ClientPayloadError):
    """Something before Discord has answered in its place."""


class Wire:
    """What goes over it, and what is learned of that."""

    def __init__(self, api_url: str) -> None:
        self._api_url = api_url.rstrip("/")
        self._window = RateWindow(A_SECOND)
        self._ahead_s = time.time() - time.monotonic()
        """How far Discord's time is ahead of the clock that never goes backwards."""
        self.trace: aiohttp.TraceConfig = aiohttp.TraceConfig()
        """What a session is to be made with."""
        self.trace.on_request_start.append(self._begin)
        self.trace.on_request_end.append(self._end)
        self.trace.on_request_exception.append(self._fail)

    @property
    def clock_ahead_s(self) -> float:
        """How far this machine's clock is ahead of Discord's."""
        return time.time() - time.monotonic() - self._ahead_s

    async def _begin(
        self, session: aiohttp.ClientSession, context: SimpleNamespace, about: aiohttp.TraceRequestStartParams
    ) -> None:
        del session
        if not any(part in about.url.path for part in _FREE):
            context.number = await self._window.turn()

    async def _fail(
        self,
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        about: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        del session
        self._over(context)
        if not isinstance(about.exception, aiohttp.ClientConnectorError):
            _note(type(about.exception).__name__)

    def _over(self, context: SimpleNamespace) -> None:
        number: int | None = context.__dict__.pop("number", None)
        if number is not None:
            self._window.leave(number)

    async def _end(
        self, session: aiohttp.ClientSession, context: SimpleNamespace, about: aiohttp.TraceRequestEndParams
    ) -> None:
        del session
        self._over(context)
        answer = about.response
        if not str(about.url).startswith(self._api_url):
            return
        if answer.status >= 500:
            _note(str(answer.status))
        if answer.status in (200, 201) and answer.content_type != "application/json":
            raise NotDiscord(f"not Discord but something before it answered {answer.status}")
        with contextlib.suppress(TypeError, ValueError):
            told = parsedate_to_datetime(answer.headers.get("Date", ""))
            self._ahead_s = told.timestamp() - time.monotonic()
