"""`liqbot validate`: how wrong the modelled map is."""

from dataclasses import replace

import numpy as np
import pytest
from markets import HOUR, long, short, view_of
from recordings import recorded, row
from shared import shared_file

from liqbot.cli import validating
from liqbot.market.layer import Basis, Layer
from liqbot.sources.simulator import trial as simulator_trial
from liqbot.store.sqlite.store import SqliteStore

LIVE = Layer("Hyperliquid", Basis.MEASURED)


def recording(folder, snapshots, step_ms=HOUR):
    rng = np.random.default_rng(1)
    mark = 100.0
    lines = []
    for number in range(snapshots):
        mark *= float(np.exp(rng.normal(0, 0.01)))
        for account, size, leverage in (("ann", 5.0, 0.9), ("bob", -4.0, 1.1), ("cid", 2.0, 0.95)):
            at = mark * leverage
            lines.append(row(account, size, at=at, mark=mark, time_ms=1_770_000_000_000 + number * step_ms))
    return recorded(folder / "some.csv", *lines)


def test_a_recording_is_compared_with_the_model(liqbot, folder):
    ran = liqbot("validate", "btc", "--recording", recording(folder, 100))
    assert ran.status == 0, ran.err
    assert "what the known accounts hold stands in for it" in ran.out
    for name in ("modelled", "sweep only", "stack, not swept", "distance only"):
        assert name in ran.out
    assert "Liquidations are not known one by one" in ran.out
    assert "bits gained" not in ran.out


def test_a_recording_that_is_too_short_is_refused(liqbot, folder):
    ran = liqbot("validate", "BTC", "--recording", recording(folder, 5))
    assert ran.status == 1
    assert "some.csv: 0 maps of real positions are too few to compare with; 4 do" in ran.err


def test_a_coin_that_the_recording_does_not_have_is_refused(liqbot, folder):
    ran = liqbot("validate", "DOGE", "--recording", recording(folder, 5))
    assert ran.status == 1
    assert "DOGE" in ran.err


async def stored(folder, layer, hours=100):
    store = SqliteStore(folder / "liqbot.db")
    for hour in range(hours):
        rows = (long("ann", 2, at=92), long("bob", 1, at=96), short("cid", 3, at=105))
        spot = 100 + float(np.sin(hour / 5))
        view = view_of(*rows, spot=spot, time_ms=1_770_000_000_000 + hour * HOUR, open_interest=3.0 + hour)
        await store.history.record([replace(view, layer=layer)])
    await store.close()


async def test_the_database_is_compared_with_the_model(liqbot, folder):
    await stored(folder, LIVE)
    ran = liqbot("validate", "BTC")
    assert ran.status == 0, ran.err
    assert "stands in for it" not in ran.out
    assert "modelled" in ran.out


async def test_without_measured_views_there_is_nothing_to_compare_with(liqbot, folder):
    await stored(folder, Layer("Binance", Basis.MODELLED), hours=2)
    ran = liqbot("validate", "BTC")
    assert ran.status == 1
    assert "has no measured view of BTC" in ran.err


def test_in_the_simulated_market_forecasts_are_scored_as_well(liqbot, monkeypatch):
    monkeypatch.setattr(simulator_trial, "WARM_UP_DAYS", 1)
    monkeypatch.setattr(validating, "WARM_UP_DAYS", 1)
    ran = liqbot("validate", "eth", "--simulated", "--days", "4", "--markets", "1")
    assert ran.status == 0, ran.err
    assert "bits gained" in ran.out
    assert "real positions" in ran.out
    assert "liquidations. Intervals of 95%, by days." in ran.out


def test_a_coin_that_is_not_simulated_is_refused(liqbot):
    ran = liqbot("validate", "DOGE", "--simulated")
    assert ran.status != 0
    assert "the simulator knows BTC" in ran.err


@pytest.mark.parametrize("coin", ["BTC", "SOL"])
def test_the_recorded_positions_can_be_compared(liqbot, coin):
    file = shared_file("recordings/hyperliquid-positions-2026-02.csv.gz")
    ran = liqbot("validate", coin, "--recording", file)
    assert ran.status == 0, ran.err
    assert "17 maps on 6 days" in ran.out
