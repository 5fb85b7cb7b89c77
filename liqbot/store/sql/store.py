"""The store on a database's connections: all of its rooms."""

from liqbot.market.layer import Layer
from liqbot.store.retention import Retention
from liqbot.store.sql.absences import SqlAbsences
from liqbot.store.sql.access import SqlAccess
from liqbot.store.sql.alerts import SqlAlerts
from liqbot.store.sql.cases import SqlCases
from liqbot.store.sql.chats import SqlChats
from liqbot.store.sql.clock_repair import SqlClockRepair
from liqbot.store.sql.communities import SqlCommunities
from liqbot.store.sql.deliveries import SqlDeliveries
from liqbot.store.sql.events import SqlEvents
from liqbot.store.sql.history import SqlHistory
from liqbot.store.sql.journal import SqlJournal
from liqbot.store.sql.memories import SqlMemories
from liqbot.store.sql.notes import SqlNotes
from liqbot.store.sql.observations import SqlObservations
from liqbot.store.sql.rooms import Connections
from liqbot.store.sql.scores import SqlScores
from liqbot.store.sql.subscriptions import SqlSubscriptions


class SqlStore:
    """Everything that outlives a restart, whichever the database is."""

    def __init__(self, connections: Connections, retention: Retention) -> None:
        self._connections = connections
        self.history = SqlHistory(connections, retention)
        self.events = SqlEvents(connections, retention)
        self.observations = SqlObservations(connections, retention)
        self.journal = SqlJournal(connections)
        self.scores = SqlScores(connections)
        self.cases = SqlCases(connections, retention)
        self.chats = SqlChats(connections)
        self.subscriptions = SqlSubscriptions(connections)
        self.memories = SqlMemories(connections)
        self.communities = SqlCommunities(connections)
        self.notes = SqlNotes(connections)
        self.alerts = SqlAlerts(connections)
        self.deliveries = SqlDeliveries(connections)
        self.absences = SqlAbsences(connections)
        self.access = SqlAccess(connections)

    async def begin_anew(self, layer: Layer) -> None:
        await self.history.forget(layer)
        await self.observations.forget(layer)
        await self.events.forget(layer)
        await self.cases.forget(layer)
        await self.memories.forget(layer)
        await self.alerts.forget_states(layer.key)

    async def put_back(self, now_ms: int) -> int:
        ahead_ms = await SqlClockRepair(self._connections).put_back(now_ms)
        if ahead_ms:
            self.history.forget_cached()
            self.observations.forget_cached()
        return ahead_ms

    def look_anew(self, layer: Layer) -> None:
        self.history.forget_cached(layer)
        self.observations.forget_cached(layer)

    async def date_by_clock(self, now_ms: int, error_ms: int) -> int:
        return await SqlClockRepair(self._connections).date_by_clock(now_ms, error_ms)
