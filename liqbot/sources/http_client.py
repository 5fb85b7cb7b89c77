"""The HTTP client of a source: through the proxy that the environment names, or it says why it cannot."""

from types import TracebackType

import httpx

from liqbot.proxied_transport import ProxiedTransport, UnusableProxyError
from liqbot.sources.closing import finished
from liqbot.sources.source import NoDataError
from liqbot.sources.tls import trusted


class _Client(httpx.AsyncClient):
    """A client that lets go of all its connections also where whoever closes it is cancelled meanwhile."""

    async def aclose(self) -> None:
        await finished(super().aclose())

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await finished(super().__aexit__(exc_type, exc_value, traceback))


def http_client(
    timeout_s: float,
    *,
    limits: httpx.Limits | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> httpx.AsyncClient:
    """Return a new client, whose requests take at most `timeout_s`; by `transport` where one is given.

    Raises `NoDataError`, in one line, where a variable of the environment names a proxy that cannot be.
    """
    try:
        way = transport or ProxiedTransport(verify=trusted(), limits=limits)
    except UnusableProxyError as error:
        raise NoDataError(str(error)) from None
    return _Client(timeout=timeout_s, transport=way, trust_env=False, headers={"User-Agent": "liqbot"})
