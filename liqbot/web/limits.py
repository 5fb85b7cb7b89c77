"""How much one address may ask: a bucket that fills evenly, so that bursts of a page's start pass."""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from litestar.types import ASGIApp, Receive, Scope, Send

FORGET = 10_000
"""So many addresses are remembered; the one that was seen longest ago is forgotten first."""
ALWAYS = frozenset({"/healthz", "/readyz"})
"""Whoever watches over the bot, behind a busy proxy too, must never take a limit for an illness."""
_BODY = (
    b'{"type":"about:blank","title":"Too Many Requests","status":429,'
    b'"detail":"Too many requests from this address; try again a little later."}'
)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class RateLimit:
    """Middleware that answers 429 to an address that asks too much."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        a_second: float,
        burst: int,
        proxies: Sequence[Network] = (),
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`a_second` of 0 is no limit. Of requests that come from `proxies`, X-Forwarded-For is believed."""
        self._app = app
        self._a_second, self._burst = a_second, burst
        self._proxies = proxies
        self._clock_s = clock_s
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """How many requests are left to an address, and when that was so."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or answer that it is one too many."""
        wait_s = 0.0
        if self._a_second and scope["type"] == "http" and scope["path"] not in ALWAYS:
            wait_s = self._take(address_of(scope, self._proxies))
        if wait_s <= 0:
            await self._app(scope, receive, send)
            return
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(_BODY)).encode()),
            (b"retry-after", str(math.ceil(wait_s)).encode()),
            (b"access-control-allow-origin", b"*"),
        ]
        await send({"type": "http.response.start", "status": 429, "headers": headers})
        await send({"type": "http.response.body", "body": _BODY, "more_body": False})

    def _take(self, address: str) -> float:
        """Take one request from the address; return in how many seconds there is one, 0 where there was."""
        now_s = self._clock_s()
        left, seen_s = self._levels.pop(address, (float(self._burst), now_s))
        left = min(self._burst, left + (now_s - seen_s) * self._a_second)
        allowed = left >= 1
        self._levels[address] = (left - allowed, now_s)
        while len(self._levels) > FORGET:
            self._levels.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._a_second


def address_of(scope: Scope, proxies: Sequence[Network]) -> str:
    """Return whose request it is: an IPv6 address counts with its /64, since a host has all of that.

    Only what a trusted proxy says of whom it speaks for is believed, the last address in the chain that is
    no proxy itself.
    """
    client = scope["client"]
    own = client[0] if client else "unknown"
    if not _is_one_of(own, proxies):
        return _whole(own)
    headers = dict(scope["headers"])
    for name in reversed(headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")):
        if name.strip() and not _is_one_of(name.strip(), proxies):
            return _whole(name.strip())
    return _whole(own)


def _is_one_of(address: str, networks: Sequence[Network]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks if network.version == found.version)


def _whole(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False))
