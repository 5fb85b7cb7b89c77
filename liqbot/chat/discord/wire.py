"""What every request to Discord goes through on its way: the rate of all together, and whose answer it is.

All requests of a bot together are limited, those that the library makes by itself too: a direct message costs
two, a picture that is refused one more. The limits of single routes are the library's affair, since Discord
tells them with every answer. And what is no answer of Discord's, as a proxy's page with status 200, is a
broken line: the library would take it for data.
"""

from types import SimpleNamespace

import aiohttp

from liqbot.alerts.rate_window import RateWindow

A_SECOND = 50
"""So many requests Discord takes of a bot."""
_FREE = ("/interactions/", "/webhooks/")
"""What does not count: answers to people."""


class NotDiscord(aiohttp.ClientPayloadError):
    """Something before Discord has answered in its place."""


def traced(window: RateWindow, api_url: str) -> aiohttp.TraceConfig:
    """Return what keeps the requests of a session to the rate, and their answers to what Discord answers."""
    trace: aiohttp.TraceConfig = aiohttp.TraceConfig()

    async def begin(
        session: aiohttp.ClientSession, context: SimpleNamespace, about: aiohttp.TraceRequestStartParams
    ) -> None:
        del session
        if not any(part in about.url.path for part in _FREE):
            context.number = await window.turn()

    async def fail(session: aiohttp.ClientSession, context: SimpleNamespace, about: object) -> None:
        del session, about
        number: int | None = context.__dict__.pop("number", None)
        if number is not None:
            window.leave(number)

    async def end(
        session: aiohttp.ClientSession, context: SimpleNamespace, about: aiohttp.TraceRequestEndParams
    ) -> None:
        await fail(session, context, about)
        answer = about.response
        of_api = str(about.url).startswith(api_url.rstrip("/"))
        if of_api and answer.status in (200, 201) and answer.content_type != "application/json":
            raise NotDiscord(f"not Discord but something before it answered {answer.status}")

    trace.on_request_start.append(begin)
    trace.on_request_end.append(end)
    trace.on_request_exception.append(fail)
    return trace
