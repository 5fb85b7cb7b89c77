"""How long connections are kept on which nothing is asked."""

import asyncio

import httpx
import pytest

from liqbot.web import server

CADDY_S = 120
"""The longest that is usual: how long Caddy keeps a connection to what it stands before."""


def test_one_is_kept_longer_than_those_keep_it_who_ask():
    assert server.KEEP_S > CADDY_S > httpx.Limits().keepalive_expiry


@pytest.mark.parametrize(("keep_s", "ends"), [(0.05, True), (60, False)])
async def test_one_is_closed_when_that_is_over_and_not_before(monkeypatch, keep_s, ends):
    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    monkeypatch.setattr(server, "KEEP_S", keep_s)
    async with server.served(app, "127.0.0.1", 0) as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204 ")
        silent = asyncio.create_task(reader.read())
        await asyncio.wait([silent], timeout=20 if ends else 0.2)
        assert silent.done() is ends
        silent.cancel()
        writer.close()
