"""How Discord is connected to: REST and gateway each through the proxy that the environment names for it."""

import asyncio
import ssl
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import aiohttp
from aiohttp.client_proto import ResponseHandler
from python_socks import ProxyError, ProxyType
from python_socks.async_.asyncio.v2 import Proxy

from liqbot.proxies import NamedProxy, proxy_for, unusable

if TYPE_CHECKING:
    from aiohttp import ClientRequest, ClientTimeout
    from aiohttp.tracing import Trace

_SECURE = ("https", "wss")
_KINDS = {
    "http": (ProxyType.HTTP, 80),
    "https": (ProxyType.HTTP, 443),
    "socks4": (ProxyType.SOCKS4, 1080),
    "socks4a": (ProxyType.SOCKS4, 1080),
    "socks5": (ProxyType.SOCKS5, 1080),
    "socks5h": (ProxyType.SOCKS5, 1080),
}
"""By the scheme of its address: what a proxy speaks, and its port where the address names none."""


class ProxiedConnector(aiohttp.TCPConnector):
    """Connects each address the way that `proxy_for` says: directly, or through an HTTP or SOCKS proxy."""

    def __init__(self) -> None:
        """A loop must be running. As many connections as are wanted are made: the library counts requests."""
        super().__init__(limit=0)  # pyright: ignore[reportUnknownMemberType] - of another parameter

    async def _create_connection(
        self,
        req: "ClientRequest",
        traces: "list[Trace]",
        timeout: "ClientTimeout",  # noqa: ASYNC109 - of aiohttp
    ) -> ResponseHandler:
        proxy = proxy_for(str(req.url))
        if proxy is None:
            return await super()._create_connection(req, traces, timeout)
        try:
            return await self._tunnel(req, proxy, timeout.sock_connect)
        except (ProxyError, OSError, ValueError) as error:  # nothing of the request has been sent
            said = OSError(0, unusable(proxy, error))
            raise aiohttp.ClientProxyConnectionError(req.connection_key, said) from error

    async def _tunnel(
        self, req: "ClientRequest", proxy: NamedProxy, timeout_s: float | None
    ) -> ResponseHandler:
        """Return a connection by a proxy. Raises what python-socks does."""
        host, port = req.url.host, req.url.port
        if host is None or port is None:
            raise ValueError("an address without a host")
        stream = await _proxy(proxy.url).connect(
            dest_host=host,
            dest_port=port,
            dest_ssl=_trusted() if req.url.scheme in _SECURE else None,
            timeout=timeout_s,
        )
        made = _Tunnelled(asyncio.get_running_loop(), stream.writer)
        stream.writer.transport.set_protocol(made)
        made.connection_made(stream.writer.transport)
        return made


class _Tunnelled(ResponseHandler):
    """What reads a connection. It holds the writer, which would close the connection when it is dropped."""

    def __init__(self, loop: asyncio.AbstractEventLoop, writer: asyncio.StreamWriter) -> None:
        super().__init__(loop)
        self._writer = writer


def _proxy(url: str) -> Proxy:
    """Return the proxy of an address, which looks up names. Raises `ValueError` where it makes no sense."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme not in _KINDS:
        raise ValueError(f"a proxy of the kind {scheme}:// is not known")
    if not parts.hostname:
        raise ValueError("its address has no host")
    kind, usual_port = _KINDS[scheme]
    return Proxy(
        proxy_type=kind,
        host=parts.hostname,
        port=parts.port or usual_port,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        rdns=True,
        proxy_ssl=_trusted() if scheme == "https" else None,
    )


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()
