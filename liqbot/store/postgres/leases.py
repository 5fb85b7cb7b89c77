"""Leases in PostgreSQL: rows that run out by the server's clock, and fences that old holders cannot pass."""

from collections.abc import Sequence

from liqbot.store.address import PostgresUrl
from liqbot.store.leases import TTL_S, HeldLease, Lease
from liqbot.store.postgres.line import Line

# An old holder may have a transaction open that has passed the fence: whoever takes over waits for its end.
_ACQUIRE = """
WITH taken AS (
    INSERT INTO leases AS old (name, holder, number, since, expires)
    VALUES (%(name)s, %(holder)s, 1, clock_timestamp(), clock_timestamp() + make_interval(secs => %(ttl)s))
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, number = old.number + 1,
        since = clock_timestamp(), expires = clock_timestamp() + make_interval(secs => %(ttl)s)
    WHERE old.expires <= clock_timestamp() OR old.holder = excluded.holder
    RETURNING name, number
)
INSERT INTO fences AS old (name, number) SELECT name, number FROM taken
ON CONFLICT (name) DO UPDATE SET number = excluded.number RETURNING number
"""
_RENEW = """
UPDATE leases SET expires = clock_timestamp() + make_interval(secs => %s)
WHERE name = %s AND holder = %s AND number = %s RETURNING 1
"""
_RELEASE = "UPDATE leases SET expires = clock_timestamp() WHERE name = %s AND holder = %s AND number = %s"
_HELD = """
SELECT name, holder, (extract(epoch FROM since) * 1000)::bigint,
    extract(epoch FROM expires - clock_timestamp())::float8
FROM leases WHERE expires > clock_timestamp() OR NOT starts_with(name, 'scanner/') ORDER BY name
"""


class PostgresLeases:
    """The leases of all processes of a bot, asked for on a connection of their own."""

    def __init__(self, url: PostgresUrl, holder: str) -> None:
        """`holder` is the name of this process, like that of no other."""
        self.holder = holder
        self.ttl_s = TTL_S
        self.stands_aside = False
        self._line = Line(url, f"liqbot leases {holder}")

    async def acquire(self, name: str) -> Lease | None:
        values = {"name": name, "holder": self.holder, "ttl": self.ttl_s}
        rows = await self._line.ask(_ACQUIRE, values)
        return Lease(name, self.holder, rows[0][0]) if rows else None

    async def renew(self, lease: Lease) -> bool:
        return bool(await self._line.ask(_RENEW, [self.ttl_s, lease.name, lease.holder, lease.number]))

    async def release(self, lease: Lease) -> None:
        await self._line.ask(_RELEASE, [lease.name, lease.holder, lease.number])

    async def held(self) -> Sequence[HeldLease]:
        return [HeldLease(*row) for row in await self._line.ask(_HELD)]

    async def close(self) -> None:
        """Let go of the connection."""
        await self._line.close()
