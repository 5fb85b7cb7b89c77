"""Remote calls in PostgreSQL: a row for each until it is answered, and `NOTIFY` to wake who answers."""

import asyncio
import contextlib
from collections.abc import Callable, Collection

import psycopg
import structlog

from liqbot.store.address import PostgresUrl
from liqbot.store.errors import StoreError
from liqbot.store.postgres.line import Line
from liqbot.store.remote_calls import AnswerCall

_log = structlog.get_logger()

CHANNEL = "liqbot_calls"
LOOK_S = 1.0
"""So often it is looked for calls that no notification has told of."""
POLL_S = 0.05
"""So often whoever asks looks for the answer."""
AGAIN_S = 0.5
AT_ONCE = 8
"""So many calls are answered at the same time: each may wait for an exchange."""
_ASK = """
WITH made AS (
    INSERT INTO remote_calls (kind, subject, expires)
    VALUES (%s, %s, clock_timestamp() + make_interval(secs => %s)) RETURNING id
)
SELECT id, pg_notify(%s, '') FROM made
"""
_READ = "SELECT answer FROM remote_calls WHERE id = %s AND answer IS NOT NULL"
_END = "DELETE FROM remote_calls WHERE id = %s OR expires < clock_timestamp() - interval '1 minute'"
_TAKE = """
UPDATE remote_calls SET taken = %s WHERE id IN (
    SELECT id FROM remote_calls
    WHERE taken IS NULL AND kind = ANY (%s) AND expires > clock_timestamp()
    ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id, kind, subject
"""
_ANSWER = "UPDATE remote_calls SET answer = %s WHERE id = %s"


class PostgresCalls:
    """Calls between the processes of one bot."""

    def __init__(self, url: PostgresUrl, process: str) -> None:
        """`process` is the name of this process, like that of no other."""
        self._process = process
        self._asking = Line(url, f"liqbot calls {process}")
        self._answering = Line(url, f"liqbot calls {process}")
        self._listening = Line(url, f"liqbot calls {process}")
        self._more = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()

    async def ask(self, kind: str, subject: str, within_s: float) -> bytes | None:
        [(call, _)] = await self._asking.ask(_ASK, [kind, subject, within_s, CHANNEL])
        try:
            async with asyncio.timeout(within_s):
                return await self._answer_of(call)
        except TimeoutError:
            return None
        finally:
            with contextlib.suppress(StoreError):
                await self._asking.ask(_END, [call])

    async def serve(self, kinds: Callable[[], Collection[str]], answer: AnswerCall) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen())
                is_told = False
                while True:
                    self._more.clear()
                    try:
                        await self._take(kinds(), answer)
                    except StoreError as error:
                        if not is_told:  # once an outage, not at each try
                            _log.warning("calls_not_read", reason=str(error))
                        is_told = True
                    else:
                        is_told = False
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_S):
                            await self._more.wait()
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def close(self) -> None:
        """Let go of all connections."""
        for line in (self._asking, self._answering, self._listening):
            await line.close()

    async def _answer_of(self, call: int) -> bytes | None:
        while True:
            rows = await self._asking.ask(_READ, [call])
            if rows:
                return bytes(rows[0][0]) or None
            await asyncio.sleep(POLL_S)

    async def _take(self, kinds: Collection[str], answer: AnswerCall) -> None:
        free = AT_ONCE - len(self._under_way)
        if not kinds or not free:
            return
        for call, kind, subject in await self._answering.ask(_TAKE, [self._process, list(kinds), free]):
            task = asyncio.create_task(self._answer(call, answer, kind, subject))
            self._under_way.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._more.set()

    async def _answer(self, call: int, answer: AnswerCall, kind: str, subject: str) -> None:
        try:
            said = await answer(kind, subject)
        except Exception as error:  # noqa: BLE001 - one bad call harms only itself
            _log.warning("call_failed_here", kind=kind, error=type(error).__name__)
            said = b""
        try:
            await self._answering.ask(_ANSWER, [b"" if said is None else said, call])
        except StoreError as error:
            _log.warning("call_not_answered", kind=kind, reason=str(error))

    async def _listen(self) -> None:
        is_told = False
        while True:
            try:
                connection = await self._listening.connected()
                await connection.execute(f"LISTEN {CHANNEL}")
                is_told = False
                self._more.set()
                async for _told in connection.notifies():
                    self._more.set()
            except (StoreError, psycopg.Error) as error:
                if not is_told:  # once an outage, not at each try
                    _log.warning("calls_not_heard", reason=str(error))
                is_told = True
            self._listening.drop()
            await asyncio.sleep(AGAIN_S)
