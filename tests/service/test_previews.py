"""What a new subscription would have brought."""

import asyncio
import threading
from collections import Counter
from dataclasses import replace

import pytest
from chat.stand_ins import BTC, as_text, later

from liqbot.chat.phrases import lately
from liqbot.market.depth import Depth
from liqbot.market.events import LiquidationSum
from liqbot.market.layer import Basis, Layer
from liqbot.market.side import Side
from liqbot.rules.rule import Hit, Need, Policy, rule
from liqbot.service import previews as previews_room
from liqbot.service.previews import WouldHaveFired


@rule("cheap", policy=Policy(cooldown=0))
def cheap(view):
    """Spot is below 63,000."""
    if view.spot < 63_000:
        yield Hit("cheap", "cheap")


@pytest.fixture
async def with_history(room):
    """Six hours of history, in which BTC was cheap twice."""
    room.services.rules.add([cheap])
    for step in range(-360, 0, 10):
        spot = 62_000.0 if step in (-300, -290, -100) else 64_000.0
        await room.store.observations.record([later(BTC, step, spot=spot)])
    return room


async def test_subscribing_says_how_often_it_would_have_fired_and_when_last(with_history):
    said = (await with_history.say("/subscribe cheap BTC")).lines[-1]
    assert said == "It would have fired 2 times in the last 6 h, last on 1970-01-05 02:20 UTC."


async def test_a_count_is_of_the_layer_that_is_asked_about_and_of_no_other(with_history):
    elsewhere = replace(BTC, layer=Layer("Binance", Basis.MODELLED))
    await with_history.store.observations.record([later(elsewhere, -10, spot=62_000.0)])
    previews = previews_room.Previews(with_history.store.observations)
    for _again in range(2):
        assert (await previews.told(cheap, cheap.form.defaults(), BTC)).times == 2
        assert (await previews.told(cheap, cheap.form.defaults(), elsewhere)).times == 1


async def test_one_that_would_not_have_fired_says_so(with_history):
    said = (await with_history.say("/subscribe near-cluster BTC at_least=1T")).lines[-1]
    assert said.startswith("It would not have fired in the last 6 h (36 views)")


async def test_without_history_nothing_is_claimed(room):
    assert "would" not in as_text(await room.say("/subscribe trapped BTC"))


async def test_a_count_that_takes_longer_is_marked_and_is_there_for_who_asks_again(with_history, monkeypatch):
    monkeypatch.setattr(previews_room, "PATIENCE_S", 0.02)
    go_on = threading.Event()

    @rule("slow", policy=Policy(cooldown=0))
    def slow(view):
        """It waits for the test."""
        assert go_on.wait(30)
        if view.spot < 63_000:
            yield Hit("slow", "slow")

    with_history.services.rules.add([slow])
    previews = previews_room.Previews(with_history.store.observations)
    [told] = lately(await previews.told(slow, slow.form.defaults(), BTC))
    assert told == "How often it would have fired in the last 7 days is still being counted."
    go_on.set()
    [counting] = previews._counts.values()
    await counting
    assert (await previews.told(slow, slow.form.defaults(), BTC)).times == 2


async def test_a_rule_that_fails_is_no_reason_not_to_subscribe(with_history):
    @rule("broken")
    def broken(view):
        """It is broken."""
        return view.spot / 0

    with_history.services.rules.add([broken])
    answer = await with_history.say("/subscribe broken BTC")
    assert answer.title.startswith("Subscribed")
    assert "cannot be told" in as_text(answer)


def test_a_week_is_called_seven_days():
    [told] = lately(WouldHaveFired("counted", 0, 300, 7 * 86_400))
    assert told == "It would not have fired in the last 7 days (300 views)."


@rule("build-up", needs=[Need.OPEN_INTEREST])
def build_up(view):
    """Open interest is high."""
    if view.open_interest and view.open_interest > 1e12:
        yield Hit("high", "high")


BOOK = Depth.of("BTC", "Test", 0, [(63_990.0, 1e6)], [(64_010.0, 1e6)])


class TestWithoutWhatARuleNeeds:
    """That a rule finds nothing in a view that it could not read is no answer."""

    @pytest.fixture
    async def house(self, room):
        room.services.rules.add([build_up])
        bare = replace(BTC, depth=None, funding=None, open_interest=None)
        room.services.markets.views["BTC"] = bare
        for step in range(-300, 0, 10):
            await room.store.observations.record([later(bare, step)])
        return room

    @pytest.mark.parametrize(
        ("wanted", "what", "now"),
        [
            ("fragile", "the order book", "No order book is known at present."),
            ("funding-confirms", "funding", "Funding is not known at present."),
            ("build-up", "open interest", "Open interest is not known at present."),
        ],
    )
    async def test_it_is_told_that_nobody_can_tell(self, house, wanted, what, now):
        said = as_text(await house.say(f"/subscribe {wanted} BTC"))
        assert f"cannot be told: {what} was not known in any of 30 views" in said
        assert "would not have fired" not in said
        assert f"Right now: {now}" in said

    @pytest.mark.parametrize(
        ("wanted", "known"),
        [
            ("fragile", {"depth": BOOK}),
            ("funding-confirms", {"funding": 1e-9}),
            ("build-up", {"open_interest": 5.0}),
        ],
    )
    async def test_views_in_which_it_could_not_fire_are_counted(self, house, wanted, known):
        for step in (-5, -3, -1):
            await house.store.observations.record([replace(later(BTC, step), **known)])
        told = (await house.say(f"/subscribe {wanted} BTC")).lines
        assert any("It would not have fired in the last 5 h (33 views)" in line for line in told)
        assert any("In 30 views of that time" in line for line in told)

    async def test_where_nobody_tells_of_liquidations_it_is_said_for_each_rule_that_reads_them(self, house):
        for wanted in ("big-liquidation", "liquidation-burst", "cascade"):
            assert "No liquidation was told of in that time" in as_text(
                await house.say(f"/subscribe {wanted} BTC")
            )

    async def test_one_that_was_told_of_is_enough_to_know_that_the_venue_tells(self, house):
        seen = later(BTC, -2)
        told = LiquidationSum(coin="BTC", layer=BTC.layer, time_ms=seen.time_ms, side=Side.LONG, usd=1.0,
                              count=1, sampled=False)  # fmt: skip
        await house.store.events.record([told])
        await house.store.observations.record([seen])
        said = as_text(await house.say("/subscribe big-liquidation BTC"))
        assert "would not have fired" in said
        assert "No liquidation was told" not in said


async def test_many_wishes_at_once_are_counted_one_after_the_other_and_beyond_a_few_not_at_all(with_history):
    near = with_history.services.rules.by_name["near-cluster"]
    previews = previews_room.Previews(with_history.store.observations)
    wishes = [near.form.parse({"within": f"{number / 10}%"}) for number in range(10, 50)]
    told = await asyncio.gather(*(previews.told(near, wish, BTC) for wish in wishes))
    states = Counter(one.state for one in told)
    assert states["skipped"] == len(wishes) - previews_room.MOST_WAITING - 1
    assert states["counted"] + states["counting"] == previews_room.MOST_WAITING + 1
    again = await previews.told(near, wishes[-1], BTC)
    assert again.state in ("counted", "counting"), "once there is room again, it is counted"
