"""Which host names the server answers to: nobody else's page may read it under a name of its own."""

from collections.abc import Sequence
from http import HTTPStatus

from litestar.types import ASGIApp, Receive, Scope, Send

from liqbot.web.problems import JSON_PROBLEM, problem_json


class AllowedHosts:
    """Middleware that answers 400 to a request for a host that the operator has not named."""

    def __init__(self, app: ASGIApp, names: Sequence[str]) -> None:
        """`names` without a port; `*.example.org` is any name under it; none is any host."""
        self._app = app
        self._names = tuple(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or say that this is not the host."""
        if not self._names or scope["type"] != "http" or self._is_known(host_of(scope)):
            await self._app(scope, receive, send)
            return
        body = problem_json(
            HTTPStatus.BAD_REQUEST, f"This server does not answer to the host name {host_of(scope)[:80]!r}."
        )
        headers = [
            (b"content-type", JSON_PROBLEM.encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": HTTPStatus.BAD_REQUEST, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    def _is_known(self, host: str) -> bool:
        return any(host.endswith(name[1:]) if name.startswith("*.") else host == name for name in self._names)


def host_of(scope: Scope) -> str:
    """Return the host that is asked for, in small letters, without its port; empty where none is named."""
    named = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
    if named.startswith("["):
        return named[1:].partition("]")[0].lower()
    return named.partition(":")[0].lower()
