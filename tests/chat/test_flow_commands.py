"""The commands about what flows through a market, as somebody types them."""

import pytest
from chat.stand_ins import BTC, NOW_MS

from liqbot.market.events import LiquidationSeen, LiquidationSum
from liqbot.market.side import Side
from liqbot.message import Tone

HOUR = 3_600_000


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
