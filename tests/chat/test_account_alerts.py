"""What an account's alerts show, and how a test of one looks, as somebody sees it in a chat."""

from dataclasses import replace

import pytest
from accounts import ANN, LIVE, AccountVenue, state
from charts.scenes import with_past
from chat.stand_ins import BTC, NOW_MS, SOMEBODY_ELSE, as_text
from watchers import FAR, NEAR, watchers

from liqbot.message import Tone


@pytest.fixture
def venue():
    return AccountVenue(state(FAR, time_ms=NOW_MS, equity_usd=312_000.0))


@pytest.fixture
async def room(address, venue):
    async with watchers(address, venue) as room:
        yield room


class TestPictures:
    async def test_an_alert_shows_the_market_with_the_level_and_so_does_a_look_at_it_later(self, room):
        room.services.markets.views["BTC"] = with_past(
            replace(BTC, layer=LIVE, time_ms=room.now_ms), [64_000.0, 64_000.0]
        )
        await room.say(f"/watch {ANN} name=whale")
        await room.look(FAR)
        [message] = await room.look(NEAR)
        assert message.picture.name == "BTC-heatmap-24h.png"
        assert room.studio.inputs[-1].level.names[0] == "whale: long $1.7M, liquidation 80,000"
        await room.look(replace(NEAR, liquidation=79_000.0))
        assert (await room.say("/alert A1")).picture is not None
        assert room.studio.inputs[-1].level.price == 79_000

    async def test_a_picture_that_cannot_be_drawn_holds_up_nothing(self, room):
        room.services.markets.views["BTC"] = with_past(
            replace(BTC, layer=LIVE, time_ms=room.now_ms), [64_000.0, 64_000.0]
        )
        room.studio.broken = True
        await room.say(f"/watch {ANN} name=whale")
        await room.look(FAR)
        [message] = await room.look(NEAR)
        assert message.picture is None


class TestTests:
    async def test_before_anything_has_come_it_is_an_example_of_what_the_account_holds(self, room):
        answer = await room.say(f"/watch {ANN} name=whale near=10%")
        assert f"/test watch {ANN}" in [button.command for button in answer.actions]
        assert await room.title("/test watch whale") == "A test alert of watch whale is on its way"
        [message] = await room.tell()
        assert as_text(message) == (
            "TEST whale: BTC long is 10% ($8,889) from liquidation\n"
            "Position: BTC long $1.8M, 20x cross, entry 104,000\n"
            "Liquidation: 80,000: 10% or $8,889 away, a loss of $178k\n"
            "Mark: 88,889\n"
            "Profit: −$302k\n"
            "An example: BTC is at 100,000, and this comes once it is at 88,889.\n"
            f"{ANN}"
        )
        assert message.provenance == "watch A1 · Hyperliquid"

    async def test_afterwards_it_is_the_newest_that_has_come(self, room):
        await room.say(f"/watch {ANN} name=whale")
        await room.look(FAR)
        await room.look(NEAR)
        await room.look()
        await room.say("/test watch whale")
        [message] = await room.tell()
        assert message.title == "TEST whale: BTC long $1.7M closed"
        assert await room.title("/why A3") == "TEST whale: BTC long $1.7M closed"

    async def test_an_account_that_is_not_watched_can_be_tried_as_well(self, room):
        await room.say(f"/test watch https://hypurrscan.io/address/{ANN}")
        [message] = await room.tell()
        assert message.title == "TEST 0xa11c…0001: BTC long is 5% ($4,211) from liquidation"

    async def test_what_somebody_else_was_told_is_not_shown(self, room):
        await room.say(f"/watch {ANN} name=whale", SOMEBODY_ELSE)
        await room.look(FAR)
        await room.look()
        await room.say(f"/test watch {ANN}")
        [message] = await room.tell()
        assert "closed" not in message.title

    @pytest.mark.parametrize(
        ("line", "said", "meant"),
        [
            ("/test whale", "'whale' is no", None),
            (f"/test {ANN}", f"is an account. Type /test watch {ANN}", f"/test watch {ANN}"),
            (f"/test near-cluster {ANN}", "is no coin.", f"/test watch {ANN}"),
            ("/test watch BTC", "BTC is a coin, and a watch is on an account", None),
            ("/test watch 0x12", "has 40 digits after 0x, not 2", None),
            ("/test watch nobody", "'nobody' is no address of an account", None),
            ("/test watch", "Which account?", f"/test watch {ANN}"),
        ],
    )
    async def test_what_it_does_not_take_is_refused(self, room, line, said, meant):
        answer = await room.say(line)
        assert answer.tone is Tone.WARNING
        assert said in answer.title or "There is no rule" in answer.title
        assert meant is None or meant in [button.command for button in answer.actions]

    async def test_a_silent_venue_is_said_to_be(self, room, venue):
        venue.is_silent = True
        assert "does not answer at present" in await room.title(f"/test watch {ANN}")

    async def test_help_and_completion_name_it(self, room):
        assert "/test watch ADDRESS" in await room.text("/help test")
