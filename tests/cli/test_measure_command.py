"""`liqbot measure`: how many alerts come by default, and what they are worth."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from recordings import recorded, row
from shared import shared_file

from liqbot.alerts.states import Reason
from liqbot.market.side import Side
from liqbot.operations.rule_measurement import measured_of_recording, table
from liqbot.operations.rule_usefulness import most_on_one_day

HOUR = 3_600_000
START = 490_000 * HOUR
PAGE = Path(__file__).parents[2] / "docs" / "pages" / "numbers.md"


def falling(*, reached=True):
    """Return three days of several accounts' longs 1.5% below spot; price goes there or not."""
    return [
        line
        for hour in range(0, 72, 4)
        for line in (
            *(
                row(f"a{number}", 20_000, at=98.5, mark=mark, time_ms=START + hour * HOUR)
                for number in range(4)
                for mark in [100 if hour < 8 or not reached else 97]
            ),
            row(
                "bob", -1000, at=150, mark=100 if hour < 8 or not reached else 97, time_ms=START + hour * HOUR
            ),
        )
    ]


def near_cluster_of(file):
    first, *_ = asyncio.run(measured_of_recording(file, ["BTC"]))
    return first


@pytest.mark.parametrize("reached", [True, False])
def test_an_alert_was_useful_where_price_came_to_its_level_within_a_day(folder, reached):
    found = near_cluster_of(recorded(folder / "x.csv", *falling(reached=reached)))
    assert [one.alert.reason for one in found.told] == [Reason.FIRST]
    assert (found.score.count, found.score.reached, found.mirrored) == (1, int(reached), 0)
    assert found.coin_days == pytest.approx(68 / 24)


def test_it_prints_a_table(liqbot, folder):
    recorded(folder / "x.csv", *falling())
    ran = liqbot("measure", "--recording", "x.csv", "--coins", "BTC")
    assert (ran.status, ran.err) == (0, "")
    assert "| `near-cluster` | 1 |" in ran.out
    assert "too few to tell" in ran.out


def test_a_recording_without_the_coins_is_refused(refused, folder):
    recorded(folder / "x.csv", *falling())
    assert refused("measure", "--recording", "x.csv", "--coins", "ETH") == "x.csv has none of these coins"


@pytest.mark.long
def test_on_the_recorded_days_a_trader_keeps_the_defaults():
    """No rule tells more than once of a coin on any day; the warnings before the fall of 5 February come."""
    file = shared_file("recordings/hyperliquid-positions-2026-02.csv.gz")
    found = asyncio.run(measured_of_recording(file))
    defaults = found[:3]
    told = [one for rule in defaults for one in rule.told]
    assert [most_on_one_day([rule]) for rule in defaults] == [1, 1, 0]
    assert most_on_one_day(defaults) <= 2
    assert most_on_one_day(found[3:4]) > 1, "without the defaults there are more"
    # BTC's lowest snapshot is that of 6 February, 08:00, after a night below 65,300.
    low_ms = datetime(2026, 2, 5, 19, 52, tzinfo=UTC).timestamp() * 1000
    warned = [
        ((low_ms - one.view.time_ms) / HOUR, one.alert.hit.text)
        for one in told
        if one.view.coin == "BTC" and one.alert.hit.side is Side.LONG and one.view.time_ms < low_ms
    ]
    assert [round(hours) for hours, _ in warned] == [7, 12]
    assert "$11.8M of long liquidations at 68,643" in warned[0][1]
    assert "fuel moved below price" in warned[1][1]
    assert table(found) in PAGE.read_text()
