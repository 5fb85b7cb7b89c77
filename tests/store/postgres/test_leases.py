"""Leases in PostgreSQL: one holder at a time, by the server's clock, and no old holder writes."""

import asyncio
from contextlib import asynccontextmanager

import psycopg
import pytest

from liqbot.store.errors import StoreError
from liqbot.store.leases import LeaseLostError, fenced
from liqbot.store.postgres import leases as module
from liqbot.store.postgres.connections import Connections
from liqbot.store.postgres.leases import PostgresLeases
from liqbot.store.postgres.line import Line, make_tables


@pytest.fixture
async def leases_of(postgres):
    line, made = Line(postgres, "test"), []
    await make_tables(line)
    await line.close()

    def leases_of(holder, ttl_s=60.0):
        leases = PostgresLeases(postgres, holder)
        leases.ttl_s = ttl_s
        made.append(leases)
        return leases

    yield leases_of
    for leases in made:
        await leases.close()


@pytest.fixture
async def connections(postgres):
    opened = await asyncio.to_thread(Connections, postgres)
    yield opened
    await asyncio.to_thread(opened.close)


def note(name):
    return lambda db: db.execute("INSERT INTO notes (name, text) VALUES (?, '')", [name])


async def run_out(postgres, name):
    """Let a lease run out, as when its holder has died a while ago."""
    async with await psycopg.AsyncConnection.connect(postgres.url, autocommit=True) as connection:
        await connection.execute("UPDATE leases SET expires = clock_timestamp() WHERE name = %s", [name])


async def test_of_many_who_ask_at_once_one_has_it(leases_of):
    asked = [leases_of(f"p{number}") for number in range(8)]
    found = await asyncio.gather(*(one.acquire("sender/x") for one in asked))
    assert len([lease for lease in found if lease is not None]) == 1


async def test_a_lease_is_had_again_when_it_is_given_back_or_has_run_out(leases_of, postgres):
    a, b = leases_of("a"), leases_of("b")
    first = await a.acquire("alerts")
    assert await b.acquire("alerts") is None
    assert await a.renew(first)
    await a.release(first)
    second = await b.acquire("alerts")
    assert second.number == first.number + 1
    assert not await a.renew(first), "it is another's"
    await a.release(first)
    assert await b.renew(second), "nobody gives back what is another's"
    await run_out(postgres, "alerts")
    assert await b.renew(second), "nobody has taken it"
    await run_out(postgres, "alerts")
    third = await a.acquire("alerts")
    assert not await b.renew(second)
    assert third.number == 3


async def test_everybody_sees_who_holds_what_and_for_how_long(leases_of):
    a, b = leases_of("a"), leases_of("b")
    await a.acquire("alerts")
    await b.acquire("sender/x")
    held = await a.held()
    assert [(one.name, one.holder) for one in held] == [("alerts", "a"), ("sender/x", "b")]
    assert all(50 < one.left_s <= 60 for one in held)


async def test_what_is_written_under_a_lease_that_is_lost_is_refused(leases_of, connections, postgres):
    a, b = leases_of("a"), leases_of("b")
    old = await a.acquire("alerts")
    with fenced(old):
        await connections.write(note("mine"))
    await run_out(postgres, "alerts")
    new = await b.acquire("alerts")
    with fenced(old), pytest.raises(LeaseLostError, match="alerts"):
        await connections.write(note("too late"))
    with fenced(new):
        await connections.write(note("theirs"))
    names = await connections.read(lambda db: db.execute("SELECT name FROM notes ORDER BY name").fetchall())
    assert names == [("mine",), ("theirs",)]


@asynccontextmanager
async def half_written(postgres, lease):
    """Give a transaction that has passed the fence and is not over."""
    async with await psycopg.AsyncConnection.connect(postgres.url) as connection:
        await connection.execute(
            "SELECT 1 FROM fences WHERE name = %s AND number = %s FOR SHARE", [lease.name, lease.number]
        )
        yield connection


async def test_who_takes_over_waits_for_what_the_old_holder_is_writing_and_renewing_does_not(
    leases_of, postgres
):
    a, b = leases_of("a"), leases_of("b")
    old = await a.acquire("alerts")
    async with half_written(postgres, old) as writing:
        assert await a.renew(old), "a long transaction must not cost the lease"
        await run_out(postgres, "alerts")
        taking = asyncio.create_task(b.acquire("alerts"))
        done, _ = await asyncio.wait([taking], timeout=0.2)
        assert not done
        await writing.commit()
        assert (await taking).number == 2


async def test_a_wait_that_is_given_up_costs_no_more_than_the_connection(leases_of, postgres):
    a, b = leases_of("a"), leases_of("b")
    old = await a.acquire("alerts")
    async with half_written(postgres, old):
        await run_out(postgres, "alerts")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await b.acquire("alerts")
        assert await b.acquire("other") is not None


async def test_a_server_that_is_away_is_an_error_of_the_store_and_then_all_goes_on(
    leases_of, postgres_server
):
    a = leases_of("a")
    lease = await a.acquire("alerts")
    postgres_server.stop()
    try:
        with pytest.raises(StoreError):
            await a.renew(lease)
    finally:
        postgres_server.start()
    assert await a.renew(lease)


def test_a_lease_is_for_a_few_seconds():
    assert module.TTL_S <= 5
