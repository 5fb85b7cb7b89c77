"""Order books of the exchanges: in coins, fresh, not crossed; where there is none, there is no depth."""

import asyncio

import httpx
import numpy as np
import pytest
from counterparts.exchanges.world import PERIOD_MS
from sources.exchanges.conftest import MODULES, NOW, client_of, the_world
from sources.exchanges.test_clients import VENUES, asked
from sources.exchanges.test_exchange_source import Following, of
from sources.exchanges.test_one_bad_part import BOOKS

from liqbot.market.side import Side
from liqbot.market.updates import DepthSeen
from liqbot.sources.exchanges import ExchangeSource
from liqbot.sources.source import NoDataError

TIMES = {"binance": "T", "bybit": "ts", "okx": "ts", "bitget": "ts", "gate": "current"}
LEVELS = {"binance": 1000, "bybit": 500, "okx": 400, "bitget": 300, "gate": 100}


class Looking(Following):
    """A source that also looks at order books."""

    def __init__(self, exchanges, venue, coins=("BTC",)):
        super().__init__(exchanges, venue, coins)
        self.source = ExchangeSource(
            self.client,
            coins,
            lambda: self.now_ms,
            backfill_days=0.05,
            depth_every_s=0.02,
            sleep=self._sleep,
        )
        self._stream = self.source.updates()

    async def until(self, condition):
        """Return what is told until `condition()` of it holds."""
        told = []
        async with asyncio.timeout(60):
            while not condition(told):
                told += await self.beat()
        return told


@pytest.mark.parametrize("coin", ["BTC", "kPEPE"])
@pytest.mark.parametrize("venue", VENUES)
async def test_a_book_is_in_coins_and_usd_whatever_the_venues_units_and_contracts(exchanges, venue, coin):
    client, series = client_of(exchanges, venue), the_world().series[coin.removeprefix("k")]
    async with client.session():
        depth = await client.depth(asked(venue, coin))
    bundle = 1000 if coin == "kPEPE" else 1
    assert (depth.coin, depth.venue, depth.time_ms) == (coin, client.venue, NOW)
    assert depth.mid == pytest.approx(series.mark * bundle, rel=1e-4)
    usd = series.open_interest * series.mark * MODULES[venue].SHARE / 1000
    for side in Side:
        prices, sizes = depth.column(side)
        assert len(prices) == LEVELS[venue]
        assert prices * sizes == pytest.approx(np.full(len(prices), usd), rel=1e-3)
    assert not client.sieve.refused


@pytest.mark.parametrize("venue", VENUES)
async def test_an_empty_book_is_no_depth_and_says_so(exchanges, venue):
    exchanges.fault(venue, "empty", BOOKS[venue])
    client = client_of(exchanges, venue)
    async with client.session():
        with pytest.raises(NoDataError, match=r"no bids|nothing about"):
            await client.depth(asked(venue))


@pytest.mark.parametrize("venue", VENUES)
async def test_a_crossed_book_is_no_depth_and_is_counted(exchanges, venue):
    """Its best levels are exchanged: a size where a price should be would be no book either."""
    client = client_of(exchanges, venue)
    field = "p" if venue == "gate" else "0"
    value = str(the_world().series["BTC"].mark)
    exchanges.fault(venue, "bad-number", BOOKS[venue], field=field, value=value)
    async with client.session():
        with pytest.raises(NoDataError, match="crossed"):
            await client.depth(asked(venue))
    assert client.sieve.refused == {"a book that is crossed or has an empty side": 1}


@pytest.mark.parametrize("venue", VENUES)
async def test_a_source_tells_of_books_between_its_polls(exchanges, venue):
    async with Looking(exchanges, venue, ("BTC", "ETH")) as looking:
        told = await looking.until(lambda told: {seen.coin for seen in of(DepthSeen, told)} == {"BTC", "ETH"})
    assert all(seen.time_ms == NOW for seen in of(DepthSeen, told))
    assert not looking.board.rejected


@pytest.mark.parametrize("venue", VENUES)
async def test_a_book_older_than_a_minute_is_not_told_and_is_missing_by_name(exchanges, venue):
    old = NOW - PERIOD_MS
    value = str(old / 1000) if venue == "gate" else str(old)
    exchanges.fault(venue, "bad-number", BOOKS[venue], field=TIMES[venue], value=value)
    async with Looking(exchanges, venue) as looking:
        told = await looking.until(lambda _: "depth of BTC" in looking.source.missing)
        assert of(DepthSeen, told) == []
        assert looking.source.missing["depth of BTC"].endswith("the book of BTC is 300 s old")
        exchanges.clear()
        told = await looking.until(lambda told: of(DepthSeen, told))
        assert "depth of BTC" not in looking.source.missing


async def test_books_stay_within_their_share_of_the_budget(exchanges):
    client = client_of(exchanges, "binance")
    late = exchanges.log()["late"].get("binance", 0)
    async with client.session():
        for _ in range(20):
            await client.depth(asked("binance"))
    assert exchanges.log()["late"].get("binance", 0) == late
    assert client._books.allowed + client._weight.allowed <= 2400


def test_the_counterparts_book_is_refused_with_more_levels_than_there_are(exchanges):
    url = f"{exchanges.url}/gate/api/v4/futures/usdt/order_book"
    assert httpx.get(url, params={"contract": "BTC_USDT", "limit": "500"}).status_code == 400
