"""What goes with alerts of accounts: the picture of the market with the level marked, and examples."""

from dataclasses import replace

import pytest
from accounts import ANN, LIVE, AccountVenue, held, state
from charts.scenes import with_past
from chat.stand_ins import BTC, NOW_MS, Room

from liqbot.market.side import Side
from liqbot.market.wire import WireError
from liqbot.rules.hit import Hit
from liqbot.service.account_alerts import example, named_level
from liqbot.store.alerts import Alert
from liqbot.store.chats import ChatKey
from liqbot.store.observations import MINUTE_MS
from liqbot.text.figures import price

MINE = held("BTC", 20, at=60_000, mark=64_000)
VIEW = with_past(replace(BTC, layer=LIVE), [64_000.0, 64_000.0])


def alert(key="near:BTC", level=60_000.0, value=6.25, side=Side.LONG, parameters="", **more):
    hit = Hit(key, "something", value=value, side=side, level=level)
    settings = {"layer": LIVE.key} | more
    return Alert(1, "watch", ANN, parameters, "first", hit, NOW_MS, **settings)


@pytest.fixture
async def room(store):
    room = Room(store, places=[AccountVenue(state(MINE, time_ms=NOW_MS)).place])
    room.services.markets.views["BTC"] = VIEW
    return room


class TestNames:
    @pytest.mark.parametrize(
        ("told", "holds", "said"),
        [
            (alert(), (MINE,), "0xa11c…0001: long $1.3M, liquidation 60,000"),
            (alert("liquidated:BTC", value=5e5), (), "0xa11c…0001: long $500k liquidated at 60,000"),
            (alert("liquidated:BTC", value=5e5), (MINE,), "0xa11c…0001: long $500k liquidated at 60,000"),
            (alert("closed:BTC"), (), "0xa11c…0001: liquidation was 60,000"),
            (alert("opened:BTC"), (MINE,), "0xa11c…0001: long $1.3M, liquidation 60,000"),
        ],
    )
    def test_a_level_says_whose_it_is_and_what_it_is(self, told, holds, said):
        level = named_level(told, state(*holds))
        assert level.names[0] == said
        assert level.price == 60_000
        assert len(level.names[-1]) < len(said)
        assert all("60,000" in name for name in level.names)

    def test_without_a_price_that_liquidates_it_there_is_none(self):
        assert named_level(alert(level=None), state(replace(MINE, liquidation=None))) is None


class TestPictures:
    async def test_it_is_the_market_of_the_position_with_its_level(self, room):
        drawn = await room.services.account_alerts.picture(alert(), state(MINE))
        assert drawn is not None
        [asked] = room.studio.inputs
        assert (asked.view.coin, asked.level.price, asked.highlight) == ("BTC", 60_000, None)

    async def test_a_coin_that_nobody_follows_has_no_picture_and_the_words_go_alone(self, room):
        gold = replace(MINE, coin="xyz:GOLD")
        assert await room.services.account_alerts.picture(alert("near:xyz:GOLD"), state(gold)) is None

    async def test_another_layers_map_is_not_shown_for_it(self, room):
        told = alert(layer="sandbox/measured/simulated")
        assert await room.services.account_alerts.picture(told, state(MINE)) is None

    async def test_told_late_it_shows_the_market_of_then(self, room):
        then = replace(VIEW, time_ms=NOW_MS - 90 * MINUTE_MS, spot=61_000.0)
        await room.store.observations.record([then])
        await room.store.observations.record([VIEW])
        told = replace(alert(), time_ms=then.time_ms + 20_000)
        await room.services.account_alerts.picture(told, state(MINE))
        [asked] = room.studio.inputs
        assert asked.view.spot == 61_000

    async def test_of_a_time_that_is_not_kept_any_more_there_is_none(self, room):
        told = replace(alert(), time_ms=NOW_MS - 50 * 24 * 60 * MINUTE_MS)
        assert await room.services.account_alerts.picture(told, state(MINE)) is None


class TestExamples:
    @pytest.mark.parametrize("mine", [MINE, held("BTC", -20, at=70_000, mark=64_000)])
    def test_one_is_at_the_price_at_which_the_warning_would_come(self, mine):
        hit, then = example(state(mine), 5.0)
        [position] = then.positions
        assert 100 * position.distance() == pytest.approx(5.0)
        assert "5% (" in hit.text
        assert hit.caveat == (
            f"An example: BTC is at 64,000, and this comes once it is at {price(position.mark)}."
        )
        assert then.equity_usd is None

    def test_what_is_near_already_is_no_example(self):
        near = replace(MINE, mark=61_000)
        hit, then = example(state(near), 5.0)
        assert (hit.caveat, then.positions) == ("", (near,))

    def test_at_its_level_it_is_the_nearest_of_all(self):
        at_it = held("ETH", 5, at=2_000, mark=2_000)
        hit, _then = example(state(replace(MINE, mark=60_500), at_it), 5.0)
        assert hit.text == "ETH long is at its liquidation price"

    def test_where_no_price_liquidates_anything_the_largest_is_told_as_if_opened(self):
        safe = replace(MINE, liquidation=None)
        hit, _then = example(state(held("ETH", 5, at=None, mark=2_000), safe), 5.0)
        assert hit.text == "BTC long $1.3M opened, no price liquidates it"
        assert hit.caveat == "An example, made of what it holds now."

    def test_without_a_position_it_says_so(self):
        hit, _then = example(state(), 5.0)
        assert "holds no position" in hit.text


async def test_where_what_came_last_cannot_be_read_any_more_the_test_is_an_example(room, monkeypatch):
    async def damaged(_alert):
        raise WireError("not an account")

    me, asked = ChatKey("console", "me"), room.services.account_alerts
    await asked.sample(me, ANN)
    monkeypatch.setattr(room.store.alerts, "account_of", damaged)

    async def newest_of(_chat, _limit):
        return [alert("closed:BTC")]

    monkeypatch.setattr(room.store.alerts, "newest_of", newest_of)
    await asked.sample(me, ANN)
    told = [await room.store.alerts.alert(number) for number in (1, 2)]
    assert [one.hit.key for one in told] == ["near:BTC", "near:BTC"]
