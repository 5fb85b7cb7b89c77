"""Servers that fail over, or that somebody has set otherwise: told in a line, and left behind by itself."""

import asyncio
from contextlib import ExitStack, closing, suppress

import psycopg
import pytest
from postgres_server import running

from liqbot.store.address import PostgresUrl
from liqbot.store.errors import DatabaseError, StoreError
from liqbot.store.postgres.connections import Connections
from liqbot.store.postgres.database import connect, connect_async
from liqbot.store.postgres.line import Line
from liqbot.store.postgres.upkeep import differences

READ_ONLY = "for reading only, as a stand-by is; name the primary, or all of them with target_session_attrs"


@pytest.fixture
async def connections(postgres):
    opened = await asyncio.to_thread(Connections, postgres)
    yield opened
    await asyncio.to_thread(opened.close)


@pytest.fixture
async def line(postgres):
    made = Line(postgres, "test")
    yield made
    await made.close()


def note(name):
    return lambda db: db.execute("INSERT INTO notes (name, text) VALUES (?, '')", [name]).rowcount


def names(db):
    return [name for (name,) in db.execute("SELECT name FROM notes ORDER BY name")]


def others_there(db):
    """Return how many are connected that are none of ours."""
    counted = "SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL AND application_name = ''"
    return db.execute(counted).fetchone()[0]


def administer(url, statement):
    administer_in(url.with_database("postgres"), statement)


def administer_in(url, statement):
    with closing(psycopg.connect(url.url, autocommit=True)) as connection:
        connection.execute(statement)


def demote(url, *, to="on"):
    """Let every connection to a database see that it is for reading only, also those there are already."""
    administer(url, f"ALTER SYSTEM SET default_transaction_read_only = {to}")
    administer(url, "SELECT pg_reload_conf()")


async def turned(url, *, to="on"):
    """Wait until a new connection sees it."""
    async with asyncio.timeout(10):
        while True:
            with closing(psycopg.connect(url.url)) as connection:
                if connection.info.parameter_status("default_transaction_read_only") == to:
                    return
            await asyncio.sleep(0.02)


@pytest.fixture
async def read_only(postgres):
    """Return how to make the server one for reading only, and to be written again."""

    async def read_only(*, to="on"):
        demote(postgres, to=to)
        await turned(postgres, to=to)

    yield read_only
    await read_only(to="off")


async def test_a_server_that_became_one_for_reading_says_so_and_is_written_again_afterwards(
    connections, line, read_only
):
    await connections.write(note("a"))
    await line.ask("SELECT 1")
    await read_only()
    for asked in (
        connections.write(note("b")),
        connections.write(note("b"), beside=True),
        line.ask("INSERT INTO notes (name, text) VALUES ('b', '')"),
        line.ask("INSERT INTO notes (name, text) VALUES ('b', '')"),
    ):
        with pytest.raises(StoreError, match=READ_ONLY):
            await asked
    assert await connections.read(names) == ["a"]
    await read_only(to="off")
    await connections.write(note("c"))
    await line.ask("INSERT INTO notes (name, text) VALUES ('d', '')")
    assert await connections.read(names) == ["a", "c", "d"]


async def test_no_bot_starts_on_a_server_for_reading_only_but_what_reads_does(postgres, read_only):
    await read_only()
    with pytest.raises(DatabaseError, match=READ_ONLY):
        await asyncio.to_thread(Connections, postgres)
    reader = await asyncio.to_thread(lambda: Connections(postgres, read_only=True))
    assert await reader.read(names) == []
    await asyncio.to_thread(reader.close)
    with pytest.raises(DatabaseError, match=READ_ONLY):
        await asyncio.to_thread(differences, postgres)
    either = PostgresUrl(f"{postgres.url}&target_session_attrs=read-write")
    with pytest.raises(DatabaseError, match=r"of its servers none .* may be written: session is read"):
        await asyncio.to_thread(Connections, either)


async def test_after_a_fail_over_whoever_names_both_servers_writes_on_the_new_primary(postgres_server):
    with (
        running(postgres_server.programs) as old,
        running(postgres_server.programs) as new,
    ):
        both = PostgresUrl(
            f"postgresql://liqbot@/liqbot_model?host={old.folder},{new.folder}&port={old.port},{new.port}"
            "&target_session_attrs=read-write"
        )
        administer(new.url("postgres"), "ALTER SYSTEM SET default_transaction_read_only = on")
        administer(new.url("postgres"), "SELECT pg_reload_conf()")
        await turned(new.url("liqbot_model"))
        line, opened = Line(both, "test"), await asyncio.to_thread(Connections, both)
        try:
            await opened.write(note("before"))
            await line.ask("SELECT 1")
            demote(old.url("postgres"))
            demote(new.url("postgres"), to="off")
            await turned(old.url("liqbot_model"))
            await turned(new.url("liqbot_model"), to="off")
            assert await opened.write(note("after")) == 1
            with pytest.raises(StoreError, match=READ_ONLY):  # it asks once; who asks it asks again
                await line.ask("INSERT INTO notes (name, text) VALUES ('line', '')")
            await line.ask("INSERT INTO notes (name, text) VALUES ('line', '')")
            with closing(connect(new.url("liqbot_model"))) as connection:
                assert [name for (name,) in connection.execute("SELECT name FROM notes")] == ["after", "line"]
        finally:
            await line.close()
            await asyncio.to_thread(opened.close)


@pytest.mark.parametrize(
    "setting",
    [
        "statement_timeout = 50",
        "lock_timeout = 1",
        "idle_session_timeout = 50",
        "default_transaction_isolation = 'serializable'",
    ],
)
async def test_what_is_set_for_a_role_breaks_off_nothing_of_ours(postgres, setting):
    name, _, value = setting.partition(" = ")
    administer(postgres, f"ALTER ROLE liqbot SET {setting}")
    try:
        with closing(connect(postgres)) as connection:
            shown = connection.execute(f"SHOW {name}").fetchone()
        with closing(psycopg.connect(postgres.url)) as connection:
            plain = connection.execute(f"SHOW {name}").fetchone()
    finally:
        administer(postgres, f"ALTER ROLE liqbot RESET {name}")
    assert value.strip("'") in plain[0], "the role has it"
    assert shown in (("0",), ("read committed",))


async def test_what_is_set_in_the_url_counts(postgres):
    own = PostgresUrl(f"{postgres.url}&options=-c%20statement_timeout%3D70")
    with closing(connect(own)) as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("70ms",)
        assert connection.execute("SHOW idle_session_timeout").fetchone() == ("0",)


async def test_nothing_is_asked_of_a_server_before_it_takes_the_connection_that_a_pooler_refuses(postgres):
    """PgBouncer takes no `options` of the start, and other settings afterwards."""
    with closing(connect(postgres)) as connection:
        assert "options" not in connection.info.get_parameters()
        assert connection.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("5s",)
    async_connection = await connect_async(postgres)
    async with async_connection:
        assert "options" not in async_connection.info.get_parameters()
        shown = await async_connection.execute("SHOW tcp_user_timeout")
        assert await shown.fetchone()


def test_a_search_path_that_leads_past_the_tables_makes_no_second_bot(postgres):
    administer_in(postgres, "CREATE SCHEMA own")
    past = PostgresUrl(f"{postgres.url}&options=-c%20search_path%3Down")
    with pytest.raises(DatabaseError, match="in the schema public there, and search_path leads to own"):
        Connections(past)
    nowhere = PostgresUrl(f"{postgres.url}&options=-c%20search_path%3Dnowhere")
    with pytest.raises(DatabaseError, match="search_path names no schema that there is"):
        Connections(nowhere)


async def test_a_connection_that_the_server_has_ended_while_it_was_idle_costs_nothing(connections, postgres):
    await connections.write(note("a"))
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    with closing(psycopg.connect(postgres.url, autocommit=True)) as connection:
        connection.execute(f"{ended} AND pid != pg_backend_pid()")
    assert await connections.write(note("b")) == 1
    assert await connections.read(names) == ["a", "b"]


async def test_a_server_without_a_connection_left_is_told_and_has_one_again_when_others_are_gone(
    postgres_server,
):
    few = ("max_connections=6", "superuser_reserved_connections=0", "max_wal_senders=0")
    with running(postgres_server.programs, settings=few) as server:
        url = server.url("liqbot_model")
        opened, line = await asyncio.to_thread(Connections, url), Line(url, "test")
        try:
            with ExitStack() as others:
                with suppress(psycopg.OperationalError):
                    while True:
                        others.enter_context(closing(psycopg.connect(url.url)))
                for asked in (opened.write(note("a")), line.ask("SELECT 1")):
                    with pytest.raises(StoreError, match="no connection left: sorry, too many"):
                        await asked
                assert await opened.read(names) == []
            async with asyncio.timeout(10):
                while await opened.read(others_there):  # noqa: ASYNC110 - the server tells nobody
                    await asyncio.sleep(0.02)
            assert await opened.write(note("a")) == 1
            assert await line.ask("SELECT 1") == [(1,)]
        finally:
            await line.close()
            await asyncio.to_thread(opened.close)
