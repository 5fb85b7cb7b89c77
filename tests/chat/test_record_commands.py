"""Commands that look back: what the past was, told as it was kept."""

from dataclasses import replace

import pytest
from chat.stand_ins import BTC, NOW_MS, as_text
from markets import HOUR

from liqbot.charts.request import Look, Shape, ThemeName
from liqbot.chat.record_words import followed, moved
from liqbot.chat.score_words import difference
from liqbot.engine.intervals import Interval
from liqbot.engine.regime_outcomes import RegimeOutcome
from liqbot.market.events import RegimeChanged
from liqbot.market.regime import Regime


async def live(room, hours, *, up=lambda _: 5e6, spot=lambda _: 64_000.0):
    """Let the market live through some hours up to now."""
    for hour in range(hours):
        time_ms = NOW_MS - (hours - 1 - hour) * HOUR
        price = spot(hour)
        view = replace(BTC, time_ms=time_ms, spot=price, low=price, high=price, up_usd=up(hour))
        await room.store.history.record([view])
    return room


async def test_history_tells_readings_by_date_with_ratio_and_fuel(room):
    await live(room, 48)
    answer = await room.say("/history BTC 24h")
    assert answer.title == "BTC: readings of 24h"
    [table] = answer.tables
    assert 2 <= len(table.rows) <= 14
    assert table.rows[0][2:4] == ("$5M ↑", "$20.5M ↓")
    assert answer.picture is not None
    assert table.heading.startswith("Date (UTC), ratio")
    await room.say("/timezone New York")
    assert (await room.say("/history BTC 24h")).tables[0].heading.startswith("Date (America/New_York), ratio")


async def test_the_picture_of_history_is_in_the_chats_own_style_or_in_the_one_typed(room):
    await live(room, 48)
    await room.say("/look theme=light format=square")
    await room.say("/history BTC 24h")
    await room.say("/history BTC 24h format=wide")
    kept, typed = (asked.look for asked in room.studio.inputs)
    assert kept == Look(ThemeName.LIGHT, Shape.SQUARE)
    assert typed == Look(ThemeName.LIGHT, Shape.WIDE)
    assert "There is no" in await room.text("/history BTC 24h zoom=5%")


async def test_a_one_sided_market_is_told_as_published_tables_tell_it(room):
    room.services.markets.views["BTC"] = replace(BTC, up_usd=0.0)
    await live(room, 24, up=lambda _: 0.0)
    answer = await room.say("/history BTC 24h")
    assert "0 ↑ · $20.5M ↓, long-liquidation setup" in as_text(answer)
    assert answer.tables[0].rows[0][1:3] == ("— ▼", "0 ↑")


async def test_history_says_what_price_did_after_each_regime_began(room):
    await live(room, 90, spot=lambda hour: 60_000 + 100 * hour)
    for hour in (70, 60, 50):
        changed = RegimeChanged(
            coin="BTC", layer=BTC.layer, time_ms=NOW_MS - hour * HOUR, before=Regime.BALANCED,
            after=Regime.SHORT_SQUEEZE, ratio=2.4,
        )  # fmt: skip
        await room.store.events.record([changed])
    text = await room.text("/history BTC 7d")
    assert "4 h after short-squeeze setup began: +0.6%" in text
    assert "up 3 of 3; at any time 100%; too few to tell" in text


async def test_a_market_without_a_past_says_so(room):
    text = await room.text("/history ETH")
    assert text.startswith("There is no history of ETH in Testex, measured, simulated yet.")


@pytest.mark.parametrize("window", ["12h", "7d", "30d", "1y"])
async def test_rows_fit_on_a_phone_whatever_the_window(room, window):
    await live(room, 24 * 9)
    answer = await room.say(f"/history BTC {window}")
    assert len(answer.tables[0].rows) <= 14
    assert all(len(cell) <= 34 for row in answer.tables[0].rows for cell in row)
    dates = [row[0] for row in answer.tables[0].rows]
    assert len(set(dates)) == len(dates), "two rows with the same date"


@pytest.mark.parametrize(
    ("low", "high", "count", "days", "said"),
    [
        (-0.011, -0.011, 1, 1, "−1.1%"),
        (-0.012, -0.010, 4, 1, "−1.1%"),
        (-0.011, -0.011, 3, 2, "−1.1%"),
        (-0.020, -0.002, 3, 2, "−1.1% (−2…−0.2)"),
        (-0.011, -0.011, 40, 9, "−1.1% (−1.1…−1.1)"),
    ],
)
def test_an_interval_is_told_only_where_it_says_more_than_its_value(low, high, count, days, said):
    found = Interval(-0.011 * 100, low * 100, high * 100, count, days)
    assert moved(found) == said
    points = Interval(-0.011, low, high, count, days)
    assert ("…" in difference(points)) == ("…" in said)
    assert ("…" in followed(RegimeOutcome(Regime.BALANCED, HOUR, found, None, None), found)) == ("…" in said)
