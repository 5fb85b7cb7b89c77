"""A proxy that the environment names: sources go through it, or say in one line that they cannot."""

import pytest

from liqbot.app.sources import make_source
from liqbot.settings import Settings
from liqbot.sources.exchanges import rest
from liqbot.sources.source import NoDataError, SourceError

LIVE = ("hyperliquid", "binance", "bybit", "okx", "bitget", "gate")
NAMES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")


@pytest.fixture
def environment(monkeypatch):
    """Return how to set a variable in an environment without proxies; nobody waits between two tries."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setattr(rest, "TRIES", 1)
    return monkeypatch.setenv


async def complaint(venue, database):
    source = make_source(venue, Settings(database=database, sources=(venue,)), 0)
    with pytest.raises((NoDataError, SourceError)) as caught:
        await source.check()
    return str(caught.value)


@pytest.mark.parametrize("venue", LIVE)
@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "socks5h://127.0.0.1:9", "http://127.0.0.1:9"])
async def test_a_proxy_that_does_not_answer_is_no_data(venue, proxy, environment, tmp_path):
    environment("ALL_PROXY", proxy)
    said = await complaint(venue, tmp_path / "liqbot.db")
    assert "\n" not in said
    assert "ImportError" not in said


@pytest.mark.parametrize("venue", LIVE)
@pytest.mark.parametrize("name", ["ALL_PROXY", "HTTPS_PROXY"])
async def test_a_proxy_that_cannot_be_is_named_with_its_variable(venue, name, environment, tmp_path):
    environment(name, "ftp://127.0.0.1:9")
    said = await complaint(venue, tmp_path / "liqbot.db")
    assert "\n" not in said
    assert f"the proxy of {name} cannot be used" in said
    assert "ftp" in said


@pytest.mark.parametrize("venue", LIVE)
@pytest.mark.parametrize("address", ["127.0.0.1:9", "http://[", "socks5://127.0.0.1:port"])
async def test_an_address_that_is_none_is_named_too(venue, address, environment, tmp_path):
    environment("ALL_PROXY", address)
    said = await complaint(venue, tmp_path / "liqbot.db")
    assert "\n" not in said
    assert "Traceback" not in said
