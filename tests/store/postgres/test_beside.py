"""Several processes on one database: each delivery is taken by one of them, and none is forgotten."""

import asyncio
import random
from collections import Counter

from databases import look, opened

from liqbot.rules.rule import Hit
from liqbot.store.alerts import NewAlert
from liqbot.store.chats import ChatKey
from liqbot.store.deliveries import DeliveryStatus, HoldReason, Outcome
from liqbot.store.maintenance import damage

CHATS = [ChatKey("paper", f"chat {number}") for number in range(12)]
ALERTS = 25


async def subscribed(store):
    for chat in CHATS:
        await store.subscriptions.subscribe(chat, rule="r", coin="BTC", parameters="{}", now_ms=1)
    ((watch, _),) = await store.alerts.watches("BTC")
    return watch


async def alert(store, watch, view, number):
    fired = [NewAlert(watch, Hit("key", f"text {number}"), "first")]
    return await store.alerts.commit(view, [(watch, b"state")], fired, number)


async def test_what_two_take_at_once_is_had_by_one_of_them(postgres, view):
    with opened(postgres) as one, opened(postgres) as other:
        watch = await subscribed(one)
        await alert(one, watch, view, 1)
        heads = await one.deliveries.queue_heads("paper", 100, 5, but_not=())
        assert len(heads) == len(CHATS)
        both = await asyncio.gather(*(store.deliveries.claim(heads) for store in (one, other) * 3))
        claimed = Counter(row for taken in both for delivery in taken for row in delivery.ids)
        assert claimed == Counter(row for head in heads for row in head.ids)


async def test_alerts_that_come_while_others_are_sent_are_all_sent_and_each_once(postgres, view):
    """Two processes raise alerts, and four take what is due: send it, fail, hold it back, lose its answer."""
    sent, chance = Counter(), random.Random(7)  # noqa: S311 - the same each time
    with opened(postgres) as one, opened(postgres) as other:
        watch = await subscribed(one)
        raised = asyncio.Event()

        async def raise_all():
            for number in range(ALERTS):
                await asyncio.gather(*(alert(store, watch, view, 10 + number) for store in (one, other)))
            raised.set()

        async def send(store):
            while True:
                was_raised = raised.is_set()
                await store.deliveries.release(10**6)
                heads = await store.deliveries.queue_heads("paper", 5, 10**6, but_not=())
                if not heads and was_raised and not await store.deliveries.owed():
                    return
                if heads and chance.random() < 0.1:
                    await store.deliveries.hold([(heads[0], 20, HoldReason.MUTED)])
                claimed = await store.deliveries.claim(heads)
                outcomes = [Outcome(head, chance.choice(ENDS), 15) for head in claimed]
                sent.update(
                    row
                    for outcome in outcomes
                    if outcome.status == DeliveryStatus.SENT
                    for row in outcome.delivery.ids
                )
                await store.deliveries.settle(outcomes)

        await asyncio.gather(raise_all(), *(send(store) for store in (one, other) * 2))
        assert set(look(one, "SELECT DISTINCT status FROM deliveries")) == {("sent",)}
    assert set(sent.values()) == {1}
    assert len(sent) == 2 * ALERTS * len(CHATS)
    assert damage(postgres, thorough=True) is None


ENDS = [DeliveryStatus.SENT, DeliveryStatus.SENT, DeliveryStatus.DUE, DeliveryStatus.UNKNOWN]


async def test_who_subscribes_from_two_processes_gets_numbers_of_its_own(postgres):
    with opened(postgres) as one, opened(postgres) as other:
        made = await asyncio.gather(
            *(
                store.subscriptions.subscribe(
                    CHATS[0], rule="r", coin=f"COIN{number}", parameters="{}", now_ms=1
                )
                for number, store in enumerate((one, other) * 10)
            )
        )
    assert sorted(subscription.number for subscription, is_new in made if is_new) == list(range(1, 21))


async def test_a_watch_that_one_ends_and_another_begins_is_there(postgres):
    wish = {"rule": "r", "coin": "BTC", "parameters": "{}", "now_ms": 1}
    with opened(postgres) as one, opened(postgres) as other:
        for _ in range(15):
            mine, _ = await one.subscriptions.subscribe(CHATS[0], **wish)
            _, (theirs, _) = await asyncio.gather(
                one.subscriptions.unsubscribe(CHATS[0], mine.number),
                other.subscriptions.subscribe(CHATS[1], **wish),
            )
            assert [watch.id for watch, _ in await one.alerts.watches("BTC")] == [theirs.watch.id]
            await other.subscriptions.unsubscribe(CHATS[1], theirs.number)
