"""What an account has traded before, as its newest fills tell it."""

import math

import msgspec
import pytest
from accounts import ANN, BOB
from shared import shared_json

from liqbot.market.side import Side
from liqbot.sources.hyperliquid.budget import Budget
from liqbot.sources.hyperliquid.client import RequestFailed
from liqbot.sources.hyperliquid.decoding import decode_rows
from liqbot.sources.hyperliquid.fills import MOST_FILLS, past_trades
from liqbot.sources.hyperliquid.payloads import Fill, FillLiquidation
from liqbot.sources.hyperliquid.watched_accounts import WatchedAccounts

NOW_MS = 10_000_000


def fill(time, start, size, *, sells=False, coin="BTC", price=100.0, **more):
    return Fill(coin, price, size, "A" if sells else "B", time, start_position=start, **more)


def sizes(fills, since_ms=0):
    return [(one.before, one.after) for one in past_trades(ANN, fills, since_ms, NOW_MS).trades]


def test_the_newest_are_told_first_and_come_in_the_order_of_time():
    assert sizes([fill(3, 5, 5, sells=True), fill(2, 2, 3), fill(1, 0, 2)]) == [(0, 2), (2, 5), (5, 0)]
    assert sizes([fill(1, 0, 2), fill(2, 2, 3)]) == [(0, 2), (2, 5)]


def test_those_of_one_moment_stay_in_their_order():
    newest_first = [fill(5, 3, 1), fill(5, 2, 1), fill(5, 1, 1), fill(1, 0, 1)]
    assert sizes(newest_first) == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_what_floats_leave_of_a_position_is_nothing():
    [(_before, after)] = sizes([fill(1, 0.3, 0.1 + 0.2, sells=True)])
    assert after == 0


@pytest.mark.parametrize(
    "odd",
    [
        fill(1, 0, 1, coin="@107"),
        fill(1, 0, 1, coin="PURR/USDC"),
        fill(1, 0, 0),
        fill(1, 0, math.nan),
        fill(1, math.inf, 1),
        fill(1, 0, 1, price=-1),
        fill(NOW_MS + 1, 0, 1),
        fill(0, 0, 1),
    ],
)
def test_spot_and_what_makes_no_sense_is_left_out(odd):
    assert sizes([odd, fill(2, 0, 1)]) == [(0, 1)]


def test_only_its_own_liquidation_is_one():
    own = fill(1, 5, 5, sells=True, liquidation=FillLiquidation(ANN, 90.0, "market"))
    others = fill(2, 0, 5, liquidation=FillLiquidation(BOB, 90.0, "market"))
    first, second = past_trades(ANN, [own, others], 0, NOW_MS).trades
    assert (first.liquidation.side, first.liquidation.price) == (Side.LONG, 90.0)
    assert second.liquidation is None


def test_of_as_many_as_are_told_it_begins_with_the_oldest():
    many = [fill(1_000 + n, n, 1) for n in range(MOST_FILLS)]
    past = past_trades(ANN, many[::-1], 5, NOW_MS)
    assert (past.since_ms, len(past.trades)) == (1_000, MOST_FILLS)
    assert past_trades(ANN, many[:10], 5, NOW_MS).since_ms == 5
    assert len(past_trades(ANN, many, 2_000, NOW_MS).trades) == MOST_FILLS - 1_000


def test_the_fills_of_a_real_account_are_read():
    told = shared_json("api-samples/hyperliquid/clearinghouse-fills-funding.json")["selection"]["fills"]
    fills, unread = decode_rows(msgspec.json.encode(told), Fill, "userFills")
    assert unread == 0
    now_ms = max(one.time for one in fills)
    by_coin = {one.coin: one for one in past_trades(ANN, fills, 0, now_ms).trades}
    assert (by_coin["MORPHO"].before, by_coin["MORPHO"].after) == pytest.approx((4.0, -3.8))
    assert by_coin["TRUMP"].after == pytest.approx(-22164.0)
    assert by_coin["BTC"].after == pytest.approx(0.20717)


class _Clock:
    def now_ms(self):
        return NOW_MS


async def test_an_exchange_that_does_not_answer_tells_nothing():
    async def answered(_account):
        return [fill(1, 0, 2)]

    async def refused(_account):
        raise RequestFailed("userFills: 502")

    def watching(ask_past):
        return WatchedAccounts(
            Budget(0, _Clock()), 1, _Clock(), ask_soon=print, ask_now=answered, ask_past=ask_past
        )

    assert await watching(refused).past_trades(ANN, 0) is None
    assert len((await watching(answered).past_trades(ANN.upper().replace("X", "x"), 0)).trades) == 1
    with pytest.raises(ValueError, match="no address"):
        await watching(answered).past_trades("whale", 0)
