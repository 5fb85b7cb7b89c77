"""Whom sources trust: one TLS context for all clients, as reading the certificates takes 50 ms each time."""

import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """Return the context that trusts what httpx trusts."""
    return httpx.create_ssl_context()
