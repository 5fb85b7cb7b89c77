"""The store: one database, and what is kept in it."""

import sqlite3
from pathlib import Path

from liqbot.market.layer import Layer
from liqbot.store.chats import Chats
from liqbot.store.database import Claim, DatabaseError, open_database, open_reader
from liqbot.store.deliveries import Deliveries
from liqbot.store.history import History
from liqbot.store.memories import Memories
from liqbot.store.outbox import Outbox
from liqbot.store.subscriptions import Subscriptions


class Store:
    """Everything that outlives a restart. One thread writes; heatmaps read on a connection of their own."""

    def __init__(self, path: Path) -> None:
        """Open or create the database at `path`. Raises `DatabaseError`."""
        self.path = path
        self._claim = Claim(path)
        try:
            self._db: sqlite3.Connection = open_database(path).conn
            self._reader = open_reader(path)
        except DatabaseError:
            self._claim.release()
            raise
        self.history = History(self._db)
        self.past = self.history.beside(self._reader)
        """The same history for reading in another thread."""
        self.chats = Chats(self._db)
        self.subscriptions = Subscriptions(self._db)
        self.memories = Memories(self._db)
        self.outbox = Outbox(self._db)
        self.deliveries = Deliveries(self._db)

    def begin_anew(self, layer: Layer) -> None:
        """Forget a layer's past and the state of every watch, for a market that starts over."""
        self.history.forget(layer)
        self.memories.forget(layer)
        self.outbox.forget_states()

    def close(self) -> None:
        """Let go of the database."""
        self._reader.close()
        self._db.close()
        self._claim.release()
