"""Presence in PostgreSQL: a row for each process, by the server's clock."""

from collections.abc import Sequence

import msgspec

from liqbot.store.address import PostgresUrl
from liqbot.store.postgres.database import CLOCK_MS
from liqbot.store.postgres.line import Line
from liqbot.store.presence import GONE_S, PresentProcess, ProcessReport

_TELL = f"""
INSERT INTO processes (name, seen, report) VALUES (%s, clock_timestamp(), %s)
ON CONFLICT (name) DO UPDATE SET seen = excluded.seen, report = excluded.report
RETURNING {CLOCK_MS}
"""
_FORGET = "DELETE FROM processes WHERE name = %s OR seen < clock_timestamp() - make_interval(secs => %s)"
_ALL = """
SELECT report, extract(epoch FROM clock_timestamp() - seen)::float8 FROM processes
WHERE seen >= clock_timestamp() - make_interval(secs => %s) ORDER BY name
"""


class PostgresPresence:
    """What processes say of themselves."""

    def __init__(self, url: PostgresUrl, name: str) -> None:
        """`name` is what the server's administrator sees of the connection."""
        self._line = Line(url, name)

    async def tell(self, report: ProcessReport) -> int:
        rows = await self._line.ask(_TELL, [report.name, msgspec.msgpack.encode(report)])
        return rows[0][0]

    async def leave(self, name: str) -> None:
        await self._line.ask(_FORGET, [name, 10 * GONE_S])

    async def all(self) -> Sequence[PresentProcess]:
        rows = await self._line.ask(_ALL, [GONE_S])
        return [PresentProcess(msgspec.msgpack.decode(body, type=ProcessReport), ago) for body, ago in rows]

    async def close(self) -> None:
        """Let go of the connection."""
        await self._line.close()
