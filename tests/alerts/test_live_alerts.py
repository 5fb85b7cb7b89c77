"""Alerts that are kept up to date: one message in each chat, changed while it lasts and closed at its end."""

from dataclasses import replace

import pytest
from alerts.stand_ins import ANN, BOB, Clock, House, at_work
from markets import MINUTE, long, view_of
from platforms import Paper

from liqbot.alerts.dispatcher import Dispatcher
from liqbot.alerts.evaluator import Evaluator
from liqbot.rules.common_parameters import Policy
from liqbot.rules.rule import Hit, rule

VIEW = view_of(long("ann", 1, at=95))


@rule("course", policy=Policy(resolve=True))
def course(view):
    """The course of something: it is on above 100, and over above 200."""
    if view.spot > 100:
        over = view.spot > 200
        yield Hit("it", f"{view.spot:g}", value=view.spot, live=True, over=over)


@pytest.fixture
async def watched(store):
    """Return what lets the market go on, and what came of it."""
    house = House(store).with_rules(course)
    await house.subscribe(ANN, "course")
    evaluator, paper, clock = Evaluator(house.rules, store.alerts), Paper(), Clock()
    dispatcher = Dispatcher(store, no_picture, clock)
    dispatcher.connect("paper", paper)
    minute = 0

    async def see(spot):
        nonlocal minute
        minute += 1
        clock.now_ms += MINUTE
        await evaluator.take(replace(VIEW, spot=spot, time_ms=minute * MINUTE), clock.now_ms)
        dispatcher.wake()
        async with at_work(dispatcher):
            await dispatcher.drained()

    yield house, paper, see
    await store.close()


async def no_picture(view, hit, look=""):
    del view, hit, look


async def test_news_go_into_the_message_that_was_sent_and_so_does_its_end(watched):
    _, paper, see = watched
    for spot in (99, 101, 105, 160, 170, 210, 99):
        await see(spot)
    told = [(outgoing.message.title, outgoing.replaces) for outgoing in paper.parcels]
    assert told == [
        ("BTC: 101", None),
        ("BTC: 160", "message-1"),
        ("BTC: 210", "message-2"),
    ]


async def test_a_chat_that_has_not_got_it_is_told_as_if_it_were_new(watched):
    house, paper, see = watched
    await see(101)
    await house.subscribe(BOB, "course")
    await see(160)
    told = {(outgoing.chat, outgoing.message.title): outgoing.replaces for outgoing in paper.parcels}
    assert told[ANN, "BTC: 160"] == "message-1"
    assert told[BOB, "BTC: 160"] is None


async def test_without_more_to_say_nothing_is_told(watched):
    _, paper, see = watched
    for _ in range(4):
        await see(101)
    assert len(paper.parcels) == 1


async def test_where_a_chat_has_another_id_by_now_the_numbers_of_its_messages_mean_others(watched):
    house, paper, see = watched
    await see(101)
    await house.store.chats.move(ANN, "supergroup")
    await see(160)
    await see(210)
    told = [(outgoing.chat.native_id, outgoing.replaces) for outgoing in paper.parcels]
    assert told == [("ann", None), ("supergroup", None), ("supergroup", "message-2")]
