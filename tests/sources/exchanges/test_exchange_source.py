"""An exchange as a source: its past, its present, and what it lacks by name while the rest goes on."""

import asyncio
import random
from contextlib import aclosing

import numpy as np
import pytest
from counterparts.exchanges.world import DAY_MS, HOUR_MS, PERIOD_MS
from sources.exchanges.conftest import MODULES, NOW, client_of, holds, the_world

from liqbot.engine.board_protocol import board_of
from liqbot.market.layer import Basis, Origin
from liqbot.market.updates import (
    AssetContext,
    Beat,
    CandlesSeen,
    FundingSeen,
    Liquidation,
    MarginTiersSeen,
    OpenInterestSeen,
)
from liqbot.sources.exchanges import ExchangeSource, liquidation_feed
from liqbot.sources.exchanges.binance.brackets import Brackets
from liqbot.sources.source import NoDataError, Source, SourceError, WithReport

UNTIL = NOW // PERIOD_MS * PERIOD_MS
MINUTE_MS = 60_000


class Following:
    """A source that is followed poll by poll, in a time of the test's own."""

    def __init__(self, exchanges, venue, coins=("BTC",), *, backfill_days=0.25, now_ms=NOW):
        self.exchanges = exchanges
        self.now_ms = now_ms
        self.client = client_of(exchanges, venue)
        self.source = ExchangeSource(
            self.client, coins, lambda: self.now_ms, backfill_days=backfill_days, sleep=self._sleep
        )
        self.board = board_of(self.source.layer)
        self._stream = self.source.updates()

    async def _sleep(self, _):
        await asyncio.sleep(0)

    async def beat(self):
        """Return what is told up to the next beat, and put it on the board."""
        told = []
        async with asyncio.timeout(30):
            async for update in self._stream:
                told.append(update)
                self.board.apply(update)
                if isinstance(update, Beat):
                    return told
        raise AssertionError("the source has ended")

    async def begin(self):
        """Return the past and the first poll."""
        return await self.beat(), await self.beat()

    async def poll(self, minutes=1):
        """Return what is told after so many minutes."""
        self.now_ms += minutes * MINUTE_MS
        self.exchanges.now(self.now_ms)
        return await self.beat()

    async def silent(self, polls=3):
        """Make sure that so many polls pass without a beat."""
        before = len(self.exchanges.log()["requests"])
        waiting = asyncio.create_task(self.beat())
        await holds(lambda: len(self.exchanges.log()["requests"]) > before + polls)
        assert not waiting.done()
        return waiting

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self._stream.aclose()


def of(kind, updates, coin=None):
    return [u for u in updates if isinstance(u, kind) and (coin is None or u.coin == coin)]


def test_it_is_a_source_of_a_modelled_layer_that_says_what_it_lacks(exchanges):
    source: Source = Following(exchanges, "okx").source
    assert source.name == "okx"
    assert source.layer.label == "OKX, modelled"
    assert (source.layer.basis, source.layer.origin) == (Basis.MODELLED, Origin.LIVE)
    assert isinstance(source, WithReport)


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx", "gate"])
async def test_the_past_is_told_first_tiers_then_open_interest_then_candles_and_one_beat(exchanges, venue):
    async with Following(exchanges, venue) as following:
        past, _ = await following.begin()
    assert [type(update) for update in past] == [
        MarginTiersSeen,
        FundingSeen,
        OpenInterestSeen,
        CandlesSeen,
        AssetContext,
        Beat,
    ]
    _, _, interest, candles, context, beat = past
    bars = the_world().series["BTC"].closed(UNTIL - DAY_MS // 4, UNTIL, NOW)
    assert candles.candles.begin_ms.tolist() == [bar.begin_ms for bar in bars]
    assert np.isin(candles.candles.end_ms, interest.times_ms).all()
    assert (interest.time_ms, candles.time_ms, context.time_ms, beat.time_ms) == (UNTIL,) * 4
    assert context.mark == pytest.approx(bars[-1].close)
    assert following.source.live_from_ms == UNTIL
    assert not following.source.missing


@pytest.mark.parametrize("venue", MODULES)
async def test_every_exchange_gives_a_view_that_adds_up_to_its_open_interest(exchanges, venue):
    async with Following(exchanges, venue) as following:
        _, first = await following.begin()
        assert first[-1].time_ms == NOW > following.source.live_from_ms
        if venue == "bitget":  # whose map begins now: with the first candle that closes
            assert following.board.coins == []
            return
        view = following.board.view("BTC")
    assert view.layer.venue == following.client.venue
    assert view.spot == pytest.approx(the_world().series["BTC"].mark)
    usd = the_world().series["BTC"].open_interest * MODULES[venue].SHARE * view.spot
    assert view.open_usd.long == pytest.approx(usd, rel=0.01)
    assert view.open_usd.short == pytest.approx(usd, rel=0.01)
    assert view.funding == pytest.approx(the_world().series["BTC"].rate / 8, abs=1e-8)


@pytest.mark.long
async def test_bitget_begins_without_a_past_says_so_and_has_a_map_after_a_candle(moving):
    async with Following(moving, "bitget") as following:
        past, _ = await following.begin()
        assert of(OpenInterestSeen, past) == []
        assert following.source.limits == {
            "history of BTC": "no data: the exchange gives none, so the map begins now",
        }
        for _ in range(3):
            await following.poll(5)
        assert following.board.coins == ["BTC"]
        assert not following.source.missing


@pytest.mark.long
async def test_after_a_restart_what_price_went_through_meanwhile_is_gone_also_without_open_interest(moving):
    async with Following(moving, "bitget") as before:
        await before.begin()
        for _ in range(6):
            await before.poll(5)
        known, kept = before.board.view("BTC"), before.board.memories()
    moving.shock(-12)
    moving.now(before.now_ms + HOUR_MS)
    async with Following(moving, "bitget", now_ms=before.now_ms + HOUR_MS) as after:
        after.board.recall(kept.values())
        await after.begin()
        view = after.board.view("BTC")
    assert view.spot < 0.95 * known.spot
    assert known.swept.modelled.long < 0.01 * view.swept.modelled.long
    assert view.stale.long == 0


async def test_a_candle_is_told_once_when_it_has_closed(moving):
    async with Following(moving, "bybit") as following:
        await following.begin()
        candles = [of(CandlesSeen, await following.poll()) for _ in range(12)]
    begins = [seen.candles.begin_ms.tolist() for told in candles for seen in told]
    assert begins == [[UNTIL], [UNTIL + PERIOD_MS]]


async def test_each_poll_tells_the_mark_open_interest_and_funding_as_they_are(moving):
    async with Following(moving, "binance") as following:
        await following.begin()
        marks = []
        for _ in range(3):
            (context,) = of(AssetContext, told := await following.poll())
            (interest,) = of(OpenInterestSeen, told)
            assert context.time_ms == interest.time_ms == following.now_ms == told[-1].time_ms
            assert context.open_interest == interest.coins[-1]
            marks.append(context.mark)
    assert len(set(marks)) == 3


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
async def test_liquidations_are_told_before_the_news_of_the_poll(moving, venue):
    async with Following(moving, venue) as following:
        await following.begin()
        listening = holds(lambda: any(name == venue for name, _ in moving.log()["sockets"]))
        await asyncio.gather(listening)
        if venue != "binance":
            await holds(lambda: all(topics for _, topics in moving.log()["sockets"]))
        moving.shock(-12)
        following.now_ms += HOUR_MS
        happened = moving.now(following.now_ms)["BTC"]
        assert happened
        told = []
        while len(of(Liquidation, told)) < (1 if venue == "binance" else len(happened)):
            told += await following.beat()
        events = of(Liquidation, told)
        times = [event.time_ms for event in events]
        assert times == sorted(times)
        assert isinstance(told[0], Liquidation) or not of(Liquidation, told[: told.index(events[0])])
        assert {event.coin for event in events} == {"BTC"}


async def test_margin_tiers_are_asked_for_again_after_a_day_and_told_before_the_candles(moving):
    async with Following(moving, "bybit") as following:
        await following.begin()
        assert not of(MarginTiersSeen, await following.poll(minutes=23 * 60))
        told = await following.poll(minutes=61)
        kinds = [type(update) for update in told]
    assert kinds.index(MarginTiersSeen) < kinds.index(CandlesSeen)
    assert not {MarginTiersSeen} & {type(update) for update in told[kinds.index(MarginTiersSeen) + 1 :]}


async def test_after_a_break_the_gap_is_filled_from_history(moving):
    async with Following(moving, "gate") as following:
        await following.begin()
        told = await following.poll(minutes=120)
    (candles,), (interest,) = of(CandlesSeen, told), of(OpenInterestSeen, told)
    assert candles.candles.begin_ms.tolist() == list(
        range(UNTIL, following.now_ms // PERIOD_MS * PERIOD_MS, PERIOD_MS)
    )
    assert np.isin(candles.candles.end_ms, interest.times_ms).all()


@pytest.mark.usefixtures("hasty")
async def test_while_nothing_answers_there_is_no_beat_and_then_it_goes_on(moving):
    async with Following(moving, "gate", ("BTC", "ETH")) as following:
        await following.begin()
        moving.fault("gate", "error-200", "contracts")
        following.now_ms += 20 * MINUTE_MS
        moving.now(following.now_ms)
        waiting = await following.silent()
        await holds(lambda: set(following.source.missing) == {"BTC", "ETH"})
        assert not waiting.done()
        assert "Gate" in following.source.missing["BTC"]
        moving.clear()
        told = await waiting
        assert {seen.coin for seen in of(CandlesSeen, told)} == {"BTC", "ETH"}
        assert all(len(seen.candles) == 4 for seen in of(CandlesSeen, told))
        assert not following.source.missing


@pytest.mark.usefixtures("hasty")
async def test_a_coin_that_fails_is_missing_by_name_and_the_others_go_on(moving):
    async with Following(moving, "gate", ("BTC", "ETH")) as following:
        await following.begin()
        moving.fault("gate", "error-200", "contracts/ETH_USDT")
        told = await following.poll(5)
        assert {seen.coin for seen in of(AssetContext, told)} == {"BTC"}
        assert set(following.source.missing) == {"ETH"}
        assert following.source.missing["ETH"].startswith("Gate /api/v4/futures/usdt/contracts/ETH_USDT")


async def test_a_coin_that_the_exchange_lacks_is_a_limit_by_name_and_the_others_go_on(exchanges):
    async with Following(exchanges, "gate", ("BTC", "HYPE", "NOSUCH")) as following:
        past, _ = await following.begin()
    assert {seen.coin for seen in of(CandlesSeen, past)} == {"BTC"}
    limits = following.source.limits
    assert set(limits) == {"HYPE", "NOSUCH"}
    assert limits["HYPE"].startswith("no data: Gate /api/v4/futures/usdt/")
    assert "CONTRACT_NOT_FOUND" in limits["HYPE"]


async def test_an_exchange_that_lists_none_of_the_coins_stops_for_good(exchanges):
    async with Following(exchanges, "bybit", ("NOSUCH", "NEITHER")) as following:
        with pytest.raises(SourceError, match=r"Bybit lists none of the coins: .* symbol invalid"):
            await following.beat()


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("venue", MODULES)
@pytest.mark.parametrize("kind", ["error-200", "html", "reset"])
async def test_an_exchange_that_is_out_of_order_at_the_start_has_no_data_and_says_who_and_why(
    exchanges, venue, kind
):
    exchanges.fault(venue, kind)
    async with Following(exchanges, venue) as following:
        with pytest.raises(NoDataError, match=f"{following.client.venue} /"):
            await following.beat()


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx", "gate"])
async def test_an_empty_history_is_told_of_and_the_map_begins_now(exchanges, venue):
    path = {
        "binance": "openInterestHist",
        "bybit": "open-interest",
        "okx": "open-interest-history",
        "gate": "contract_stats",
    }[venue]
    exchanges.fault(venue, "empty", path, times=2 if venue == "okx" else 1)
    async with Following(exchanges, venue) as following:
        past, first = await following.begin()
    assert of(OpenInterestSeen, past) == []
    assert of(OpenInterestSeen, first)
    assert following.source.limits["history of BTC"].startswith("no data")


async def test_a_coin_whose_past_could_not_be_had_is_begun_later(moving):
    moving.fault("gate", "wrong-field", "contract_stats", field="open_interest_usd", times=1)
    async with Following(moving, "gate", ("BTC", "ETH")) as following:
        past, _ = await following.begin()
        (missing,) = following.source.missing
        (there,) = {"BTC", "ETH"} - {missing}
        assert {seen.coin for seen in of(CandlesSeen, past)} == {there}
        assert "open_interest_usd" in following.source.missing[missing]
        told = await following.poll(minutes=11)
        assert len(of(CandlesSeen, told, missing)[0].candles) == 72
        assert not following.source.missing
        assert len(following.board.view(missing).map.bins.edges)


async def test_rows_that_cannot_be_are_counted_and_the_rest_is_told(exchanges):
    exchanges.fault("okx", "bad-number", "history-candles", field="2", value="NaN", rows=2, times=1)
    async with Following(exchanges, "okx") as following:
        past, _ = await following.begin()
    assert len(of(CandlesSeen, past)[0].candles) == 70
    assert following.source.refused == {"a candle's price is not a number above 0": 2}


async def test_liquidations_that_fail_are_missing_and_the_rest_goes_on(moving):
    moving.fault("okx", "refuse", "/ws/v5/public")
    async with Following(moving, "okx") as following:
        await following.begin()
        await holds(lambda: "liquidations" in following.source.missing)
        assert "503" in following.source.missing["liquidations"]
        assert of(AssetContext, await following.poll())


async def test_a_clock_of_an_exchange_that_runs_ahead_does_not_lead_the_board_astray(moving):
    future = str(NOW + DAY_MS)
    moving.fault("okx", "bad-number", "mark-price", field="ts", value=future)
    async with Following(moving, "okx") as following:
        await following.begin()
        (context,) = of(AssetContext, await following.poll())
        assert context.time_ms == following.now_ms


async def test_what_an_exchange_says_is_from_the_future_is_of_now(moving):
    moving.fault("binance", "bad-number", "/fapi/v1/openInterest", field="time", value=str(NOW + DAY_MS))
    async with Following(moving, "binance") as following:
        await following.begin()
        await holds(lambda: moving.log()["sockets"])
        moving.shock(-12)
        moving.now(NOW + HOUR_MS)  # which our clock does not know of
        told = []
        while not of(Liquidation, told):
            following.now_ms += MINUTE_MS
            told += await following.beat()
        times = [update.time_ms for update in told]
    assert max(times) <= following.now_ms < NOW + HOUR_MS


async def test_margin_tiers_that_are_assumed_are_a_limit_by_name(exchanges):
    following = Following(exchanges, "binance", ("BTC", "kPEPE"))
    following.client._brackets = Brackets.from_text("# as of: 2026-09\n0:20:0.025\tBTC ETH\n")
    async with following:
        past, _ = await following.begin()
    assert following.source.limits == {
        "margin tiers of kPEPE": "assumed: not in the table of 2026-09, so those of most small coins"
    }
    assert [seen.tiers.max_leverages for seen in of(MarginTiersSeen, past)] == [(20,), (20,)]


@pytest.mark.long
@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("venue", ["binance", "bybit", "gate"])
async def test_an_hour_of_faults_loses_no_candle_and_tells_none_twice(moving, venue, monkeypatch):
    chance = random.Random(venue)  # noqa: S311 - the same faults each time
    faults = [
        {"kind": "error-200"},
        {"kind": "html"},
        {"kind": "reset"},
        {"kind": "status", "value": "503"},
        {"kind": "empty", "path": {"binance": "klines", "bybit": "kline", "gate": "candlesticks"}[venue]},
        {
            "kind": "wrong-field",
            "field": {"binance": "markPrice", "bybit": "markPrice", "gate": "mark_price"}[venue],
        },
    ]
    monkeypatch.setattr(liquidation_feed, "AGAIN_S", 0.01)
    async with Following(moving, venue, ("BTC", "SOL")) as following:
        past, first = await following.begin()
        told = past + first
        for _ in range(12):
            moving.fault(venue, times=chance.randrange(1, 12), **chance.choice(faults))
            told += await following.poll(minutes=5)
        moving.clear()
        for _ in range(2):
            told += await following.poll(minutes=5)
        await holds(lambda: not following.source.missing)
    for coin in ("BTC", "SOL"):
        begins = np.concatenate([seen.candles.begin_ms for seen in of(CandlesSeen, told, coin)])
        assert np.array_equal(begins, np.arange(begins[0], begins[-1] + 1, PERIOD_MS))
        assert begins[-1] == following.now_ms // PERIOD_MS * PERIOD_MS - PERIOD_MS
        interest = np.concatenate([seen.times_ms for seen in of(OpenInterestSeen, told, coin)])
        assert np.all(np.diff(interest) > 0)
    assert not following.source.missing
    beats = [beat.time_ms for beat in of(Beat, told)]
    assert beats == sorted(beats)


async def test_when_it_is_left_it_leaves_no_socket_behind(moving):
    following = Following(moving, "bybit")
    async with aclosing(following._stream):
        await following.begin()
        await holds(lambda: moving.log()["sockets"])
    await holds(lambda: not moving.log()["sockets"])


async def test_it_may_be_followed_again_from_the_start(moving):
    following = Following(moving, "gate")
    async with following:
        await following.begin()
    again = ExchangeSource(following.client, ("BTC",), lambda: NOW, backfill_days=0.25)
    async with aclosing(again.updates()) as updates:
        assert isinstance(await anext(updates), MarginTiersSeen)


async def test_an_operator_can_check_whether_an_exchange_answers(exchanges):
    assert "answers: BTC_USDT" in await Following(exchanges, "gate", ("NOSUCH", "BTC")).source.check()
    with pytest.raises(NoDataError, match="CONTRACT_NOT_FOUND"):
        await Following(exchanges, "gate", ("NOSUCH",)).source.check()
