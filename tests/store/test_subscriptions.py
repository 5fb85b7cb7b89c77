"""Subscriptions: who wishes to hear of what."""

import pytest

from liqbot.store.chats import ChatKey
from liqbot.store.store import Store

ANN, BOB = ChatKey("console", "ann"), ChatKey("telegram", "bob")
WISH = {"rule": "near-cluster", "coin": "BTC", "parameters": '{"within":2.0}'}


@pytest.fixture
def subscribe(store):
    def subscribe(chat=ANN, now_ms=1, **changes):
        subscription, _ = store.subscriptions.subscribe(chat, **(WISH | changes), now_ms=now_ms)
        return subscription

    return subscribe


def watches(store, coin="BTC"):
    return [watch for watch, _ in store.outbox.watches(coin)]


def test_a_subscription_says_what_it_is_for(store):
    subscription, is_new = store.subscriptions.subscribe(ANN, **WISH, now_ms=77)
    assert is_new
    assert (subscription.number, subscription.created_ms) == (1, 77)
    watch = subscription.watch
    assert {"rule": watch.rule, "coin": watch.coin, "parameters": watch.parameters} == WISH
    assert store.subscriptions.of(ANN) == [subscription]


def test_the_same_wish_of_the_same_chat_is_the_same_subscription(store, subscribe):
    first = subscribe()
    again, is_new = store.subscriptions.subscribe(ANN, **WISH, now_ms=2)
    assert not is_new
    assert again == first
    assert store.subscriptions.count() == 1
    assert subscribe(coin="ETH").number == 2


def test_chats_that_wish_for_the_same_share_one_watch(store, subscribe):
    assert subscribe(ANN).watch == subscribe(BOB).watch
    assert len(watches(store)) == 1
    assert store.subscriptions.count() == 2


@pytest.mark.parametrize("change", [{"rule": "trapped"}, {"coin": "ETH"}, {"parameters": '{"within":3.0}'}])
def test_another_rule_coin_or_parameter_is_another_watch(subscribe, change):
    assert subscribe(ANN).watch.id != subscribe(ANN, **change).watch.id


def test_a_thread_is_a_chat_of_its_own(store, subscribe):
    subscribe(ChatKey("discord", "7"))
    assert subscribe(ChatKey("discord", "7", "thread")).number == 1
    assert store.subscriptions.of(ChatKey("discord", "7", "another")) == []
    assert store.subscriptions.of(ChatKey("telegram", "7")) == []


def test_each_chat_counts_for_itself(subscribe):
    assert [subscribe(ANN, coin=coin).number for coin in ("BTC", "ETH", "SOL")] == [1, 2, 3]
    assert subscribe(BOB).number == 1


def test_numbers_are_never_given_twice_not_even_after_a_restart(path):
    store = Store(path)
    for number in (1, 2, 3):
        subscription, _ = store.subscriptions.subscribe(ANN, **WISH, now_ms=1)
        assert subscription.number == number
        assert store.subscriptions.unsubscribe(ANN, number) == subscription
        store.close()
        store = Store(path)
    store.close()


def test_subscriptions_are_listed_in_the_order_of_their_numbers(store, subscribe):
    for coin in ("SOL", "BTC", "ETH"):
        subscribe(coin=coin)
    store.subscriptions.unsubscribe(ANN, 2)
    subscribe(coin="AAA")
    listed = store.subscriptions.of(ANN)
    assert [(item.number, item.watch.coin) for item in listed] == [(1, "SOL"), (3, "ETH"), (4, "AAA")]


def test_unsubscribing_from_what_is_not_there_changes_nothing(store, subscribe):
    subscribe(BOB)
    assert store.subscriptions.unsubscribe(ANN, 1) is None
    assert store.subscriptions.unsubscribe(BOB, 2) is None
    assert store.subscriptions.count() == 1


def test_a_watch_lives_as_long_as_somebody_subscribes_to_it(store, subscribe, view):
    watch = subscribe(ANN).watch
    subscribe(BOB)
    store.outbox.commit(view, [(watch, b"state")], [], now_ms=1)
    store.subscriptions.unsubscribe(ANN, 1)
    assert watches(store) == [watch]
    assert store.outbox.state(watch) == b"state"
    store.subscriptions.unsubscribe(BOB, 1)
    assert watches(store) == []
    assert store.outbox.state(watch) is None


def test_a_watch_that_is_wished_for_again_begins_without_its_old_state(store, subscribe, view):
    watch = subscribe().watch
    store.outbox.commit(view, [(watch, b"old")], [], now_ms=1)
    store.subscriptions.unsubscribe(ANN, 1)
    assert store.outbox.state(subscribe().watch) is None


def test_subscriptions_outlast_a_restart(store, path, subscribe):
    subscription = subscribe()
    store.close()
    reopened = Store(path)
    assert reopened.subscriptions.of(ANN) == [subscription]
    reopened.close()
