"""What is known of the recorded days, read through the board."""

from datetime import UTC, datetime

import numpy as np
import pytest
from markets import LAYER, price
from shared import recorded_positions

from liqbot.engine.board import Board
from liqbot.market.side import Side
from liqbot.market.updates import AccountsSeen

FIFTH_OF_FEBRUARY = datetime(2026, 2, 5, 12, 44, tzinfo=UTC)
"""The day on which BTC fell by 9%."""


@pytest.fixture(scope="module")
def snapshot():
    """Return the time of the snapshot of that minute and its rows."""
    recording = recorded_positions()
    minute = int(FIFTH_OF_FEBRUARY.timestamp() * 1000)
    times = np.unique(recording.time_ms)
    (time_ms,) = times[(times >= minute) & (times < minute + 60_000)].tolist()
    return recording, time_ms, np.flatnonzero(recording.time_ms == time_ms)


@pytest.fixture(scope="module")
def view(snapshot):
    recording, time_ms, rows = snapshot
    bitcoin = rows[recording.of("BTC")[rows]]
    board = Board(LAYER)
    board.apply(price(float(np.median(recording.mark[bitcoin])), time_ms=time_ms))
    board.apply(
        AccountsSeen(
            time_ms=time_ms,
            accounts=recording.accounts,
            coins=recording.coins,
            account=recording.account[rows],
            coin=recording.coin[rows],
            size=recording.size[rows],
            entry=recording.entry[rows],
            liquidation=recording.liquidation[rows],
            leverage=recording.leverage[rows],
            margin_mode=np.zeros(len(rows), np.int8),
        )
    )
    assert not board.rejected
    return board.view("BTC")


def test_spot_was_69_258(view):
    assert round(view.spot) == 69_258


def test_21_million_of_longs_lay_within_5_percent_below(view):
    assert view.down_usd == pytest.approx(21.12e6, abs=0.005e6)


def test_the_exact_sum_is_what_the_rows_say(snapshot, view):
    recording, _, rows = snapshot
    bitcoin = rows[recording.of("BTC")[rows]]
    size, level = recording.size[bitcoin], recording.liquidation[bitcoin]
    fuel = (size > 0) & (level >= 0.95 * view.spot) & (level < view.spot)
    assert view.down_usd == pytest.approx(size[fuel].sum() * view.spot)


def test_positions_without_a_reachable_level_are_seen_too(snapshot, view):
    recording, _, rows = snapshot
    bitcoin = rows[recording.of("BTC")[rows]]
    nulls = np.isnan(recording.liquidation[bitcoin])
    assert nulls.any()
    assert (recording.size[bitcoin][nulls] > 0).all()
    assert view.unreachable.long == pytest.approx(recording.size[bitcoin][nulls].sum() * view.spot)
    assert view.accounts.long + view.accounts.short == len(bitcoin)


def test_no_cluster_of_a_real_market_mixes_sides_or_straddles_spot(view):
    assert view.clusters
    for cluster in view.clusters:
        assert cluster.high < view.spot if cluster.side is Side.LONG else cluster.low > view.spot
