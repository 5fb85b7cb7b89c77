"""The commands about what flows through a market, as somebody types them."""

from dataclasses import replace

import numpy as np
import pytest
from chat.stand_ins import BTC, ETH, NOW_MS, as_text

from liqbot.market.context import MarketContext
from liqbot.market.depth import Depth
from liqbot.market.events import LiquidationSeen, LiquidationSum
from liqbot.market.side import Side
from liqbot.market.stops import FRESH_MS, StopKind, StopMap, first_step, step_count, step_of
from liqbot.message import Tone

HOUR = 3_600_000
BIDS = [(64_000 * (1.0002 - step / 1000), 20.0) for step in range(1, 80)]
ASKS = [(64_000 * (0.9998 + step / 1000), 10.0) for step in range(1, 80)]


def depth(time_ms=NOW_MS - 4_000, bids=BIDS, asks=ASKS):
    return Depth.of("BTC", "Testex", time_ms, bids, asks)


def summed(usd, ago_ms, side=Side.LONG, *, sampled=False):
    return LiquidationSum(
        coin="BTC", layer=BTC.layer, time_ms=NOW_MS - ago_ms, side=side, usd=usd, count=2, sampled=sampled
    )


class TestLiquidations:
    @pytest.fixture
    async def told(self, room):
        large = LiquidationSeen(
            coin="BTC", layer=BTC.layer, time_ms=NOW_MS - 120_000, side=Side.LONG, price=63_500.0, usd=2e6,
            sampled=False,
        )  # fmt: skip
        usual = [summed(1e6, HOUR * back + HOUR + 1) for back in range(30)]
        await room.store.events.record(
            [*usual, summed(3e6, 120_000), summed(1e6, 900_000, Side.SHORT), large]
        )
        return room

    async def test_the_answer_says_how_much_of_which_side_and_against_what_is_usual(self, told):
        assert await told.text("/liquidations BTC 1h") == (
            "BTC: $4M liquidated in 1 h, 75% longs\n"
            "Longs, forced sells: $3M\n"
            "Shorts, forced buys: $1M\n"
            "Last hour: $4M, 4.00× a usual hour ($1M, median of 29 h)\n"
            "By venue: longs, shorts\n"
            "Testex  $3M  $1M  4 liquidations\n"
            "Largest\n"
            "$2M  long  63,500  Testex  2 min ago"
        )

    async def test_its_colour_is_that_of_the_side_that_was_hit(self, told):
        assert (await told.say("/liquidations BTC 1h")).tone is Tone.LONGS

    async def test_without_a_window_it_is_a_day_and_other_windows_are_buttons(self, told):
        answer = await told.say("/liquidations BTC")
        assert "in 1 d" in answer.title or "in 24 h" in answer.title
        assert "/liquidations BTC 4h" in [button.command for button in answer.actions]
        assert answer.provenance == "Testex, simulated"

    async def test_sampled_sums_are_called_lower_bounds(self, room):
        await room.store.events.record([summed(3e6, 60_000, sampled=True)])
        text = await room.text("/liquidations BTC 1h")
        assert text.startswith("BTC: at least $3M liquidated in 1 h, 100% longs")
        assert "Testex tells only some of its liquidations: sums are lower bounds." in text

    async def test_silence_is_not_called_calm(self, room):
        text = await room.text("/liquidations BTC 4h")
        assert text.startswith("BTC: no liquidation was told of in 4 h")
        assert "Silence is no proof" in text
        assert "usual not known yet (0 of 24 h)" in text

    @pytest.mark.parametrize("window", ["2s", "off", "99d", "soon"])
    async def test_a_window_that_cannot_be_is_refused_in_words(self, room, window):
        answer = await room.say(f"/liquidations BTC {window}")
        assert answer.tone is Tone.WARNING


class TestBook:
    @pytest.fixture
    def known(self, room):
        room.services.markets.views["BTC"] = replace(BTC, depth=depth())
        return room

    async def test_it_says_who_outweighs_whom_what_orders_move_and_who_holds_what(self, known):
        assert await known.text("/book BTC") == (
            "BTC 64,000: bids outweigh asks, 66% of the book within 1%\n"
            "Resting orders can be withdrawn at any time: they say what stands there, not what will stay.\n"
            "Spread: 0.160%\n"
            "Known to: 7.9% below, 7.9% above\n"
            "Book: Testex, 4 s old\n"
            "Whales: 1 account, $12.8M long, $0 short\n"
            "Retail: 2 accounts, $7.7M long, $5M short\n"
            "Within: bids, asks, heavier\n"
            "0.5%  $6.4M  $3.2M  67% bids\n"
            "1%  $12.7M  $6.4M  66% bids\n"
            "2%  $25.3M  $12.9M  66% bids\n"
            "5%  $62.4M  $32.8M  66% bids\n"
            "Market order: sells, buys\n"
            "$1M  −0.08%  +0.18%\n"
            "$5M  −0.38%  +0.78%\n"
            "$25M  −1.98%  +3.98%\n"
            "Whales, retail and makers: Testex, measured, simulated."
        )

    async def test_a_book_that_is_older_than_a_minute_is_no_depth_never_zero(self, room):
        for view in (BTC, replace(BTC, depth=depth(NOW_MS - 60_001))):
            room.services.markets.views["BTC"] = view
            text = await room.text("/book BTC")
            assert text.startswith("BTC 64,000: no depth\n")
            assert "That is not an empty book." in text
            assert "$0 bids" not in text
            assert "Market order" not in text
            assert "Whales: 1 account" in text

    async def test_an_order_that_is_larger_than_the_book_is_not_given_a_price(self, room):
        room.services.markets.views["BTC"] = replace(BTC, depth=depth(bids=BIDS[:12], asks=ASKS[:12]))
        text = await room.text("/book BTC")
        assert "$25M  beyond  beyond" in text
        assert "2%  unknown  unknown" in text

    async def test_the_map_is_drawn_from_the_view_that_has_the_book(self, known):
        await known.say("/map BTC")
        assert known.studio.inputs[-1].depth is not None


def stop_map(time_ms=NOW_MS - 120_000):
    """Return orders of four kinds, the heaviest at 62,500, where nothing would be liquidated."""
    first, coins = first_step(64_000), np.zeros((2, 2, step_count()))
    for kind, side, at, size in (
        (StopKind.STOP_LOSS, Side.LONG, 63_000, 30.0),
        (StopKind.STOP_LOSS, Side.LONG, 62_500, 50.0),
        (StopKind.STOP_LOSS, Side.SHORT, 65_000, 10.0),
        (StopKind.TAKE_PROFIT, Side.LONG, 66_000, 5.0),
        (StopKind.TAKE_PROFIT, Side.SHORT, 60_000, 2.0),
    ):
        coins[kind.row, side.row, step_of(at) - first] = size
    return StopMap(time_ms, first, coins, np.full((2, 2), 1.0), orders=9, accounts=7, unsized=2)


class TestStops:
    async def test_it_says_what_waits_both_ways_beside_what_would_be_liquidated(self, room):
        room.services.markets.views["BTC"] = replace(BTC, stops=stop_map())
        answer = await room.say("/stops BTC")
        assert as_text(answer) == (
            "BTC 64,000: stops sell $1.9M within 2% below, buy $640k above\n"
            "A stop that is reached becomes a market order, as a liquidation does; take-profits push "
            "the other way. Both can be withdrawn at any time. They are a layer of their own, and in "
            "no map, cluster or ratio.\n"
            "Orders: 9 of 7 accounts\n"
            "As of: 2 min ago\n"
            "Farther out: $256k\n"
            "Down: stops sell, profits buy, liquidations sell\n"
            "−1%  $0  $0  $0\n"
            "−2%  $1.9M  $0  $12.8M\n"
            "−5%  $5.1M  $0  $20.5M\n"
            "−10%  $5.1M  $128k  $20.5M\n"
            "Up: stops buy, profits sell, liquidations buy\n"
            "+1%  $0  $0  $0\n"
            "+2%  $640k  $0  $0\n"
            "+5%  $640k  $320k  $5M\n"
            "+10%  $640k  $320k  $5M\n"
            "Heaviest, and liquidations at the same price\n"
            "62,505  −2.3%  $3.2M  stops sell  $0\n"
            "63,007  −1.6%  $1.9M  stops sell  $0\n"
            "65,056  +1.6%  $640k  stops buy  $0\n"
            "65,973  +3.1%  $320k  profits sell  $0\n"
            "60,054  −6.2%  $128k  profits buy  $0\n"
            "2 orders are for a whole position that is not known, and in no figure."
        )
        assert answer.provenance == f"{BTC.provenance}; stops beside it"
        assert answer.tone is Tone.LONGS

    async def test_where_nobody_tells_of_them_or_not_lately_none_are_known_never_zero(self, room):
        for view in (BTC, replace(BTC, stops=stop_map(NOW_MS - FRESH_MS - 1))):
            room.services.markets.views["BTC"] = view
            text = await room.text("/stops BTC")
            assert text.startswith("BTC 64,000: no stop orders known\n")
            assert "That is not the same as none." in text
            assert "$0" not in text

    async def test_a_venue_that_there_is_not_and_a_setting_that_there_is_not_are_named(self, room):
        assert (await room.say("/stops BTC venue=nowhere")).tone is Tone.WARNING
        assert "only venue=" in await room.text("/stops BTC kind=profit")


class TestCascade:
    @pytest.fixture
    def thin(self, room):
        few = [(price, coins / 10) for price, coins in BIDS]
        room.services.markets.views["BTC"] = replace(BTC, depth=depth(bids=few))
        return room

    async def test_it_says_what_is_forced_where_it_would_stop_and_what_is_assumed(self, thin):
        answer = await thin.say("/cascade BTC -2.5%")
        text = as_text(answer)
        assert answer.tone is Tone.LONGS
        assert answer.title.startswith("BTC −2.5% would run to −")
        assert "$20.5M force-sold" in answer.title
        labels = [fact.label for fact in answer.facts]
        assert labels[0] == "Pushed to 62,400"
        assert labels[1:4] == ["Likely stop", "If most of the book comes back", "If nothing comes back"]
        assert "Book: Testex, 4 s old" in text
        assert "a computation, not a forecast" in text
        assert "20% is sold first" in text
        assert "1 cluster on the way" in text

    async def test_a_deep_book_takes_it_all(self, room):
        room.services.markets.views["BTC"] = replace(BTC, depth=depth(bids=[(p, n * 100) for p, n in BIDS]))
        text = await room.text("/cascade BTC -2.5%")
        assert text.startswith("BTC −2.5% would stop there: the book absorbs $20.5M of forced orders\n")
        assert "no cascade" in text

    async def test_without_depth_it_says_what_is_forced_and_no_stop(self, room):
        for view in (BTC, replace(BTC, depth=depth(NOW_MS - 61_000))):
            room.services.markets.views["BTC"] = view
            text = await room.text("/cascade BTC -2.5%")
            assert text.startswith("BTC −2.5%: $20.5M would be force-sold on the way\nNo depth:")
            assert "Likely stop" not in text

    async def test_a_rise_forces_shorts(self, room):
        answer = await room.say("/cascade BTC +5%")
        assert (answer.title, answer.tone) == ("BTC +5%: $5M would be force-bought on the way", Tone.SHORTS)

    async def test_in_a_rise_shorts_are_bought_and_nothing_is_sold(self, room):
        short_of_offers = [(price, coins / 10) for price, coins in ASKS]
        room.services.markets.views["BTC"] = replace(BTC, depth=depth(asks=short_of_offers))
        text = await room.text("/cascade BTC +5%")
        assert "If all is bought at once" in text
        assert "20% is bought first" in text
        assert "sold" not in text

    async def test_without_a_move_it_is_a_fall_of_three_percent(self, room):
        assert (await room.title("/cascade BTC")).startswith("BTC −3%:")

    @pytest.mark.parametrize("move", ["0", "-0.01%", "-99%", "far", "1e9"])
    async def test_a_move_that_makes_no_sense_is_refused_in_words(self, room, move):
        answer = await room.say(f"/cascade BTC {move}")
        assert answer.tone is Tone.WARNING
        assert "%" in answer.title

    async def test_a_wall_stops_it_however_the_book_refills_and_no_range_of_one_figure_is_told(self, room):
        wall = [(price, coins / 10 if place < 30 else 10_000.0) for place, (price, coins) in enumerate(BIDS)]
        room.services.markets.views["BTC"] = replace(BTC, depth=depth(bids=wall))
        text = await room.text("/cascade BTC -2.5%")
        assert "It stops there however fast the book refills." in text
        assert "Between" not in text


class TestBrief:
    async def test_it_is_ten_lines_and_a_picture_and_says_what_is_not_known(self, room):
        answer = await room.say("/brief BTC")
        assert answer.picture.name == "BTC-heatmap-24h.png"
        facts = {fact.label: fact.value for fact in answer.facts}
        assert len(facts) == len(answer.facts) == 10
        assert facts["Fuel within 5%"] == "$5M shorts above, $20.5M longs below, ratio 0.24"
        assert facts["Nearest that matters"] == "$5M at 66,500 (+3.9%); $20.5M at 62,700 (−2%)"
        assert facts["Open interest"] == "not known"
        assert facts["Liquidated in 24 h"] == "none was told of"
        assert facts["Book within 1%"] == "no depth"
        assert facts["If pushed"].startswith("−3% forces $20.5M, stop not known")

    async def test_what_is_known_stands_in_it(self, room):
        context = MarketContext(
            funding_rank=0.96,
            interest_1h=0.004,
            interest_24h=-0.02,
            interest_7d=0.1,
            long_accounts=0.62,
            taker_buy=0.58,
        )
        known = replace(BTC, depth=depth(), open_interest=1_000.0, context=context)
        room.services.markets.views["BTC"] = known
        await room.store.events.record([summed(3e6, 120_000)])
        facts = {fact.label: fact.value for fact in (await room.say("/brief BTC")).facts}
        assert facts["Funding"] == "+0.0013% an hour, longs pay; above 96% of the last week"
        assert facts["Open interest"] == "$64M, +0.4% in 1 h, −2% in 24 h, +10% in 7 d"
        assert facts["Crowd and options"].startswith(
            "Accounts long Testex 62%; Takers bought, 5 min Testex 58%; Options expire in "
        )
        assert facts["Liquidated in 24 h"].startswith("$3M longs, $0 shorts; last hour $3M")
        assert facts["Book within 1%"] == "$12.7M bids, $6.4M asks"
        assert room.studio.inputs[-1].facts[1].value == "96% of 7 d"

    async def test_the_same_stands_in_regime(self, room):
        context = MarketContext(funding_rank=0.04, interest_24h=-0.02)
        others = (
            replace(ETH.elsewhere, long_accounts=0.4, taker_buy=0.61),
            replace(ETH.elsewhere, long_accounts=None),
        )
        room.services.markets.views["BTC"] = replace(BTC, context=context, open_interest=1e3, others=others)
        text = await room.text("/regime BTC")
        assert "Open interest: $64M, −2% in 24 h" in text
        assert "Funding stretch: below 96% of the last week" in text
        assert "Accounts long: Testex 40%" in text
        assert "Takers bought, 5 min: Testex 61%" in text
