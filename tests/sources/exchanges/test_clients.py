"""What the clients make of the exchanges' answers: the market as it is, in coins and USD."""

import pytest
from counterparts.exchanges.world import DAY_MS, HOUR_MS, PERIOD_MS
from sources.exchanges.conftest import MODULES, NOW, client_of, the_world

from liqbot.sources.exchanges.errors import UnknownSymbolError
from liqbot.sources.exchanges.symbols import instrument

VENUES = tuple(MODULES)
KEEP_HISTORY = tuple(venue for venue in VENUES if venue != "bitget")
UNTIL = NOW // PERIOD_MS * PERIOD_MS
SINCE = UNTIL - 13 * HOUR_MS
"""More than one page of every exchange but Binance, of which `test_a_long_past` turns several."""


def asked(venue, coin="BTC"):
    name = {"binance": "Binance", "bybit": "Bybit", "okx": "OKX", "bitget": "Bitget", "gate": "Gate"}[venue]
    return instrument(name, coin)


def close_to(value):
    return pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize("coin", ["BTC", "kPEPE"])
@pytest.mark.parametrize("venue", VENUES)
async def test_a_coin_now_is_in_coins_one_sided_usd_and_funding_by_the_hour(exchanges, venue, coin):
    client, share = client_of(exchanges, venue), MODULES[venue].SHARE
    series = the_world().series[coin.removeprefix("k")]
    bundle = 1000 if coin == "kPEPE" else 1
    async with client.session():
        now = await client.now(asked(venue, coin))
    assert now.mark == close_to(series.mark * bundle)
    (bar,) = series.closed(UNTIL - PERIOD_MS, UNTIL - PERIOD_MS, NOW)
    known = {NOW: series.open_interest, UNTIL: bar.open_interest}[now.open_interest.time_ms]
    assert now.open_interest.coins == close_to(known * share / bundle)
    assert now.funding == pytest.approx(series.rate / 8, abs=1e-8)
    assert now.time_ms in (NOW, None)


@pytest.mark.parametrize("coin", ["BTC", "kPEPE"])
@pytest.mark.parametrize("venue", KEEP_HISTORY)
async def test_open_interest_of_the_past_is_whole_over_all_pages(exchanges, venue, coin):
    client, share = client_of(exchanges, venue), MODULES[venue].SHARE
    bundle = 1000 if coin == "kPEPE" else 1
    async with client.session():
        rows = await client.open_interest(asked(venue, coin), SINCE, UNTIL)
    bars = the_world().series[coin.removeprefix("k")].closed(SINCE - PERIOD_MS, UNTIL - PERIOD_MS, NOW)
    assert [row.time_ms for row in rows] == [bar.end_ms for bar in bars]
    assert len(rows) == 13 * 12 + 1
    assert [row.coins for row in rows] == close_to([bar.open_interest * share / bundle for bar in bars])
    assert not client.sieve.refused


async def test_bitget_has_no_open_interest_of_the_past(exchanges):
    client = client_of(exchanges, "bitget")
    async with client.session():
        assert await client.open_interest(asked("bitget"), SINCE, UNTIL) == []


@pytest.mark.parametrize("coin", ["BTC", "kPEPE"])
@pytest.mark.parametrize("venue", VENUES)
async def test_candles_are_whole_over_all_pages_and_only_closed_ones(exchanges, venue, coin):
    client, share = client_of(exchanges, venue), MODULES[venue].SHARE
    bundle = 1000 if coin == "kPEPE" else 1
    async with client.session():
        rows = await client.candles(asked(venue, coin), SINCE, UNTIL)
    bars = the_world().series[coin.removeprefix("k")].closed(SINCE, UNTIL, NOW)
    assert [row.begin_ms for row in rows] == [bar.begin_ms for bar in bars if not bar.is_quiet]
    assert rows[-1].begin_ms == UNTIL - PERIOD_MS
    for row, bar in zip(rows, bars, strict=True):
        prices = [price * bundle for price in (bar.open, bar.high, bar.low, bar.close)]
        assert [row.open, row.high, row.low, row.close] == close_to(prices)
        assert row.volume == close_to(bar.volume * share / bundle)
    assert not client.sieve.refused


async def test_a_long_past_takes_several_pages_of_binance_too(exchanges):
    client = client_of(exchanges, "binance")
    since = UNTIL - 47 * HOUR_MS
    async with client.session():
        rows = await client.open_interest(asked("binance"), since, UNTIL)
    assert len(rows) == 47 * 12 + 1
    assert len(exchanges.asked("binance", "openInterestHist")) == 2


async def test_periods_that_binance_leaves_out_are_left_out_and_nothing_is_invented(exchanges):
    client = client_of(exchanges, "binance")
    async with client.session():
        rows = await client.candles(asked("binance", "HYPE"), SINCE, UNTIL)
    bars = the_world().series["HYPE"].closed(SINCE, UNTIL, NOW)
    quiet = [bar for bar in bars if bar.is_quiet]
    assert quiet
    assert len(rows) == len(bars) - len(quiet)
    assert {row.begin_ms for row in rows}.isdisjoint(bar.begin_ms for bar in quiet)


@pytest.mark.parametrize("venue", VENUES)
async def test_payments_of_funding_are_whole(exchanges, venue):
    client = client_of(exchanges, venue)
    async with client.session():
        rows = await client.funding(asked(venue), UNTIL - DAY_MS, UNTIL)
    paid = the_world().series["BTC"].paid(UNTIL - DAY_MS, UNTIL)
    assert len(paid) == 3
    assert [row.time_ms // 1000 for row in rows] == [time_ms // 1000 for time_ms, _ in paid]
    assert [row.rate for row in rows] == pytest.approx([rate for _, rate in paid], abs=1e-8)


@pytest.mark.parametrize(
    ("venue", "share"),
    [
        ("binance", 0.4558),
        ("bybit", 0.49),
        ("okx", 0.9398602814619824 / 1.9398602814619824),
        ("bitget", 0.58),
        ("gate", 3.2808988764045 / 4.2808988764045),
    ],
)
async def test_the_account_ratio_is_the_share_of_accounts_that_are_long(exchanges, venue, share):
    client = client_of(exchanges, venue)
    async with client.session():
        ratio = await client.account_ratio(asked(venue))
    assert ratio is not None
    assert ratio.time_ms == UNTIL
    assert ratio.long_share == pytest.approx(share)


@pytest.mark.parametrize(
    ("venue", "share"),
    [
        ("binance", 387.33 / (387.33 + 248.503)),
        ("okx", 7149.4855 / (7149.4855 + 7596.2651)),
        ("bitget", 0.2),
        ("gate", 9.3765153315902 / 10.3765153315902),
    ],
)
async def test_takers_are_told_by_the_share_of_what_they_traded_that_they_bought(exchanges, venue, share):
    client = client_of(exchanges, venue)
    async with client.session():
        flow = await client.taker_flow(asked(venue))
    assert flow is not None
    assert flow.time_ms == UNTIL
    assert flow.buy_share == pytest.approx(share)


async def test_bybit_publishes_nothing_of_takers_and_is_not_asked(exchanges):
    client = client_of(exchanges, "bybit")
    async with client.session():
        assert await client.taker_flow(asked("bybit")) is None


@pytest.mark.parametrize(
    ("venue", "floors", "leverages", "rates"),
    [
        ("bybit", (0, 2e6, 10e6), (100, 50, 20), (0.005, 0.01, 0.025)),
        ("bitget", (0, 150e3, 1e6), (125, 75, 20), (0.004, 0.006, 0.02)),
        ("gate", (0, 1e6, 2e6), (125, 100, 50), (0.004, 0.005, 0.01)),
    ],
)
async def test_margin_tiers_begin_where_the_one_below_ends(exchanges, venue, floors, leverages, rates):
    client = client_of(exchanges, venue)
    async with client.session():
        tiers = await client.margin_tiers(asked(venue))
    assert tiers is not None
    assert (tiers.lower_bounds, tiers.max_leverages) == (floors, leverages)
    assert tiers.maintenance_rates == pytest.approx(rates)


async def test_the_margin_tiers_of_okx_are_in_contracts_and_become_usd(exchanges):
    client = client_of(exchanges, "okx")
    async with client.session():
        tiers = await client.margin_tiers(asked("okx"))
    assert tiers is not None
    mark = the_world().series["BTC"].mark
    assert tiers.lower_bounds == close_to((0, 10_001 * 0.01 * mark, 50_001 * 0.01 * mark))
    assert (tiers.max_leverages, tiers.maintenance_rates) == ((100, 50, 20), (0.004, 0.01, 0.02))


@pytest.mark.parametrize("venue", VENUES)
async def test_a_symbol_that_the_exchange_lacks_is_unknown_by_name(exchanges, venue):
    client = client_of(exchanges, venue)
    async with client.session():
        with pytest.raises(UnknownSymbolError, match=client.venue):
            await client.now(asked(venue, "NOSUCH"))


@pytest.mark.parametrize("venue", VENUES)
async def test_a_span_without_a_listing_is_empty_and_no_error(exchanges, venue):
    client = client_of(exchanges, venue)
    before = UNTIL - 5 * DAY_MS
    async with client.session():
        assert await client.open_interest(asked(venue), before, before + HOUR_MS) == []
        assert await client.candles(asked(venue), before, before + HOUR_MS) == []
