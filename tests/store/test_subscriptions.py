"""Subscriptions: who wishes to hear of what."""

import pytest

from liqbot.store.chats import ChatKey
from liqbot.store.opening import open_store

ANN, BOB = ChatKey("console", "ann"), ChatKey("telegram", "bob")
WISH = {"rule": "near-cluster", "coin": "BTC", "parameters": '{"within":2.0}'}


@pytest.fixture
def subscribe(store):
    async def subscribe(chat=ANN, now_ms=1, **changes):
        subscription, _ = await store.subscriptions.subscribe(chat, **(WISH | changes), now_ms=now_ms)
        return subscription

    return subscribe


async def watches(store, coin="BTC"):
    return [watch for watch, _ in await store.alerts.watches(coin)]


async def test_a_subscription_says_what_it_is_for(store):
    subscription, is_new = await store.subscriptions.subscribe(ANN, **WISH, now_ms=77)
    assert is_new
    assert (subscription.number, subscription.created_ms) == (1, 77)
    watch = subscription.watch
    assert {"rule": watch.rule, "coin": watch.coin, "parameters": watch.parameters} == WISH
    assert await store.subscriptions.of(ANN) == [subscription]


async def test_the_same_wish_of_the_same_chat_is_the_same_subscription(store, subscribe):
    first = await subscribe()
    again, is_new = await store.subscriptions.subscribe(ANN, **WISH, now_ms=2)
    assert not is_new
    assert again == first
    assert await store.subscriptions.count() == 1
    assert (await subscribe(coin="ETH")).number == 2


async def test_chats_that_wish_for_the_same_share_one_watch(store, subscribe):
    assert (await subscribe(ANN)).watch == (await subscribe(BOB)).watch
    assert len(await watches(store)) == 1
    assert await store.subscriptions.count() == 2


@pytest.mark.parametrize("change", [{"rule": "trapped"}, {"coin": "ETH"}, {"parameters": '{"within":3.0}'}])
async def test_another_rule_coin_or_parameter_is_another_watch(subscribe, change):
    assert (await subscribe(ANN)).watch.id != (await subscribe(ANN, **change)).watch.id


async def test_a_thread_is_a_chat_of_its_own(store, subscribe):
    await subscribe(ChatKey("discord", "7"))
    assert (await subscribe(ChatKey("discord", "7", "thread"))).number == 1
    assert await store.subscriptions.of(ChatKey("discord", "7", "another")) == []
    assert await store.subscriptions.of(ChatKey("telegram", "7")) == []


async def test_each_chat_counts_for_itself(subscribe):
    assert [(await subscribe(ANN, coin=coin)).number for coin in ("BTC", "ETH", "SOL")] == [1, 2, 3]
    assert (await subscribe(BOB)).number == 1


async def test_numbers_are_never_given_twice_not_even_after_a_restart(address):
    store = open_store(address)
    for number in (1, 2, 3):
        subscription, _ = await store.subscriptions.subscribe(ANN, **WISH, now_ms=1)
        assert subscription.number == number
        assert await store.subscriptions.unsubscribe(ANN, number) == subscription
        await store.close()
        store = open_store(address)
    await store.close()


async def test_subscriptions_are_listed_in_the_order_of_their_numbers(store, subscribe):
    for coin in ("SOL", "BTC", "ETH"):
        await subscribe(coin=coin)
    await store.subscriptions.unsubscribe(ANN, 2)
    await subscribe(coin="AAA")
    listed = await store.subscriptions.of(ANN)
    assert [(item.number, item.watch.coin) for item in listed] == [(1, "SOL"), (3, "ETH"), (4, "AAA")]


async def test_unsubscribing_from_what_is_not_there_changes_nothing(store, subscribe):
    await subscribe(BOB)
    assert await store.subscriptions.unsubscribe(ANN, 1) is None
    assert await store.subscriptions.unsubscribe(BOB, 2) is None
    assert await store.subscriptions.count() == 1


async def test_a_watch_lives_as_long_as_somebody_subscribes_to_it(store, subscribe, view):
    watch = (await subscribe(ANN)).watch
    await subscribe(BOB)
    await store.alerts.commit(view, [(watch, b"state")], [], now_ms=1)
    await store.subscriptions.unsubscribe(ANN, 1)
    assert await watches(store) == [watch]
    assert await store.alerts.state(watch) == b"state"
    await store.subscriptions.unsubscribe(BOB, 1)
    assert await watches(store) == []
    assert await store.alerts.state(watch) is None


async def test_a_watch_that_is_wished_for_again_begins_without_its_old_state(store, subscribe, view):
    watch = (await subscribe()).watch
    await store.alerts.commit(view, [(watch, b"old")], [], now_ms=1)
    await store.subscriptions.unsubscribe(ANN, 1)
    assert await store.alerts.state((await subscribe()).watch) is None


async def test_subscriptions_outlast_a_restart(store, address, subscribe):
    subscription = await subscribe()
    await store.close()
    reopened = open_store(address)
    assert await reopened.subscriptions.of(ANN) == [subscription]
    await reopened.close()


async def test_a_changed_watch_on_an_account_goes_on_from_what_was_seen_and_any_other_begins_anew(
    store, subscribe
):
    for rule, coin, kept in (("watch", "0xabc", {"hyperliquid/measured/live": b"seen"}), ("x", "BTC", {})):
        mine = await subscribe(rule=rule, coin=coin)
        await store.alerts.commit(None, [(mine.watch, b"seen")], [], 1, layer="hyperliquid/measured/live")
        changed = await store.subscriptions.change(
            ANN, mine.number, parameters='{"near":3.0}', venue="", manner=mine.manner
        )
        assert changed.watch.id != mine.watch.id
        assert await store.alerts.states(changed.watch) == kept
        assert await store.alerts.state(changed.watch) == (b"seen" if kept else None)


async def test_a_watch_on_an_account_that_has_seen_something_itself_keeps_that(store, subscribe):
    mine = await subscribe(rule="watch", coin="0xabc")
    other = await subscribe(BOB, rule="watch", coin="0xabc", parameters='{"near":3.0}')
    for watch, state in ((mine.watch, b"mine"), (other.watch, b"theirs")):
        await store.alerts.commit(None, [(watch, state)], [], 1, layer="l")
    changed = await store.subscriptions.change(
        ANN, mine.number, parameters='{"near":3.0}', venue="", manner=mine.manner
    )
    assert changed.watch == other.watch
    assert await store.alerts.states(other.watch) == {"l": b"theirs"}
