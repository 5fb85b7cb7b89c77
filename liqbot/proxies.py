"""The proxy that the environment names for an address: which variable names it, and where it is.

Whatever connects anywhere asks `proxy_for`, so that HTTP, websockets, Telegram and Discord go the same way,
and what an error says of the way is true.
"""

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
_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
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

    `NO_PROXY` is heeded, also where it names a port. An address that cannot be read has none.
    """
    try:
        parts = urlsplit(address)
        scheme, host = parts.scheme.lower(), parts.hostname
        port = parts.port or _PORTS.get(scheme)
    except ValueError:
        return None
    if not host or _is_direct(host, port):
        return None
    named = getproxies()
    for kind in _SCHEMES.get(scheme, ("all",)):
        url = named.get(kind)
        if url:
            return NamedProxy(_variable(kind), url if "://" in url else f"http://{url}")
    return None


def way_of(address: str) -> str | None:
    """Return the address of the same proxy, with its login: what libraries are to be given."""
    proxy = proxy_for(address)
    return None if proxy is None else proxy.url


def without_login(text: str) -> str:
    """Return a text without the users and passwords of addresses in it: libraries quote a proxy whole."""
    return _USER.sub("//", text)


def through(address: str) -> str:
    """Return what to add to why an address cannot be asked: by which proxy it was; empty where by none."""
    proxy = proxy_for(address)
    return "" if proxy is None else f", through the proxy {proxy}"


def unusable(proxy: NamedProxy, error: BaseException) -> str:
    """Return in one line that a proxy cannot be used, and why."""
    reason = without_login(" ".join(str(error).split())) or type(error).__name__
    return f"the proxy of {proxy.variable} cannot be used: {reason}"


def _is_direct(host: str, port: int | None) -> bool:
    """Return whether `NO_PROXY` names the host, with or without a port."""
    bare = f"[{host}]" if ":" in host else host
    names = {host, bare} if port is None else {host, bare, f"{bare}:{port}"}
    return any(proxy_bypass(name) for name in names)


def _variable(kind: str) -> str:
    """Return which variable it is that counts: the small one, where both are set."""
    name = f"{kind}_proxy"
    return name if os.environ.get(name) else name.upper()
