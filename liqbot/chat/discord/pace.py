"""Discord's limit on all requests of a bot together, kept where requests leave: the library's own too.

Direct messages cost two requests, a picture that is refused costs two more, and what fails is repeated by the
library. The limits of single routes are the library's affair: Discord tells them with every answer.
"""

from types import SimpleNamespace

import aiohttp

from liqbot.alerts.rate_window import RateWindow

A_SECOND = 50
"""So many requests Discord takes of a bot."""
_FREE = ("/interactions/", "/webhooks/")
"""What does not count: answers to people."""


def paced(window: RateWindow) -> aiohttp.TraceConfig:
    """Return what lets every request of a session wait until it may leave."""
    trace: aiohttp.TraceConfig = aiohttp.TraceConfig()

    async def begin(
        session: aiohttp.ClientSession, context: SimpleNamespace, about: aiohttp.TraceRequestStartParams
    ) -> None:
        del session
        if not any(part in about.url.path for part in _FREE):
            context.number = await window.turn()

    async def end(session: aiohttp.ClientSession, context: SimpleNamespace, about: object) -> None:
        del session, about
        number: int | None = context.__dict__.pop("number", None)
        if number is not None:
            window.leave(number)

    trace.on_request_start.append(begin)
    trace.on_request_end.append(end)
    trace.on_request_exception.append(end)
    return trace
