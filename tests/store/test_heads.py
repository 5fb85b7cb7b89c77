"""Heads: of each chat the first open delivery, whatever happens to deliveries."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from liqbot.rules.rule import Hit
from liqbot.store.chats import ChatKey
from liqbot.store.deliveries import Outcome
from liqbot.store.outbox import NewAlert
from liqbot.store.store import Store

CHATS = [ChatKey(platform, name) for platform in ("paper", "glass") for name in ("ann", "bob", "cid")]
SHOULD_BE = """
    SELECT chat_id, d.id, platform, due_ms, status = 'sending'
    FROM deliveries AS d JOIN chats AS c ON c.id = chat_id
    WHERE d.id IN (
        SELECT min(id) FROM deliveries WHERE status IN ('due', 'sending', 'unknown') GROUP BY chat_id
    )
    ORDER BY chat_id
"""
KEPT = "SELECT chat_id, delivery_id, platform, due_ms, is_sending FROM heads ORDER BY chat_id"


class Office:
    """A store in which time goes on with everything that is done."""

    def __init__(self, store, view):
        self.store, self.view, self.now_ms = store, view, 0

    def subscribe(self, chat):
        self.store.subscriptions.subscribe(chat, rule="r", coin="BTC", parameters="{}", now_ms=self.now_ms)

    def unsubscribe(self, chat):
        for subscription in self.store.subscriptions.of(chat):
            self.store.subscriptions.unsubscribe(chat, subscription.number)

    def alert(self, _):
        for watch, _ in self.store.outbox.watches("BTC"):
            alert = NewAlert(watch, Hit("key", "text"), "first")
            self.store.outbox.commit(self.view, [(watch, b"state")], [alert], self.now_ms)

    def claim(self, chat):
        others = [other.native_id for other in CHATS if other.native_id != chat.native_id]
        heads = self.store.deliveries.heads(chat.platform, 10, self.now_ms, but_not=others)
        self.store.deliveries.claim(heads)
        return heads

    def settle(self, chat, status):
        outcomes = [Outcome(head, status, self.now_ms + 3) for head in self.claim(chat)]
        self.store.deliveries.settle(outcomes)

    def send(self, chat):
        self.settle(chat, "sent")

    def fail(self, chat):
        self.settle(chat, "due")

    def wonder(self, chat):
        self.settle(chat, "unknown")

    def hold(self, chat):
        heads = self.store.deliveries.heads(chat.platform, 10, self.now_ms, but_not=())
        self.store.deliveries.hold((head, self.now_ms + 5, "muted") for head in heads)

    def release(self, chat):
        self.store.deliveries.wake_held(chat, self.now_ms, "muted")
        self.store.deliveries.release(self.now_ms)

    def restart(self, _):
        self.store.deliveries.recover()

    def expire(self, _):
        self.store.deliveries.expire(self.now_ms + 10**8)

    def leave(self, chat):
        self.store.chats.deactivate(chat, "blocked", self.now_ms)

    def move(self, chat):
        self.store.chats.move(chat, "bob")

    def forget(self, chat):
        self.store.chats.forget(chat)


DEEDS = [name for name in vars(Office) if not name.startswith("_") and name != "settle"]
TWICE = ["alert", "alert", "subscribe", "claim"]  # without these, nothing else has anything to do


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = Store(tmp_path_factory.mktemp("heads") / "liqbot.db")
    opened._db.execute("PRAGMA synchronous = OFF")
    yield opened
    opened.close()


def emptied(store):
    for table in ("deliveries", "alerts", "subscriptions", "watches", "chats"):
        store._db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own
    return store


# Two chats become one, of which only the first was owed something.
@example(deeds=[("alert", CHATS[0]), ("subscribe", CHATS[1]), ("move", CHATS[0])])
@given(deeds=st.lists(st.tuples(st.sampled_from(DEEDS + TWICE), st.sampled_from(CHATS)), max_size=40))
def test_whatever_happens_heads_are_the_first_open_deliveries_of_their_chats(store, view, deeds):
    office = Office(emptied(store), view)
    for chat in CHATS[::2]:
        office.subscribe(chat)
    for deed, chat in deeds:
        office.now_ms += 1
        getattr(office, deed)(chat)
        assert store._db.execute(KEPT).fetchall() == store._db.execute(SHOULD_BE).fetchall()


def test_what_is_due_is_found_without_reading_all_that_is_owed(store, view):
    steps = []
    office = Office(emptied(store), view)
    for chat in CHATS:
        office.subscribe(chat)
    for _ in range(2_000):
        office.alert(None)

    def step():
        steps.append(1)

    store._db.set_progress_handler(step, 100)  # called after each hundred steps of SQLite's machine
    assert len(store.deliveries.heads("paper", 2, 10, but_not={"ann"})) == 2
    store._db.set_progress_handler(None, 0)
    assert len(steps) <= 20
