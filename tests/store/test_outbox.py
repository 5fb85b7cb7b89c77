"""The outbox: states of watches and what is owed for them, written together or not at all."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from databases import ON_SQLITE, alter, opened

from liqbot.market.side import Side
from liqbot.market.wire import WireError, to_bytes
from liqbot.rules.rule import Hit
from liqbot.store.alerts import NewAlert, Read, WatchesOfCoin
from liqbot.store.chats import ChatKey
from liqbot.store.deliveries import Outcome
from liqbot.store.errors import StoreError
from liqbot.store.sql import alerts
from liqbot.store.sqlite.database import transaction

TESTS = Path(__file__).parents[1]
ANN, BOB = ChatKey("console", "ann"), ChatKey("telegram", "bob", "topic")
BOTH = ["console", "telegram"]
HIT = Hit("BTC-L1", "seen", means="this", caveat="not that", value=1.5, side=Side.LONG)


@pytest.fixture
async def watch(store):
    """Return a watch to which ann and bob subscribe."""
    for chat in (ANN, BOB):
        subscription, _ = await store.subscriptions.subscribe(
            chat, rule="near-cluster", coin="BTC", parameters="{}", now_ms=1
        )
    return subscription.watch


@pytest.fixture
def alert(store, watch, view):
    """Return how to write an alert down; it returns how many deliveries are due from it."""

    async def alert(now_ms=0, state=b"state", hit=HIT):
        return await store.alerts.commit(view, [(watch, state)], [NewAlert(watch, hit, "first")], now_ms)

    return alert


# Written together


async def test_a_watch_has_no_state_at_first_and_then_the_one_that_was_committed(store, watch, view):
    assert await store.alerts.watches("BTC") == [(watch, None)]
    assert await store.alerts.commit(view, [(watch, b"one")], [], now_ms=1) == 0
    assert await store.alerts.commit(view, [(watch, b"two")], [], now_ms=1) == 0
    assert await store.alerts.watches("BTC") == [(watch, b"two")]
    assert await store.alerts.state(watch) == b"two"
    assert await store.alerts.watches("ETH") == []


async def heads(store, now_ms=0):
    return [
        head for name in BOTH for head in await store.deliveries.queue_heads(name, 10, now_ms, but_not=())
    ]


async def test_an_alert_is_one_delivery_for_each_subscriber(store, alert):
    assert await alert() == 2
    assert [head.chat for head in await heads(store)] == [ANN, BOB]


async def test_an_alert_that_nobody_subscribes_to_is_owed_to_nobody(store, watch, alert):
    await store.subscriptions.unsubscribe(ANN, 1)
    assert await alert() == 1
    await store.subscriptions.unsubscribe(BOB, 1)
    assert await alert() == 0
    assert await store.alerts.state(watch) is None


async def test_who_has_paused_or_cannot_be_reached_is_owed_nothing(store, alert):
    await store.subscriptions.pause(ANN, [1], paused=True)
    await store.chats.deactivate(BOB, "blocked", now_ms=5)
    assert await alert() == 0
    await store.subscriptions.pause(ANN, [1], paused=False)
    await store.chats.activate(BOB)
    assert await alert() == 2


async def test_who_unsubscribes_is_owed_no_more_of_it(store, alert):
    await alert()
    await store.subscriptions.unsubscribe(ANN, 1)
    assert [head.chat for head in await heads(store)] == [BOB]


async def test_a_delivery_tells_the_alert_as_it_was_written_down(store, alert, view):
    await alert()
    head, _ = await heads(store)
    told = await store.alerts.alert(head.alerts[0])
    assert (told.rule, told.coin, told.parameters, told.reason) == ("near-cluster", "BTC", "{}", "first")
    assert (told.hit, told.time_ms, told.sample) == (HIT, view.time_ms, False)
    assert to_bytes(await store.alerts.view_of(told)) == to_bytes(view)
    assert head.number == 1


async def test_a_chat_hears_what_became_of_its_alerts_and_not_of_those_of_others(store, alert):
    await store.subscriptions.unsubscribe(BOB, 1)
    await alert()
    (head,) = await heads(store)
    number = head.alerts[0]
    assert (await store.alerts.told(ANN, number)).status == "due"
    assert await store.alerts.newest_of(ANN, 5) == []
    await store.deliveries.claim([head])
    await store.deliveries.settle([Outcome(head, "sent", 7)])
    told = await store.alerts.told(ANN, number)
    assert (told.status, told.sent_ms, told.attempts, told.alert.hit) == ("sent", 7, 1, HIT)
    assert [alert.id for alert in await store.alerts.newest_of(ANN, 5)] == [number]
    assert await store.alerts.told(BOB, number) is None
    assert await store.alerts.told(ANN, number + 1) is None


async def test_a_sample_is_owed_to_the_chat_that_asked_alone(store, watch, view):
    number = await store.alerts.sample(ANN, watch, HIT, view, now_ms=0)
    (head,) = await heads(store)
    assert (head.chat, head.alerts) == (ANN, (number,))
    assert (await store.alerts.alert(number)).sample


async def test_old_alerts_are_removed_unless_something_of_them_is_still_owed(store, alert):
    await alert(now_ms=10)
    ann, bob = await heads(store, 10)
    await store.deliveries.claim([ann])
    await store.deliveries.settle([Outcome(ann, "sent", 11)])
    assert await store.alerts.prune(before_ms=10**9) == 0
    await store.deliveries.claim([bob])
    await store.deliveries.settle([Outcome(bob, "sent", 12)])
    assert await store.alerts.prune(before_ms=10) == 0
    assert await store.alerts.prune(before_ms=11) == 1
    assert await store.alerts.alert(ann.alerts[0]) is None


async def test_an_alert_that_nobody_was_to_get_is_removed_as_well(store, alert):
    for chat in (ANN, BOB):
        await store.subscriptions.pause(chat, [1], paused=True)
    assert await alert(now_ms=10) == 0
    assert await store.alerts.prune(before_ms=0) == 1


async def test_what_is_old_is_removed_in_steps_and_others_write_in_between(store, alert, monkeypatch):
    monkeypatch.setattr(alerts, "PRUNED_AT_ONCE", 1)
    for chat in (ANN, BOB):
        await store.subscriptions.pause(chat, [1], paused=True)
    for now_ms in range(40):
        await alert(now_ms=now_ms)
    pruning = asyncio.create_task(store.alerts.prune(before_ms=10**9))
    await store.notes.set("written", "meanwhile")
    assert not pruning.done()
    assert await pruning == 40


async def test_when_writing_an_alert_fails_neither_its_state_nor_a_delivery_is_there(store, watch, view):
    await store.alerts.commit(view, [(watch, b"before")], [], now_ms=1)
    unwritable = NewAlert(watch, HIT, reason=object())
    with pytest.raises(StoreError):
        await store.alerts.commit(
            view, [(watch, b"after")], [NewAlert(watch, HIT, "first"), unwritable], now_ms=1
        )
    assert await store.alerts.state(watch) == b"before"
    assert await store.deliveries.owed() == 0
    assert (
        await store.alerts.commit(view, [(watch, b"after")], [NewAlert(watch, HIT, "first")], now_ms=1) == 2
    )


async def test_what_follows_of_several_views_is_written_together_or_not_at_all(store, watch, view):
    other, _ = await store.subscriptions.subscribe(
        ANN, rule="near-cluster", coin="ETH", parameters="{}", now_ms=1
    )
    ether = replace(view, coin="ETH")
    first = Read(view, [(watch, b"btc")], [NewAlert(watch, HIT, "first")])
    second = Read(ether, [(other.watch, b"eth")], [NewAlert(other.watch, HIT, "first")])
    assert await store.alerts.commit_all([first, second], now_ms=1) == 3
    key = view.layer.key
    assert await store.alerts.watches_of(["BTC", "ETH", "SOL"], key) == {
        "BTC": WatchesOfCoin([(watch, b"btc")], {watch.id: (key, b"btc")}),
        "ETH": WatchesOfCoin([(other.watch, b"eth")], await store.alerts.last_read("ETH")),
    }
    raised = {alert.coin: await store.alerts.view_of(alert) for alert in await store.alerts.latest(None, 9)}
    assert {coin: one.coin for coin, one in raised.items()} == {"BTC": "BTC", "ETH": "ETH"}
    unwritable = replace(second, alerts=[NewAlert(other.watch, HIT, reason=object())])
    with pytest.raises(StoreError):
        await store.alerts.commit_all([replace(first, states=[(watch, b"new")]), unwritable], now_ms=2)
    assert await store.alerts.state(watch) == b"btc"
    assert len(await store.alerts.latest(None, 9)) == 2


@ON_SQLITE
async def test_when_writing_is_cut_short_nothing_of_it_is_there(store, watch, alert):
    def cut():
        with transaction(store._db):
            store._db.execute("UPDATE states SET state = x'00'")
            raise KeyboardInterrupt

    await alert()
    with pytest.raises(KeyboardInterrupt):
        cut()
    assert await store.alerts.state(watch) == b"state"


@ON_SQLITE
async def test_what_was_committed_survives_a_kill_and_what_was_not_leaves_nothing(address):
    command = [sys.executable, "store/killed.py", str(address)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])}
    await asyncio.to_thread(killed_within, command, environment)
    with opened(address) as store:
        ((watch, state),) = await store.alerts.watches("BTC")
        assert state == b"first"
        (head,) = await store.deliveries.queue_heads("console", 10, 1, but_not=())
        assert (await store.alerts.alert(head.alerts[0])).hit.text == "first"
        assert watch.rule == "r"


def killed_within(command, environment):
    """Start a bot, and kill it where it says so."""
    with subprocess.Popen(command, cwd=TESTS, env=environment, stdout=subprocess.PIPE, text=True) as bot:
        assert bot.stdout is not None
        assert bot.stdout.readline() == "within\n"
        bot.send_signal(signal.SIGKILL)


# Beginning anew


async def test_a_market_that_begins_anew_forgets_states_but_not_what_is_owed(store, watch, alert, view):
    await alert()
    await store.begin_anew(view.layer)
    assert await store.alerts.state(watch) is None
    assert await store.deliveries.owed() == 2
    assert (
        await store.alerts.view_of(await store.alerts.alert((await heads(store))[0].alerts[0]))
    ).spot == view.spot


async def test_a_view_that_is_damaged_is_refused(store, alert):
    await alert()
    told = await store.alerts.alert((await heads(store))[0].alerts[0])
    alter(store, "UPDATE alerts SET view = hit")
    with pytest.raises(WireError, match="damaged"):
        await store.alerts.view_of(told)
