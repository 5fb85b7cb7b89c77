"""A small HTTP server: keep-alive, one request after the other; as fast as a plain loop can be."""

import asyncio
import re
from collections.abc import Callable

Answer = Callable[[str, str, bytes], tuple[int, bytes]]
"""From method, path and body to status and body."""
REASONS = {
    200: "OK",
    404: "Not Found",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
}


class Web(asyncio.Protocol):
    """One connection."""

    def __init__(self, answer: Answer):
        self._answer = answer
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport):
        self._transport = transport

    def data_received(self, data):
        self._buffer += data
        while (head_end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:head_end]
            length = _length(head)
            end = head_end + 4 + length
            if len(self._buffer) < end:
                return
            body, self._buffer = self._buffer[head_end + 4 : end], self._buffer[end:]
            method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
            if method == "POST" and not _is_json(head):
                status, answer = 415, b"Expected request with `Content-Type: application/json`"
            else:
                status, answer = self._answer(method, path, body)
            kind = (
                "application/json" if status == 200 else "text/html" if answer[:1] == b"<" else "text/plain"
            )
            self._transport.write(
                f"HTTP/1.1 {status} {REASONS[status]}\r\ncontent-type: {kind}\r\n"
                f"content-length: {len(answer)}\r\n\r\n".encode()
                + answer
            )


def _is_json(head: bytes) -> bool:
    return re.search(rb"(?im)^content-type: *application/json *(;|\r|$)", head) is not None


def _length(head: bytes) -> int:
    place = head.lower().find(b"content-length:")
    return int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
