"""A bot that is killed: it commits an alert, says so, and hangs within the next transaction."""

import asyncio
import signal
import sys
from pathlib import Path

from markets import long, view_of

from liqbot.rules.rule import Hit
from liqbot.store.alerts import NewAlert
from liqbot.store.chats import ChatKey
from liqbot.store.sqlite.database import transaction
from liqbot.store.sqlite.store import SqliteStore

store = SqliteStore(Path(sys.argv[1]))
chat = ChatKey("console", "me")
view = view_of(long("ann", 1, at=95))


async def begin():
    subscription, _ = await store.subscriptions.subscribe(chat, rule="r", coin="BTC", parameters="", now_ms=1)
    watch = subscription.watch
    await store.alerts.commit(
        view, [(watch, b"first")], [NewAlert(watch, Hit("key", "first"), "first")], now_ms=1
    )


asyncio.run(begin())
with transaction(store._db):
    store._db.execute("UPDATE states SET state = x'00'")
    store._db.execute("UPDATE deliveries SET status = 'sent'")
    sys.stdout.write("within\n")
    sys.stdout.flush()
    signal.pause()
