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
from liqbot.store.chats import ChatKey
from liqbot.store.database import transaction
from liqbot.store.deliveries import Outcome
from liqbot.store.outbox import NewAlert
from liqbot.store.store import Store

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


# Written together


def test_a_watch_has_no_state_at_first_and_then_the_one_that_was_committed(store, watch, view):
    assert store.outbox.watches("BTC") == [(watch, None)]
    assert store.outbox.commit(view, [(watch, b"one")], [], now_ms=1) == 0
    assert store.outbox.commit(view, [(watch, b"two")], [], now_ms=1) == 0
    assert store.outbox.watches("BTC") == [(watch, b"two")]
    assert store.outbox.state(watch) == b"two"
    assert store.outbox.watches("ETH") == []


def heads(store, now_ms=0):
    return [head for name in BOTH for head in store.deliveries.heads(name, 10, now_ms, but_not=())]


def test_an_alert_is_one_delivery_for_each_subscriber(store, alert):
    assert alert() == 2
    assert [head.chat for head in heads(store)] == [ANN, BOB]


def test_an_alert_that_nobody_subscribes_to_is_owed_to_nobody(store, watch, alert):
    store.subscriptions.unsubscribe(ANN, 1)
    assert alert() == 1
    store.subscriptions.unsubscribe(BOB, 1)
    assert alert() == 0
    assert store.outbox.state(watch) is None


def test_who_has_paused_or_cannot_be_reached_is_owed_nothing(store, alert):
    store.subscriptions.pause(ANN, [1], paused=True)
    store.chats.deactivate(BOB, "blocked", now_ms=5)
    assert alert() == 0
    store.subscriptions.pause(ANN, [1], paused=False)
    store.chats.activate(BOB)
    assert alert() == 2


def test_who_unsubscribes_is_owed_no_more_of_it(store, alert):
    alert()
    store.subscriptions.unsubscribe(ANN, 1)
    assert [head.chat for head in heads(store)] == [BOB]


def test_a_delivery_tells_the_alert_as_it_was_written_down(store, alert, view):
    alert()
    head, _ = heads(store)
    told = store.outbox.alert(head.alerts[0])
    assert (told.rule, told.coin, told.parameters, told.reason) == ("near-cluster", "BTC", "{}", "first")
    assert (told.hit, told.time_ms, told.sample) == (HIT, view.time_ms, False)
    assert to_bytes(store.outbox.view_of(told)) == to_bytes(view)
    assert head.number == 1


def test_a_chat_hears_what_became_of_its_alerts_and_not_of_those_of_others(store, alert):
    store.subscriptions.unsubscribe(BOB, 1)
    alert()
    (head,) = heads(store)
    number = head.alerts[0]
    assert store.outbox.told(ANN, number).status == "due"
    assert store.outbox.newest_of(ANN, 5) == []
    store.deliveries.claim([head])
    store.deliveries.settle([Outcome(head, "sent", 7)])
    told = store.outbox.told(ANN, number)
    assert (told.status, told.sent_ms, told.attempts, told.alert.hit) == ("sent", 7, 1, HIT)
    assert store.outbox.newest_of(ANN, 5) == [number]
    assert store.outbox.told(BOB, number) is None
    assert store.outbox.told(ANN, number + 1) is None


def test_a_sample_is_owed_to_the_chat_that_asked_alone(store, watch, view):
    number = store.outbox.sample(ANN, watch, HIT, view, now_ms=0)
    (head,) = heads(store)
    assert (head.chat, head.alerts) == (ANN, (number,))
    assert store.outbox.alert(number).sample


def test_old_alerts_are_removed_unless_something_of_them_is_still_owed(store, alert):
    alert(now_ms=10)
    ann, bob = heads(store, 10)
    store.deliveries.claim([ann])
    store.deliveries.settle([Outcome(ann, "sent", 11)])
    assert store.outbox.prune(before_ms=10**9) == 0
    store.deliveries.claim([bob])
    store.deliveries.settle([Outcome(bob, "sent", 12)])
    assert store.outbox.prune(before_ms=10) == 0
    assert store.outbox.prune(before_ms=11) == 1
    assert store.outbox.alert(ann.alerts[0]) is None


def test_when_writing_an_alert_fails_neither_its_state_nor_a_delivery_is_there(store, watch, view):
    store.outbox.commit(view, [(watch, b"before")], [], now_ms=1)
    unwritable = NewAlert(watch, HIT, reason=object())
    with pytest.raises(sqlite3.Error):
        store.outbox.commit(view, [(watch, b"after")], [NewAlert(watch, HIT, "first"), unwritable], now_ms=1)
    assert store.outbox.state(watch) == b"before"
    assert store.deliveries.owed() == 0
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
        (head,) = store.deliveries.heads("console", 10, 1, but_not=())
        assert store.outbox.alert(head.alerts[0]).hit.text == "first"
        assert watch.rule == "r"


# Beginning anew


def test_a_market_that_begins_anew_forgets_states_but_not_what_is_owed(store, watch, alert, view):
    alert()
    store.begin_anew(view.layer)
    assert store.outbox.state(watch) is None
    assert store.deliveries.owed() == 2
    assert store.outbox.view_of(store.outbox.alert(heads(store)[0].alerts[0])).spot == view.spot


def test_a_view_that_is_damaged_is_refused(store, alert):
    alert()
    told = store.outbox.alert(heads(store)[0].alerts[0])
    store._db.execute("UPDATE alerts SET view = x'00'")
    with pytest.raises(WireError, match="damaged"):
        store.outbox.view_of(told)
