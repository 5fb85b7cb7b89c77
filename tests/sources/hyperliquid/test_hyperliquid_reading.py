"""Reading answers: what makes sense becomes rows, what does not closes nothing."""

import json
import math

import numpy as np
import pytest
from shared import shared_json
from sources.hyperliquid.stand_ins import COINS, NOW_MS, parsed, position, read, state

from liqbot.market.positions import MarginMode
from liqbot.sources.hyperliquid.decoding import PayloadError, decode_state
from liqbot.sources.hyperliquid.gathering import Batch
from liqbot.sources.hyperliquid.reading import DAY_MS, CoinFacts, Implausible, read_account

SAMPLES = "api-samples/hyperliquid"


def sample(name):
    return json.dumps(shared_json(f"{SAMPLES}/{name}")[0]["state"]).encode()


def test_the_documented_isolated_position_is_read():
    told = decode_state(sample("clearinghouse-isolated-docs-example.json"))
    reading = read_account("ann", [told], {}, told.time)
    (row,) = reading.rows
    assert (row.coin, row.size, row.entry, row.liquidation) == ("ETH", 0.0335, 2986.3, 2866.26936529)
    assert row.mark == pytest.approx(2985.9)
    assert row.mode is MarginMode.ISOLATED
    assert row.maintenance_rate == 0.01
    assert reading.is_plain
    assert reading.time_ms == 1708622398623


def test_longs_without_a_root_and_shorts_with_an_absurd_one_are_positions_all_the_same():
    told = decode_state(sample("clearinghouse-hlp-child-cut.json"))
    positions = [item.position for item in told.asset_positions]
    assert [item.liquidation_px for item in positions] == [None, None, 29.3180423289]
    told.margin_summary.total_ntl_pos = sum(item.position_value for item in positions)  # the sample is cut
    reading = read_account("hlp", [told], {}, NOW_MS)
    assert [math.isnan(row.liquidation) for row in reading.rows] == [True, True, False]


def test_a_portfolio_margin_account_is_told_from_its_margin_which_explains_nothing():
    told = shared_json(f"{SAMPLES}/portfolio-margin-subaccount.json")
    account = decode_state(json.dumps(told["clearinghouse"]).encode())
    reading = read_account("sub", [account], {}, account.time)
    assert not reading.is_plain
    assert reading.rows[0].liquidation == 19217.2640553115
    assert reading.rows[0].mode is MarginMode.UNKNOWN


def test_its_spot_side_has_the_margin_that_explains_its_price():
    told = shared_json(f"{SAMPLES}/portfolio-margin-subaccount.json")
    available = float(dict(told["spotState"]["tokenToAvailableAfterMaintenance"])[0])
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


@pytest.mark.parametrize("told", [state(time=NOW_MS - 2 * DAY_MS), state(position(), time=0)])
def test_an_answer_of_another_day_is_refused(told):
    with pytest.raises(Implausible, match="an answer of another day"):
        read(told)


NOT_FINITE, CANNOT_BE = "a figure that is not finite", "a position of no size, price or value"


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ({"szi": "nan"}, NOT_FINITE),
        ({"entryPx": "inf"}, NOT_FINITE),
        ({"positionValue": "inf"}, NOT_FINITE),
        ({"liquidationPx": "nan"}, NOT_FINITE),
        ({"entryPx": None}, NOT_FINITE),
        ({"szi": "0.0"}, CANNOT_BE),
        ({"entryPx": "-3.0"}, CANNOT_BE),
        ({"positionValue": "0.0"}, CANNOT_BE),
        ({"positionValue": "9e18"}, "a mark price far from the coin's"),
        ({"szi": "3e6", "positionValue": "3e7"}, "a position larger than the open interest"),
        ({"szi": "three"}, "a position that cannot be read"),
        ({"leverage": None}, "a position that cannot be read"),
    ],
)
def test_a_leg_that_cannot_be_read_is_left_out_and_the_others_stand(odd, reason):
    told = state(position(size=2, at=90), position("ETH", size=5, mark=10.0))
    told["assetPositions"][1]["position"] |= odd
    reading = read(told, held=("BTC", "ETH", "SOL"))
    assert [row.coin for row in reading.rows] == ["BTC"]
    assert [item.reason for item in reading.unread] == [reason]
    assert "ETH" in reading.kept


def test_a_leg_that_is_left_out_is_counted_in_dollars():
    reading = read(state(position(size=2), position("ETH", size=5, mark=10.0, leverage=None)))
    assert [(item.coin, item.usd) for item in reading.unread] == [("ETH", 50.0)]
    assert reading.kept == ("ETH",)


def test_a_coin_that_is_told_twice_stands_as_it_was():
    reading = read(state(position(size=2), position(size=3), position("ETH", size=1, mark=10.0)))
    assert [row.coin for row in reading.rows] == ["ETH"]
    assert reading.kept == ("BTC",)


def test_where_a_leg_does_not_say_its_coin_nothing_is_closed():
    told = state(position(size=2), position("ETH", size=5, mark=10.0))
    told["assetPositions"][1] = {"type": "oneWay", "position": "?"}
    reading = read(told, held=("BTC", "ETH", "SOL"))
    assert reading.kept == ("ETH", "SOL")


@pytest.mark.parametrize("none", [None, "", "0.0", "-5"])
def test_a_liquidation_price_that_is_none_is_no_level_within_reach(none):
    (row,) = read(state(position(liquidationPx=none))).rows
    assert math.isnan(row.liquidation)


def test_a_closed_position_that_stays_listed_is_closed():
    reading = read(state(position(), position("ETH", size=0.0, mark=10.0)), held=("BTC", "ETH"))
    assert [row.coin for row in reading.rows] == ["BTC"]
    assert reading.kept == ()


def test_an_entry_price_that_is_not_told_follows_from_the_gain():
    (row,) = read(state(position(size=-2, entryPx=None, unrealizedPnl="30.0"))).rows
    assert row.entry == 115.0


def test_a_kind_of_leverage_that_is_new_is_an_unknown_margin_mode():
    (row,) = read(state(position(leverage={"type": "strict", "value": 5}))).rows
    assert row.mode is MarginMode.UNKNOWN


def test_a_leverage_that_cannot_be_is_unknown_and_the_position_stands():
    (row,) = read(state(position(leverage={"type": "cross", "value": -1}, max_leverage=0.25))).rows
    assert math.isnan(row.leverage)
    assert math.isnan(row.maintenance_rate)


def test_a_dex_that_did_not_answer_closes_nothing_there():
    reading = read(state(position()), held=("BTC", "ETH", "xyz:TSLA", "flx:GOLD"), without=("xyz",))
    assert reading.kept == ("xyz:TSLA",)


def test_the_recorded_account_with_an_odd_leg_keeps_its_bitcoin():
    account = decode_state(json.dumps(shared_json("cases/account-with-an-odd-leg.json")).encode())
    reading = read_account("ann", [account], {}, account.time)
    bitcoin, ether = reading.rows
    assert (bitcoin.coin, bitcoin.size, bitcoin.liquidation) == ("BTC", 2.0, 95_000.0)
    assert (ether.coin, ether.size, ether.entry) == ("ETH", 1.0, 3000.0)
    assert math.isnan(ether.liquidation)


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
def test_a_position_that_lacks_a_field_stands_as_it_was(field):
    told = state(position(), position("ETH", mark=10.0))
    del told["assetPositions"][0]["position"][field]
    assert read(told, held=("BTC",)).kept == ("BTC",)
    assert [row.coin for row in read(told).rows] == ["ETH"]


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


def test_what_a_reading_leaves_as_it_was_is_told_to_the_engine():
    batch = Batch()
    batch.add(read(state(position(), position("ETH", mark=10.0), time=NOW_MS)))
    odd = state(position(size=7), position("ETH", mark=10.0, szi="nan"), time=NOW_MS)
    batch.add(read(odd, held=("BTC", "ETH", "SOL")))
    batch.add(read(state(time=NOW_MS), account="bob"))
    (update,) = batch.take()
    rows = zip(update.coin.tolist(), update.size.tolist(), strict=True)
    assert [(update.coins[coin], size) for coin, size in rows] == [("BTC", 7.0), ("ETH", 1.0)]
    kept = [(update.accounts[account], update.coins[coin]) for account, coin in update.kept.tolist()]
    assert kept == [("ann", "ETH")]
