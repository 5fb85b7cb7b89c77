"""The outbox: states of watches and what is owed for them, written together or not at all."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from liqbot.market.side import Side
from liqbot.market.wire import WireError, to_bytes
from liqbot.rules.rule import Hit
from liqbot.store.database import transaction
from liqbot.store.outbox import NewAlert
from liqbot.store.store import Store
from liqbot.store.chats import ChatKey

TESTS = Path(__file__).parents[1]
ANN, BOB = ChatKey("console", "ann"), ChatKey("telegram", "bob", "topic")
BOTH = ["console", "telegram"]
HIT = Hit("BTC-L1", "seen", means="this", caveat="not that", value=1.5, side=Side.LONG)


@pytest.fixture
def watch(store):
    """Return a watch to which ann and bob subscribe."""
    for chat in (ANN, BOB):
        subscription, _ = store.subscriptions.subscribe(
            chat, rule="near-cluster", coin="BTC", parameters="{}", now_ms=1
        )
    return subscription.watch


@pytest.fixture
def alert(store, watch, view):
    """Return how to write an alert down; it returns how many deliveries are due from it."""

    def alert(now_ms=0, state=b"state", hit=HIT):
        return store.outbox.commit(view, [(watch, state)], [NewAlert(watch, hit, "first")], now_ms)

    return alert


def status(store):
    """Return how many deliveries stand where."""
    return dict(store._db.execute("SELECT status, count(*) FROM deliveries GROUP BY status").fetchall())


# Written together


def test_a_watch_has_no_state_at_first_and_then_the_one_that_was_committed(store, watch, view):
    assert store.outbox.watches("BTC") == [(watch, None)]
    assert store.outbox.commit(view, [(watch, b"one")], [], now_ms=1) == 0
    assert store.outbox.commit(view, [(watch, b"two")], [], now_ms=1) == 0
    assert store.outbox.watches("BTC") == [(watch, b"two")]
    assert store.outbox.state(watch) == b"two"
    assert store.outbox.watches("ETH") == []


def test_an_alert_is_one_delivery_for_each_subscriber(store, alert):
    assert alert() == 2
    deliveries = store.outbox.lease(BOTH, 10, now_ms=0)
    assert [delivery.chat for delivery in deliveries] == [ANN, BOB]
    assert {delivery.alert.id for delivery in deliveries} == {deliveries[0].alert.id}


def test_an_alert_that_nobody_subscribes_to_is_owed_to_nobody(store, watch, alert):
    store.subscriptions.unsubscribe(ANN, 1)
    assert alert() == 1
    store.subscriptions.unsubscribe(BOB, 1)
    assert alert() == 0
    assert store.outbox.owed() == 1
    assert store.outbox.state(watch) is None


def test_a_delivery_tells_the_alert_as_it_was_written_down(store, watch, alert, view):
    alert()
    (delivery, _) = store.outbox.lease(BOTH, 10, now_ms=0)
    told = delivery.alert
    assert (told.rule, told.coin, told.parameters, told.reason) == ("near-cluster", "BTC", "{}", "first")
    assert (told.hit, told.time_ms) == (HIT, view.time_ms)
    assert delivery.attempts == 0
    assert to_bytes(store.outbox.view_of(told)) == to_bytes(view)
    assert watch.rule == told.rule


def test_when_writing_an_alert_fails_neither_its_state_nor_a_delivery_is_there(store, watch, view):
    store.outbox.commit(view, [(watch, b"before")], [], now_ms=1)
    unwritable = NewAlert(watch, HIT, reason=object())
    with pytest.raises(sqlite3.Error):
        store.outbox.commit(view, [(watch, b"after")], [NewAlert(watch, HIT, "first"), unwritable], now_ms=1)
    assert store.outbox.state(watch) == b"before"
    assert store.outbox.owed() == 0
    assert store.outbox.commit(view, [(watch, b"after")], [NewAlert(watch, HIT, "first")], now_ms=1) == 2


def test_when_writing_is_cut_short_nothing_of_it_is_there(store, watch, alert):
    def cut():
        with transaction(store._db):
            store._db.execute("UPDATE watches SET state = x'00'")
            raise KeyboardInterrupt

    alert()
    with pytest.raises(KeyboardInterrupt):
        cut()
    assert store.outbox.state(watch) == b"state"


def test_what_was_committed_survives_a_kill_and_what_was_not_leaves_nothing(path):
    command = [sys.executable, "store/killed.py", str(path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])}
    with subprocess.Popen(command, cwd=TESTS, env=environment, stdout=subprocess.PIPE, text=True) as bot:
        assert bot.stdout is not None
        assert bot.stdout.readline() == "within\n"
        bot.send_signal(signal.SIGKILL)
    with closing(Store(path)) as store:
        ((watch, state),) = store.outbox.watches("BTC")
        assert state == b"first"
        (delivery,) = store.outbox.lease(["console"], 10, now_ms=1)
        assert delivery.alert.hit.text == "first"
        assert watch.rule == "r"


# Leased, sent, tried again, given up


def test_what_is_leased_is_not_leased_again(store, alert):
    alert()
    assert len(store.outbox.lease(BOTH, 10, now_ms=0)) == 2
    assert store.outbox.lease(BOTH, 10, now_ms=0) == []
    assert store.outbox.owed() == 2


def test_only_as_many_are_leased_as_are_asked_for(store, alert):
    alert()
    assert [delivery.chat for delivery in store.outbox.lease(BOTH, 1, now_ms=0)] == [ANN]
    assert [delivery.chat for delivery in store.outbox.lease(BOTH, 1, now_ms=0)] == [BOB]


@pytest.mark.parametrize(
    ("platforms", "chats"), [(["telegram"], [BOB]), (["console"], [ANN]), (["discord"], []), ([], [])]
)
def test_only_deliveries_for_the_given_platforms_are_leased(store, alert, platforms, chats):
    alert()
    assert [delivery.chat for delivery in store.outbox.lease(platforms, 10, now_ms=0)] == chats
    assert store.outbox.owed() == 2


def test_nothing_is_leased_before_it_is_due(store, alert):
    alert(now_ms=100)
    assert store.outbox.lease(BOTH, 10, now_ms=99) == []
    assert len(store.outbox.lease(BOTH, 10, now_ms=100)) == 2


def test_what_was_due_first_is_leased_first(store, alert):
    for due_ms, text in ((30, "third"), (10, "first"), (20, "second"), (30, "fourth")):
        alert(now_ms=due_ms, hit=Hit("key", text))
    leased = store.outbox.lease(["console"], 10, now_ms=99)
    assert [delivery.alert.hit.text for delivery in leased] == ["first", "second", "third", "fourth"]


def test_what_was_sent_is_owed_no_more(store, alert):
    alert()
    for delivery in store.outbox.lease(BOTH, 10, now_ms=0):
        store.outbox.sent(delivery, now_ms=5)
    assert store.outbox.owed() == 0
    assert store.outbox.recover() == 0
    assert status(store) == {"sent": 2}


def test_what_did_not_arrive_is_due_again_later_and_counts_its_attempts(store, alert):
    alert()
    for attempts in range(3):
        (delivery,) = store.outbox.lease(["console"], 10, now_ms=attempts * 100)
        assert delivery.attempts == attempts
        store.outbox.retry(delivery, "no answer", due_ms=(attempts + 1) * 100)
        assert store.outbox.lease(["console"], 10, now_ms=attempts * 100 + 99) == []


def test_what_was_given_up_is_owed_no_more(store, alert):
    alert()
    (delivery,) = store.outbox.lease(["console"], 10, now_ms=0)
    store.outbox.failed(delivery, "the chat is gone")
    assert store.outbox.lease(["console"], 10, now_ms=10**12) == []
    assert status(store) == {"due": 1, "failed": 1}


def test_what_was_under_way_when_the_bot_stopped_is_due_again(store, alert, path):
    alert()
    (delivery, _) = store.outbox.lease(BOTH, 10, now_ms=0)
    store.outbox.sent(delivery, now_ms=1)
    store.close()
    with closing(Store(path)) as reopened:
        assert reopened.outbox.lease(BOTH, 10, now_ms=0) == []
        assert reopened.outbox.recover() == 1
        (again,) = reopened.outbox.lease(BOTH, 10, now_ms=0)
        assert (again.chat, again.attempts) == (BOB, 1)


def test_looking_for_what_is_due_does_not_read_all_that_was_ever_sent(store, alert):
    asked = []
    alert()
    store._db.set_trace_callback(asked.append)
    store.outbox.lease(BOTH, 10, now_ms=0)
    store.outbox.recover()
    store.outbox.owed()
    store._db.set_trace_callback(None)
    plans = [
        step[3]
        for statement in asked
        if "status IN" in statement
        for step in store._db.execute(f"EXPLAIN QUERY PLAN {statement}")
        if "deliveries" in step[3]
    ]
    assert len(plans) == 3
    assert all("deliveries_open" in plan for plan in plans)


# Beginning anew


def test_a_market_that_begins_anew_forgets_states_but_not_what_is_owed(store, watch, alert, view):
    alert()
    store.begin_anew(view.layer)
    assert store.outbox.state(watch) is None
    assert store.outbox.owed() == 2
    (delivery, _) = store.outbox.lease(BOTH, 10, now_ms=0)
    assert store.outbox.view_of(delivery.alert).spot == view.spot


def test_a_view_that_is_damaged_is_refused(store, alert):
    alert()
    (delivery, _) = store.outbox.lease(BOTH, 10, now_ms=0)
    store._db.execute("UPDATE alerts SET view = x'00'")
    with pytest.raises(WireError, match="damaged"):
        store.outbox.view_of(delivery.alert)
