import asyncio
from contextlib import asynccontextmanager

import pytest
from alerts.stand_ins import ANN, BOB, saying
from markets import long, view_of
from structlog.testing import capture_logs

from liqbot.alerts import dispatcher as module
from liqbot.alerts.dispatcher import BATCH, MOST_ATTEMPTS, DeliveryError, Dispatcher
from liqbot.alerts.watching import Watching
from liqbot.market.wire import WireError
from liqbot.message import Picture
from liqbot.store.chats import ChatKey

VIEW = view_of(long("ann", 2, at=95), spot=100)
PICTURE = Picture(b"png", "words", "BTC.png")


class Paper:
    """A chat that writes down what it gets; what stands in `trouble` for a chat is raised first."""

    def __init__(self):
        self.messages = []
        self.trouble = {}
        self.tries = 0
        self.hanging = asyncio.Event()

    async def send(self, chat, message):
        self.tries += 1
        trouble = self.trouble.get(chat.native_id)
        if isinstance(trouble, list):
            trouble = trouble.pop(0) if trouble else None
        if trouble == "hangs":
            self.hanging.set()
            await asyncio.Event().wait()
        if trouble is not None:
            raise trouble
        self.messages.append((chat.native_id, message))

    @property
    def got(self):
        return [(name, message.title) for name, message in self.messages]


class Office:
    """A house with one rule that says "one", two subscribers, and a dispatcher."""

    def __init__(self, house, clock):
        self.clock = clock
        self.paper = Paper()
        self.pictures = 0
        self.picture = PICTURE
        self.house = house.with_rules(saying("one", "one"))
        self.outbox = house.store.outbox
        self.watching = Watching(house.rules, self.outbox)
        self.dispatcher = Dispatcher(self.outbox, {"paper": self.paper}, self.illustrate, clock)

    async def illustrate(self, view):
        self.pictures += 1
        assert view.coin == "BTC"
        if isinstance(self.picture, Exception):
            raise self.picture
        return self.picture

    def subscribe(self, *chats):
        for chat in chats:
            self.house.subscribe(chat, "one")

    def alert(self):
        """Let the rule alert; return how many deliveries are due from that."""
        due = self.watching.take(VIEW, self.clock())
        self.dispatcher.wake()
        return due

    @asynccontextmanager
    async def at_work(self):
        task = asyncio.create_task(self.dispatcher.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def later(self, seconds=0):
        """Let the clock go on, and what is due by then be sent."""
        self.clock.now_ms += round(seconds * 1000)
        self.dispatcher.wake()
        await self.dispatcher.drained()


@pytest.fixture
def office(house, clock):
    return Office(house, clock)


async def test_each_subscriber_gets_each_alert_once(office):
    office.subscribe(ANN, BOB)
    assert office.alert() == 2
    async with office.at_work():
        await office.later()
        await office.later(3_600)
    assert office.paper.got == [("ann", "BTC: BTC one"), ("bob", "BTC: BTC one")]
    assert office.outbox.owed() == 0


async def test_a_new_alert_is_sent_as_soon_as_the_dispatcher_is_woken(office):
    office.subscribe(ANN)
    async with office.at_work():
        await office.later()
        assert office.paper.got == []
        office.alert()
        await office.dispatcher.drained()
    assert office.paper.got == [("ann", "BTC: BTC one")]


async def test_more_than_one_batch_is_sent_and_the_picture_is_drawn_once_for_all(office):
    chats = [ChatKey("paper", str(number)) for number in range(3 * BATCH)]
    office.subscribe(*chats)
    office.alert()
    async with office.at_work():
        await office.later()
    assert [name for name, _ in office.paper.got] == [chat.native_id for chat in chats]
    assert office.pictures == 1
    assert {id(message.picture) for _, message in office.paper.messages} == {id(PICTURE)}


async def test_only_chats_of_platforms_that_are_connected_are_served_and_the_others_wait(office):
    office.subscribe(ANN, ChatKey("carrier pigeon", "cid"))
    office.alert()
    async with office.at_work():
        await office.later()
    assert office.paper.got == [("ann", "BTC: BTC one")]
    assert office.outbox.owed() == 1


@pytest.mark.parametrize("picture", [None, RuntimeError("no ink"), OSError("no paper")])
async def test_without_its_picture_the_text_goes_out(office, picture):
    office.picture = picture
    office.subscribe(ANN)
    office.alert()
    async with office.at_work():
        await office.later()
    [(_, message)] = office.paper.messages
    assert (message.title, message.picture) == ("BTC: BTC one", None)


async def test_without_its_market_the_text_goes_out(office, monkeypatch):
    def unreadable(_alert):
        raise WireError("a market view of version 0")

    monkeypatch.setattr(office.outbox, "view_of", unreadable)
    office.subscribe(ANN)
    office.alert()
    async with office.at_work():
        await office.later()
    [(_, message)] = office.paper.messages
    assert message.title == "BTC: BTC one"
    assert message.lines == ("It means.", "It does not.")


class TestTrouble:
    async def test_what_did_not_arrive_is_tried_again_with_longer_and_longer_pauses(self, office):
        office.paper.trouble["ann"] = [DeliveryError("busy")] * 4
        office.subscribe(ANN)
        office.alert()
        async with office.at_work():
            await office.later()
            for tries, pause_s in enumerate([1, 2, 4, 8], start=1):
                assert office.paper.tries == tries
                await office.later(pause_s - 0.001)
                assert office.paper.tries == tries
                assert office.paper.got == []
                await office.later(0.001)
        assert office.paper.got == [("ann", "BTC: BTC one")]
        assert office.outbox.owed() == 0

    async def test_it_is_given_up_after_about_an_hour_of_tries(self, office):
        office.paper.trouble["ann"] = DeliveryError("busy")
        office.subscribe(ANN)
        office.alert()
        begin_ms = office.clock.now_ms
        async with office.at_work():
            await office.later()
            while office.outbox.owed():
                await office.later(1)
            minutes = (office.clock.now_ms - begin_ms) / 60_000
            await office.later(24 * 3_600)
        assert office.paper.tries == MOST_ATTEMPTS
        assert 50 < minutes < 70

    async def test_where_another_try_cannot_help_it_is_given_up_at_once(self, office):
        office.paper.trouble["ann"] = DeliveryError("the chat is gone", final=True)
        office.subscribe(ANN)
        office.alert()
        with capture_logs() as logs:
            async with office.at_work():
                await office.later()
                await office.later(3_600)
        assert (office.paper.tries, office.outbox.owed()) == (1, 0)
        assert [(entry["event"], entry["reason"]) for entry in logs] == [
            ("a delivery was given up", "the chat is gone")
        ]

    @pytest.mark.parametrize(
        "trouble", [DeliveryError("busy"), DeliveryError("gone", final=True), ValueError("a bug"), "hangs"]
    )
    async def test_one_chat_in_trouble_harms_only_itself(self, office, monkeypatch, trouble):
        monkeypatch.setattr(module, "PATIENCE_S", 0.01)
        office.paper.trouble["ann"] = trouble
        office.subscribe(ANN, BOB)
        office.alert()
        async with office.at_work():
            await office.later()
        assert office.paper.got == [("bob", "BTC: BTC one")]

    @pytest.mark.parametrize("trouble", [ValueError("a bug"), "hangs", TimeoutError()])
    async def test_whatever_a_chat_does_its_message_is_tried_again(self, office, monkeypatch, trouble):
        monkeypatch.setattr(module, "PATIENCE_S", 0.01)
        office.paper.trouble["ann"] = [trouble]
        office.subscribe(ANN)
        office.alert()
        async with office.at_work():
            await office.later()
            assert office.paper.got == []
            await office.later(1)
        assert office.paper.got == [("ann", "BTC: BTC one")]

    async def test_what_an_unknown_error_says_is_not_written_into_the_database(self, office, house):
        office.paper.trouble["ann"] = ValueError("https://api.example/bot123:SECRET/sendMessage")
        office.subscribe(ANN)
        office.alert()
        async with office.at_work():
            await office.later()
        house.store.close()
        assert b"SECRET" not in b"".join(file.read_bytes() for file in house.store.path.parent.iterdir())

    async def test_an_outbox_that_fails_for_a_moment_is_tried_again_and_nothing_is_lost(
        self, office, monkeypatch
    ):
        office.subscribe(ANN, BOB)
        office.alert()
        sent, failing = office.outbox.sent, ["once"]

        def sent_but_for_once(*arguments):
            if failing:
                failing.pop()
                raise OSError("the disk is full")
            sent(*arguments)

        monkeypatch.setattr(office.outbox, "sent", sent_but_for_once)
        monkeypatch.setattr(module, "LOOK_S", 0.01)
        async with office.at_work():
            await office.later()
        names = [name for name, _ in office.paper.got]
        assert names == ["ann", "ann", "bob"], "rather twice than never"
        assert office.outbox.owed() == 0

    async def test_what_was_under_way_when_the_bot_stopped_is_sent_after_the_next_start(self, office):
        office.paper.trouble["ann"] = ["hangs"]
        office.subscribe(ANN)
        office.alert()
        async with office.at_work():
            await office.paper.hanging.wait()
        assert office.paper.got == []
        assert office.outbox.owed() == 1
        async with office.at_work():
            await office.later()
        assert office.paper.got == [("ann", "BTC: BTC one")]


class TestDrained:
    async def test_it_waits_until_nothing_is_due(self, office):
        office.subscribe(ANN, BOB)
        office.alert()
        drained = asyncio.create_task(office.dispatcher.drained())
        await asyncio.sleep(0)
        assert not drained.done()
        async with office.at_work():
            await drained
        assert len(office.paper.got) == 2

    async def test_it_does_not_wait_for_what_is_due_only_later(self, office):
        office.paper.trouble["ann"] = DeliveryError("busy")
        office.subscribe(ANN)
        office.alert()
        async with office.at_work():
            await office.dispatcher.drained()
        assert office.outbox.owed() == 1

    async def test_it_waits_again_once_there_is_something_new(self, office):
        async with office.at_work():
            await office.later()
            office.subscribe(ANN)
            office.alert()
            await office.dispatcher.drained()
            assert len(office.paper.got) == 1
