"""HTTP through the proxy that the environment names for each address, and directly where it names none."""

import ssl
from urllib.parse import urlsplit

import httpx

from liqbot.proxies import NamedProxy, proxy_for, through, unusable

_ANYWHERE = ("https://any.invalid", "http://any.invalid")
"""Addresses whose proxies are those of whatever `NO_PROXY` does not name."""


class UnusableProxyError(httpx.ProxyError):
    """The environment names a proxy that cannot be. The text names the variable, and no password."""


class ProxiedTransport(httpx.AsyncBaseTransport):
    """Sends each request the way that `proxy_for` says. What does not arrive says which way that was."""

    def __init__(self, *, verify: ssl.SSLContext | bool = True, limits: httpx.Limits | None = None) -> None:
        """Raises `UnusableProxyError` at once where a proxy cannot be."""
        self._verify = verify
        self._limits = limits or httpx.Limits()
        self._by_proxy: dict[str | None, httpx.AsyncHTTPTransport] = {}
        for address in _ANYWHERE:
            self._through(proxy_for(address))
        self._ways: dict[tuple[str, str], httpx.AsyncHTTPTransport] = {}
        """By scheme and place."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        address = str(request.url)
        try:
            return await self._way(address).handle_async_request(request)
        except UnusableProxyError:
            raise
        except httpx.TransportError as error:
            way = through(address)
            if not way:
                raise
            raise type(error)(f"{error}{way}", request=request) from error

    async def aclose(self) -> None:
        """Close every connection."""
        for transport in self._by_proxy.values():
            await transport.aclose()

    def _way(self, address: str) -> httpx.AsyncHTTPTransport:
        parts = urlsplit(address)
        place = (parts.scheme, parts.netloc)
        if place not in self._ways:
            self._ways[place] = self._through(proxy_for(address))
        return self._ways[place]

    def _through(self, proxy: NamedProxy | None) -> httpx.AsyncHTTPTransport:
        url = None if proxy is None else proxy.url
        if url not in self._by_proxy:
            try:
                made = httpx.AsyncHTTPTransport(verify=self._verify, limits=self._limits, proxy=url)
            except (ImportError, ValueError, httpx.InvalidURL) as error:
                if proxy is None:
                    raise
                raise UnusableProxyError(unusable(proxy, error)) from None
            self._by_proxy[url] = made
        return self._by_proxy[url]
