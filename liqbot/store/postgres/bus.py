"""The bus between processes: PostgreSQL's notifications carry keys, and what they are about lies in tables.

A notice reaches whoever takes it in its own process as with `LocalBus`, and every other process by `NOTIFY`.
What was missed while a connection was away is found in the tables, where each view and each coin with a new
observation has a number that rises. Of a layer one process makes the views, so that its numbers become
visible in their order.
"""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import msgspec
import psycopg
import structlog

from liqbot.bus import AccessChanged, DeliveriesDue, LocalBus, Notice, ObservationsKept, ViewsMade
from liqbot.market.events import Observation
from liqbot.market.layer import Layer
from liqbot.market.wire import WireError, observation_from_bytes, observation_to_bytes
from liqbot.store.address import PostgresUrl
from liqbot.store.errors import StoreError
from liqbot.store.leases import fence
from liqbot.store.postgres.line import Line, make_tables

_log = structlog.get_logger()

CHANNEL = "liqbot"
LOOK_S = 5.0
"""So often it is looked in the tables for what no notification has told of."""
ACCESS_LOOK_S = 30.0
"""So often it is read anew what owners decided: few rows, of which nothing but a notification tells."""
AGAIN_S = 0.5
"""After so long a connection that broke is made anew."""
URGENT_S, LOOK_AGAIN_S = 1.0, 0.02
"""So long views wait at most while rules read, and so often it is looked whether they do."""
SLICE = 40
"""So many views are written, or read, at a time: others go through their hands meanwhile."""
N = TypeVar("N", bound=Notice)
T = TypeVar("T")


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a notification carries: at most 8000 bytes fit."""

    process: str
    kind: str
    layer: Layer | None = None
    count: int = 0


# Told and announced in one statement: one way to the server, and nothing is announced that is refused.
_ANNOUNCED = """
WITH told AS ({statement} RETURNING 1)
SELECT pg_notify(%(channel)s, %(note)s) WHERE EXISTS (SELECT FROM told)
"""
_VIEWS = """
INSERT INTO bus_views AS old (layer, coin, number, process, told, body)
SELECT %(layer)s, coin, nextval('bus_numbers'), %(process)s, clock_timestamp(), body
FROM unnest(%(coins)s::text[], %(bodies)s::bytea[]) AS new (coin, body)
WHERE {fence}
ON CONFLICT (layer, coin) DO UPDATE
SET number = excluded.number, process = excluded.process, told = excluded.told, body = excluded.body
"""
_OBSERVATIONS = """
INSERT INTO bus_observations AS old (layer, coin, number, process, told)
SELECT %(layer)s, coin, nextval('bus_numbers'), %(process)s, clock_timestamp()
FROM unnest(%(coins)s::text[]) AS new (coin)
WHERE {fence}
ON CONFLICT (layer, coin) DO UPDATE
SET number = excluded.number, process = excluded.process, told = excluded.told
"""
_FENCE = "EXISTS (SELECT 1 FROM fences WHERE name = %(lease)s AND fences.number = %(fence)s FOR SHARE)"
_TELL = "SELECT pg_notify(%s, %s)"
_NEW = """
SELECT layer, one.number, {what}
FROM {table} AS one LEFT JOIN unnest(%s::text[], %s::bigint[]) AS seen (layer, number) USING (layer)
WHERE one.number > coalesce(seen.number, 0) AND process != %s
    AND told > clock_timestamp() - interval '15 minutes'
ORDER BY layer, one.number
"""
# A slice of them comes as one value: what is as long is read at one go, and not 16 kB by 16 kB.
_NEW_VIEWS = f"""
SELECT layer, max(number), array_agg(body ORDER BY number)
FROM (
    SELECT layer, number, body,
        (row_number() OVER (PARTITION BY layer ORDER BY number) - 1) / {SLICE} AS slice
    FROM ({_NEW.format(what="body", table="bus_views")}) AS new
) AS sliced
GROUP BY layer, slice ORDER BY layer, slice
"""
_NEW_OBSERVATIONS = _NEW.format(what="coin", table="bus_observations")


class PostgresBus:
    """Brings notices to whoever asked for their kind, in every process of the bot."""

    def __init__(self, url: PostgresUrl, process: str) -> None:
        """`process` is the name of this process, like that of no other."""
        self._process = process
        self._local = LocalBus()
        self._telling = Line(url, f"liqbot bus {process}")
        self._reading = Line(url, f"liqbot bus {process}")
        self._listening = Line(url, f"liqbot bus {process}")
        self._seen: dict[str, dict[str, int]] = {"views": {}, "observations": {}}
        """Up to which number everything of a layer was read."""
        self._more = {kind: asyncio.Event() for kind in self._seen}
        """By kind, set where there is more to be read; rules do not wait for what people are shown."""
        self._decided = asyncio.Event()
        """Set where owners may have decided something: however often that is told, it is read once."""
        self._is_silent = False
        """Whether others could not be told of the newest notice: the log hears of it once."""
        self.listens = asyncio.Event()
        """Set while notifications are heard."""
        self.is_busy: Callable[[], bool] = _never
        """Whether rules are reading in this process: views wait for that a while."""
        self.trouble: str | None = None
        """Why other processes are not heard at present; None where they are."""

    def subscribe(self, kind: type[N], take: Callable[[N], Awaitable[None]]) -> None:
        self._local.subscribe(kind, take)

    async def publish(self, notice: Notice) -> None:
        await self._local.publish(notice)
        try:
            await self._tell(notice)
        except StoreError as error:  # it lies in the store: it is found there as soon as that is well
            if not self._is_silent:
                _log.warning("notice_not_told", kind=type(notice).__name__, reason=str(error))
            self._is_silent = True
        else:
            self._is_silent = False

    async def begin(self) -> None:
        """Make the tables, and note from where on there is news. Raises `StoreError`."""
        await make_tables(self._telling)

    async def run(self) -> None:
        """Take what other processes tell, until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen())
                group.create_task(self._read_again_and_again("views", self._read_views))
                group.create_task(self._read_again_and_again("observations", self._read_observations))
                group.create_task(self._read_what_was_decided())
        finally:
            for line in (self._telling, self._reading, self._listening):
                await line.close()

    async def _tell(self, notice: Notice) -> None:
        if isinstance(notice, ViewsMade):
            await self._tell_views(notice)
        elif isinstance(notice, ObservationsKept):
            if notice.coins:
                values = {"layer": _text(notice.layer), "coins": list(notice.coins)}
                await self._write(_OBSERVATIONS, values, Note(self._process, "observations", notice.layer))
        elif isinstance(notice, DeliveriesDue):
            await self._notify(Note(self._process, "due", count=notice.count))
        else:
            await self._notify(Note(self._process, "access"))

    async def _tell_views(self, notice: ViewsMade) -> None:
        """Tell of some views after the others: they are read elsewhere while the next are written."""
        for views in _slices(notice.views):
            observed = [Observation(view, tuple(notice.events.get(view.coin, ()))) for view in views]
            bodies = await asyncio.to_thread(_encoded, observed)
            values = {"layer": _text(notice.layer), "coins": [view.coin for view in views], "bodies": bodies}
            await self._write(_VIEWS, values, Note(self._process, "views", notice.layer))

    async def _write(self, statement: str, values: dict[str, Any], note: Note) -> None:
        lease = fence()
        values |= {"process": self._process, "channel": CHANNEL, "note": _json(note)}
        if lease is not None:
            values |= {"lease": lease.name, "fence": lease.number}
        fenced = statement.format(fence="true" if lease is None else _FENCE)
        await self._telling.ask(_ANNOUNCED.format(statement=fenced), values)

    async def _notify(self, note: Note) -> None:
        await self._telling.ask(_TELL, [CHANNEL, _json(note)])

    async def _listen(self) -> None:
        while True:
            try:
                connection = await self._listening.connected()
                await connection.execute(f"LISTEN {CHANNEL}")
                if self.trouble is not None:
                    _log.info("bus_connection_back")
                self.trouble = None
                self.listens.set()
                await self._make_good()
                async for told in connection.notifies():
                    await self._heard(told.payload)
            except (StoreError, psycopg.Error) as error:
                if self.trouble is None:
                    _log.warning("bus_connection_lost", reason=str(error))
                self.trouble = str(error)
            self.listens.clear()
            self._listening.drop()
            await asyncio.sleep(AGAIN_S)

    async def _make_good(self) -> None:
        """Look for all that was told while nobody listened here, be it before the first time."""
        for more in self._more.values():
            more.set()
        self._decided.set()
        await self._hand_on(DeliveriesDue(0))

    async def _read_what_was_decided(self) -> None:
        """Have read what is told, and make good what nobody could tell of, as who was killed in between."""
        is_told = False
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(ACCESS_LOOK_S):
                    await self._decided.wait()
            self._decided.clear()
            try:
                await self._local.publish(AccessChanged(is_remote=True))
            except Exception as error:  # noqa: BLE001 - it is read again in a moment
                if not is_told:  # once an outage, not at each try
                    known = isinstance(error, StoreError)
                    _log.warning("decisions_not_read", reason=repr(error), exc_info=None if known else error)
                is_told = True
                await asyncio.sleep(AGAIN_S)
                self._decided.set()
            else:
                is_told = False

    async def _heard(self, payload: str) -> None:
        try:
            note = msgspec.json.decode(payload, type=Note)
        except msgspec.DecodeError:
            _log.warning("notice_not_understood")  # another version's
            return
        if note.process == self._process:
            return
        if note.kind in self._seen:
            self._more[note.kind].set()
        elif note.kind == "due":
            await self._hand_on(DeliveriesDue(note.count))
        elif note.kind == "access":
            self._decided.set()

    async def _read_again_and_again(self, kind: str, read: Callable[[], Awaitable[None]]) -> None:
        more, is_told = self._more[kind], False
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await more.wait()
            more.clear()
            try:
                await read()
            except StoreError as error:
                if not is_told:
                    _log.warning("bus_not_read", what=kind, reason=str(error))
                is_told = True
                await asyncio.sleep(AGAIN_S)
                more.set()
            else:
                is_told = False

    async def _read_views(self) -> None:
        until_s = time.monotonic() + URGENT_S
        for row in await self._new("views", _NEW_VIEWS):
            layer, _, bodies = row
            while self.is_busy() and time.monotonic() < until_s:  # noqa: ASYNC110 - whoever is tells nobody
                await asyncio.sleep(LOOK_AGAIN_S)
            observed = await asyncio.to_thread(_decoded, bodies)
            events = {one.view.coin: one.events for one in observed}
            views = [one.view for one in observed]
            await self._hand_on(ViewsMade(_layer(layer), views, events, is_remote=True))
            self._note("views", [row])

    async def _read_observations(self) -> None:
        rows = await self._new("observations", _NEW_OBSERVATIONS)
        for text, ours in itertools.groupby(rows, key=lambda row: row[0]):
            await self._hand_on(ObservationsKept(_layer(text), [row[2] for row in ours]))
        self._note("observations", rows)

    async def _new(self, kind: str, statement: str) -> list[Any]:
        """Return the rows with a number that is new for their layer, in the order of the numbers."""
        seen = self._seen[kind]
        return await self._reading.ask(statement, [list(seen), list(seen.values()), self._process])

    def _note(self, kind: str, rows: Sequence[Any]) -> None:
        self._seen[kind].update({layer: number for layer, number, _ in rows})

    async def _hand_on(self, notice: Notice) -> None:
        try:
            await self._local.publish(notice)
        except StoreError as error:
            _log.warning("notice_not_taken", kind=type(notice).__name__, reason=str(error))
        except Exception:  # noqa: BLE001 - whoever takes it looks in the store again
            _log.exception("notice_not_taken", kind=type(notice).__name__)


def _never() -> bool:
    """Have nothing urgent to do."""
    return False


def _slices(all_of_them: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield them by as many as are worked on at a time."""
    for start in range(0, len(all_of_them), SLICE):
        yield all_of_them[start : start + SLICE]


def _json(note: Note) -> str:
    return msgspec.json.encode(note).decode()


def _text(layer: Layer) -> str:
    return msgspec.json.encode(layer).decode()


def _layer(text: str) -> Layer:
    return msgspec.json.decode(text, type=Layer)


def _encoded(observed: Sequence[Observation]) -> list[bytes]:
    return [observation_to_bytes(one) for one in observed]


def _decoded(bodies: Sequence[bytes]) -> list[Observation]:
    """Return what can be read; what another version has written is its own affair."""
    found: list[Observation] = []
    for body in bodies:
        try:
            found.append(observation_from_bytes(body))
        except WireError as error:
            _log.warning("view_not_understood", reason=str(error))
    return found
