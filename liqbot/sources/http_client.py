"""The HTTP client of a source: through the proxy that the environment names, or it says why it cannot."""

import os
from types import TracebackType
from typing import Any

import httpx

from liqbot.proxies import through
from liqbot.sources.closing import finished
from liqbot.sources.source import NoDataError
from liqbot.sources.tls import trusted

PROXIES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY")


class _Client(httpx.AsyncClient):
    """A client that lets go of all its connections also where whoever closes it is cancelled meanwhile."""

    async def send(self, request: httpx.Request, **how: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Send a request; where it does not arrive, the error also says through which proxy it was sent."""
        try:
            return await super().send(request, **how)
        except httpx.TransportError as error:
            proxy = through(str(request.url))
            if not proxy:
                raise
            raise type(error)(f"{error}{proxy}", request=request) from error

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
        return _Client(
            timeout=timeout_s,
            limits=limits or httpx.Limits(),
            transport=transport,
            verify=trusted(),
            headers={"User-Agent": "liqbot"},
        )
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        named = [name for name in PROXIES if os.environ.get(name) or os.environ.get(name.lower())]
        raise NoDataError(f"the proxy of {' or '.join(named)} cannot be used: {error}") from None
