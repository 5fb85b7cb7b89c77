"""One part that cannot be read harms only itself: a row, a market, an event of a batch, a level of a book."""

import asyncio

import pytest
from counterparts.exchanges.world import HOUR_MS, PERIOD_MS
from sources.exchanges.conftest import MODULES, NOW, client_of, holds
from sources.exchanges.test_clients import VENUES, asked
from sources.exchanges.test_exchange_source import Following, of
from sources.exchanges.test_faults import HISTORIES
from sources.exchanges.test_streams import STREAMS, a_crash, following, subscribed

from liqbot.market.updates import AssetContext, CandlesSeen, MarginTiersSeen
from liqbot.sources.source import NoDataError

UNTIL = NOW // PERIOD_MS * PERIOD_MS
SINCE = UNTIL - HOUR_MS
CANDLES = {
    "binance": "klines",
    "bybit": "kline",
    "okx": "history-candles",
    "bitget": "candles",
    "gate": "candlesticks",
}
TIERS = {
    "bybit": "risk-limit",
    "okx": "position-tiers",
    "bitget": "query-position-lever",
    "gate": "risk_limit_tiers",
}
PAYMENTS = {
    "binance": "fundingRate",
    "bybit": "funding/history",
    "okx": "funding-rate-history",
    "bitget": "history-fund-rate",
    "gate": "funding_rate",
}
BOOKS = {
    "binance": "/depth",
    "bybit": "orderbook",
    "okx": "/books",
    "bitget": "merge-depth",
    "gate": "order_book",
}
MARKS = {
    "binance": ("premiumIndex", "markPrice"),
    "bybit": ("tickers", "markPrice"),
    "okx": ("mark-price", "markPx"),
    "bitget": ("symbol-price", "markPrice"),
    "gate": ("contracts", "mark_price"),
}
SYMBOLS = {
    "binance": "ETHUSDT",
    "bybit": "ETHUSDT",
    "okx": "ETH-USDT-SWAP",
    "bitget": "ETHUSDT",
    "gate": "ETH_USDT",
}


@pytest.mark.parametrize("venue", VENUES)
async def test_a_candle_that_is_null_takes_no_other_with_it(exchanges, venue):
    exchanges.fault(venue, "null-row", CANDLES[venue], rows=1)
    client = client_of(exchanges, venue)
    async with client.session():
        rows = await client.candles(asked(venue), SINCE, UNTIL)
    assert len(rows) == 11
    assert client.sieve.refused == {"a candle of another form": 1}


@pytest.mark.parametrize("venue", HISTORIES)
async def test_a_word_in_one_row_of_open_interest_takes_no_other_with_it(exchanges, venue):
    path, field = HISTORIES[venue]
    exchanges.fault(venue, "bad-number", path, field=field, value="n/a", rows=1)
    client = client_of(exchanges, venue)
    async with client.session():
        rows = await client.open_interest(asked(venue), SINCE, UNTIL)
    assert len(rows) == 12
    assert client.sieve.refused == {"open interest of another form": 1}


@pytest.mark.parametrize("venue", VENUES)
async def test_a_payment_of_funding_that_is_null_takes_no_other_with_it(exchanges, venue):
    exchanges.fault(venue, "null-row", PAYMENTS[venue], rows=1)
    client = client_of(exchanges, venue)
    async with client.session():
        rows = await client.funding(asked(venue), UNTIL - 24 * HOUR_MS, UNTIL)
    assert len(rows) >= 2
    assert client.sieve.refused == {"a payment of funding of another form": 1}


@pytest.mark.parametrize("venue", TIERS)
async def test_a_margin_tier_that_is_null_takes_no_other_with_it(exchanges, venue):
    exchanges.fault(venue, "null-row", TIERS[venue], rows=1)
    client = client_of(exchanges, venue)
    async with client.session():
        tiers = await client.margin_tiers(asked(venue))
    assert len(tiers.max_leverages) == 2
    assert client.sieve.refused == {"a margin tier of another form": 1}


@pytest.mark.parametrize("venue", VENUES)
async def test_a_level_of_a_book_that_is_null_takes_no_other_with_it(exchanges, venue):
    client = client_of(exchanges, venue)
    async with client.session():
        whole = await client.depth(asked(venue))
        exchanges.fault(venue, "null-row", BOOKS[venue], rows=2)
        left = await client.depth(asked(venue))
    levels = [len(book.bid_prices) + len(book.ask_prices) for book in (whole, left)]
    assert levels[0] - levels[1] == 2
    assert client.sieve.refused.total() == 2


@pytest.mark.parametrize("venue", VENUES)
async def test_a_market_without_a_price_leaves_the_others_theirs(exchanges, venue):
    path, field = MARKS[venue]
    async with Following(exchanges, venue, ("BTC", "ETH")) as followed:
        await followed.beat()
        where = f"{path}/{SYMBOLS[venue]}" if venue == "gate" else path
        fault = {"field": field, "value": None}
        if venue == "gate":
            exchanges.fault(venue, "bad-number", where, **fault)
        else:
            exchanges.fault(venue, "bad-number", SYMBOLS[venue], **fault)
        told = await followed.beat()
        assert {context.coin for context in of(AssetContext, told)} == {"BTC"}
        assert "ETH" in followed.source.missing
        assert "BTC" not in followed.source.missing


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx", "bitget", "gate"])
@pytest.mark.parametrize("value", [None, ""])
async def test_a_funding_rate_that_is_missing_leaves_the_price_where_it_is(exchanges, venue, value):
    path, field = {
        "binance": ("premiumIndex", "lastFundingRate"),
        "bybit": ("tickers", "fundingRate"),
        "okx": ("public/funding-rate", "fundingRate"),
        "bitget": ("current-fund-rate", "fundingRate"),
        "gate": ("contracts/", "funding_rate"),
    }[venue]
    exchanges.fault(venue, "bad-number", path, field=field, value=value)
    client = client_of(exchanges, venue)
    async with client.session():
        now = await client.now(asked(venue))
    assert now.funding is None
    assert now.mark > 0


@pytest.mark.parametrize("venue", ["okx", "bitget"])
async def test_where_funding_is_a_question_of_its_own_its_failure_leaves_the_price(exchanges, venue):
    path = {"okx": "public/funding-rate", "bitget": "current-fund-rate"}[venue]
    exchanges.fault(venue, "html", path)
    client = client_of(exchanges, venue)
    async with client.session():
        now = await client.now(asked(venue))
    assert now.funding is None
    assert client.sieve.refused == {"no funding rate": 1}


@pytest.mark.parametrize("venue", TIERS)
async def test_margin_tiers_of_another_form_do_not_keep_a_coin_from_its_map(exchanges, venue):
    exchanges.fault(venue, "html", TIERS[venue])
    async with Following(exchanges, venue) as followed:
        past, _ = await followed.begin()
    assert of(CandlesSeen, past)
    assert not of(MarginTiersSeen, past)
    assert followed.source.limits["margin tiers of BTC"].startswith("assumed")


@pytest.mark.parametrize("venue", VENUES)
async def test_candles_that_fail_leave_the_price_and_are_missing_by_name(moving, venue):
    async with Following(moving, venue) as followed:
        await followed.begin()
        moving.fault(venue, "html", CANDLES[venue])
        told = await followed.poll(5)
        assert of(AssetContext, told)
        assert "candles of BTC" in followed.source.missing
        moving.clear()
        told = await followed.poll(5)
        assert [len(seen.candles) for seen in of(CandlesSeen, told)] == [2]
        assert "candles of BTC" not in followed.source.missing


@pytest.mark.parametrize("venue", [venue for venue in STREAMS if venue != "binance"])
async def test_an_event_of_a_batch_that_cannot_be_read_leaves_the_others(moving, venue):
    client = client_of(moving, venue)
    async with following(client, venue, ("BTC",)) as heard:
        await subscribed(moving, venue)
        field = {"bybit": "p", "okx": "bkPx", "bitget": "price", "gate": "price"}[venue]
        moving.fault(venue, "bad-number", "frame", field=field, value="n/a", rows=1, times=1)
        told = a_crash(moving)["BTC"]
        least = (
            len({(event[0] // 1000, event[1]) for event in told}) - 1 if venue == "bitget" else len(told) - 1
        )
        await holds(lambda: client.sieve.refused and len(heard.events) >= least)
    assert client.sieve.refused == {"a liquidation of another form": 1}


@pytest.mark.parametrize("venue", VENUES)
async def test_an_answer_of_which_nothing_can_be_read_is_refused_whole(exchanges, venue):
    exchanges.fault(venue, "null-row", CANDLES[venue], rows=9999)
    client = client_of(exchanges, venue)
    async with client.session():
        with pytest.raises(NoDataError, match="unexpected answer"):
            await client.candles(asked(venue), SINCE, UNTIL)


async def test_a_coin_whose_answer_breaks_our_own_code_harms_only_itself(exchanges):
    async with Following(exchanges, "bybit", ("BTC", "ETH")) as followed:
        await followed.beat()
        now = followed.client.now

        async def broken(instrument):
            if instrument.coin == "ETH":
                raise ZeroDivisionError("a mistake of ours")
            return await now(instrument)

        followed.client.now = broken
        told = await followed.beat()
        assert {context.coin for context in of(AssetContext, told)} == {"BTC"}
        assert "ZeroDivisionError" in followed.source.missing["ETH"]
        await asyncio.sleep(0)


def test_every_venue_is_covered():
    assert set(VENUES) == set(MODULES) == set(CANDLES) == set(BOOKS) == set(MARKS)
