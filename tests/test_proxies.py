"""Which proxy an address is asked through, and that an error names it, without its password."""

import httpx
import pytest

from liqbot.proxies import proxy_for, through
from liqbot.sources.http_client import http_client

NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ws_proxy", "wss_proxy", "socks_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("variable", "address"),
    [
        ("HTTPS_PROXY", "https://api.hyperliquid.xyz"),
        ("HTTPS_PROXY", "wss://api.hyperliquid.xyz/ws"),
        ("http_proxy", "http://fapi.test"),
        ("ALL_PROXY", "https://api.telegram.org"),
    ],
)
def test_the_variable_and_the_place_are_told_and_neither_user_nor_password(monkeypatch, variable, address):
    assert through(address) == ""
    monkeypatch.setenv(variable, "http://ann:se@cret@proxy.test:3128")
    assert through(address) == f", through the proxy http://proxy.test:3128 ({variable})"


def test_what_is_asked_directly_has_none(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", "api.test")
    assert proxy_for("https://api.test/info") is None
    assert proxy_for("http://other.test") is None
    assert proxy_for("https://[broken") is None


def test_no_proxy_names_domains_and_ports(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    found = proxy_for("https://api.telegram.org")
    assert found is not None
    assert found.url == "http://proxy:3128"
    assert proxy_for("http://127.0.0.1:8081") is None
    for direct in ("telegram.org", "api.telegram.org:443", "other.test, .telegram.org"):
        monkeypatch.setenv("NO_PROXY", direct)
        assert proxy_for("https://api.telegram.org") is None
    monkeypatch.setenv("NO_PROXY", "api.telegram.org:8443")
    assert proxy_for("https://api.telegram.org") is not None
    assert proxy_for("https://api.telegram.org:8443") is None
    monkeypatch.setenv("NO_PROXY", "[::1]:8081")
    assert proxy_for("https://[::1]:8081") is None


async def test_an_error_of_a_source_says_through_which_proxy_it_was(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with http_client(5) as client:
        with pytest.raises(
            httpx.ConnectError, match=r"through the proxy http://127\.0\.0\.1:9 \(HTTP_PROXY\)"
        ):
            await client.get("http://api.test/info")
