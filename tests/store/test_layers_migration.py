"""A database of before layers were told apart is taken over: subscriptions, states, and what is owed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from liqbot.rules.hit import Hit
from liqbot.store.alerts import NewAlert
from liqbot.store.chats import ChatKey
from liqbot.store.deliveries import Outcome
from liqbot.store.sqlite.store import SqliteStore

BEFORE = Path(__file__).with_name("before_layers.sql")
"""A database as the liqbot before has written it."""
ANN, BOB = ChatKey("paper", "ann"), ChatKey("paper", "bob", "7")
LIVE = "hyperliquid/measured/live"


@pytest.fixture
async def store(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(BEFORE.read_text(encoding="utf-8"))
    store = SqliteStore(path)
    yield store
    await store.close()


async def test_subscriptions_are_kept_and_read_the_best_there_is(store):
    mine = await store.subscriptions.of(ANN)
    assert [
        (item.number, item.watch.rule, item.watch.coin, item.watch.venue, item.paused) for item in mine
    ] == [
        (1, "near-cluster", "BTC", "", False),
        (2, "near-cluster", "ETH", "", False),
        (3, "trapped", "BTC", "", True),
    ]
    assert [item.number for item in await store.subscriptions.of(BOB)] == [1]


async def test_states_go_to_the_best_layer_of_their_coin(store):
    first, second, third = [item.watch for item in await store.subscriptions.of(ANN)]
    assert await store.alerts.states(first) == {LIVE: b"btc"}
    assert await store.alerts.watches("BTC", LIVE) == [(first, b"btc"), (third, None)]
    assert await store.alerts.watches("BTC", "binance/modelled/live") == [(first, None), (third, None)]
    # Of ETH there is no history: whoever reads first takes its state on.
    assert await store.alerts.watches("ETH", LIVE) == [(second, b"eth")]


async def test_what_is_owed_is_delivered_under_its_subscription(store):
    heads = await store.deliveries.queue_heads("paper", 9, 1_000, but_not=())
    assert [(head.chat, head.alerts, head.number) for head in heads] == [(ANN, (1,), 1), (BOB, (1,), 1)]
    await store.deliveries.claim(heads)
    await store.deliveries.settle([Outcome(head, "sent", 1_000) for head in heads])
    assert (await store.alerts.told(ANN, 1)).status == "sent"
    assert (await store.alerts.alert(1)).layer == ""


async def test_references_hold_and_ending_a_subscription_takes_its_watch_and_states(store, path):
    watch = (await store.subscriptions.of(ANN))[1].watch
    await store.subscriptions.unsubscribe(ANN, 2)
    assert await store.alerts.states(watch) == {}
    assert await store.alerts.watches("ETH") == []
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        store._db.execute("INSERT INTO states VALUES (99, 'x', x'00')")


async def test_a_move_that_was_cut_short_before_it_was_noted_is_not_done_twice(store, path):
    await store.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM _sqlite_migrations WHERE name = '0011_layers'")
    with SqliteStore(path) as again:
        assert len(await again.subscriptions.of(ANN)) == 3


# What is told apart from then on


async def test_the_same_wish_in_another_venue_is_another_subscription(store):
    wish = {"rule": "near-cluster", "coin": "BTC", "parameters": "{}", "now_ms": 2}
    (same, is_new), (other, other_is_new) = [
        await store.subscriptions.subscribe(ANN, venue=venue, **wish) for venue in ("", "binance")
    ]
    assert (same.number, is_new, other.number, other_is_new) == (1, False, 4, True)
    assert same.watch.id != other.watch.id


async def test_ending_one_of_two_takes_only_what_is_owed_by_that_one(store, view):
    other, _ = await store.subscriptions.subscribe(
        ANN, rule="near-cluster", coin="BTC", parameters="{}", now_ms=2, venue="binance"
    )
    alert = NewAlert(other.watch, Hit("key", "other"), "first")
    assert await store.alerts.commit(view, [(other.watch, b"x")], [alert], 2) == 1
    await store.subscriptions.unsubscribe(ANN, 1)
    (head,) = [
        head for head in await store.deliveries.queue_heads("paper", 9, 1_000, but_not=()) if head.chat == ANN
    ]
    told = await store.alerts.alert(head.alerts[0])
    assert (head.number, told.venue, told.layer) == (4, "binance", view.layer.key)


async def test_a_market_that_starts_over_takes_only_its_own_states(store, view):
    watch = (await store.subscriptions.of(ANN))[0].watch
    await store.alerts.commit(view, [(watch, b"simulated")], [], 2)
    assert await store.alerts.state(watch) == b"simulated"
    await store.begin_anew(view.layer)
    assert await store.alerts.states(watch) == {LIVE: b"btc"}
