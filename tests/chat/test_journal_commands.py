"""The journal: a chat's own notes and trades, filled in by the market, and nobody else's business."""

from dataclasses import replace

import numpy as np
import pytest
from chat.stand_ins import BTC, ME, NOW_MS, SOMEBODY_ELSE, later
from markets import HOUR

from liqbot.engine.trades import Result, outcome_of
from liqbot.market.price_path import Path
from liqbot.market.side import Side


@pytest.fixture
async def alerted(room):
    """Return a room whose chat has got an alert of a cluster below spot."""
    await room.say("/subscribe near-cluster BTC within=3%")
    await room.see(later(BTC, 1))
    return room


def path(*closes):
    closes = np.array(closes, dtype=float)
    return Path(NOW_MS + np.arange(1, len(closes) + 1) * HOUR, closes, closes, closes)


async def test_a_trade_is_filled_in_by_the_market(alerted):
    answer = await alerted.say("/took A1 64000 65000 62000")
    assert answer.title == "Taken: BTC short from 64,000, stop 65,000, target 62,000"
    assert "no price since" in await alerted.text("/journal")
    for hour, spot in enumerate((63_500, 61_900), start=2):
        view = replace(BTC, time_ms=NOW_MS + hour * HOUR, spot=spot, low=spot, high=spot)
        await alerted.store.history.record([view])
    text = await alerted.text("/journal")
    assert "near-cluster: 1 of 1 came to their target; 0 open; +2.0R on average" in text
    assert "short  64,000  target  +3.1%  +2.0R" in text
    assert "R is what the stop would have cost." in text


async def test_times_of_the_journal_and_of_deliveries_cannot_be_taken_for_others(alerted):
    await alerted.say("/timezone New York")
    await alerted.say("/note A1 mine")
    assert await alerted.say("/why A1")
    assert "A1  Sun 23:00" in await alerted.text("/journal")
    assert "Times are America/New_York." in await alerted.text("/journal")
    alerted.wait(24 * 9)
    assert "A1  Sun 23:00" not in await alerted.text("/journal")


async def test_a_note_stays_with_its_alert(alerted):
    await alerted.say("/note A1 faded at once, too early")
    assert "faded at once, too early" in await alerted.text("/journal")


async def test_the_journal_is_private_and_goes_with_the_chat(alerted):
    await alerted.say("/note 1 mine")
    assert (await alerted.say("/journal")).private
    assert "The journal is empty" in await alerted.title("/journal", SOMEBODY_ELSE)
    assert "This chat has not got an alert yet" in await alerted.title("/note 1 theirs", SOMEBODY_ELSE)
    assert "Its journal, 1 entry." in await alerted.text("/privacy")
    await alerted.say("/forget yes")
    assert "The journal is empty" in await alerted.title("/journal")
    assert await alerted.store.journal.of(ME, 9) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/took 1 64000 63000 62000", "Stop and target must lie on different sides"),
        ("/took 1 now", "is no price"),
        ("/took 1 side=up", "is neither long nor short"),
        ("/took 99", "This chat got no alert A99"),
    ],
)
async def test_what_cannot_be_a_trade_is_refused(alerted, line, said):
    assert said in await alerted.title(line)


async def test_without_levels_a_trade_goes_where_the_liquidations_are(alerted):
    assert (await alerted.title("/took 1")).startswith("Taken: BTC short from 64,000")
    assert (await alerted.title("/took 1 side=long")).startswith("Taken: BTC long from 64,000")


def test_whatever_is_touched_first_ends_a_trade():
    long = {"side": Side.LONG, "entry": 100.0, "since_ms": NOW_MS, "stop": 95.0, "target": 110.0}
    hit, stopped = outcome_of(path=path(101, 110, 95), **long), outcome_of(path=path(101, 95, 110), **long)
    assert (hit.result, hit.multiple) == (Result.TARGET, pytest.approx(2))
    assert (stopped.result, stopped.multiple) == (Result.STOP, pytest.approx(-1))
    still = outcome_of(path=path(97, 104), **long)
    assert (still.result, still.best_pct, still.worst_pct) == (
        Result.OPEN,
        pytest.approx(4),
        pytest.approx(-3),
    )


def test_what_comes_later_changes_no_trade_that_is_over():
    short = {"side": Side.SHORT, "entry": 100.0, "since_ms": NOW_MS, "stop": 105.0, "target": 95.0}
    assert outcome_of(path=path(99, 95), **short) == outcome_of(path=path(99, 95, 120, 80), **short)
