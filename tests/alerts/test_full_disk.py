"""A disk that is really full, as SQLite tells it: nothing is half written, nothing lost once it ends."""

import asyncio
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

import pytest
from alerts.stand_ins import saying
from databases import ON_SQLITE
from markets import long, view_of
from platforms import Paper

from liqbot.alerts.dispatcher import Dispatcher
from liqbot.alerts.evaluator import Evaluator
from liqbot.alerts.platform import Receipt
from liqbot.store.chats import ChatKey
from liqbot.store.errors import StoreError

VIEW = view_of(long("ann", 2, at=95), spot=100)
CHATS = [ChatKey("paper", f"chat-{number}") for number in range(300)]
PLENTY = 2**31


class Wordy(Paper):
    """Its ids of messages are so long that they do not fit into the pages that are there."""

    async def send(self, parcel):
        receipt = await super().send(parcel)
        return Receipt(receipt.message_id * 1_000)


@contextmanager
def full_disk(store):
    """Let the database not grow by a single page."""
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    assert store._db.execute("PRAGMA freelist_count").fetchone() == (0,)
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    yield
    store._db.execute(f"PRAGMA max_page_count = {PLENTY}")


@asynccontextmanager
async def dispatched(house, paper, clock):
    async def undrawn(*_):
        return None

    dispatcher = Dispatcher(house.store, undrawn, clock)
    dispatcher.connect("paper", paper)
    task = asyncio.create_task(dispatcher.run())
    try:
        async with asyncio.timeout(30):
            yield dispatcher
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def evaluator(house):
    house.with_rules(saying("one", "text"))
    for chat in CHATS:
        await house.subscribe(chat, "one")
    return Evaluator(house.rules, house.store.alerts)


def count(house, table):
    return house.store._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - our own


@ON_SQLITE
async def test_a_view_that_does_not_fit_leaves_nothing_and_the_next_one_alerts(house, evaluator):
    with full_disk(house.store):
        for _ in range(2):
            with pytest.raises(StoreError, match="full"):
                await evaluator.take(VIEW, now_ms=0)
    assert [state for _, state in await house.store.alerts.watches("BTC")] == [None]
    assert (count(house, "alerts"), count(house, "deliveries"), count(house, "queue_heads")) == (0, 0, 0)
    assert await evaluator.take(replace(VIEW, time_ms=VIEW.time_ms + 1), now_ms=0) == len(CHATS)


@ON_SQLITE
async def test_what_has_arrived_is_noted_once_there_is_room_and_not_sent_again(house, evaluator, clock):
    await evaluator.take(VIEW, clock())
    paper = Wordy({})
    async with dispatched(house, paper, clock) as dispatcher:
        with full_disk(house.store):
            while dispatcher.trouble is None:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.001)
            assert "full" in dispatcher.trouble
            assert await house.store.deliveries.owed() == len(CHATS)
            assert paper.parcels
        while await house.store.deliveries.owed():
            dispatcher.wake()
            await asyncio.sleep(0.001)
        assert dispatcher.trouble is None
    assert sorted(chat.native_id for chat, _ in paper.messages) == sorted(chat.native_id for chat in CHATS)
    assert not house.store._db.execute("SELECT 1 FROM deliveries WHERE status != 'sent'").fetchall()
