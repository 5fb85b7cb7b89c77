"""The scoreboard answers out of what is stored: cases, the path of price, ends and liquidations."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from chat.stand_ins import BTC, NOW_MS, Room, as_text
from databases import faster
from markets import HOUR

from liqbot.engine.cases import CaseFinder
from liqbot.market.clusters import Cluster, Clusters, End
from liqbot.market.events import ClusterEnded, LiquidationSum
from liqbot.market.price_path import Path
from liqbot.market.side import Side
from liqbot.rules.hit import Hit
from liqbot.service.errors import UserError
from liqbot.service.rule_records import RuleRecords
from liqbot.service.scoreboards import ScoreQuery
from liqbot.store.alerts import NewAlert
from liqbot.store.subscriptions import Watch

DAYS = 12
STEP = HOUR // 6
SPOT = 64_000.0


@pytest.fixture
async def room(store):
    return Room(faster(store))


def cluster(number, pct, usd=5e6, since_ms=0):
    price = SPOT * (1 + pct / 100)
    side = Side.LONG if pct < 0 else Side.SHORT
    return Cluster(f"BTC-{number}", side, price, price, price, usd, 3, 0.8, pct, since_ms)


async def live(room):
    """Live twelve days with a dip of 2.5% every noon; of two clusters a day, one is reached."""
    start = NOW_MS - DAYS * 24 * HOUR
    time_ms = start + np.arange(DAYS * 144 + 1) * STEP
    spot = np.full(len(time_ms), SPOT)
    low = np.where(np.arange(len(time_ms)) % 144 == 72, SPOT * 0.975, SPOT)
    await room.store.history.take_over(BTC.layer, "BTC", [], Path(time_ms, low, spot, spot))
    finder = CaseFinder()
    for day in range(DAYS):
        then = int(time_ms[day * 144 + 18])
        clusters = (cluster(f"L{day}", -2, since_ms=then), cluster(f"S{day}", 2.2, 2e7))
        view = replace(BTC, time_ms=then, spot=SPOT, clusters=Clusters(clusters))
        await room.store.cases.record(view.layer, "BTC", finder.see(view))
    return room


async def test_what_is_reached_is_counted_by_horizon_beside_its_rivals(room):
    answer = await (await live(room)).services.scoreboards.scoreboard("BTC", "30d")
    by_hours = {one.horizon_ms // HOUR: one for one in answer.horizons}
    assert answer.cases == 2 * DAYS
    assert (by_hours[4].reached, by_hours[24].reached) == (0, by_hours[24].count // 2)
    day = by_hours[24]
    assert day.rate is not None
    assert day.mirrored is not None
    assert (day.rate.value, day.mirrored.value) == (0.5, 0.5)  # the mirror of each is on the other side
    assert msgspec.json.decode(msgspec.json.encode(answer))["cases"] == 2 * DAYS


async def test_groups_tell_sides_sizes_and_cohorts_apart(room):
    answer = await (await live(room)).services.scoreboards.scoreboard("BTC", "30d")
    found = {(one.by, one.name): (one.score.reached, one.score.count) for one in answer.groups}
    assert found["side", "long"][0] == found["side", "long"][1] > 0
    assert found["side", "short"][0] == 0
    assert found["size", "$10M to $100M"] == found["side", "short"]
    assert found["distance", "2% to 3%"][1] == found["cohort", "whales"][1] == answer.horizons[2].count


async def test_what_was_closed_and_what_was_liquidated_stand_beside_it(room):
    await live(room)
    noon = NOW_MS - 2 * 24 * HOUR + 12 * HOUR
    cases = await room.store.cases.between(BTC.layer, "BTC", -1, NOW_MS)
    longs = [one for one in cases if one.cluster.side is Side.LONG]
    one = longs[0]
    closed_ms = one.time_ms + HOUR
    ended = ClusterEnded(coin="BTC", layer=BTC.layer, time_ms=closed_ms, cluster=one.cluster, end=End.CLOSED)
    liquidated = LiquidationSum(
        coin="BTC", layer=BTC.layer, time_ms=noon, side=Side.LONG, usd=1e6, count=3, sampled=False
    )
    await room.store.events.record([ended, liquidated])
    day = (await room.services.scoreboards.scoreboard("BTC", "30d")).horizons[2]
    assert day.gone == 1
    assert day.liquidated is not None
    assert day.liquidated.value == pytest.approx(1e6 / (5e6 * day.reached))


async def test_a_later_end_of_the_log_does_not_change_what_was_counted(room):
    await live(room)
    early = replace(BTC, time_ms=NOW_MS - 5 * 24 * HOUR)
    whole = await room.services.scoreboards.scoreboard("BTC", "30d")
    room.services.markets.views["BTC"] = early
    cut = await room.services.scoreboards.scoreboard("BTC", "30d")
    assert cut.horizons[1].count < whole.horizons[1].count
    assert cut.horizons[1].reached == 0


async def test_the_chat_is_told_whether_clusters_pull(room):
    answer = await (await live(room)).say("/scoreboard BTC")
    text = as_text(answer)
    assert "24 clusters stood within 5%." in text
    assert "No pull is to be seen" in text or "Price came to clusters" in text
    assert all(len(line) <= 240 for line in (*answer.lines, *answer.notes))


async def test_a_past_in_coarser_steps_counts_for_the_horizons_that_it_can_tell(room):
    await live(room)
    finer_ms = NOW_MS - 2 * 24 * HOUR
    whole = await room.store.history.path(BTC.layer, "BTC", NOW_MS - DAYS * 24 * HOUR, NOW_MS)
    time_ms = np.concatenate(
        [
            np.arange(NOW_MS - DAYS * 24 * HOUR, finer_ms, 2 * HOUR),
            np.arange(finer_ms, NOW_MS + 1, HOUR // 12),
        ]
    )
    dips = whole.time_ms[whole.low < SPOT]
    dipped = np.diff(np.searchsorted(dips, time_ms, side="right"), prepend=0) > 0
    low = np.where(dipped, SPOT * 0.975, SPOT)
    flat = np.full(len(time_ms), SPOT)
    await room.store.history.forget(BTC.layer)
    await room.store.history.take_over(BTC.layer, "BTC", [], Path(time_ms, low, flat, flat))
    answer = await room.services.scoreboards.scoreboard("BTC", "30d")
    assert answer.step_ms == HOUR // 12
    assert answer.unseen == 0, "the kept past is no gap"
    by_hours = {one.horizon_ms // HOUR: one for one in answer.horizons}
    day = by_hours[24]
    assert (day.count, day.reached) == (2 * DAYS - 2, DAYS - 1)
    assert by_hours[1].count == 4, "within an hour only what was seen in steps of five minutes"


async def test_few_cases_are_too_few_to_tell(room):
    assert "0 clusters stood within 5%." in await room.text("/scoreboard ETH")
    answer = await (await live(room)).say("/scoreboard BTC 3d")
    assert any("Too few to tell" in line for line in answer.lines)


async def test_what_cannot_be_asked_is_refused_by_name(room):
    assert "is not kept. Choose from 1%, 2%" in await room.title("/scoreboard BTC within=4%")
    with pytest.raises(UserError, match="least="):
        ScoreQuery.of({"least": "many"})


async def test_an_alert_carries_its_rules_record(room):
    await live(room)
    watch = Watch(0, "near-cluster", "BTC", "{}")
    for number in range(4):
        one = cluster(f"L{number}", -2)
        view = replace(BTC, time_ms=NOW_MS - (6 - number) * 24 * HOUR, spot=SPOT, clusters=Clusters([one]))
        hit = Hit(one.id, "a cluster", side=one.side, value=one.usd)
        await room.store.alerts.commit(view, [], [NewAlert(watch, hit, "first")], NOW_MS)
    records = RuleRecords(room.store)
    alert = (await room.store.alerts.of_rule("near-cluster", "BTC", 0, 9))[-1]
    line = await records.line(alert, replace(BTC, clusters=Clusters([cluster("L3", -2)])))
    assert line.startswith("This rule on BTC: reached within a day ")
    assert line.endswith("; a level without a cluster 4 of 4.")
    assert "4 of 4;" in line
