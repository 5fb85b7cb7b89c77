"""`liqbot doctor` asks every source, and listens at its websocket the way that the bot will."""

import time

import pytest
from cli.test_house_commands import marks
from counterparts.exchanges.control import counterpart
from counterparts.hyperliquid.running import counterpart as hyperliquid
from forward_proxy import named_proxy

from liqbot.sources.exchanges import rest
from liqbot.sources.exchanges import source as exchange_source
from liqbot.sources.hyperliquid import source as hyperliquid_source

__all__ = ["named_proxy"]

PATHS = {
    "binance": "/market/ws",
    "bybit": "/v5/public/linear",
    "okx": "/ws/v5/public",
    "bitget": "/v3/ws/public",
    "gate": "/v4/ws/usdt",
}
PATIENCE_S = 2.0
FAULTS = {
    "refuse": "server rejected WebSocket connection: HTTP 503",
    "silent": "nothing came over it within 2 s",
    "close": "received 1001 (going away)",
}


@pytest.fixture(scope="module")
def standing():
    with counterpart(days=0.1) as exchanges:
        yield exchanges


@pytest.fixture
def exchanges(standing):
    """Return exchanges with nothing wrong."""
    standing.clear()
    return standing


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Wait for a websocket a shorter time than people do."""
    for module in (exchange_source, hyperliquid_source):
        monkeypatch.setattr(module, "STREAM_CHECK_S", PATIENCE_S)


def addresses(exchanges, *venues, host="127.0.0.1"):
    """Return variables that lead to some exchanges, to their websockets under the name of `host`."""
    found = {"LIQBOT_SOURCES": ",".join(venues)}
    for venue in venues:
        url = f"{exchanges.websocket_url}/{venue}{PATHS[venue]}"
        found[f"LIQBOT_{venue.upper()}__API_URL"] = f"{exchanges.url}/{venue}"
        found[f"LIQBOT_{venue.upper()}__WS_URL"] = url.replace("127.0.0.1", host)
    return found


def test_the_websocket_of_every_exchange_is_tried(liqbot, exchanges):
    ran = liqbot("doctor", **addresses(exchanges, *PATHS))
    assert ran.status == 0
    said = marks(ran)
    assert [said[f"websocket of {venue}"] for venue in PATHS] == [("✓", "answers")] * len(PATHS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_websocket_that_does_not_work_is_found_though_requests_are_answered(liqbot, exchanges, fault):
    for venue, path in PATHS.items():
        exchanges.fault(venue, fault, path)
    begun = time.monotonic()
    ran = liqbot("doctor", **addresses(exchanges, *PATHS))
    took_s = time.monotonic() - begun
    assert ran.status == 1
    said = marks(ran)
    for venue in PATHS:
        assert said[f"source {venue}"][0] == "✓"
        mark, why = said[f"websocket of {venue}"]
        assert mark == "✗"
        assert FAULTS[fault] in why
        assert f"liquidations are missed: check LIQBOT_{venue.upper()}__WS_URL, and that no firewall" in why
    assert took_s < len(PATHS) * PATIENCE_S  # nobody waits for one after the other


def test_a_proxy_that_lets_no_websocket_through_is_named(liqbot, exchanges, named_proxy):
    proxy = named_proxy("ALL_PROXY", "http", login=True)
    proxy.refuses = True
    ran = liqbot("doctor", **addresses(exchanges, "bybit", "okx", "gate", host="exchange.test"))
    said = marks(ran)
    for venue in ("bybit", "okx", "gate"):
        assert said[f"source {venue}"][0] == "✓"
        mark, why = said[f"websocket of {venue}"]
        assert mark == "✗"
        assert f"through the proxy http://127.0.0.1:{proxy.port} (ALL_PROXY)" in why
    assert "cret" not in ran.out


def test_a_subscription_that_is_refused_is_a_fault(liqbot, exchanges, monkeypatch):
    monkeypatch.setattr(rest, "TRIES", 1)
    exchanges.fault("bybit", "status", "/v5/market", value="503")  # which coins there are is not known
    ran = liqbot("doctor", LIQBOT_COINS="NOSUCH", **addresses(exchanges, "bybit"))
    mark, why = marks(ran)["websocket of bybit"]
    assert mark == "✗"
    assert why.startswith("refused: error:handler not found,topic:allLiquidation.NOSUCHUSDT")


def test_the_websocket_of_hyperliquid_is_tried_and_that_of_a_provider(liqbot, unused_tcp_port):
    with hyperliquid(crowd=1) as running:
        settings = {
            "LIQBOT_SOURCES": "hyperliquid",
            "LIQBOT_HYPERLIQUID__API_URL": running.http,
            "LIQBOT_HYPERLIQUID__WS_URL": running.ws,
            "LIQBOT_HYPERLIQUID__LEADERBOARD_URL": "",
        }
        assert marks(liqbot("doctor", **settings))["websocket of hyperliquid"] == ("✓", "answers")
        nowhere = f"ws://127.0.0.1:{unused_tcp_port}/a-key"
        ran = liqbot("doctor", **settings | {"LIQBOT_HYPERLIQUID__LIQUIDATIONS_URL": nowhere})
        mark, why = marks(ran)["websocket of hyperliquid"]
        assert mark == "✗"
        assert why.startswith("the provider of liquidations: ")
        assert why.endswith(". Check LIQBOT_HYPERLIQUID__LIQUIDATIONS_URL")
        assert "a-key" not in ran.out
        running.control(silent=True)
        ran = liqbot("doctor", **settings)
        assert marks(ran)["source hyperliquid"][0] == "✓"
        mark, why = marks(ran)["websocket of hyperliquid"]
        assert mark == "✗"
        assert why.startswith("nothing came over it within 2 s. Prices and positions are still asked for")
        assert "check LIQBOT_HYPERLIQUID__WS_URL" in why
