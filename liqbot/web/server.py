"""The web server inside the bot's own event loop."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncGenerator, Generator

import uvicorn
from litestar.types import ASGIApp

from liqbot.sections import WebSettings
from liqbot.web.app import guarded, make_app
from liqbot.web.http_protocol import HttpProtocol
from liqbot.web.ports import WebQuestions
from liqbot.web.pushes import Pushes

STOP_S = 2
"""How long a stop waits for answers that are under way."""
KEEP_S = 150
"""How long a connection is kept on which nothing is asked.

Longer than those who ask keep it (Caddy 120 s, most load balancers 60, httpx 5): who has just sent a request
on a connection that is being closed hears nothing but "server disconnected", and a visitor of theirs a 502.
"""


@contextlib.asynccontextmanager
async def web_server(
    questions: WebQuestions, pushes: Pushes, settings: WebSettings
) -> AsyncGenerator[tuple[str, int]]:
    """Serve page and API meanwhile; give the address and the port, a free one for 0. Raises `OSError`."""
    app = guarded(make_app(questions, pushes, settings), questions, settings)
    async with served(app, settings.host, settings.port) as where:
        try:
            yield where
        finally:
            pushes.close()


@contextlib.asynccontextmanager
async def served(app: ASGIApp, host: str, port: int) -> AsyncGenerator[tuple[str, int]]:
    """Serve an application meanwhile; give the address and the port, a free one for 0. Raises `OSError`."""
    listener = _listener(host, port)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # anybody may send what is no HTTP
    config = uvicorn.Config(
        app,
        http=HttpProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=STOP_S,
        timeout_keep_alive=KEEP_S,
        # Whose request it is, is found by what the settings say of proxies.
        proxy_headers=False,
        h11_max_incomplete_event_size=16_384,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve([listener]))
    try:
        yield listener.getsockname()[:2]
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)
        listener.close()


class _Server(uvicorn.Server):
    """One that leaves signals to the bot."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named, asyncio sends small answers at once (TCP_NODELAY) and not after 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()  # whoever asks before the server has started waits for it
    except OSError:
        listener.close()
        raise
    return listener
