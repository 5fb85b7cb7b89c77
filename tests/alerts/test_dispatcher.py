"""From what is owed to what has arrived: real store, real time where it matters, a platform on paper."""

import asyncio
import sqlite3

import pytest
from alerts.stand_ins import ANN, BOB, at_work, saying
from databases import ON_SQLITE, look
from markets import long, view_of
from platforms import Paper
from structlog.testing import capture_logs

from liqbot.alerts import dispatcher as dispatching
from liqbot.alerts.alert_message import MAY_REPEAT
from liqbot.alerts.delivery import platform_sender
from liqbot.alerts.delivery import send as module
from liqbot.alerts.delivery.send import MOST_ATTEMPTS, REFUSALS
from liqbot.alerts.dispatcher import Dispatcher
from liqbot.alerts.evaluator import Evaluator
from liqbot.alerts.platform import (
    ChatGone,
    ChatMoved,
    Limits,
    NotSent,
    Refused,
    SlowDown,
    Unclear,
)
from liqbot.market.wire import WireError
from liqbot.message import Picture
from liqbot.store.alerts import EXPIRES_MS
from liqbot.store.chats import ChatKey, ChatSettings
from liqbot.store.deliveries import DeliveryStatus
from liqbot.store.errors import StoreError
from liqbot.store.subscriptions import Manner

VIEW = view_of(long("ann", 2, at=95), spot=100)
PICTURE = Picture(b"png", "words", "BTC.png")
TITLE = "BTC: BTC one"


class Office:
    """A house with one rule that says "one", its subscribers, and a dispatcher."""

    def __init__(self, house, clock):
        self.clock = clock
        self.pictures = 0
        self.picture = PICTURE
        self.house = house.with_rules(saying("one", "one", cooldown=0))
        self.store = house.store
        self.evaluator = Evaluator(house.rules, self.store.alerts)
        self.minute = 0
        self.connect(Paper({}))

    def connect(self, paper):
        """Begin anew with a dispatcher for `paper`, as after a restart."""
        self.paper = paper
        self.dispatcher = Dispatcher(self.store, self.illustrate, self.clock, clock_s=self.seconds)
        self.dispatcher.connect("paper", paper)

    def seconds(self):
        return self.clock.now_ms / 1000

    async def illustrate(self, view, hit, _look):
        self.pictures += 1
        assert hit.text.startswith(view.coin)
        if isinstance(self.picture, Exception):
            raise self.picture
        return self.picture

    async def subscribe(self, *chats, manner=None):
        form = self.house.rules.by_name["one"].form
        for chat in chats:
            await self.store.subscriptions.subscribe(
                chat,
                rule="one",
                coin="BTC",
                parameters=form.canonical(form.defaults()),
                now_ms=0,
                manner=manner or Manner(),
            )

    async def alert(self):
        """Let the rule alert, again if need be; return how many deliveries are due from that."""
        await self.store.alerts.forget_states()
        due = await self.evaluator.take(VIEW, self.clock())
        self.dispatcher.wake()
        return due

    def at_work(self):
        return at_work(self.dispatcher)

    async def later(self, seconds=0):
        """Let the clock go on, and what is due by then be sent."""
        self.clock.now_ms += round(seconds * 1000)
        self.dispatcher.wake()
        async with asyncio.timeout(20):
            await self.dispatcher.drained()

    def status(self):
        return [status for (status,) in look(self.store, "SELECT status FROM deliveries ORDER BY id")]


@pytest.fixture
def office(house, clock):
    return Office(house, clock)


async def test_each_subscriber_gets_each_alert_once(office):
    await office.subscribe(ANN, BOB)
    assert await office.alert() == 2
    async with office.at_work():
        await office.later()
        await office.later(3_600)
    assert office.paper.got == [("ann", TITLE), ("bob", TITLE)]
    assert await office.store.deliveries.owed() == 0


async def test_a_new_alert_is_sent_as_soon_as_the_dispatcher_is_woken(office):
    await office.subscribe(ANN)
    async with office.at_work():
        await office.later()
        assert office.paper.got == []
        await office.alert()
        await office.dispatcher.drained()
    assert office.paper.got == [("ann", TITLE)]


async def test_the_picture_is_drawn_once_for_all(office):
    chats = [ChatKey("paper", str(number)) for number in range(100)]
    await office.subscribe(*chats)
    await office.alert()
    async with office.at_work():
        await office.later()
    assert sorted(name for name, _ in office.paper.got) == sorted(chat.native_id for chat in chats)
    assert office.pictures == 1
    assert {id(message.picture) for _, message in office.paper.messages} == {id(PICTURE)}


async def test_where_uploads_are_reused_the_picture_is_uploaded_once_also_after_a_restart(office):
    limits = Limits(reuses_uploads=True)
    office.connect(Paper({"0": [NotSent("busy")]}, limits=limits))
    await office.subscribe(*(ChatKey("paper", str(number)) for number in range(50)))
    await office.alert()
    async with office.at_work():
        await office.later()
    uploads = [parcel.upload for parcel in office.paper.parcels]
    assert (uploads.count(None), uploads.count("handle")) == (1, 48)
    office.connect(Paper({}, limits=limits))
    async with office.at_work():
        await office.later(10)
    assert [parcel.upload for parcel in office.paper.parcels] == ["handle"]


async def test_what_is_silent_or_pings_a_role_is_handed_on_so(office):
    await office.subscribe(ANN, manner=Manner(silent=True, role="77"))
    await office.alert()
    async with office.at_work():
        await office.later()
    [parcel] = office.paper.parcels
    assert (parcel.silent, parcel.role) == (True, "77")
    assert 0 < len(parcel.key) <= 25


async def test_only_chats_of_platforms_that_are_connected_are_served_and_the_others_wait(office):
    await office.subscribe(ANN, ChatKey("carrier pigeon", "cid"))
    await office.alert()
    async with office.at_work():
        await office.later()
    assert office.paper.got == [("ann", TITLE)]
    assert await office.store.deliveries.owed() == 1


@pytest.mark.parametrize("picture", [None, RuntimeError("no ink"), OSError("no paper")])
async def test_without_its_picture_the_text_goes_out(office, picture):
    office.picture = picture
    await office.subscribe(ANN)
    await office.alert()
    async with office.at_work():
        await office.later()
    [(_, message)] = office.paper.messages
    assert (message.title, message.picture) == (TITLE, None)


async def test_without_its_market_the_text_goes_out(office, monkeypatch):
    def unreadable(_alert):
        raise WireError("a market view of version 0")

    monkeypatch.setattr(office.store.alerts, "view_of", unreadable)
    await office.subscribe(ANN)
    await office.alert()
    async with office.at_work():
        await office.later()
    [(_, message)] = office.paper.messages
    assert message.title == TITLE
    assert message.text == ("It means.", "It does not.")


class TestControls:
    async def test_while_muted_alerts_are_kept_and_then_come_as_one(self, office):
        await office.subscribe(ANN)
        await office.store.chats.save(ANN, ChatSettings(mute_until_ms=office.clock.now_ms + 60_000), now_ms=0)
        async with office.at_work():
            for _ in range(3):
                await office.alert()
                await office.later(10)
            assert office.paper.got == []
            await office.later(30)
        assert office.paper.got == [("ann", "3 alerts while muted")]
        assert office.status() == ["sent"] * 3

    async def test_beyond_the_hourly_limit_one_digest_holds_the_rest_and_nothing_is_dropped(self, office):
        await office.subscribe(ANN)
        await office.store.chats.save(ANN, ChatSettings(hourly_limit=4), now_ms=0)
        async with office.at_work():
            for _ in range(10):
                await office.alert()
                await office.later(1)
            assert office.paper.got == [("ann", TITLE)] * 4
            await office.later(3_600)
            assert office.paper.got[4:] == [("ann", "6 alerts beyond the hourly limit")]
        assert office.status() == ["sent"] * 10

    async def test_the_limit_of_a_platform_that_has_none_is_none(self, office):
        office.connect(Paper({}, limits=Limits(hourly=False)))
        await office.subscribe(ANN)
        await office.store.chats.save(ANN, ChatSettings(hourly_limit=1), now_ms=0)
        async with office.at_work():
            for _ in range(5):
                await office.alert()
                await office.later()
        assert len(office.paper.got) == 5

    async def test_a_single_alert_that_was_held_back_comes_as_itself(self, office):
        await office.subscribe(ANN)
        await office.store.chats.save(ANN, ChatSettings(mute_until_ms=office.clock.now_ms + 5_000), now_ms=0)
        await office.alert()
        async with office.at_work():
            await office.later(0)
            await office.later(5)
        assert office.paper.got == [("ann", TITLE)]


class TestTrouble:
    async def test_what_did_not_arrive_is_tried_again_with_longer_and_longer_pauses(self, office):
        office.paper.trouble["ann"] = [NotSent("busy")] * 4
        await office.subscribe(ANN)
        await office.alert()
        async with office.at_work():
            await office.later()
            for tries, pause_s in enumerate([1, 2, 4, 8], start=1):
                assert office.paper.tries == tries
                await office.later(pause_s * 0.7)
                assert office.paper.tries == tries
                await office.later(pause_s * 0.6)
        assert office.paper.got == [("ann", TITLE)]
        assert MAY_REPEAT not in office.paper.messages[0][1].notes
        assert await office.store.deliveries.owed() == 0

    async def test_it_is_given_up_after_about_an_hour_of_tries_where_others_get_theirs(self, office):
        office.paper.trouble["ann"] = NotSent("busy")
        await office.subscribe(ANN, BOB)
        await office.alert()
        begin_ms = office.clock.now_ms
        alerts = 1
        async with office.at_work():
            while office.status()[0] != "failed":
                for _ in range(60):
                    await office.later(20)
                await office.alert()  # so that others get something all the time, however long tries take
                alerts += 1
            minutes = (office.clock.now_ms - begin_ms) / 60_000
            await office.later()
        assert 40 < minutes < 140
        assert await office.store.absences.of_chat(ANN) is None
        assert office.paper.got == [("bob", TITLE)] * alerts

    @pytest.mark.parametrize("trouble", [NotSent("bad gateway"), Unclear("no answer")])
    async def test_after_hours_in_which_a_whole_platform_was_away_chats_hear_what_they_missed(
        self, office, trouble
    ):
        office.paper.trouble["ann"] = trouble
        await office.subscribe(ANN)
        await office.alert()
        async with office.at_work():
            for _ in range(50):
                await office.later(300)
            assert await office.store.absences.of_chat(ANN) is not None
            assert office.status() in (["held"], ["unknown"])
            del office.paper.trouble["ann"]
            for _ in range(6):
                await office.later(3_600)
        [(_, title)] = office.paper.got
        assert title in ("1 alert while this chat could not be reached", TITLE)
        assert await office.store.absences.of_chat(ANN) is None

    async def test_what_is_refused_by_mistake_arrives(self, office):
        office.paper.trouble["ann"] = [Refused("the caption is too long")] * (REFUSALS - 1)
        await office.subscribe(ANN)
        await office.alert()
        async with office.at_work():
            for _ in range(REFUSALS):
                await office.later(20)
        assert office.status() == ["sent"]

    async def test_what_is_refused_again_and_again_is_given_up_and_the_chat_is_kept(self, office):
        office.paper.trouble["ann"] = [Refused("the caption is too long")] * REFUSALS
        await office.subscribe(ANN)
        await office.alert()
        with capture_logs() as logs:
            async with office.at_work():
                for _ in range(REFUSALS):
                    await office.later(20)
                await office.alert()
                await office.later()
        assert office.status() == ["failed", "sent"]
        assert [(entry["event"], entry["reason"]) for entry in logs] == [
            ("delivery_refused", "the caption is too long")
        ]

    async def test_a_chat_that_is_gone_is_asked_no_more(self, office):
        office.paper.trouble["ann"] = ChatGone("bot was blocked by the user")
        await office.subscribe(ANN, BOB)
        await office.alert()
        async with office.at_work():
            await office.later()
            assert await office.alert() == 1
            await office.later()
        assert office.paper.tries == 3
        assert (await office.store.chats.settings(ANN)).inactive == "bot was blocked by the user"
        assert len(await office.store.subscriptions.of(ANN)) == 1

    async def test_a_chat_that_has_moved_gets_it_where_it_is_now(self, office):
        office.paper.trouble["ann"] = ChatMoved("upgraded", native_id="-100ann")
        await office.subscribe(ANN)
        await office.alert()
        async with office.at_work():
            await office.later()
        assert office.paper.got == [("-100ann", TITLE)]
        assert len(await office.store.subscriptions.of(ChatKey("paper", "-100ann"))) == 1

    async def test_a_pause_for_one_chat_is_a_pause_for_no_other_and_uses_up_no_try(self, office):
        office.paper.trouble["ann"] = [SlowDown("flood", pause_s=30)] * (MOST_ATTEMPTS + 5)
        await office.subscribe(ANN, BOB)
        await office.alert()
        async with office.at_work():
            await office.later()
            assert office.paper.got == [("bob", TITLE)]
            for tries in range(2, MOST_ATTEMPTS + 7):
                await office.later(29)
                assert office.paper.tries == tries
                await office.later(1)
        assert office.paper.got == [("bob", TITLE), ("ann", TITLE)]

    async def test_a_pause_for_everyone_is_one(self, office):
        office.connect(
            Paper({"ann": [SlowDown("flood", pause_s=30, everywhere=True)]}, limits=Limits(in_flight=1))
        )
        await office.subscribe(ANN, BOB)
        await office.alert()
        async with office.at_work():
            office.dispatcher.wake()
            await office.paper.tried.wait()
            office.clock.now_ms += 29_000
            office.dispatcher.wake()
            await asyncio.sleep(0)
            assert office.paper.got == []
            await office.later(2)
        assert sorted(office.paper.got) == [("ann", TITLE), ("bob", TITLE)]

    @pytest.mark.parametrize("trouble", [Unclear("read time-out"), ValueError("a bug"), "hangs"])
    async def test_what_may_have_arrived_is_sent_again_and_says_so(self, office, monkeypatch, trouble):
        monkeypatch.setattr(module, "PATIENCE_S", 0.01)
        office.paper.trouble["ann"] = [trouble]
        await office.subscribe(ANN, BOB)
        await office.alert()
        async with office.at_work():
            await office.later()
            assert office.paper.got == [("bob", TITLE)]
            assert office.status() == ["unknown", "sent"]
            await office.later(2)
        bob, ann = (message for _, message in office.paper.messages)
        assert MAY_REPEAT in ann.notes
        assert MAY_REPEAT not in bob.notes

    async def test_where_a_platform_knows_repeats_it_is_the_same_message_under_the_same_key(self, office):
        office.connect(Paper({"ann": [Unclear("502")]}, limits=Limits(knows_repeats_s=60)))
        keys = []
        send = office.paper.send

        async def noting(parcel):
            keys.append(parcel.key)
            return await send(parcel)

        office.paper.send = noting
        await office.subscribe(ANN)
        await office.alert()
        async with office.at_work():
            await office.later()
            await office.later(2)
        assert len(keys) == 2
        assert len(set(keys)) == 1
        assert MAY_REPEAT not in office.paper.messages[0][1].notes

    async def test_a_mark_stays_through_a_pause_and_a_failure(self, office):
        office.paper.trouble["ann"] = [Unclear("?"), SlowDown("flood", pause_s=1), NotSent("busy")]
        await office.subscribe(ANN)
        await office.alert()
        async with office.at_work():
            for _ in range(5):
                await office.later(20)
        assert MAY_REPEAT in office.paper.messages[0][1].notes

    @ON_SQLITE
    async def test_what_an_unknown_error_says_is_not_written_into_the_database(self, office, house):
        office.paper.trouble["ann"] = ValueError("https://api.example/bot123:SECRET/sendMessage")
        await office.subscribe(ANN)
        await office.alert()
        async with office.at_work():
            await office.later()
        await house.store.close()
        assert b"SECRET" not in b"".join(file.read_bytes() for file in house.store.path.parent.iterdir())

    async def test_what_nobody_could_deliver_in_time_is_told_to_nobody(self, office):
        await office.subscribe(ANN)
        await office.alert()
        office.clock.now_ms += EXPIRES_MS
        async with office.at_work():
            await office.later()
        assert office.paper.got == []
        assert office.status() == ["expired"]


class TestDatabaseInTrouble:
    @pytest.fixture(autouse=True)
    def _quick(self, monkeypatch):
        monkeypatch.setattr(dispatching, "LOOK_S", 0.01)

    @pytest.fixture
    def tried(self, office, monkeypatch):
        """Return an event that is set once the dispatcher has failed to write."""
        failed, recover = asyncio.Event(), office.store.deliveries.recover

        async def recovered(*platform):
            try:
                return await recover(*platform)
            except StoreError:
                failed.set()
                raise

        monkeypatch.setattr(office.store.deliveries, "recover", recovered)
        return failed

    async def test_what_has_arrived_but_could_not_be_written_is_written_later_and_not_sent_twice(
        self, office, monkeypatch
    ):
        await office.subscribe(ANN, BOB)
        await office.alert()
        settle, failing = office.store.deliveries.settle, [True] * 3

        async def settled_but_not_at_first(outcomes):
            if failing:
                failing.pop()
                raise StoreError("database or disk is full")
            await settle(outcomes)

        monkeypatch.setattr(office.store.deliveries, "settle", settled_but_not_at_first)
        with capture_logs() as logs:
            async with office.at_work():
                await office.later()
        assert office.paper.got == [("ann", TITLE), ("bob", TITLE)]
        assert office.status() == ["sent", "sent"]
        [told] = logs
        assert (told["event"], told["reason"]) == ("delivery_queue_failed", "database or disk is full")
        assert not told["exc_info"]  # one line: nothing is wrong with our code

    @ON_SQLITE
    async def test_while_it_is_locked_nothing_is_lost(self, office, tried):
        await office.subscribe(ANN)
        await office.alert()
        office.store._db.execute("PRAGMA busy_timeout = 1")
        other = sqlite3.connect(office.store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        async with office.at_work():
            async with asyncio.timeout(10):
                await tried.wait()
                while office.dispatcher.trouble is None:  # noqa: ASYNC110 - it tells nobody
                    await asyncio.sleep(0)
            assert "locked" in office.dispatcher.trouble
            assert office.paper.got == []
            other.execute("ROLLBACK")
            await office.later()
            assert office.dispatcher.trouble is None
        other.close()
        assert office.paper.got == [("ann", TITLE)]

    @ON_SQLITE
    async def test_while_it_is_read_only_nothing_is_lost(self, office, tried):
        await office.subscribe(ANN)
        await office.alert()
        office.store._db.execute("PRAGMA query_only = ON")
        async with office.at_work():
            async with asyncio.timeout(10):
                await tried.wait()
                while office.dispatcher.trouble is None:  # noqa: ASYNC110 - it tells nobody
                    await asyncio.sleep(0)
            assert "readonly" in office.dispatcher.trouble
            office.store._db.execute("PRAGMA query_only = OFF")
            await office.later()
        assert office.paper.got == [("ann", TITLE)]


class TestStopping:
    async def test_what_hangs_when_the_bot_is_stopped_is_sent_after_the_next_start_and_marked(
        self, office, monkeypatch
    ):
        monkeypatch.setattr(platform_sender, "STOP_S", 0.01)
        office.paper.trouble["ann"] = ["hangs"]
        await office.subscribe(ANN)
        await office.alert()
        async with office.at_work():
            await office.paper.tried.wait()
        assert office.status() == ["unknown"]
        office.connect(Paper({}))
        async with office.at_work():
            await office.later(10)
        assert office.paper.got == [("ann", TITLE)]
        assert MAY_REPEAT in office.paper.messages[0][1].notes


class TestDrained:
    async def test_it_waits_until_nothing_is_due(self, office):
        await office.subscribe(ANN, BOB)
        await office.alert()
        drained = asyncio.create_task(office.dispatcher.drained())
        await asyncio.sleep(0)
        assert not drained.done()
        async with office.at_work():
            await drained
        assert len(office.paper.got) == 2

    async def test_it_does_not_wait_for_what_is_due_only_later(self, office):
        office.paper.trouble["ann"] = NotSent("busy")
        await office.subscribe(ANN)
        await office.alert()
        async with office.at_work():
            await office.dispatcher.drained()
        assert await office.store.deliveries.owed() == 1

    async def test_it_waits_again_once_there_is_something_new(self, office):
        async with office.at_work():
            await office.later()
            await office.subscribe(ANN)
            await office.alert()
            await office.dispatcher.drained()
            assert len(office.paper.got) == 1


async def test_what_was_sent_right_before_a_pause_is_written_down_during_it(office, monkeypatch):
    """Whoever was killed in the pause brought it again after it, and the end of a bot waited for it."""

    async def last_one(parcel):
        monkeypatch.setattr(office.dispatcher, "_is_served", lambda _: False)
        return await Paper.send(office.paper, parcel)

    office.paper.send = last_one
    await office.subscribe(ANN)
    await office.alert()
    async with office.at_work():
        await office.paper.has_got(1)
        async with asyncio.timeout(5):
            await office.dispatcher.drained()
    assert office.status() == [DeliveryStatus.SENT]
