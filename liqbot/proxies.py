"""The proxy that the environment names for an address: which variable names it, and where it is."""

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

_SCHEMES = {
    "http": ("http", "all"),
    "https": ("https", "all"),
    "ws": ("ws", "socks", "https", "http", "all"),
    "wss": ("wss", "socks", "https", "all"),
}
"""Whose proxies serve an address, the first that is set; of websockets in the order of RFC 6455."""
UNUSABLE = (ImportError, ValueError)
"""What websockets raises where a proxy's package is not there (SOCKS), or its address makes no sense."""
_USER = re.compile(r"//\S*@")


@dataclass(frozen=True, slots=True)
class NamedProxy:
    """A proxy, and the variable that names it. As text it says both, and neither user nor password."""

    variable: str
    """As `HTTPS_PROXY`."""
    url: str
    """With user and password, where it has them."""

    def __str__(self) -> str:
        return f"{without_login(self.url)} ({self.variable})"


def proxy_for(address: str) -> NamedProxy | None:
    """Return the proxy through which an address is asked; None where it is asked directly.

    `NO_PROXY` is heeded. An address that cannot be read has none.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or proxy_bypass(host if port is None else f"{host}:{port}"):
        return None
    named = getproxies()
    for scheme in _SCHEMES.get(parts.scheme.lower(), ("all",)):
        url = named.get(scheme)
        if url:
            return NamedProxy(_variable(scheme), url if "://" in url else f"http://{url}")
    return None


def without_login(text: str) -> str:
    """Return a text without the users and passwords of addresses in it: libraries quote a proxy whole."""
    return _USER.sub("//", text)


def through(address: str) -> str:
    """Return what to add to why an address cannot be asked: by which proxy it was; empty where by none."""
    proxy = proxy_for(address)
    return "" if proxy is None else f", through the proxy {proxy}"


def _variable(scheme: str) -> str:
    name = f"{scheme}_proxy"
    return name if name in os.environ and name.upper() not in os.environ else name.upper()
