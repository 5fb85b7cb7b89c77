"""What was liquidated: sums by side and venue, the largest, and the hour beside a usual one."""

from dataclasses import replace

import pytest
from markets import HOUR, LAYER, MINUTE, long, view_of

from liqbot.market.events import LiquidationSeen, LiquidationSum
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.liquidations import FEWEST_HOURS, usual_hour
from liqbot.market.side import Side
from liqbot.market.updates import Provenance
from liqbot.service.errors import UserError
from liqbot.service.liquidations import Liquidations, liquidations_answer
from liqbot.service.markets import Markets

NOW = 1000 * HOUR
DAY = 24 * HOUR
OTHER = Layer("Binance", Basis.MODELLED, Origin.SIMULATED)
VIEW = replace(view_of(long("ann", 1, at=95)), time_ms=NOW)


def summed(usd, ago_ms, side=Side.LONG, *, layer=LAYER, sampled=False, count=1):
    return LiquidationSum(
        coin="BTC", layer=layer, time_ms=NOW - ago_ms, side=side, usd=usd, count=count, sampled=sampled
    )


def single(usd, ago_ms, provenance=Provenance.STREAMED):
    return LiquidationSeen(
        coin="BTC", layer=LAYER, time_ms=NOW - ago_ms, side=Side.LONG, price=96.0, usd=usd, sampled=False,
        provenance=provenance,
    )  # fmt: skip


def answer(*events, since_ms=NOW - DAY, other=()):
    told = {LAYER: list(events)} | ({OTHER: list(other)} if other else {})
    return liquidations_answer(VIEW, told, since_ms)


def test_sides_and_venues_are_summed_within_the_window_alone():
    told = answer(
        summed(5.0, 2 * MINUTE),
        summed(7.0, 3 * HOUR, Side.SHORT, count=3),
        summed(1_000.0, DAY + MINUTE),
        other=(summed(20.0, HOUR + MINUTE, layer=OTHER, count=2),),
    )
    assert (told.long_usd, told.short_usd, told.count) == (25.0, 7.0, 6)
    assert [(one.venue, one.long_usd, one.short_usd) for one in told.venues] == [
        ("Binance", 20.0, 0.0),
        ("Testex", 5.0, 7.0),
    ]
    assert told.hour_usd == 5.0


def test_the_largest_come_first_with_how_they_became_known():
    told = answer(single(2e5, HOUR), single(9e5, 2 * HOUR, Provenance.INFERRED), single(5e6, 2 * DAY))
    assert [(one.usd, one.provenance) for one in told.largest] == [
        (9e5, Provenance.INFERRED),
        (2e5, Provenance.STREAMED),
    ]


def test_one_venue_that_samples_makes_the_whole_a_lower_bound():
    assert not answer(summed(5.0, MINUTE)).is_lower_bound
    told = answer(summed(5.0, MINUTE), other=(summed(1.0, MINUTE, layer=OTHER, sampled=True),))
    assert told.is_lower_bound
    assert [one.sampled for one in told.venues] == [False, True]


def test_the_hour_is_held_against_the_median_of_the_week_before_quiet_hours_included():
    hours = [summed(100.0, HOUR * (back + 1) + MINUTE) for back in range(0, 48, 2)]
    told = answer(summed(300.0, MINUTE), *hours)
    assert (told.usual_hour_usd, told.usual_hours) == (50.0, 46)
    assert told.times_usual == 6.0


def test_an_hour_of_the_last_sixty_minutes_does_not_count_as_usual():
    loud = [summed(1e9, back * MINUTE) for back in range(60)]
    quiet = [summed(10.0, HOUR * (back + 1) + MINUTE) for back in range(30)]
    assert answer(*loud, *quiet).usual_hour_usd == 10.0


@pytest.mark.parametrize("hours", [0, 1, FEWEST_HOURS - 1])
def test_with_less_than_a_day_nothing_is_called_usual(hours):
    assert usual_hour([1.0] * hours) is None


def test_nothing_told_is_an_answer_of_its_own():
    told = answer()
    assert (told.usd, told.known_since_ms, told.usual_hour_usd, told.times_usual) == (0, None, None, None)
    assert not told.largest


class TestAsked:
    @pytest.fixture
    async def asked(self, store):
        markets = Markets()
        markets.views["BTC"] = VIEW
        live = Layer("Kraken", Basis.MEASURED)
        others = [replace(VIEW, layer=OTHER), replace(VIEW, layer=live)]
        markets.layers.keep([VIEW, *others], {})
        await store.events.record(
            [
                summed(5.0, MINUTE),
                summed(20.0, MINUTE, layer=OTHER),
                summed(1_000.0, MINUTE, layer=live),
                replace(summed(9.0, 0), time_ms=NOW + MINUTE),
            ]
        )
        return Liquidations(markets, store.events)

    async def test_layers_of_one_origin_are_added_a_live_one_never_to_a_simulated(self, asked):
        told = await asked.liquidations("BTC", 3_600)
        assert told.usd == 25.0
        assert {one.venue for one in told.venues} == {"Testex", "Binance"}

    async def test_one_venue_can_be_asked_for_by_name(self, asked):
        assert (await asked.liquidations("BTC", 3_600, venue="binance")).usd == 20.0
        with pytest.raises(UserError, match="testex, binance"):
            await asked.liquidations("BTC", 3_600, venue="ftx")

    async def test_a_window_that_cannot_be_and_a_coin_that_is_not_there_are_refused(self, asked):
        for seconds in (0, 59, 31 * 86_400):
            with pytest.raises(UserError, match="30 days"):
                await asked.liquidations("BTC", seconds)
        with pytest.raises(UserError, match="no data of DOGE"):
            await asked.liquidations("DOGE", 3_600)
