"""Senders of different tokens, each a process, on one PostgreSQL with a hundred thousand chats."""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier

import aiohttp
import psycopg

from benchmarks.measure import Row
from benchmarks.postgres import Server, database, not_measured, server
from benchmarks.processor_time import Spent, told
from liqbot.alerts.dispatcher import Dispatcher
from liqbot.alerts.platform import Limits
from liqbot.logs import set_up_logs
from liqbot.message import Picture
from liqbot.store.address import PostgresUrl
from liqbot.store.postgres.leases import PostgresLeases
from liqbot.store.postgres.line import Line, make_tables
from liqbot.store.postgres.store import PostgresStore
from tests.counterparts.sink import process as sink
from tests.counterparts.sink.client import Platform

CHATS = 100_000
SENDERS = (1, 2, 4)
FREE, PACED = 3_000, 450
"""To so many chats of each platform something is owed, without limits and with a pace."""
A_SECOND = 30
IN_FLIGHT = 30
PATIENCE_S = 300.0
LOOK_S = 0.02
WHAT = f"deliveries with 1, 2 and 4 senders of different tokens, {CHATS:,} chats in PostgreSQL"


def rows() -> Iterator[Row]:
    """Yield how many deliveries a second go out and are written down."""
    with server() as found:
        if found is None:
            yield not_measured(WHAT)
            return
        free, shares = zip(
            *(_rate(found, count, FREE, Limits(in_flight=IN_FLIGHT)) for count in SENDERS), strict=True
        )
        pace = Limits(a_second=A_SECOND, a_chat_s=1, in_flight=IN_FLIGHT)
        paced = [_rate(found, count, PACED, pace)[0] for count in SENDERS]
    yield Row(
        WHAT,
        _told(free),
        f"no limits, all on one machine of {os.cpu_count()} processors; of one, with "
        + "; ".join(f"{count}: {share}" for count, share in zip(SENDERS, shares, strict=True)),
    )
    ratio = min(rate / (count * A_SECOND) for rate, count in zip(paced, SENDERS, strict=True))
    yield Row(
        f"… at the pace of {A_SECOND} a second for each token",
        _told(paced),
        f"{ratio:.0%} of what the tokens may; at least 90%",
        ratio >= 0.9,
    )


def _told(rates: Sequence[float]) -> str:
    return f"{', '.join(f'{rate:,.0f}' for rate in rates)} a second"


def _rate(on: Server, count: int, owed: int, limits: Limits) -> tuple[float, str]:
    """Return how many deliveries a second are settled by so many senders, each of a platform of its own.

    And in words the share of a processor that senders, server and counterpart have had.
    """
    names = [f"platform{number}" for number in range(count)]
    counterpart = sink.start()
    try:
        with database(on) as url:
            asyncio.run(_prepare(url))
            _fill(url, names, owed)
            others = {"server": [on.pid], "counterpart": [counterpart.process.pid]}
            rate, shares = _sent(url, names, counterpart.url, limits, others)
        stored = counterpart.tally()["stored"]
    finally:
        counterpart.stop()
    if stored != count * owed:
        raise AssertionError(f"{stored} messages instead of {count * owed}")
    return rate, shares


def _sent(
    url: PostgresUrl, names: Sequence[str], where: str, limits: Limits, others: Mapping[str, Sequence[int]]
) -> tuple[float, str]:
    """Return how many a second were written down, from the first ones until nothing was owed any more.

    And the processor time of senders and `others` meanwhile, in words.
    """
    context = get_context("spawn")
    begin = context.Barrier(len(names) + 1)
    senders = [
        context.Process(target=_sender, args=(url.url, name, where, limits, begin), daemon=True)
        for name in names
    ]
    for sender in senders:
        sender.start()
    try:
        begin.wait(PATIENCE_S)
        parts = {"senders": [sender.pid or 0 for sender in senders], **others}
        until_s = time.perf_counter() + PATIENCE_S
        with closing(psycopg.connect(url.url, autocommit=True)) as connection:
            all_owed = owed = _owed(connection)
            first_s, first_owed, spent = time.perf_counter(), all_owed, Spent(parts)
            while owed:
                if time.perf_counter() > until_s:
                    raise TimeoutError("something is owed still")
                time.sleep(LOOK_S)
                owed = _owed(connection)
                if first_owed == all_owed:  # until then each has asked for its lease
                    first_s, first_owed, spent = time.perf_counter(), owed, Spent(parts)
        taken_s = time.perf_counter() - first_s
        return first_owed / taken_s, told(spent.since_s(), taken_s)
    finally:
        for sender in senders:
            sender.kill()
            sender.join()


def _owed(connection: psycopg.Connection) -> int:
    found = connection.execute(_OWED).fetchone()
    return found[0] if found else 0


def _sender(url: str, name: str, where: str, limits: Limits, begin: Barrier) -> None:
    """Be a sender until killed."""
    set_up_logs("error")
    asyncio.run(_send(PostgresUrl(url), name, where, limits, begin))


async def _send(url: PostgresUrl, name: str, where: str, limits: Limits, begin: Barrier) -> None:
    store, leases = PostgresStore(url), PostgresLeases(url, name)
    async with aiohttp.ClientSession() as session:
        dispatcher = Dispatcher(store, _undrawn, lambda: time.time_ns() // 1_000_000, leases=leases)
        dispatcher.connect(name, Platform(session, where, name, limits))
        await asyncio.to_thread(begin.wait, PATIENCE_S)
        await dispatcher.run()


async def _undrawn(*_: object) -> Picture | None:
    return None


async def _prepare(url: PostgresUrl) -> None:
    line = Line(url, "benchmark")
    await make_tables(line)
    await line.close()


def _fill(url: PostgresUrl, names: Sequence[str], owed: int) -> None:
    with closing(psycopg.connect(url.url, autocommit=True)) as connection:
        connection.execute(_ALERT)
        for name in names:
            connection.execute(_CHATS, [name, CHATS // len(names)])
            connection.execute(_DELIVERIES, [name, owed])
        connection.execute("VACUUM ANALYZE")


_ALERT = """
INSERT INTO alerts (rule, coin, parameters, key, reason, time_ms, hit, view, sample)
VALUES ('', '', '', '', 'announcement', 1, convert_to('{"key":"announcement","text":"news"}', 'UTF8'), '', 1)
"""
_CHATS = """
INSERT INTO chats (platform, native_id, thread, created_ms)
SELECT %s, 'chat-' || number, '', 0 FROM generate_series(1, %s) AS number
"""
_DELIVERIES = """
INSERT INTO deliveries (alert_id, chat_id, status, due_ms, expires_ms)
SELECT 1, id, 'due', 1, 9000000000000000 FROM chats WHERE platform = %s ORDER BY id LIMIT %s
"""
_OWED = "SELECT count(*) FROM deliveries WHERE status != 'sent'"

if __name__ == "__main__":
    for row in rows():
        print(row)
