"""A proxy that the environment names: sources go through it, or say in one line that they cannot."""

import random

import pytest
from structlog.testing import capture_logs

from liqbot.app.sources import make_source
from liqbot.settings import Settings
from liqbot.sources.exchanges import rest
from liqbot.sources.exchanges.stream import Line, Stream
from liqbot.sources.hyperliquid.connection import Connection
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


class EnoughError(Exception):
    """It would be tried again."""


class Clock:
    def now_ms(self):
        return 0

    async def sleep(self, _seconds):
        raise EnoughError


async def of_an_exchange():
    said = []
    with pytest.raises(EnoughError):
        await anext(Stream(Line("wss://stream.test/ws"), said.append, sleep=Clock().sleep).frames())
    return said[0]


async def of_hyperliquid():
    chance = random.Random(1)  # noqa: S311 - spreads pauses
    connection = Connection("wss://stream.test/ws", Clock(), list, bool, rng=chance)
    with capture_logs() as logs, pytest.raises(EnoughError):
        await connection.run()
    return logs[0]["reason"]


@pytest.mark.parametrize("said_by", [of_an_exchange, of_hyperliquid])
@pytest.mark.parametrize(
    "proxy", ["htp://ann:pw@proxy.test:9", "http://ann:pw@:9", "http://ann:pw@proxy.test:no"]
)
async def test_a_websocket_tells_its_proxy_and_never_its_password(said_by, proxy, environment):
    environment("ALL_PROXY", proxy)
    said = await said_by()
    assert "(ALL_PROXY)" in said
    assert "ann" not in said
    assert "pw" not in said
