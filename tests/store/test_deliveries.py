"""Deliveries: what is owed to whom, in which order, and how far each has come."""

from contextlib import closing

import pytest
import sqlite_utils

from liqbot.rules.rule import Hit
from liqbot.store.chats import ChatKey, ChatSettings
from liqbot.store.deliveries import DIGEST_EXPIRES_MS, HOUR_MS, Outcome
from liqbot.store.outbox import EXPIRES_MS, NewAlert
from liqbot.store.store import Store
from liqbot.store.subscriptions import Manner

ANN, BOB, CID = (ChatKey("paper", name) for name in ("ann", "bob", "cid"))


class Office:
    """A store in which ann and bob subscribe to one watch."""

    def __init__(self, store, view):
        self.store = store
        self.view = view
        self.subscribe(ANN)
        self.subscribe(BOB)

    def subscribe(self, chat, **how):
        made, _ = self.store.subscriptions.subscribe(
            chat, rule="r", coin="BTC", parameters="{}", now_ms=0, **how
        )
        self.watch = made.watch

    def alert(self, text="text", now_ms=0):
        alert = NewAlert(self.watch, Hit(text, text), "first")
        self.store.outbox.commit(self.view, [(self.watch, b"state")], [alert], now_ms)

    def heads(self, now_ms=0, *, limit=10, but_not=(), platform="paper"):
        return self.store.deliveries.heads(platform, limit, now_ms, but_not=but_not)

    def texts(self, deliveries):
        hits = [[self.store.outbox.alert(number).hit.text for number in d.alerts] for d in deliveries]
        return [(d.chat.native_id, *texts) for d, texts in zip(deliveries, hits, strict=True)]

    def try_out(self, delivery, status="sent", at_ms=1, **more):
        self.store.deliveries.claim([delivery])
        self.store.deliveries.settle([Outcome(delivery, status, at_ms, **more)])

    def statuses(self):
        rows = self.store._db.execute("SELECT status, count(*) FROM deliveries GROUP BY status")
        return dict(rows.fetchall())


@pytest.fixture
def office(store, view):
    return Office(store, view)


# In turn


def test_of_each_chat_only_the_first_is_next(office):
    office.alert("one")
    office.alert("two")
    assert office.texts(office.heads()) == [("ann", "one"), ("bob", "one")]
    office.try_out(office.heads()[0])
    assert office.texts(office.heads()) == [("bob", "one"), ("ann", "two")]


def test_while_one_is_being_sent_the_chat_gets_no_other(office):
    office.alert("one")
    office.alert("two")
    office.store.deliveries.claim(office.heads()[:1])
    assert office.texts(office.heads()) == [("bob", "one")]


def test_a_chat_that_is_owed_much_holds_up_no_other(office):
    office.store.subscriptions.pause(BOB, [1], paused=True)
    for number in range(50):
        office.alert(str(number))
    office.store.subscriptions.pause(BOB, [1], paused=False)
    office.alert("last")
    assert office.texts(office.heads(limit=2)) == [("ann", "0"), ("bob", "last")]


def test_what_is_due_for_longest_comes_first(office):
    office.alert("one", now_ms=30)
    office.try_out(office.heads(30)[0], "due", at_ms=60)
    assert office.texts(office.heads(60)) == [("bob", "one"), ("ann", "one")]


def test_nothing_comes_before_it_is_due(office):
    office.alert(now_ms=100)
    assert office.heads(99) == []
    assert len(office.heads(100)) == 2


def test_only_as_many_come_as_are_asked_for_and_none_for_those_left_out_or_elsewhere(office):
    office.alert()
    assert len(office.heads(limit=1)) == 1
    assert [head.chat for head in office.heads(but_not={"ann"})] == [BOB]
    assert office.heads(platform="discord") == []


def test_a_delivery_knows_how_the_chat_and_the_subscription_want_it(office):
    office.subscribe(ANN, manner=Manner(silent=True, role="77", digest="daily"))
    office.store.chats.save(ANN, ChatSettings("Asia/Tokyo", quiet=(1380, 420), hourly_limit=3), now_ms=0)
    office.alert()
    ann, bob = office.heads()
    assert (ann.silent, ann.role, ann.digest, ann.number) == (True, "77", "daily", 1)
    assert (ann.settings.time_zone, ann.settings.quiet, ann.settings.hourly_limit) == (
        "Asia/Tokyo",
        (1380, 420),
        3,
    )
    assert (bob.silent, bob.role, bob.digest, bob.settings) == (False, None, "off", ChatSettings())


def test_it_counts_what_the_chat_got_in_the_last_hour(office):
    for number in range(4):
        office.alert(str(number))
    for at_ms in (1_000, 2_000, 3_000):
        office.try_out(office.heads(limit=1, but_not={"bob"})[0], at_ms=at_ms)
    (ann,) = office.heads(HOUR_MS + 1_000, but_not={"bob"})
    assert (ann.sent_lately, ann.first_sent_ms) == (2, 2_000)


# How far they have come


def test_what_was_sent_is_owed_no_more(office):
    office.alert()
    for head in office.heads():
        office.try_out(head, message_id="m1")
    assert office.store.deliveries.owed() == 0
    assert office.statuses() == {"sent": 2}


def test_what_did_not_arrive_is_due_again_later_and_counts_its_attempts(office):
    office.alert()
    for attempts in range(3):
        (head,) = office.heads(attempts * 100, but_not={"bob"})
        assert (head.attempts, head.is_repeat) == (attempts, False)
        office.try_out(head, "due", at_ms=(attempts + 1) * 100, error="no answer")
        assert office.heads(attempts * 100 + 99, but_not={"bob"}) == []


def test_a_pause_that_the_platform_asked_for_is_no_attempt(office):
    office.alert()
    office.try_out(office.heads()[0], "due", at_ms=5, counts=False)
    assert office.heads(5, but_not={"bob"})[0].attempts == 0


def test_of_what_was_under_way_when_the_bot_stopped_nobody_knows(office, path):
    office.alert()
    ann, bob = office.heads()
    office.store.deliveries.claim([ann, bob])
    office.store.deliveries.settle([Outcome(ann, "sent", 1)])
    office.store.close()
    with closing(Store(path)) as reopened:
        assert reopened.deliveries.heads("paper", 10, 0, but_not=()) == []
        assert reopened.deliveries.recover() == 1
        (again,) = reopened.deliveries.heads("paper", 10, 0, but_not=())
        assert (again.chat, again.attempts, again.is_repeat, again.key) == (BOB, 0, True, bob.key)


def test_what_the_chat_has_said_meanwhile_counts_for_more(office):
    office.alert()
    (ann,) = office.heads(but_not={"bob"})
    office.store.deliveries.claim([ann])
    office.store.chats.deactivate(ANN, "blocked", now_ms=1)
    office.store.deliveries.settle([Outcome(ann, "due", 1)])
    assert office.heads(10, but_not={"bob"}) == []
    assert office.statuses() == {"due": 1, "failed": 1}


def test_the_handle_of_an_uploaded_picture_is_kept_for_each_platform(office):
    office.alert()
    (ann, _) = office.heads()
    office.try_out(ann, upload="file-1")
    assert office.store.outbox.upload(ann.alerts[0], "paper") == "file-1"
    assert office.store.outbox.upload(ann.alerts[0], "discord") is None


def test_what_is_too_old_to_be_told_is_given_up(office):
    office.alert(now_ms=5)
    assert office.store.deliveries.expire(EXPIRES_MS + 4) == 0
    assert office.store.deliveries.expire(EXPIRES_MS + 5) == 2
    assert office.statuses() == {"expired": 2}


# Digests


def test_what_is_held_back_comes_as_one_and_what_is_new_does_not_wait_for_it(office):
    for text in ("one", "two"):
        office.alert(text)
        office.store.deliveries.hold([(office.heads(but_not={"bob"})[0], 500, "muted")])
    office.alert("three")
    assert office.texts(office.heads(but_not={"bob"})) == [("ann", "three")]
    assert office.store.deliveries.release(499) == 0
    assert office.store.deliveries.release(500) == 1
    (digest,) = office.heads(500, but_not={"bob"})
    assert office.texts([digest]) == [("ann", "one", "two")]
    assert (digest.held, digest.number, digest.role) == ("muted", None, None)
    office.try_out(digest)
    assert office.texts(office.heads(500, but_not={"bob"})) == [("ann", "three")]


def test_a_digest_that_did_not_arrive_is_tried_again_whole_and_under_its_name(office):
    for text in ("one", "two"):
        office.alert(text)
        office.store.deliveries.hold([(office.heads(but_not={"bob"})[0], 5, "quiet hours")])
    office.store.deliveries.release(5)
    (digest,) = office.heads(5, but_not={"bob"})
    office.try_out(digest, "unknown", at_ms=9, error="no answer")
    (again,) = office.heads(9, but_not={"bob"})
    assert (again.ids, again.key, again.held, again.is_repeat) == (
        digest.ids,
        digest.key,
        "quiet hours",
        True,
    )


def test_a_digest_counts_as_one_message_of_the_hour(office):
    for text in ("one", "two"):
        office.alert(text)
        office.store.deliveries.hold([(office.heads(but_not={"bob"})[0], 5, "digest")])
    office.store.deliveries.release(5)
    office.try_out(office.heads(5, but_not={"bob"})[0], at_ms=6)
    office.alert("three")
    assert office.heads(7, but_not={"bob"})[0].sent_lately == 1


def test_what_is_held_back_does_not_expire_before_its_digest(office):
    office.alert()
    until_ms = 10 * EXPIRES_MS
    office.store.deliveries.hold([(head, until_ms, "muted") for head in office.heads()])
    office.store.deliveries.release(until_ms)
    assert office.store.deliveries.expire(until_ms) == 0
    assert office.store.deliveries.expire(until_ms + DIGEST_EXPIRES_MS) == 2


def test_who_wants_to_hear_again_gets_the_digest_at_once(office):
    office.alert()
    office.store.deliveries.hold([(head, 10**9, "muted") for head in office.heads()])
    office.store.deliveries.wake_held(ANN, 5, "muted")
    office.store.deliveries.release(5)
    assert [head.chat for head in office.heads(5)] == [ANN]


# Chats that go and come


def test_a_chat_that_moves_takes_everything_along(office):
    topic = ANN._replace(thread="7")
    office.subscribe(topic)
    office.alert()
    office.store.chats.move(ANN, "ann2")
    assert [head.chat for head in office.heads(but_not={"bob"})] == [
        ChatKey("paper", "ann2"),
        ChatKey("paper", "ann2", "7"),
    ]
    assert office.store.subscriptions.of(ANN) == []
    assert len(office.store.subscriptions.of(ChatKey("paper", "ann2"))) == 1


def test_a_chat_that_moves_to_where_one_is_already_is_one_with_it(office):
    office.alert()
    office.store.chats.move(ANN, "bob")
    office.store.subscriptions.subscribe(CID, rule="x", coin="BTC", parameters="{}", now_ms=0)
    office.store.chats.move(CID, "bob")
    assert [(item.number, item.watch.rule) for item in office.store.subscriptions.of(BOB)] == [
        (1, "r"),
        (2, "x"),
    ]
    assert office.texts(office.heads()) == [("bob", "text")]
    made, _ = office.store.subscriptions.subscribe(BOB, rule="y", coin="BTC", parameters="{}", now_ms=0)
    assert made.number == 3


def test_a_chat_that_is_gone_keeps_its_wishes_for_its_return(office):
    office.store.chats.deactivate(ANN, "blocked", now_ms=50)
    assert office.store.chats.settings(ANN).inactive == "blocked"
    assert office.store.chats.inactive_before(50) == []
    assert office.store.chats.inactive_before(51) == [ANN]
    assert len(office.store.subscriptions.of(ANN)) == 1
    assert office.store.chats.activate(ANN)
    assert not office.store.chats.activate(ANN)
    assert office.store.chats.settings(ANN).inactive is None


def test_a_chat_without_a_thread_stands_for_all_its_threads(office):
    topic = ANN._replace(thread="7")
    office.subscribe(topic)
    office.store.chats.deactivate(topic, "closed", now_ms=1)
    assert office.store.chats.settings(ANN).inactive is None
    office.store.chats.deactivate(ANN, "kicked", now_ms=2)
    assert office.store.chats.settings(topic).inactive == "kicked"


def test_what_is_forgotten_leaves_nothing(office):
    office.alert()
    assert office.store.chats.forget(ANN) == 1
    assert office.store.subscriptions.of(ANN) == []
    assert [head.chat for head in office.heads()] == [BOB]
    assert office.store.outbox.watches("BTC") != []
    office.store.chats.forget(BOB)
    assert office.store.outbox.watches("BTC") == []
    left = sqlite_utils.Database(office.store._db)
    assert [left[table].count for table in ("chats", "subscriptions", "deliveries")] == [0, 0, 0]


def test_what_is_forgotten_takes_along_the_alerts_that_nobody_else_got(office):
    office.store.subscriptions.unsubscribe(BOB, 1)
    office.alert()
    office.store.chats.forget(ANN)
    assert sqlite_utils.Database(office.store._db)["alerts"].count == 0


def test_what_is_forgotten_on_its_way_can_still_be_settled(office):
    office.store.subscriptions.unsubscribe(BOB, 1)
    office.alert()
    (head,) = office.heads()
    office.store.deliveries.claim([head])
    office.store.chats.forget(ANN)
    office.store.deliveries.settle([Outcome(head, "sent", 5, upload="handle")])
    left = sqlite_utils.Database(office.store._db)
    assert [left[table].count for table in ("deliveries", "uploads")] == [0, 0]


def test_a_chat_is_known_from_what_it_wishes_until_it_is_forgotten(office):
    assert office.store.chats.is_known(ANN)
    assert not office.store.chats.is_known(CID)
    office.store.chats.forget(ANN)
    assert not office.store.chats.is_known(ANN)


def test_what_is_held_back_for_another_reason_goes_on_being_held(office):
    office.alert()
    office.store.deliveries.hold([(head, 100, "digest") for head in office.heads()])
    office.store.deliveries.wake_held(ANN, 5, "muted")
    assert office.store.deliveries.release(99) == 0
    office.store.deliveries.wake_held(ANN, 5, "digest")
    assert office.store.deliveries.release(99) == 1


def test_looking_for_what_is_due_does_not_read_all_that_was_ever_sent(office):
    asked = []
    office.alert()
    office.store._db.set_trace_callback(asked.append)
    office.heads()
    office.store.deliveries.recover()
    office.store.deliveries.owed()
    office.store.deliveries.release(0)
    office.store.deliveries.expire(0)
    office.store._db.set_trace_callback(None)
    plans = [
        step[3]
        for statement in asked
        if "FROM deliveries" in statement or "UPDATE deliveries" in statement
        for step in office.store._db.execute(f"EXPLAIN QUERY PLAN {statement}")
        if "SCAN" in step[3] and "json_each" not in step[3]
    ]
    assert all("USING" in plan and "deliveries_" in plan for plan in plans), plans
