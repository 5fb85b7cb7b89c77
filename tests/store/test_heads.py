"""Heads: of each chat the first open delivery, whatever happens to deliveries."""

import pytest
from databases import behind, faster, look
from hypothesis import example, given
from hypothesis import strategies as st

from liqbot.rules.rule import Hit
from liqbot.store.alerts import NewAlert
from liqbot.store.chats import ChatKey
from liqbot.store.deliveries import Outcome
from liqbot.store.opening import open_store

CHATS = [ChatKey(platform, name) for platform in ("paper", "glass") for name in ("ann", "bob", "cid")]
SHOULD_BE = """
    SELECT chat_id, d.id, platform, due_ms, CASE WHEN status = 'sending' THEN 1 ELSE 0 END
    FROM deliveries AS d JOIN chats AS c ON c.id = chat_id
    WHERE d.id IN (
        SELECT min(id) FROM deliveries WHERE status IN ('due', 'sending', 'unknown') GROUP BY chat_id
    )
    ORDER BY chat_id
"""
KEPT = "SELECT chat_id, delivery_id, platform, due_ms, is_sending FROM queue_heads ORDER BY chat_id"


class Office:
    """A store in which time goes on with everything that is done."""

    def __init__(self, store, view):
        self.store, self.view, self.now_ms = store, view, 0

    async def subscribe(self, chat):
        await self.store.subscriptions.subscribe(
            chat, rule="r", coin="BTC", parameters="{}", now_ms=self.now_ms
        )

    async def unsubscribe(self, chat):
        for subscription in await self.store.subscriptions.of(chat):
            await self.store.subscriptions.unsubscribe(chat, subscription.number)

    async def alert(self, _):
        for watch, _ in await self.store.alerts.watches("BTC"):
            alert = NewAlert(watch, Hit("key", "text"), "first")
            await self.store.alerts.commit(self.view, [(watch, b"state")], [alert], self.now_ms)

    async def claim(self, chat):
        others = [other.native_id for other in CHATS if other.native_id != chat.native_id]
        heads = await self.store.deliveries.queue_heads(chat.platform, 10, self.now_ms, but_not=others)
        await self.store.deliveries.claim(heads)
        return heads

    async def settle(self, chat, status):
        outcomes = [Outcome(head, status, self.now_ms + 3) for head in await self.claim(chat)]
        await self.store.deliveries.settle(outcomes)

    async def send(self, chat):
        await self.settle(chat, "sent")

    async def fail(self, chat):
        await self.settle(chat, "due")

    async def wonder(self, chat):
        await self.settle(chat, "unknown")

    async def hold(self, chat):
        heads = await self.store.deliveries.queue_heads(chat.platform, 10, self.now_ms, but_not=())
        await self.store.deliveries.hold([(head, self.now_ms + 5, "muted") for head in heads])

    async def release(self, chat):
        await self.store.deliveries.wake_held(chat, self.now_ms, "muted")
        await self.store.deliveries.release(self.now_ms)

    async def restart(self, _):
        await self.store.deliveries.recover()

    async def expire(self, _):
        await self.store.deliveries.expire(self.now_ms + 10**8)

    async def leave(self, chat):
        await self.store.chats.deactivate(chat, "blocked", self.now_ms)

    async def move(self, chat):
        await self.store.chats.move(chat, "bob")

    async def forget(self, chat):
        await self.store.chats.forget(chat)


DEEDS = [name for name in vars(Office) if not name.startswith("_") and name != "settle"]
TWICE = ["alert", "alert", "subscribe", "claim"]  # without these, nothing else has anything to do


@pytest.fixture(scope="module")
def store(new_address):
    store = faster(open_store(new_address()))
    yield store
    store.close_now()


def emptied(store):
    with behind(store) as db:
        for table in ("deliveries", "alerts", "subscriptions", "watches", "chats"):
            db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own
    return store


# Two chats become one, of which only the first was owed something.
@example(deeds=[("alert", CHATS[0]), ("subscribe", CHATS[1]), ("move", CHATS[0])])
@given(deeds=st.lists(st.tuples(st.sampled_from(DEEDS + TWICE), st.sampled_from(CHATS)), max_size=40))
async def test_whatever_happens_heads_are_the_first_open_deliveries_of_their_chats(store, view, deeds):
    office = Office(emptied(store), view)
    for chat in CHATS[::2]:
        await office.subscribe(chat)
    for deed, chat in deeds:
        office.now_ms += 1
        await getattr(office, deed)(chat)
        assert look(store, KEPT) == look(store, SHOULD_BE)


@pytest.mark.parametrize("new_address", ["sqlite"], indirect=True)
@pytest.mark.long
async def test_what_is_due_is_found_without_reading_all_that_is_owed(store, view):
    steps = []
    office = Office(emptied(store), view)
    for chat in CHATS:
        await office.subscribe(chat)
    for _ in range(2_000):
        await office.alert(None)

    def step():
        steps.append(1)

    store._db.set_progress_handler(step, 100)  # called after each hundred steps of SQLite's machine
    assert len(await store.deliveries.queue_heads("paper", 2, 10, but_not={"ann"})) == 2
    store._db.set_progress_handler(None, 0)
    assert len(steps) <= 20
