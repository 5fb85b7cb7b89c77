"""There are no websockets here: who asks for one is told what there is instead."""

from http import HTTPStatus

from litestar.types import ASGIApp, Receive, Scope, Send

from liqbot.web.problems import JSON_PROBLEM, problem_json


class NoWebsockets:
    """Middleware that answers a handshake with what pushes come by."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or say that there are no websockets."""
        if scope["type"] != "http" or not _is_handshake(scope):
            await self._app(scope, receive, send)
            return
        body = problem_json(
            HTTPStatus.BAD_REQUEST,
            "There are no websockets here. /api/v1/stream pushes what happens as server-sent events.",
        )
        headers = [
            (b"content-type", JSON_PROBLEM.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        status = HTTPStatus.BAD_REQUEST.value
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})


def _is_handshake(scope: Scope) -> bool:
    named = {name: value.lower() for name, value in scope["headers"] if name in (b"upgrade", b"connection")}
    return b"upgrade" in named.get(b"connection", b"") and b"websocket" in named.get(b"upgrade", b"")
