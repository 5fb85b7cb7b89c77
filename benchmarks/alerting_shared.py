"""One view that fires a hundred thousand deliveries on PostgreSQL, against a bare `COPY` of the same rows."""

import asyncio
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any, LiteralString

import psycopg

from benchmarks.alerting import (
    CHATS,
    FIRED,
    FIRING,
    SUBSCRIPTIONS,
    WATCHES,
    loaded_rules,
    quiet_and_loud,
    subscriptions,
    watches,
)
from benchmarks.measure import Row
from benchmarks.postgres import Server, database, not_measured, server
from benchmarks.processor_time import Spent
from liqbot.alerts.evaluator import Evaluator
from liqbot.store.address import PostgresUrl
from liqbot.store.alerts import EXPIRES_MS
from liqbot.store.postgres.store import PostgresStore

ROUNDS = 3
WHAT = (
    f"the same on PostgreSQL: {SUBSCRIPTIONS:,} subscriptions on {WATCHES:,} watches, to {FIRED:,} deliveries"
)
_Rows = list[tuple[Any, ...]]


def rows() -> Iterator[Row]:
    """Yield what a view costs from its coming to committed deliveries."""
    with server() as found:
        if found is None:
            yield not_measured(WHAT)
            return
        with database(found) as base:
            asyncio.run(_opened(base))
            _build(base)
            floors = list[tuple[tuple[float, float], float]]()
            taken = list[tuple[float, float]]()
            for _ in range(ROUNDS):
                floors.append(_floors(found, base))
                taken.append(_taken(found, base))
    taken_s = statistics.median(take for take, _ in taken)
    pairs = [(*wall, work, *own) for (wall, work), own in zip(floors, taken, strict=True)]
    by_copy = statistics.median(take / copied for copied, _, _, take, _ in pairs)
    by_rows = statistics.median(take / inserted for _, inserted, _, take, _ in pairs)
    by_work = statistics.median(worked / work for _, _, work, _, worked in pairs)
    copied_s, inserted_s = (statistics.median(pair[place] for pair in pairs) for place in (0, 1))
    yield Row(
        WHAT,
        f"{taken_s * 1000:.0f} ms",
        f"{by_copy:.2f}× a bare `COPY` of the rows ({copied_s * 1000:.0f} ms), at most 2×; "
        f"{by_rows:.2f}× `executemany` ({inserted_s * 1000:.0f} ms); "
        f"in processor time of the server {by_work:.2f}× `COPY`",
        by_copy <= 2,
    )


def _floors(on: Server, base: PostgresUrl) -> tuple[tuple[float, float], float]:
    """Return the seconds that it takes to write the same rows into the same table by `COPY` and by rows.

    And the seconds of a processor that the server had for the first of it, as a noisy machine tells them too.
    The triggers that keep the heads of chats are left out: they are part of what a view costs.
    """
    with database(on, _name(base)) as url, closing(psycopg.connect(url.url, autocommit=True)) as connection:
        for trigger in ("insert", "update", "delete"):
            connection.execute(f"DROP TRIGGER queue_heads_{trigger} ON deliveries")
        connection.execute(_ALERTS, [FIRING])
        found = connection.execute(_OWED, [1 + EXPIRES_MS, FIRING]).fetchall()
        spent, start = Spent({"": [on.pid]}), time.perf_counter()
        with connection.transaction():
            _copy(connection, "deliveries (alert_id, chat_id, status, due_ms, expires_ms)", found)
        copied_s, copy_work_s = time.perf_counter() - start, spent.since_s()[""]
        connection.execute("DELETE FROM deliveries")
        start = time.perf_counter()
        with connection.transaction():
            connection.cursor().executemany(_INSERT, found)
        return (copied_s, time.perf_counter() - start), copy_work_s


def _taken(on: Server, base: PostgresUrl) -> tuple[float, float]:
    """Return the seconds that the view took, and those of a processor that the server had for it."""
    with database(on, _name(base)) as url:
        return asyncio.run(_take(on, url))


async def _take(on: Server, url: PostgresUrl) -> tuple[float, float]:
    store = PostgresStore(url)
    evaluator = Evaluator(loaded_rules(), store.alerts)
    quiet, loud = quiet_and_loud()
    await evaluator.take(quiet, 0)
    spent, start = Spent({"": [on.pid]}), time.perf_counter()
    due = await evaluator.take(loud, 1)
    seconds, work_s = time.perf_counter() - start, spent.since_s()[""]
    await store.close()
    if due != FIRED:
        raise AssertionError(f"{due} deliveries instead of {FIRED}")
    return seconds, work_s


async def _opened(url: PostgresUrl) -> None:
    await PostgresStore(url).close()


def _build(url: PostgresUrl) -> None:
    with closing(psycopg.connect(url.url, autocommit=True)) as connection:
        _copy(
            connection,
            "chats (platform, native_id, created_ms)",
            (("here", f"{one}", 0) for one in range(CHATS)),
        )
        _copy(connection, "watches (rule, coin, parameters)", watches())
        _copy(
            connection,
            "subscriptions (chat_id, watch_id, number, created_ms)",
            ((*one, 0) for one in subscriptions()),
        )
        connection.execute("VACUUM ANALYZE")


def _copy(connection: psycopg.Connection, where: LiteralString, written: Iterable[Sequence[Any]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {where} FROM STDIN") as copy:
        for row in written:
            copy.write_row(row)


def _name(url: PostgresUrl) -> str:
    return url.url.partition("?")[0].rpartition("/")[2]


_ALERTS = """
INSERT INTO alerts (id, rule, coin, parameters, key, reason, time_ms, hit, view)
SELECT number, '', '', '', '', '', 0, '', '' FROM generate_series(1, %s) AS number
"""
_OWED = """
SELECT watch_id, chat_id, 'due', 1, %s::bigint FROM subscriptions WHERE watch_id <= %s ORDER BY watch_id, id
"""
_INSERT = """
INSERT INTO deliveries (alert_id, chat_id, status, due_ms, expires_ms) VALUES (%s, %s, %s, %s, %s)
"""

if __name__ == "__main__":
    for row in rows():
        print(row)
