"""`liqbot scan`, `liqbot record`, and the bot itself, against the counterpart of Hyperliquid."""

import json
import os
import signal
import subprocess
import time

import pytest
from cli.conftest import clean, command
from counterparts.hyperliquid.running import counterpart


@pytest.fixture(scope="module")
def exchange():
    with counterpart(crowd=0.1, speed=20, limit=0, listed=1.0, still=True) as running:
        yield running


def variables(exchange, **more):
    """Return the variables that lead to the counterpart, without a limit."""
    settings = exchange.settings(weight_a_minute=0)
    names = ("api_url", "ws_url", "leaderboard_url", "weight_per_minute")
    told = {f"LIQBOT_HYPERLIQUID__{name.upper()}": str(getattr(settings, name)) for name in names}
    return told | {"LIQBOT_SOURCES": "hyperliquid"} | more


def test_a_scan_tells_accounts_coverage_by_coin_and_ages(liqbot, exchange):
    ran = liqbot("scan", **variables(exchange))
    assert ran.status == 0, ran.err
    first, header, *coins, ages = [line.rstrip() for line in ran.out.splitlines()]
    assert first.startswith(("407 accounts found, 407 asked", "408 accounts found, 408 asked"))
    assert "a minute; 0 polls failed" in first
    assert header.split() == ["coin", "accounts", "long", "short", "coverage", "positions", "old"]
    assert {line.split()[0] for line in coins} == {"BTC", "ETH", "SOL"}
    assert all("100%" in line or "99%" in line for line in coins)
    assert ages.startswith("age of answers: ")
    assert "at 50%" in ages


def test_a_scan_ends_when_its_time_is_up_and_tells_what_it_has(liqbot, exchange):
    slow = variables(exchange, LIQBOT_HYPERLIQUID__WEIGHT_PER_MINUTE="60")
    began = time.monotonic()
    ran = liqbot("scan", "--minutes", "0.1", **slow)
    assert ran.status == 0, ran.err
    assert time.monotonic() - began < 30
    assert " asked in 6 s" in ran.out


@pytest.mark.parametrize("arguments", [["scan"], ["doctor"]])
def test_an_exchange_that_does_not_answer_is_named(liqbot, exchange, arguments):
    ran = liqbot(*arguments, **variables(exchange, LIQBOT_HYPERLIQUID__API_URL="http://127.0.0.1:9"))
    assert ran.status == 1
    assert "http://127.0.0.1:9 does not answer: metaAndAssetCtxs: ConnectError" in ran.out + ran.err


def test_the_doctor_asks_the_exchange(liqbot, exchange):
    ran = liqbot("doctor", **variables(exchange))
    assert ran.status == 0, ran.out
    assert f"✓ source hyperliquid: {exchange.http} tells of 3 coins" in ran.out


@pytest.mark.long
def test_what_is_recorded_can_be_replayed(liqbot, exchange, folder):
    ran = liqbot("record", "x.csv.gz", "--every", "1", "--minutes", "0.13", **variables(exchange))
    assert ran.status == 0, ran.err
    assert ran.out.startswith("x.csv.gz: ")
    ran = liqbot("replay", "x.csv.gz", "--coins", "BTC")
    assert ran.status == 0, ran.err
    assert "Hyperliquid, measured, recorded" in ran.out
    assert (folder / "pictures").exists()
    ran = liqbot("record", "x.csv.gz", **variables(exchange))
    assert ran.status == 1
    assert "x.csv.gz: is there already; name a file that is not" in ran.err


@pytest.mark.long
def test_a_simulated_market_can_be_recorded_too(liqbot):
    assert liqbot("record", "x.csv", "--every", "3600", "--minutes", "0.05").status == 0
    ran = liqbot("view", "BTC", "--recording", "x.csv")
    assert ran.status == 0, ran.err
    assert ran.out.startswith("BTC ")


@pytest.mark.long
def test_the_bot_serves_the_live_market_and_keeps_what_it_found(liqbot, folder, exchange):
    """Start it as a process, wait until its database covers most, stop it, look at what it left."""
    environment = clean(**variables(exchange))
    process = subprocess.Popen(
        command("run"),
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline, seen = time.monotonic() + 60, {}
        while seen.get("coverage", 0) < 0.9:
            assert time.monotonic() < deadline, seen
            assert process.poll() is None, process.stderr.read()
            done = liqbot("view", "BTC", "--json", **variables(exchange))
            seen = json.loads(done.out) if done.status == 0 else {}
    finally:
        os.kill(process.pid, signal.SIGTERM)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 0, told
    assert seen["long_usd"] > 100e6
