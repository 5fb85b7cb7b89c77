"""`liqbot validate`: how wrong the modelled map is."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from markets import HOUR, long, short, view_of
from recordings import recorded, row
from shared import shared_file

from liqbot.engine.trial import DISTANCE, outcome
from liqbot.market.layer import Basis, Layer
from liqbot.operations import model_trials
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


def test_all_coins_of_a_recording_are_compared_with_all_rivals(liqbot, folder):
    ran = liqbot("validate", "all", "--recording", recording(folder, 100))
    assert ran.status == 0, ran.err
    for coin in ("all 1", "the largest 4", "BTC"):
        for name in ("modelled", "sweep only", "stack, not swept", "distance only"):
            assert f"{coin} {name}" in " ".join(ran.out.split()), (coin, name)


def test_what_is_expected_a_day_is_told_of_candles(liqbot, folder):
    rng = np.random.default_rng(1)
    lines, close = ["datetime, open, high, low, close, volume,"], 60_000.0
    for hour in range(24 * 20):
        before, close = close, close * float(np.exp(rng.normal(0, 0.01)))
        at = datetime(2023, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        row = (before, max(before, close), min(before, close), close, 1.0)
        lines.append(f"{at:%Y-%m-%d %H:%M:%S}, " + ", ".join(f"{figure:.2f}" for figure in row))
    (folder / "candles.csv").write_text("\n".join(lines))
    ran = liqbot("validate", "btc", "--candles", folder / "candles.csv")
    assert ran.status == 0, ran.err
    assert "expected to be liquidated a day" in ran.out
    assert "first half (" in ran.out
    assert "second half (" in ran.out


def test_a_file_without_candles_is_refused(liqbot, folder):
    (folder / "candles.csv").write_text("nothing")
    ran = liqbot("validate", "BTC", "--candles", folder / "candles.csv")
    assert ran.status == 1
    assert "not a file of candles" in ran.err


SIZES_ARE_OF_THE_COINS = ("BTC", "ETH", "SOL", "HYPE")


@pytest.mark.long
def test_on_days_that_were_not_tuned_on_sizes_are_those_of_measured_positions():
    """The days from 11 to 16 February 2026: the assumptions were chosen on those before."""
    file = shared_file("recordings/hyperliquid-positions-2026-02.csv.gz")
    seen = model_trials.witnesses(file, SIZES_ARE_OF_THE_COINS)
    found = model_trials.compared(seen)
    assert sorted(found) == sorted(SIZES_ARE_OF_THE_COINS)
    for coin, own in found.items():
        assert 1 / 3 < outcome([own]).lines[0].size.value < 3, coin
    pooled = outcome(list(found.values()), same_days=True).lines
    assert 0.5 < pooled[0].size.value < 2
    (distance,) = [line for line in pooled if line.name == DISTANCE]
    assert distance.less_correlation.low > 0, "the modelled map knows more than distance"
    assert distance.less_common.low > 0


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
    ran = await asyncio.to_thread(liqbot, "validate", "BTC")
    assert ran.status == 0, ran.err
    assert "stands in for it" not in ran.out
    assert "modelled" in ran.out


async def test_without_measured_views_there_is_nothing_to_compare_with(liqbot, folder):
    await stored(folder, Layer("Binance", Basis.MODELLED), hours=2)
    ran = await asyncio.to_thread(liqbot, "validate", "BTC")
    assert ran.status == 1
    assert "has no measured view of BTC" in ran.err


@pytest.mark.long
def test_in_the_simulated_market_forecasts_are_scored_as_well(liqbot, monkeypatch):
    monkeypatch.setattr(simulator_trial, "WARM_UP_DAYS", 1)
    monkeypatch.setattr(model_trials, "WARM_UP_DAYS", 1)
    ran = liqbot("validate", "eth", "--simulated", "--days", "4", "--markets", "1")
    assert ran.status == 0, ran.err
    assert "bits gained" in ran.out
    assert "real positions" in ran.out
    assert "liquidations. Intervals of 95%, by days." in ran.out


def test_a_coin_that_is_not_simulated_is_refused(liqbot):
    ran = liqbot("validate", "DOGE", "--simulated")
    assert ran.status != 0
    assert "the simulator knows BTC" in ran.err


@pytest.mark.long
@pytest.mark.parametrize("coin", ["BTC", "SOL"])
def test_the_recorded_positions_can_be_compared(liqbot, coin):
    file = shared_file("recordings/hyperliquid-positions-2026-02.csv.gz")
    ran = liqbot("validate", coin, "--recording", file)
    assert ran.status == 0, ran.err
    assert "17 maps on 6 days" in ran.out
