"""Alerts whose picture takes long: they are paced when they go, and hold up nobody else."""

import asyncio

from alerts.stand_ins import ANN, at_work, saying
from markets import long, view_of
from platforms import Paper

from liqbot.alerts.dispatcher import Dispatcher
from liqbot.alerts.evaluator import Evaluator
from liqbot.alerts.platform import Limits
from liqbot.message import Picture
from liqbot.store.chats import ChatKey

VIEW = view_of(long("ann", 2, at=95), spot=100)
LIMITS = Limits(a_second=200, a_chat_s=0.5, chat_burst=2, in_flight=24, reuses_uploads=True)


async def test_a_chat_that_has_to_wait_holds_the_picture_back_from_nobody(house, clock):
    """Ann's alert is the first of all; while its picture is drawn she is answered twice."""
    house = house.with_rules(saying("one", "one", cooldown=0))
    paper, drawing, drawn = Paper(limits=LIMITS), asyncio.Event(), asyncio.Event()

    async def illustrate(_view, _hit, _look):
        drawing.set()
        await drawn.wait()
        return Picture(b"png", "words", "BTC.png")

    form = house.rules.by_name["one"].form
    others = [ChatKey("paper", str(number)) for number in range(10)]
    for chat in (ANN, *others):
        await house.store.subscriptions.subscribe(
            chat, rule="one", coin="BTC", parameters=form.canonical(form.defaults()), now_ms=0
        )
    dispatcher = Dispatcher(house.store, illustrate, clock)
    dispatcher.connect("paper", paper)
    assert await Evaluator(house.rules, house.store.alerts).take(VIEW, clock()) == 11
    async with at_work(dispatcher):
        async with asyncio.timeout(20):
            await drawing.wait()
        await asyncio.sleep(0.1)  # the places of all that wait for it are past by then
        for _ in range(2):
            await dispatcher.turn(ANN)
        drawn.set()
        await paper.has_got(11)
    chats = [parcel.chat for parcel in paper.parcels]
    assert set(chats) == {ANN, *others}
    assert chats[-1] == ANN, "who is answered meanwhile waits alone"
    assert sum(parcel.upload is None for parcel in paper.parcels) == 1, "uploaded once"
