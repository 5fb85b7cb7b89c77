"""What frames become: prices, depth, candles, trades; one odd item takes nothing with it."""

import json
from types import SimpleNamespace

import msgspec
import pytest
from shared import shared_json
from sources.hyperliquid.stand_ins import NOW_MS, VirtualClock, address

from liqbot.market.side import Side
from liqbot.market.updates import AssetContext, CandlesSeen, DepthSeen
from liqbot.sources.hyperliquid.candle_feed import PAST_MS, CandleFeed
from liqbot.sources.hyperliquid.client import RequestFailed
from liqbot.sources.hyperliquid.decoding import PayloadError, decode_contexts
from liqbot.sources.hyperliquid.depth_feed import DepthFeed
from liqbot.sources.hyperliquid.frames import Frames
from liqbot.sources.hyperliquid.market_feed import MarketFeed
from liqbot.sources.hyperliquid.payloads import Book, Candle, Frame

MINUTE_MS = 60_000
T = NOW_MS // MINUTE_MS * MINUTE_MS


class Answers:
    """An Info API that knows some markets, books and candles."""

    def __init__(self):
        self.by_dex, self.books, self.past, self.asked = {}, {}, [], []

    async def contexts(self, dex=""):
        if dex not in self.by_dex:
            raise RequestFailed(f"metaAndAssetCtxs: 502 {dex}")
        return decode_contexts(json.dumps(self.by_dex[dex]).encode())

    async def book(self, coin, digits=None):
        return self.books[coin, digits]

    async def candles(self, coin, interval, start_ms, end_ms):
        self.asked.append((coin, interval, start_ms, end_ms))
        return [candle for candle in self.past if start_ms <= candle.t <= end_ms]


@pytest.fixture
def house():
    """Return everything that takes up frames, what was told, and who traded."""
    clock, told, traded, answers = VirtualClock(), [], [], Answers()
    feed = MarketFeed(answers, ("xyz", "flx"), clock, told.append)
    depth = DepthFeed(answers, clock, told.append)
    candles = CandleFeed(answers, clock, told.append)
    frames = Frames(feed, depth, candles, traded.extend)
    return SimpleNamespace(**locals())


def context(mark="100.0", interest="5.0", funding="0.0001"):
    return {"markPx": mark, "openInterest": interest, "funding": funding}


def say(house, channel, data):
    house.frames.take(Frame(channel, msgspec.Raw(msgspec.json.encode(data))))


def markets(**contexts):
    universe = [{"name": name, "maxLeverage": 40} for name in contexts]
    return [{"universe": universe, "marginTables": []}, list(contexts.values())]


def marks(house):
    return {update.coin: update.mark for update in house.told if isinstance(update, AssetContext)}


def test_a_context_becomes_price_funding_and_open_interest(house):
    say(house, "activeAssetCtx", {"coin": "BTC", "ctx": context()})
    (update,) = house.told
    assert (update.coin, update.mark, update.open_interest, update.funding) == ("BTC", 100.0, 5.0, 0.0001)
    assert house.feed.marks == {"BTC": 100.0}


@pytest.mark.parametrize("mark", ["nan", "-1", "0", None])
def test_a_price_that_makes_no_sense_is_refused(house, mark):
    say(house, "activeAssetCtx", {"coin": "BTC", "ctx": context(mark)})
    assert house.told == []
    assert house.feed.refused.total() == 1


@pytest.mark.parametrize(("interest", "funding"), [("inf", "0.1"), ("-5", "0.1"), (None, None)])
def test_a_price_stands_where_its_open_interest_or_funding_cannot_be(house, interest, funding):
    say(house, "activeAssetCtx", {"coin": "BTC", "ctx": context("100", interest, funding)})
    (update,) = house.told
    assert (update.mark, update.open_interest) == (100, None)


def test_a_price_that_jumps_is_believed_when_it_is_told_twice(house):
    for mark in ("100", "9e18", "101", "400", "405"):
        say(house, "activeAssetCtx", {"coin": "BTC", "ctx": context(mark)})
    assert [update.mark for update in house.told] == [100, 101, 405]
    assert house.feed.refused.total() == 2


async def test_the_recorded_market_without_a_price_leaves_bitcoin_its_own(house):
    house.answers.by_dex[""] = shared_json("cases/null-in-one-market.json")
    await house.feed.ask()
    assert marks(house) == {"BTC": 100_000.0}
    assert house.feed.refused == {"a market without a price": 1}
    assert "FRESH" in house.feed.listed


@pytest.mark.parametrize("odd", [None, "x", {"markPx": "x"}, [], {"markPx": {}}])
async def test_a_market_that_cannot_be_read_takes_no_other_with_it(house, odd):
    house.answers.by_dex[""] = markets(BTC=context(), ODD=odd, ETH=context("10"))
    await house.feed.ask()
    assert marks(house) == {"BTC": 100, "ETH": 10}
    assert house.feed.refused == {"a market that cannot be read": 1}


async def test_a_coin_of_the_universe_that_cannot_be_read_takes_no_other_with_it(house):
    told = markets(BTC=context(), ODD=context(), ETH=context("10"))
    told[0]["universe"][1] = {"szDecimals": 2}
    house.answers.by_dex[""] = told
    await house.feed.ask()
    assert marks(house) == {"BTC": 100, "ETH": 10}


async def test_one_dex_that_fails_does_not_take_the_others(house):
    house.answers.by_dex = {"xyz": markets(**{"xyz:TSLA": context("250")})}
    await house.feed.ask()
    assert marks(house) == {"xyz:TSLA": 250}
    assert set(house.feed.failures) == {"", "flx"}
    house.answers.by_dex[""] = markets(BTC=context())
    await house.feed.ask()
    assert set(house.feed.failures) == {"flx"}
    house.answers.by_dex.clear()
    with pytest.raises(RequestFailed):
        await house.feed.ask()


def test_a_trade_that_cannot_be_read_takes_no_other_with_it(house):
    users = [address(1), address(2)]
    trade = {"coin": "BTC", "px": "10", "sz": "2", "users": users}
    say(house, "trades", [trade, {"coin": "BTC"}, None, {**trade, "px": "x"}, {**trade, "sz": "3"}])
    assert [(trade.sz, trade.users) for trade in house.traded] == [(2, tuple(users)), (3, tuple(users))]
    assert house.frames.refused == {"a trade that cannot be read": 3}


@pytest.mark.parametrize("channel", ["trades", "activeAssetCtx", "l2Book", "candle"])
def test_a_frame_of_another_shape_is_refused(house, channel):
    with pytest.raises(PayloadError, match=channel):
        say(house, channel, "x")


def test_frames_that_say_nothing_of_the_market_are_let_pass(house):
    for channel in ("pong", "subscriptionResponse", "error", "somethingNew"):
        say(house, channel, "x")
    assert house.told == []


# Depth


def book(step, size, mark=100.0, time=NOW_MS, coin="BTC"):
    def side(sign):
        return [{"px": str(mark + sign * step * place), "sz": str(size), "n": 1} for place in range(1, 21)]

    return {"coin": coin, "time": time, "levels": [side(-1), side(1)]}


def parsed(told):
    return Book(
        told["coin"], told["time"], tuple(msgspec.Raw(msgspec.json.encode(s)) for s in told["levels"])
    )


def test_the_newest_book_of_the_stream_is_told_of_once(house):
    say(house, "l2Book", book(0.01, 1))
    say(house, "l2Book", book(0.01, 2))
    house.depth.tell()
    house.depth.tell()
    (update,) = house.told
    assert isinstance(update, DepthSeen)
    assert (update.coin, update.depth.venue) == ("BTC", "Hyperliquid")
    assert update.depth.bid_sizes.sum() == 40


async def test_with_coarser_books_it_reaches_a_tenth_of_the_price(house):
    for digits, step in ((4, 0.1), (3, 1.0), (2, 1.0)):
        house.answers.books["BTC", digits] = parsed(book(step, 100 * step))
    await house.depth.ask("BTC")
    say(house, "l2Book", book(0.01, 1))
    house.depth.tell()
    (update,) = house.told
    assert update.depth.reach(Side.LONG) == pytest.approx(0.2)
    house.clock.time_ms += 10 * MINUTE_MS
    say(house, "l2Book", book(0.01, 1))
    house.depth.tell()
    assert house.told[-1].depth.reach(Side.LONG) == pytest.approx(0.002)


@pytest.mark.parametrize("sides", [([], []), ("x", []), ([{"px": "1", "sz": "1", "n": 1}], None)])
def test_a_book_that_cannot_be_is_counted_and_no_other_goes_with_it(house, sides):
    say(house, "l2Book", {"coin": "ETH", "time": NOW_MS, "levels": sides})
    say(house, "l2Book", book(0.01, 1))
    house.depth.tell()
    assert [update.coin for update in house.told] == ["BTC"]
    assert house.depth.refused.total() == 1


def test_an_order_that_cannot_be_read_takes_no_other_with_it(house):
    told = book(0.01, 1)
    told["levels"][0][3] = {"px": None}
    say(house, "l2Book", told)
    house.depth.tell()
    assert len(house.told[0].depth.bid_prices) == 19


# Candles


def candle(minute, close=100.0, *, high=300.0, low=10.0):
    return {
        "t": T + minute * MINUTE_MS, "T": T + (minute + 1) * MINUTE_MS - 1, "s": "BTC", "i": "1m",
        "o": "100", "c": str(close), "h": str(high), "l": str(low), "v": "4", "n": 1,
    }  # fmt: skip


def closes(house):
    told = [update.candles for update in house.told if isinstance(update, CandlesSeen)]
    return [
        ((begin - T) // MINUTE_MS, close)
        for candles in told
        for begin, close in zip(candles.begin_ms.tolist(), candles.close.tolist(), strict=True)
    ]


async def fill(house):
    while house.candles._gaps:
        await house.candles._fill(*house.candles._gaps.popleft())


async def test_a_candle_is_told_of_when_it_has_closed_and_with_the_hours_before(house):
    house.answers.past = [
        msgspec.convert(candle(minute, 50), Candle, strict=False) for minute in range(-400, 0)
    ]
    say(house, "candle", candle(0, 101))
    say(house, "candle", candle(0, 102))
    say(house, "candle", candle(1, 103))
    assert house.told == []
    await fill(house)
    told = closes(house)
    assert told[-2:] == [(-1, 50), (0, 102)]
    assert len(told) == PAST_MS // MINUTE_MS + 1
    say(house, "candle", candle(2, 104))
    assert closes(house)[-1] == (1, 103)


async def test_what_a_break_of_the_stream_left_out_is_asked_for_in_order_and_told_once(house):
    say(house, "candle", candle(0, 101))
    await fill(house)
    house.answers.past = [msgspec.convert(candle(m, 200 + m), Candle, strict=False) for m in range(9)]
    say(house, "candle", candle(5, 105))
    say(house, "candle", candle(6, 106))
    await fill(house)
    assert closes(house) == [(0, 200), (1, 201), (2, 202), (3, 203), (4, 204), (5, 105)]


async def test_a_candle_that_makes_no_sense_is_left_out(house):
    say(house, "candle", candle(0))
    await fill(house)
    say(house, "candle", candle(1, low=120.0))
    say(house, "candle", candle(2))
    say(house, "candle", candle(3))
    assert [minute for minute, _ in closes(house)] == [0, 2]
    assert house.candles.refused.total() == 1
