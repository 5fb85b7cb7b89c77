"""An answer leaves in one piece: each call of the system gives a thread that computes the interpreter."""

import asyncio

import pytest
import uvicorn
from uvicorn.server import ServerState

from liqbot.web.http_protocol import HttpProtocol


class Wire(asyncio.Transport):
    """A connection that keeps what was written, call by call."""

    def __init__(self):
        super().__init__({"sockname": ("127.0.0.1", 80), "peername": ("127.0.0.1", 1234)})
        self.written, self.closed = [], False

    def write(self, data):
        self.written.append(bytes(data))

    def is_closing(self):
        return self.closed

    def close(self):
        self.closed = True

    def pause_reading(self):
        pass

    resume_reading = pause_reading


async def answered(app, request=b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"):
    config = uvicorn.Config(app, http=HttpProtocol, log_config=None, access_log=False, lifespan="off")
    wire, state = Wire(), ServerState()
    protocol = HttpProtocol(config, state, {}, asyncio.get_running_loop())
    protocol.connection_made(wire)
    protocol.data_received(request)
    await asyncio.gather(*state.tasks)
    await asyncio.sleep(0)
    return protocol, wire


def app_of(*bodies, wait=None):
    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        if wait is not None:
            await wait()
        for place, body in enumerate(bodies):
            await send({"type": "http.response.body", "body": body, "more_body": place < len(bodies) - 1})

    return app


async def test_head_and_body_leave_together():
    _, wire = await answered(app_of(b"body"))
    [whole] = wire.written
    assert whole.startswith(b"HTTP/1.1 200 ")
    assert whole.endswith(b"\r\n\r\nbody")


async def test_a_head_whose_body_is_long_in_coming_does_not_wait_for_it():
    async def wait():
        for _ in range(3):
            await asyncio.sleep(0)

    _, wire = await answered(app_of(b"bo", b"dy", wait=wait))
    assert [part[:9] for part in wire.written] == [b"HTTP/1.1 ", b"bo", b"dy"]


@pytest.mark.parametrize("last", [b"Connection: close\r\n", b""])
async def test_a_head_without_a_body_is_sent_before_the_connection_ends(last):
    _, wire = await answered(app_of(b""), b"HEAD / HTTP/1.1\r\nHost: a\r\n" + last + b"\r\n")
    assert b"".join(wire.written).startswith(b"HTTP/1.1 200 ")
    assert wire.closed is bool(last)
