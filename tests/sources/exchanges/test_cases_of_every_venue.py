"""What goes wrong alike at every exchange: coins that it lacks, pages, clocks, units of time."""

import asyncio

import pytest
from counterparts.exchanges.world import HOUR_MS
from sources.exchanges.conftest import MODULES, NOW, client_of, holds
from sources.exchanges.test_clients import VENUES, asked
from sources.exchanges.test_exchange_source import MINUTE_MS, Following, of
from sources.exchanges.test_one_bad_part import CANDLES, SINCE, UNTIL
from sources.exchanges.test_streams import STREAMS, subscribed

from liqbot.market.updates import AssetContext, Liquidation
from liqbot.sources.source import SourceError

TIMES = {"binance": "0", "bybit": "0", "okx": "0", "bitget": "0", "gate": "t"}
"""Where a candle says when it began."""


@pytest.mark.parametrize("venue", VENUES)
async def test_a_coin_that_is_not_listed_is_named_with_the_nearest_and_the_others_go_on(exchanges, venue):
    async with Following(exchanges, venue, ("BTC", "BTCC", "NOSUCH")) as followed:
        _, first = await followed.begin()
        assert {context.coin for context in of(AssetContext, first)} == {"BTC"}
        assert followed.source.report().lacking == {"BTCC": "BTC", "NOSUCH": ""}
        assert set(followed.source.limits) >= {"BTCC", "NOSUCH"}


@pytest.mark.parametrize("venue", VENUES)
async def test_an_unambiguous_spelling_of_a_coin_is_taken(exchanges, venue):
    async with Following(exchanges, venue, ("PEPE",)) as followed:
        _, first = await followed.begin()
        assert [context.coin for context in of(AssetContext, first)] == ["PEPE"]
        assert followed.source.report().lacking == {}


@pytest.mark.parametrize("venue", VENUES)
async def test_an_operator_is_told_of_a_coin_that_is_not_listed(exchanges, venue):
    source = Following(exchanges, venue, ("BTC", "BTCC")).source
    assert "without BTCC (the nearest that it has is BTC)" in await source.check()


@pytest.mark.parametrize("venue", VENUES)
async def test_an_exchange_that_lists_none_of_the_coins_says_so(exchanges, venue):
    async with Following(exchanges, venue, ("NOSUCH",)) as followed:
        with pytest.raises(SourceError, match="lists none of the coins"):
            await followed.beat()


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("venue", VENUES)
async def test_while_all_answers_are_pages_each_coin_is_missing_and_then_it_goes_on(exchanges, venue):
    async with Following(exchanges, venue, ("BTC", "ETH")) as followed:
        await followed.begin()
        exchanges.fault(venue, "html")
        waiting = asyncio.create_task(followed.beat())
        await holds(lambda: {"BTC", "ETH"} <= set(followed.source.missing), seconds=60)
        assert not waiting.done()
        exchanges.clear()
        told = [*await waiting, *await followed.beat()]  # of the first, a part may have failed still
        assert {context.coin for context in of(AssetContext, told)} == {"BTC", "ETH"}
        assert not {"BTC", "ETH"} & set(followed.source.missing)


@pytest.mark.parametrize("venue", VENUES)
async def test_of_an_exchange_whose_clock_is_ahead_nothing_is_of_the_future(exchanges, venue):
    async with Following(exchanges, venue, now_ms=NOW - HOUR_MS) as followed:
        for told in await followed.begin():
            assert max(update.time_ms for update in told) <= followed.now_ms
        followed.now_ms += MINUTE_MS
        assert max(update.time_ms for update in await followed.beat()) <= followed.now_ms
        assert followed.board.time_ms <= followed.now_ms


@pytest.mark.parametrize(
    "venue", [venue for venue in STREAMS if venue != "binance"]
)  # see test_exchange_source
async def test_a_liquidation_of_the_future_is_of_now(moving, venue):
    async with Following(moving, venue) as followed:
        await followed.begin()
        await subscribed(moving, venue)
        moving.shock(-12)
        moving.now(NOW + HOUR_MS)  # which our clock does not know of
        events = []
        async with asyncio.timeout(60):
            while not events:
                followed.now_ms += 1000
                events = of(Liquidation, await followed.beat())
        assert max(event.time_ms for event in events) <= followed.now_ms < NOW + HOUR_MS


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("factor", [1e-3, 1e3])
async def test_a_candle_whose_time_is_in_another_unit_is_left_out_and_the_others_stand(
    exchanges, venue, factor
):
    native = SINCE // 1000 if venue == "gate" else SINCE
    exchanges.fault(
        venue, "bad-number", CANDLES[venue], field=TIMES[venue], value=str(int(native * factor)), rows=1
    )
    client = client_of(exchanges, venue)
    async with client.session():
        rows = await client.candles(asked(venue), SINCE, UNTIL)
    assert len(rows) == 11
    assert all(SINCE <= row.begin_ms < UNTIL for row in rows)


def test_every_venue_is_covered():
    assert set(VENUES) == set(MODULES) == set(TIMES) == set(STREAMS)
