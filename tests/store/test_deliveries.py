"""Deliveries: what is owed to whom, in which order, and how far each has come."""

import pytest
from databases import ON_SQLITE, look, opened

from liqbot.rules.rule import Hit
from liqbot.store.absences import Absence
from liqbot.store.alerts import EXPIRES_MS, NewAlert
from liqbot.store.chats import ChatKey, ChatSettings
from liqbot.store.deliveries import DIGEST_EXPIRES_MS, HOUR_MS, Outcome
from liqbot.store.errors import StoreError
from liqbot.store.subscriptions import Manner

ANN, BOB, CID = (ChatKey("paper", name) for name in ("ann", "bob", "cid"))


class Office:
    """A store in which ann and bob subscribe to one watch."""

    def __init__(self, store, view):
        self.store = store
        self.view = view

    async def open(self):
        await self.subscribe(ANN)
        await self.subscribe(BOB)
        for chat in (ANN, BOB):  # the order of single deliveries is the subject
            await self.store.chats.save(chat, ChatSettings(grouped=False), 0)
        return self

    async def subscribe(self, chat, **how):
        made, _ = await self.store.subscriptions.subscribe(
            chat, rule="r", coin="BTC", parameters="{}", now_ms=0, **how
        )
        self.watch = made.watch

    async def alert(self, text="text", now_ms=0):
        alert = NewAlert(self.watch, Hit(text, text), "first")
        await self.store.alerts.commit(self.view, [(self.watch, b"state")], [alert], now_ms)

    async def heads(self, now_ms=0, *, limit=10, but_not=(), platform="paper"):
        return await self.store.deliveries.queue_heads(platform, limit, now_ms, but_not=but_not)

    async def texts(self, deliveries):
        hits = [[(await self.store.alerts.alert(number)).hit.text for number in d.alerts] for d in deliveries]
        return [(d.chat.native_id, *texts) for d, texts in zip(deliveries, hits, strict=True)]

    async def try_out(self, delivery, status="sent", at_ms=1, **more):
        await self.store.deliveries.claim([delivery])
        await self.store.deliveries.settle([Outcome(delivery, status, at_ms, **more)])

    def statuses(self):
        return dict(look(self.store, "SELECT status, count(*) FROM deliveries GROUP BY status"))


def rows_of(office, table):
    return look(office.store, f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608 - our own


@pytest.fixture
async def office(store, view):
    return await Office(store, view).open()


# In turn


async def test_of_each_chat_only_the_first_is_next(office):
    await office.alert("one")
    await office.alert("two")
    assert await office.texts(await office.heads()) == [("ann", "one"), ("bob", "one")]
    await office.try_out((await office.heads())[0])
    assert await office.texts(await office.heads()) == [("bob", "one"), ("ann", "two")]


async def test_while_one_is_being_sent_the_chat_gets_no_other(office):
    await office.alert("one")
    await office.alert("two")
    await office.store.deliveries.claim((await office.heads())[:1])
    assert await office.texts(await office.heads()) == [("bob", "one")]


async def test_a_chat_that_is_owed_much_holds_up_no_other(office):
    await office.store.subscriptions.pause(BOB, [1], paused=True)
    for number in range(50):
        await office.alert(str(number))
    await office.store.subscriptions.pause(BOB, [1], paused=False)
    await office.alert("last")
    assert await office.texts(await office.heads(limit=2)) == [("ann", "0"), ("bob", "last")]


async def test_what_is_due_for_longest_comes_first(office):
    await office.alert("one", now_ms=30)
    await office.try_out((await office.heads(30))[0], "due", at_ms=60)
    assert await office.texts(await office.heads(60)) == [("bob", "one"), ("ann", "one")]


async def test_nothing_comes_before_it_is_due(office):
    await office.alert(now_ms=100)
    assert await office.heads(99) == []
    assert len(await office.heads(100)) == 2


async def test_only_as_many_come_as_are_asked_for_and_none_for_those_left_out_or_elsewhere(office):
    await office.alert()
    assert len(await office.heads(limit=1)) == 1
    assert [head.chat for head in await office.heads(but_not={"ann"})] == [BOB]
    assert await office.heads(platform="discord") == []


async def test_a_delivery_knows_how_the_chat_and_the_subscription_want_it(office):
    await office.subscribe(ANN, manner=Manner(silent=True, role="77", digest="daily"))
    await office.store.chats.save(
        ANN, ChatSettings("Asia/Tokyo", quiet=(1380, 420), hourly_limit=3), now_ms=0
    )
    await office.alert()
    ann, bob = await office.heads()
    assert (ann.silent, ann.role, ann.digest, ann.number) == (True, "77", "daily", 1)
    assert (ann.settings.time_zone, ann.settings.quiet, ann.settings.hourly_limit) == (
        "Asia/Tokyo",
        (1380, 420),
        3,
    )
    assert (bob.silent, bob.role, bob.digest, bob.settings) == (
        False,
        None,
        "off",
        ChatSettings(grouped=False),
    )


async def test_it_counts_what_the_chat_got_in_the_last_hour(office):
    for number in range(4):
        await office.alert(str(number))
    for at_ms in (1_000, 2_000, 3_000):
        await office.try_out((await office.heads(limit=1, but_not={"bob"}))[0], at_ms=at_ms)
    (ann,) = await office.heads(HOUR_MS + 1_000, but_not={"bob"})
    assert (ann.sent_lately, ann.first_sent_ms) == (2, 2_000)


# How far they have come


async def test_what_was_sent_is_owed_no_more(office):
    await office.alert()
    for head in await office.heads():
        await office.try_out(head, message_id="m1")
    assert await office.store.deliveries.owed() == 0
    assert office.statuses() == {"sent": 2}


async def test_what_did_not_arrive_is_due_again_later_and_counts_its_attempts(office):
    await office.alert()
    for attempts in range(3):
        (head,) = await office.heads(attempts * 100, but_not={"bob"})
        assert (head.attempts, head.is_repeat) == (attempts, False)
        await office.try_out(head, "due", at_ms=(attempts + 1) * 100, error="no answer")
        assert await office.heads(attempts * 100 + 99, but_not={"bob"}) == []


async def test_a_pause_that_the_platform_asked_for_is_no_attempt(office):
    await office.alert()
    await office.try_out((await office.heads())[0], "due", at_ms=5, counts=False)
    assert (await office.heads(5, but_not={"bob"}))[0].attempts == 0


async def test_of_what_was_under_way_when_the_bot_stopped_nobody_knows(office, address):
    await office.alert()
    ann, bob = await office.heads()
    await office.store.deliveries.claim([ann, bob])
    await office.store.deliveries.settle([Outcome(ann, "sent", 1)])
    await office.store.close()
    with opened(address) as reopened:
        assert await reopened.deliveries.queue_heads("paper", 10, 0, but_not=()) == []
        assert await reopened.deliveries.recover() == 1
        (again,) = await reopened.deliveries.queue_heads("paper", 10, 0, but_not=())
        assert (again.chat, again.attempts, again.is_repeat, again.key) == (BOB, 0, True, bob.key)


async def test_what_the_chat_has_said_meanwhile_counts_for_more(office):
    await office.alert()
    (ann,) = await office.heads(but_not={"bob"})
    await office.store.deliveries.claim([ann])
    await office.store.chats.deactivate(ANN, "blocked", now_ms=1)
    await office.store.deliveries.settle([Outcome(ann, "due", 1)])
    assert await office.heads(10, but_not={"bob"}) == []
    assert office.statuses() == {"due": 1, "failed": 1}


async def test_the_handle_of_an_uploaded_picture_is_kept_for_each_platform(office):
    await office.alert()
    (ann, _) = await office.heads()
    await office.try_out(ann, upload="file-1")
    assert await office.store.alerts.upload(ann.alerts[0], "paper") == "file-1"
    assert await office.store.alerts.upload(ann.alerts[0], "discord") is None


async def test_what_is_too_old_to_be_told_is_given_up(office):
    await office.alert(now_ms=5)
    assert await office.store.deliveries.expire(EXPIRES_MS + 4) == 0
    assert await office.store.deliveries.expire(EXPIRES_MS + 5) == 2
    assert office.statuses() == {"expired": 2}


# Digests


async def test_what_is_held_back_comes_as_one_and_what_is_new_does_not_wait_for_it(office):
    for text in ("one", "two"):
        await office.alert(text)
        await office.store.deliveries.hold([((await office.heads(but_not={"bob"}))[0], 500, "muted")])
    await office.alert("three")
    assert await office.texts(await office.heads(but_not={"bob"})) == [("ann", "three")]
    assert await office.store.deliveries.release(499) == 0
    assert await office.store.deliveries.release(500) == 1
    (digest,) = await office.heads(500, but_not={"bob"})
    assert await office.texts([digest]) == [("ann", "one", "two")]
    assert (digest.held, digest.number, digest.role) == ("muted", None, None)
    await office.try_out(digest)
    assert await office.texts(await office.heads(500, but_not={"bob"})) == [("ann", "three")]


async def test_a_digest_that_did_not_arrive_is_tried_again_whole_and_under_its_name(office):
    for text in ("one", "two"):
        await office.alert(text)
        await office.store.deliveries.hold([((await office.heads(but_not={"bob"}))[0], 5, "quiet hours")])
    await office.store.deliveries.release(5)
    (digest,) = await office.heads(5, but_not={"bob"})
    await office.try_out(digest, "unknown", at_ms=9, error="no answer")
    (again,) = await office.heads(9, but_not={"bob"})
    assert (again.ids, again.key, again.held, again.is_repeat) == (
        digest.ids,
        digest.key,
        "quiet hours",
        True,
    )


async def test_a_digest_counts_as_one_message_of_the_hour(office):
    for text in ("one", "two"):
        await office.alert(text)
        await office.store.deliveries.hold([((await office.heads(but_not={"bob"}))[0], 5, "digest")])
    await office.store.deliveries.release(5)
    await office.try_out((await office.heads(5, but_not={"bob"}))[0], at_ms=6)
    await office.alert("three")
    assert (await office.heads(7, but_not={"bob"}))[0].sent_lately == 1


async def test_what_is_held_back_does_not_expire_before_its_digest(office):
    await office.alert()
    until_ms = 10 * EXPIRES_MS
    await office.store.deliveries.hold([(head, until_ms, "muted") for head in await office.heads()])
    await office.store.deliveries.release(until_ms)
    assert await office.store.deliveries.expire(until_ms) == 0
    assert await office.store.deliveries.expire(until_ms + DIGEST_EXPIRES_MS) == 2


async def test_who_wants_to_hear_again_gets_the_digest_at_once(office):
    await office.alert()
    await office.store.deliveries.hold([(head, 10**9, "muted") for head in await office.heads()])
    await office.store.deliveries.wake_held(ANN, 5, "muted")
    await office.store.deliveries.release(5)
    assert [head.chat for head in await office.heads(5)] == [ANN]


# Chats that go and come


async def test_a_chat_that_moves_takes_everything_along(office):
    topic = ANN._replace(thread="7")
    await office.subscribe(topic)
    await office.alert()
    await office.store.chats.move(ANN, "ann2")
    assert [head.chat for head in await office.heads(but_not={"bob"})] == [
        ChatKey("paper", "ann2"),
        ChatKey("paper", "ann2", "7"),
    ]
    assert await office.store.subscriptions.of(ANN) == []
    assert len(await office.store.subscriptions.of(ChatKey("paper", "ann2"))) == 1


async def test_a_chat_that_moves_to_where_one_is_already_is_one_with_it(office):
    await office.alert()
    await office.store.chats.move(ANN, "bob")
    await office.store.subscriptions.subscribe(CID, rule="x", coin="BTC", parameters="{}", now_ms=0)
    await office.store.chats.move(CID, "bob")
    assert [(item.number, item.watch.rule) for item in await office.store.subscriptions.of(BOB)] == [
        (1, "r"),
        (2, "x"),
    ]
    assert await office.texts(await office.heads()) == [("bob", "text")]
    made, _ = await office.store.subscriptions.subscribe(BOB, rule="y", coin="BTC", parameters="{}", now_ms=0)
    assert made.number == 3


async def test_a_chat_that_is_gone_keeps_its_wishes_for_its_return(office):
    await office.store.chats.deactivate(ANN, "blocked", now_ms=50)
    assert (await office.store.chats.settings(ANN)).inactive == "blocked"
    assert await office.store.chats.inactive_before(50) == []
    assert await office.store.chats.inactive_before(51) == [ANN]
    assert len(await office.store.subscriptions.of(ANN)) == 1
    assert await office.store.chats.activate(ANN)
    assert not await office.store.chats.activate(ANN)
    assert (await office.store.chats.settings(ANN)).inactive is None


async def test_a_chat_without_a_thread_stands_for_all_its_threads(office):
    topic = ANN._replace(thread="7")
    await office.subscribe(topic)
    await office.store.chats.deactivate(topic, "closed", now_ms=1)
    assert (await office.store.chats.settings(ANN)).inactive is None
    await office.store.chats.deactivate(ANN, "kicked", now_ms=2)
    assert (await office.store.chats.settings(topic)).inactive == "kicked"


async def test_what_is_forgotten_leaves_nothing(office):
    await office.alert()
    assert await office.store.chats.forget(ANN) == 1
    assert await office.store.subscriptions.of(ANN) == []
    assert [head.chat for head in await office.heads()] == [BOB]
    assert await office.store.alerts.watches("BTC") != []
    await office.store.chats.forget(BOB)
    assert await office.store.alerts.watches("BTC") == []
    assert [rows_of(office, table) for table in ("chats", "subscriptions", "deliveries")] == [0, 0, 0]


async def test_what_is_forgotten_takes_along_the_alerts_that_nobody_else_got(office):
    await office.store.subscriptions.unsubscribe(BOB, 1)
    await office.alert()
    await office.store.chats.forget(ANN)
    assert rows_of(office, "alerts") == 0


async def test_what_is_forgotten_on_its_way_can_still_be_settled(office):
    await office.store.subscriptions.unsubscribe(BOB, 1)
    await office.alert()
    (head,) = await office.heads()
    await office.store.deliveries.claim([head])
    await office.store.chats.forget(ANN)
    await office.store.deliveries.settle([Outcome(head, "sent", 5, upload="handle")])
    assert [rows_of(office, table) for table in ("deliveries", "uploads")] == [0, 0]


async def test_a_chat_is_known_from_what_it_wishes_until_it_is_forgotten(office):
    assert await office.store.chats.is_known(ANN)
    assert not await office.store.chats.is_known(CID)
    await office.store.chats.forget(ANN)
    assert not await office.store.chats.is_known(ANN)


async def test_what_is_held_back_for_another_reason_goes_on_being_held(office):
    await office.alert()
    await office.store.deliveries.hold([(head, 100, "digest") for head in await office.heads()])
    await office.store.deliveries.wake_held(ANN, 5, "muted")
    assert await office.store.deliveries.release(99) == 0
    await office.store.deliveries.wake_held(ANN, 5, "digest")
    assert await office.store.deliveries.release(99) == 1


@ON_SQLITE
async def test_looking_for_what_is_due_does_not_read_all_that_was_ever_sent(office):
    asked = []
    await office.alert()
    office.store._db.set_trace_callback(asked.append)
    await office.heads()
    await office.store.deliveries.recover()
    await office.store.deliveries.owed()
    await office.store.deliveries.release(0)
    await office.store.deliveries.expire(0)
    office.store._db.set_trace_callback(None)
    plans = [
        step[3]
        for statement in asked
        if "FROM deliveries" in statement or "UPDATE deliveries" in statement
        for step in office.store._db.execute(f"EXPLAIN QUERY PLAN {statement}")
        if "SCAN" in step[3] and "json_each" not in step[3]
    ]
    assert all("USING" in plan and "deliveries_" in plan for plan in plans), plans


# What a try says of its chat

CLOSED = Absence("TOPIC_CLOSED", 1, 1, 500)


@ON_SQLITE
async def test_what_a_try_says_of_its_chat_is_written_with_its_outcome_or_not_at_all(office):
    await office.alert()
    (ann, _) = await office.heads()
    await office.store.deliveries.claim([ann])
    office.store._db.execute(
        "CREATE TEMP TRIGGER full BEFORE INSERT ON absences BEGIN SELECT RAISE(ABORT, 'no room'); END"
    )
    outcome = Outcome(ann, "due", 1, "TOPIC_CLOSED", counts=False, absence=CLOSED)
    with pytest.raises(StoreError, match="no room"):
        await office.store.deliveries.settle([outcome])
    assert office.statuses() == {"due": 1, "sending": 1}

    office.store._db.execute("DROP TRIGGER full")
    await office.store.deliveries.settle([outcome])
    assert office.statuses() == {"due": 1, "held": 1}
    assert await office.store.absences.of_chat(ANN) == CLOSED


async def test_a_delivery_says_that_its_chat_is_away_and_one_that_arrives_ends_that(office):
    await office.alert()
    await office.try_out((await office.heads())[0], "due", absence=CLOSED)
    await office.store.deliveries.release(500)
    (bob, ann) = await office.heads(500)
    assert (bob.absence, ann.absence) == (None, CLOSED)
    await office.try_out(ann, "sent", 501)
    assert await office.store.absences.of_chat(ANN) is None


async def test_a_chat_that_is_gone_is_owed_nothing_from_the_try_on_that_says_so(office):
    for text in ("one", "two"):
        await office.alert(text)
    await office.try_out((await office.heads())[0], "failed", gone="kicked")
    assert office.statuses() == {"due": 2, "failed": 2}
    assert (await office.store.chats.settings(ANN)).inactive == "kicked"


async def test_since_when_something_is_due_is_told_of_each_platform_apart(office):
    other = ChatKey("other", "carl")
    assert await office.store.deliveries.oldest_due() == {}
    await office.alert("one", now_ms=5)
    await office.subscribe(other)
    await office.alert("two", now_ms=9)
    assert await office.store.deliveries.oldest_due() == {"paper": 5, "other": 9}
    for head in await office.heads(9):
        await office.try_out(head)
    assert await office.store.deliveries.oldest_due() == {"paper": 9, "other": 9}
