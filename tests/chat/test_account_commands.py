"""The commands about single accounts, as somebody types them."""

import pytest
from accounts import ANN, AccountVenue, held, state
from chat.stand_ins import NOW_MS, Room, as_text

from liqbot.message import Tone


@pytest.fixture
def venue():
    positions = (
        held("BTC", 20, at=95_000, mark=100_000, entry=104_000, leverage=20.0),
        held("ETH", -300, at=None, mark=2_000, entry=2_100),
    )
    return AccountVenue(state(*positions, time_ms=NOW_MS, equity_usd=312_000.0))


@pytest.fixture
async def room(store, venue):
    return Room(store, places=[venue.place])


class TestAccount:
    async def test_an_account_is_told_position_by_position_the_nearest_first(self, room):
        answer = await room.say(f"/account {ANN}")
        assert as_text(answer) == (
            "0xa11c…0001: 2 positions, the nearest 5% from liquidation\n"
            "Worth as margin: $312k\n"
            "Long: $2M\n"
            "Short: $600k\n"
            "Profit since entry: −$50k\n"
            "BTC long $2M, 20x cross\n"
            "Liquidation  95,000: 5% or $5,000 away\n"
            "Mark  100,000, entry 104,000\n"
            "Profit  −$80k\n"
            "ETH short $600k, 10x cross\n"
            "Liquidation  no price liquidates it\n"
            "Mark  2,000, entry 2,100\n"
            "Profit  +$30k\n"
            f"{ANN}"
        )
        assert (answer.tone, answer.provenance, answer.time_ms) == (Tone.LONGS, "Hyperliquid", NOW_MS)
        assert answer.private
        assert f"/account {ANN}" in [button.command for button in answer.actions]

    @pytest.mark.parametrize(
        "pasted",
        [f"https://hypurrscan.io/address/{ANN}", f"https://example.org/?user={ANN}&x=1", ANN.upper()],
    )
    async def test_a_link_with_an_address_does_as_well(self, room, pasted):
        assert (await room.title(f"/account {pasted}")).startswith("0xa11c…0001: 2 positions")

    async def test_who_names_none_is_offered_some(self, room):
        answer = await room.say("/account")
        assert answer.title == "Which account? Type its address: /account ADDRESS"
        assert [button.command for button in answer.actions] == [f"/account {ANN}"]

    async def test_an_account_without_positions_is_said_to_hold_none(self, room):
        assert await room.title(f"/account {ANN[:-1]}9") == "0xa11c…0009 holds no position"

    async def test_what_is_no_address_is_refused(self, room):
        answer = await room.say("/account 0x123")
        assert (answer.tone, answer.title) == (
            Tone.WARNING,
            "An address has 40 digits after 0x, not 3 as '0x123'. Paste it whole.",
        )

    async def test_a_venue_that_is_silent_is_said_to_be(self, room, venue):
        venue.is_silent = True
        assert "does not answer at present" in await room.title(f"/account {ANN}")
        venue.watch(ANN, known=state(held(), time_ms=NOW_MS - 1_200_000))
        text = await room.text(f"/account {ANN}")
        assert "Hyperliquid does not answer at present: this is how it stood 20 min ago." in text
