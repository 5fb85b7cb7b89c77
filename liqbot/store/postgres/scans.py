"""Scans in PostgreSQL: a row for each account, numbered as it is told."""

from collections.abc import Sequence

from liqbot.store.address import PostgresUrl
from liqbot.store.postgres.line import Line
from liqbot.store.scans import Scan

MOST = 5_000
"""So many are read at once."""
# Sorted, so that two who tell of the same accounts never wait for each other.
_TELL = """
INSERT INTO scans AS old (venue, account, number, process, told, body)
SELECT %(venue)s, account, nextval('bus_numbers'), %(process)s, clock_timestamp(), body
FROM (SELECT * FROM unnest(%(accounts)s::text[], %(bodies)s::bytea[]) AS one (account, body) ORDER BY account)
    AS new
ON CONFLICT (venue, account) DO UPDATE
SET number = excluded.number, process = excluded.process, told = excluded.told, body = excluded.body
"""
_NEWS = """
SELECT process, one.number, account, body
FROM scans AS one LEFT JOIN unnest(%s::text[], %s::bigint[]) AS seen (process, number) USING (process)
WHERE venue = %s AND process != %s AND one.number > coalesce(seen.number, 0)
ORDER BY one.number LIMIT %s
"""


class PostgresScans:
    """The scans of one venue, as one process tells and reads them."""

    def __init__(self, url: PostgresUrl, process: str, venue: str) -> None:
        """`process` is the name of this process, like that of no other."""
        self._process = process
        self._venue = venue
        self._line = Line(url, f"liqbot scans {process}")
        self._seen: dict[str, int] = {}
        """By process, up to which number everything was read: each tells one thing after the other."""

    async def tell(self, scans: Sequence[Scan]) -> None:
        newest = {scan.account: scan.body for scan in scans}
        values = {
            "venue": self._venue,
            "process": self._process,
            "accounts": list(newest),
            "bodies": list(newest.values()),
        }
        await self._line.ask(_TELL, values)

    async def news(self) -> Sequence[Scan]:
        values = [list(self._seen), list(self._seen.values()), self._venue, self._process, MOST]
        rows = await self._line.ask(_NEWS, values)
        self._seen.update({process: number for process, number, *_ in rows})
        return [Scan(account, body) for _, _, account, body in rows]

    async def close(self) -> None:
        await self._line.close()
