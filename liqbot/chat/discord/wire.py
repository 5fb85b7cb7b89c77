"""What every request to Discord goes through on its way: the rate of all together, and whose answer it is.

All requests of a bot together are limited, those that the library makes by itself too: a direct message costs
two, a picture that is refused one more. So are those of each route (`route_limits.py`). And what is no answer
of Discord's, as a proxy's page with status 200, is a broken line: the library would take it for data.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace
from urllib.parse import urlsplit

import aiohttp

from liqbot.alerts.rate_window import RateWindow
from liqbot.chat.discord.route_limits import RouteLimits
from liqbot.chat.platform_time import PlatformTime

A_SECOND = 50
"""So many requests Discord takes of a bot."""
_FREE = ("/interactions/", "/webhooks/")
"""What does not count among these: answers to people."""
_CONVERSATIONS, _CONVERSATIONS_S = "/users/@me/channels", 10.0
"""Where conversations are opened, and how long its window lasts: there is one for all people."""
_UNLIMITED = "/interactions/"
"""What has no limit of its own either."""


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
        self._path = urlsplit(self._api_url).path
        self._window = RateWindow(A_SECOND)
        self._routes = RouteLimits()
        self._time = PlatformTime()
        self.trace: aiohttp.TraceConfig = aiohttp.TraceConfig()
        """What a session is to be made with."""
        self.trace.on_request_start.append(self._begin)
        self.trace.on_request_end.append(self._end)
        self.trace.on_request_exception.append(self._fail)

    @property
    def clock_ahead_s(self) -> float | None:
        """How far this machine's clock is ahead of Discord's; None until that has told."""
        return self._time.clock_ahead_s

    def resume(self) -> None:
        """Note that another process may have been sending until now: it may have opened conversations."""
        self._routes.spend("POST", _CONVERSATIONS, _CONVERSATIONS_S)

    async def _begin(
        self, session: aiohttp.ClientSession, context: SimpleNamespace, about: aiohttp.TraceRequestStartParams
    ) -> None:
        del session
        path = about.url.path
        if str(about.url).startswith(self._api_url) and _UNLIMITED not in path:
            context.route = await self._routes.turn(about.method, path.removeprefix(self._path))
        if any(part in path for part in _FREE):
            return
        try:
            context.number = await self._window.turn()
        except asyncio.CancelledError:
            _, route = _taken(context)
            if route is not None:
                self._routes.lost(route)
            raise

    async def _fail(
        self,
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        about: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        del session
        number, route = _taken(context)
        if route is not None:
            self._routes.lost(route)
        if number is not None and isinstance(about.exception, asyncio.CancelledError | TimeoutError):
            self._window.abandon(number)
        elif number is not None:
            self._window.leave(number, answered=False)
        if not isinstance(about.exception, aiohttp.ClientConnectorError):
            _note(type(about.exception).__name__)

    async def _end(
        self, session: aiohttp.ClientSession, context: SimpleNamespace, about: aiohttp.TraceRequestEndParams
    ) -> None:
        del session
        answer = about.response
        is_own = answer.content_type == "application/json"
        number, route = _taken(context)
        if route is not None:
            self._routes.answered(route, answer.headers, done=is_own and answer.ok)
        if number is not None:
            self._window.leave(number, answered=is_own)
        if not str(about.url).startswith(self._api_url):
            return
        if answer.status >= 500:
            _note(str(answer.status))
        if answer.status in (200, 201) and not is_own:
            raise NotDiscord(f"not Discord but something before it answered {answer.status}")
        self._time.note(answer.headers.get("Date"))


def _taken(context: SimpleNamespace) -> tuple[int | None, str | None]:
    """Return what a request has taken: its number in the second, and its place on the route."""
    taken = context.__dict__
    return taken.pop("number", None), taken.pop("route", None)
