"""HEAD is answered as GET, without the body: what watches a page and what previews a link ask so."""

from litestar.types import ASGIApp, Message, Receive, Scope, Send

_ENDLESS = "/stream"
"""A stream has no end that could be left out: there HEAD is no method."""


class HeadRequests:
    """Middleware that asks GET where HEAD is asked, and keeps the body to itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass; of an answer to HEAD its status and headers."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"].endswith(_ENDLESS):
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        scope["method"] = "GET"
        await self._app(scope, receive, without_body)
