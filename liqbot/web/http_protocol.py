"""HTTP as uvicorn reads it: our words for what cannot be read, and who is slow to send a head is cut off."""

import asyncio
from http import HTTPStatus
from typing import cast

import h11
import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

from liqbot.web.problems import JSON_PROBLEM, problem_json

_log = structlog.get_logger()

HEAD_S = 20.0
"""Who has not sent the head of a request by then is cut off: a connection costs a file."""


class _HeadWithBody:
    """A transport that sends the head of an answer together with what follows: in one call of the system.

    Each such call lets a thread that computes have the interpreter, and has to wait until it gets that back.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""
        self._soon: asyncio.Handle | None = None

    def write(self, data: bytes) -> None:
        """Send; a head waits for what comes within this turn of the loop."""
        if data.startswith(b"HTTP/1.1 ") and not self._head:
            self._head = data
            self._soon = self._loop.call_soon(self._flush)
        elif data:
            self._transport.write(self._taken() + data)

    def close(self) -> None:
        """End, once all is sent."""
        self._flush()
        self._transport.close()

    def pause_reading(self) -> None:
        """Read no further for now."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        self._transport.resume_reading()

    def is_closing(self) -> bool:
        """Return whether the connection ends."""
        return self._transport.is_closing()

    def _flush(self) -> None:
        head = self._taken()
        if head:
            self._transport.write(head)

    def _taken(self) -> bytes:
        head, self._head = self._head, b""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        return head


class HttpProtocol(H11Protocol):
    """One connection."""

    _given_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Begin, and wait for the head of a request."""
        super().connection_made(transport)
        self.transport = cast("asyncio.Transport", _HeadWithBody(transport, self.loop))
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._stop_waiting()
        elif self._given_up is None:
            self._wait_for_head()

    def send_400_response(self, msg: str) -> None:
        """Say as problem+json that this is not HTTP."""
        body = problem_json(HTTPStatus.BAD_REQUEST, "This is no request that can be read as HTTP.")
        headers = [
            (b"content-type", JSON_PROBLEM.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        _log.debug("request_unreadable", reason=msg)
        try:
            answer = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
            parts = [self.conn.send(one) for one in (answer, h11.Data(data=body), h11.EndOfMessage())]
        except h11.LocalProtocolError:  # an answer had begun
            parts = []
        self.transport.write(b"".join(part or b"" for part in parts))
        self.transport.close()

    def _wait_for_head(self) -> None:
        self._given_up = self.loop.call_later(HEAD_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._given_up is not None:
            self._given_up.cancel()
            self._given_up = None
