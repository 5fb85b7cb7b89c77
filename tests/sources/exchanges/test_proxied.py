"""Sources go through the proxy that the environment names: requests and websockets, HTTP and SOCKS."""

import asyncio
import random
from contextlib import suppress

import httpx
import pytest
from forward_proxy import named_proxy
from sources.exchanges.conftest import client_of, holds
from sources.exchanges.test_clients import asked

from liqbot.sources.exchanges.stream import Line, Stream, words
from liqbot.sources.http_client import http_client
from liqbot.sources.hyperliquid.clock import SystemClock
from liqbot.sources.hyperliquid.connection import Connection

__all__ = ["named_proxy"]

WAYS = [("HTTP_PROXY", "http"), ("http_proxy", ""), ("ALL_PROXY", "http"), ("ALL_PROXY", "socks5")]
SOCKET_WAYS = [*WAYS, ("ALL_PROXY", "socks5h"), ("SOCKS_PROXY", "socks5h"), ("WS_PROXY", "http")]


class Elsewhere:
    """The exchanges, under a name that only the proxy knows."""

    def __init__(self, exchanges):
        self.url = exchanges.url.replace("127.0.0.1", "exchange.test")
        self.websocket_url = exchanges.websocket_url.replace("127.0.0.1", "exchange.test")


@pytest.mark.parametrize(("variable", "scheme"), WAYS)
async def test_an_exchange_is_asked_through_it(exchanges, named_proxy, variable, scheme):
    proxy = named_proxy(variable, scheme, login=bool(scheme))
    client = client_of(Elsewhere(exchanges), "binance")
    async with client.session():
        assert (await client.now(asked("binance"))).mark > 0
    assert proxy.asked
    assert all("exchange.test:" in one for one in proxy.asked)
    assert set(proxy.logins) == ({"ann:se:cret"} if scheme else set())


async def first_frame(url):
    """Return what the stream of an exchange says first."""
    lines = Line(url, (words({"op": "subscribe", "args": ["allLiquidation.BTCUSDT"]}),))
    said = []
    frames = Stream(lines, said.append).frames()
    try:
        async with asyncio.timeout(10):
            return await anext(frames)
    except TimeoutError:
        raise AssertionError(said) from None
    finally:
        await frames.aclose()


@pytest.mark.parametrize(("variable", "scheme"), SOCKET_WAYS)
async def test_the_websocket_of_an_exchange_goes_through_it(exchanges, named_proxy, variable, scheme):
    proxy = named_proxy(variable, scheme)
    url = f"{Elsewhere(exchanges).websocket_url}/bybit/v5/public/linear"
    if scheme == "socks5":  # the package looks up names itself, unless it is told not to
        url = url.replace("exchange.test", "127.0.0.1")
        named_proxy(variable, scheme, direct="")
    assert b"success" in bytes(await first_frame(url), "utf-8")
    assert proxy.asked


@pytest.mark.parametrize(("variable", "scheme"), SOCKET_WAYS[:2])
async def test_the_stream_of_hyperliquid_goes_through_it(exchanges, named_proxy, variable, scheme):
    proxy = named_proxy(variable, scheme)
    url = f"{Elsewhere(exchanges).websocket_url}/bybit/v5/public/linear"
    connection = Connection(url, SystemClock(), list, lambda _: False, rng=random.Random(1))  # noqa: S311
    running = asyncio.create_task(connection.run())
    try:
        await holds(lambda: connection.is_open)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert proxy.asked


@pytest.mark.parametrize("direct", ["127.0.0.1:{port}", "localhost, 127.0.0.1:{port}", "127.0.0.1", "*"])
async def test_what_no_proxy_names_goes_directly_with_a_port_too(exchanges, named_proxy, direct):
    port = httpx.URL(exchanges.url).port
    proxy = named_proxy("ALL_PROXY", direct=direct.format(port=port))
    proxy.refuses = True
    client = client_of(exchanges, "binance")
    async with client.session():
        assert (await client.now(asked("binance"))).mark > 0
    assert b"success" in bytes(
        await first_frame(f"{exchanges.websocket_url}/bybit/v5/public/linear"), "utf-8"
    )
    assert proxy.asked == []


async def test_another_port_than_the_one_that_no_proxy_names_goes_through_it(exchanges, named_proxy):
    proxy = named_proxy("ALL_PROXY", direct="127.0.0.1:1")
    client = client_of(exchanges, "binance")
    async with client.session():
        assert (await client.now(asked("binance"))).mark > 0
    assert proxy.asked


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
async def test_https_is_tunnelled_and_an_error_says_by_which_variable(named_proxy, variable):
    proxy = named_proxy(variable, login=True)
    proxy.refuses = True
    async with http_client(5) as client:
        with pytest.raises(httpx.ProxyError) as caught:
            await client.get("https://exchange.test/time")
    assert proxy.asked == ["connect exchange.test:443"]
    assert f"through the proxy http://127.0.0.1:{proxy.port} ({variable})" in str(caught.value)
    assert "cret" not in str(caught.value)
