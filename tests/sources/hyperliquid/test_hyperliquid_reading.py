"""Reading answers: what makes sense becomes rows, what does not closes nothing."""

import json
import math

import numpy as np
import pytest
from shared import shared_json
from sources.hyperliquid.stand_ins import COINS, NOW_MS, parsed, position, read, state

from liqbot.market.positions import MarginMode
from liqbot.sources.hyperliquid import payloads
from liqbot.sources.hyperliquid.payloads import PayloadError, decode
from liqbot.sources.hyperliquid.reading import DAY_MS, Batch, CoinFacts, Implausible, read_account

SAMPLES = "api-samples/hyperliquid"
FAR = {"worth": 1e9}


def sample(name):
    return json.dumps(shared_json(f"{SAMPLES}/{name}")[0]["state"]).encode()


def test_the_documented_isolated_position_is_read():
    told = decode(sample("clearinghouse-isolated-docs-example.json"), payloads.STATE, "x")
    reading = read_account("ann", [told], {}, told.time)
    (row,) = reading.rows
    assert (row.coin, row.size, row.entry, row.liquidation) == ("ETH", 0.0335, 2986.3, 2866.26936529)
    assert row.mark == pytest.approx(2985.9)
    assert row.mode is MarginMode.ISOLATED
    assert row.maintenance_rate == 0.01
    assert reading.is_plain
    assert reading.time_ms == 1708622398623


def test_longs_without_a_root_and_shorts_with_an_absurd_one_are_positions_all_the_same():
    told = decode(sample("clearinghouse-hlp-child-cut.json"), payloads.STATE, "x")
    positions = [item.position for item in told.asset_positions]
    assert [item.liquidation_px for item in positions] == [None, None, 29.3180423289]
    told.margin_summary.total_ntl_pos = sum(item.position_value for item in positions)  # the sample is cut
    reading = read_account("hlp", [told], {}, NOW_MS)
    assert [math.isnan(row.liquidation) for row in reading.rows] == [True, True, False]


def test_a_portfolio_margin_account_is_told_from_its_margin_which_explains_nothing():
    told = shared_json(f"{SAMPLES}/portfolio-margin-subaccount.json")
    account = decode(json.dumps(told["clearinghouse"]).encode(), payloads.STATE, "x")
    reading = read_account("sub", [account], {}, account.time)
    assert not reading.is_plain
    assert reading.rows[0].liquidation == 19217.2640553115
    assert reading.rows[0].mode is MarginMode.UNKNOWN


def test_its_spot_side_has_the_margin_that_explains_its_price():
    told = shared_json(f"{SAMPLES}/portfolio-margin-subaccount.json")
    spot = decode(json.dumps(told["spotState"]).encode(), payloads.SPOT_STATE, "x")
    available = dict(spot.token_to_available_after_maintenance)[0]
    row = parsed(told["clearinghouse"]).asset_positions[0].position
    mark = row.position_value / row.szi
    assert mark - available / row.szi / (1 - 1 / (2 * row.max_leverage)) == pytest.approx(19217.264, rel=1e-6)


def test_an_account_whose_margin_explains_its_level_is_plain():
    # 1 BTC at 100, 22 USD in the account, 2 of them maintenance: 100 - 20 / (1 - 0.02)
    reading = read(state(position(size=1, at=100 - 20 / 0.98), worth=22, maintenance=2))
    assert reading.is_plain
    assert reading.rows[0].mode is MarginMode.CROSS


def test_one_whose_margin_does_not_is_not():
    reading = read(state(position(size=1, at=19), worth=22, maintenance=2))
    assert not reading.is_plain
    assert reading.rows[0].mode is MarginMode.UNKNOWN


def test_an_absurd_level_tells_nothing_of_the_margin():
    assert read(state(position(size=-1, at=500), worth=22, maintenance=2)).is_plain


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (state(position(szi="nan")), "a figure that is not finite"),
        (state(position(entryPx="inf")), "a figure that is not finite"),
        (state(position(positionValue="inf")), "a figure that is not finite"),
        (state(position(liquidationPx="nan")), "a figure that is not finite"),
        (state(position(szi="0.0")), "a position of no size, price, value or leverage"),
        (state(position(entryPx="-3.0")), "a position of no size, price, value or leverage"),
        (state(position(liquidationPx="-5")), "a liquidation price that is not above 0"),
        (state(position(max_leverage=0.25)), "a maximal leverage that cannot be"),
        (state(position(mark=300.0)), "a mark price far from the coin's"),
        (state(position(size=3e6)), "a position larger than the open interest"),
        (state(position(), position()), "one coin twice in an account"),
        (state(time=NOW_MS - 2 * DAY_MS), "an answer of another day"),
        (state(position(), time=0), "an answer of another day"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused_with_a_reason(told, reason):
    with pytest.raises(Implausible, match=f"^{reason}$"):
        read(told)


def test_an_answer_with_fewer_positions_than_it_says_is_refused():
    told = state(position(size=2), position("ETH", size=5, mark=10.0))
    told["assetPositions"].pop(0)
    with pytest.raises(Implausible, match="fewer positions than it says"):
        read(told)
    told["assetPositions"] = []
    with pytest.raises(Implausible, match="fewer positions than it says"):
        read(told)


def test_a_flat_account_is_an_answer_too():
    assert read(state()).rows == ()


@pytest.mark.parametrize("field", ["assetPositions", "marginSummary"])
def test_an_answer_that_lacks_a_field_is_no_answer(field):
    told = state(position())
    del told[field]
    with pytest.raises(PayloadError, match=f"clearinghouseState: .*{field}"):
        parsed(told)


@pytest.mark.parametrize("field", ["szi", "entryPx", "positionValue", "liquidationPx", "leverage"])
def test_a_position_that_lacks_a_field_is_no_answer(field):
    told = state(position())
    del told["assetPositions"][0]["position"][field]
    with pytest.raises(PayloadError, match=field):
        parsed(told)


def test_a_time_of_the_future_is_now():
    assert read(state(position(), time=NOW_MS + 10**12)).time_ms == NOW_MS


def test_an_answer_is_as_old_as_it_says_and_as_the_oldest_of_its_parts():
    assert read(state(position(), time=NOW_MS - 70_000)).time_ms == NOW_MS - 70_000
    late = state(position("xyz:TSLA"), time=NOW_MS - 5000)
    reading = read(state(position(), time=NOW_MS - 1000), late)
    assert reading.time_ms == NOW_MS - 5000
    assert [row.coin for row in reading.rows] == ["BTC", "xyz:TSLA"]


def test_a_coin_of_which_nothing_is_known_yet_is_believed():
    assert read(state(position("DOGE", size=1e9, mark=0.2)), coins=COINS).rows[0].coin == "DOGE"
    assert read(state(position(size=3e6)), coins={"BTC": CoinFacts(100.0, 0.0)}).rows[0].size == 3e6


def test_readings_are_gathered_by_the_second_and_the_newest_of_an_account_counts():
    batch = Batch()
    for told, account in [
        (state(position(size=1), time=NOW_MS - 1500), "ann"),
        (state(position(size=2), time=NOW_MS - 1400), "bob"),
        (state(position(size=3), position("ETH", 4, mark=10.0), time=NOW_MS - 1300), "ann"),
        (state(time=NOW_MS), "cid"),
    ]:
        batch.add(read(told, account=account))
    early, late = batch.take()
    assert early.time_ms == (NOW_MS - 1500) // 1000 * 1000
    assert early.accounts == ("ann", "bob")
    assert [early.coins[place] for place in early.coin] == ["BTC", "ETH", "BTC"]
    assert early.size.tolist() == [3, 4, 2]
    assert late.accounts == ("cid",)
    assert len(late.size) == 0
    assert late.account.dtype == np.int64
    assert batch.take() == []
