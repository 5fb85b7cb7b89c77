"""Connections to PostgreSQL: what breaks is made anew, and nothing is done twice or lost."""

import asyncio
import gc

import pytest
from postgres_server import running

from liqbot.store import opening
from liqbot.store.address import PostgresUrl
from liqbot.store.errors import DatabaseError, StoreError
from liqbot.store.postgres import database
from liqbot.store.postgres.connections import Connections


@pytest.fixture
async def connections(postgres):
    opened = await asyncio.to_thread(Connections, postgres)
    yield opened
    await asyncio.to_thread(opened.close)


def note(name, text="text"):
    return lambda db: db.execute("INSERT INTO notes (name, text) VALUES (?, ?)", [name, text]).rowcount


def names(db):
    return [name for (name,) in db.execute("SELECT name FROM notes ORDER BY name")]


async def test_what_was_written_is_read_by_whoever_asks_then(connections):
    assert await connections.write(note("a")) == 1
    assert await connections.read(names) == ["a"]


async def test_a_transaction_that_fails_leaves_nothing(connections):
    def half(db):
        note("a")(db)
        raise ValueError("half")

    with pytest.raises(ValueError, match="half"):
        await connections.write(half)
    with pytest.raises(StoreError, match="nowhere"):
        await connections.write(lambda db: (note("b")(db), db.execute("SELECT 1 FROM nowhere")))
    assert await connections.read(names) == []


async def test_a_percent_sign_a_colon_and_a_question_mark_in_quotes_stay(connections):
    await connections.write(note("a:b?", "100%"))
    found = await connections.read(
        lambda db: db.execute(
            "SELECT name, text, '?:x' FROM notes WHERE name LIKE '%:b?' AND text = :text", {"text": "100%"}
        ).fetchall()
    )
    assert found == [("a:b?", "100%", "?:x")]


async def test_truths_and_whole_numbers_are_the_same_to_a_table(connections):
    row = [True, -1, 2**62]
    found = await connections.read(lambda db: db.execute("SELECT ?, ?, ?", row).fetchone())
    assert found == (1, -1, 2**62)


async def test_after_a_restart_of_the_server_all_goes_on(connections, postgres_server):
    await connections.write(note("a"))
    postgres_server.restart()
    assert await connections.write(note("b")) == 1
    assert await connections.read(names) == ["a", "b"]


async def test_a_commit_whose_answer_got_lost_is_not_made_twice(connections):
    """The connection is cut behind the commit: the server has made it, and says so when it is asked."""
    calls = []

    def cut(db):
        calls.append(note("a")(db))
        commit = db.connection.commit

        def answer_lost():
            db.connection.commit = commit
            commit()
            db.connection.pgconn.finish()
            db.connection.execute("SELECT 1")

        db.connection.commit = answer_lost

    await connections.write(cut)
    assert len(calls) == 1
    assert await connections.read(names) == ["a"]


async def test_a_connection_that_breaks_before_the_commit_is_made_anew_and_all_is_done_again(connections):
    calls = []

    def cut(db):
        calls.append(note("a")(db))
        if len(calls) == 1:
            db.connection.pgconn.finish()

    await connections.write(cut)
    assert len(calls) == 2
    assert await connections.read(names) == ["a"]


async def test_two_that_stand_in_each_others_way_both_get_there(connections):
    await connections.write(lambda db: [note(name)(db) for name in "ab"])
    met = asyncio.Barrier(2)
    loop = asyncio.get_running_loop()

    def both(first, second):
        tries = []

        def work(db):
            tries.append(first)
            update = "UPDATE notes SET text = text || ? WHERE name = ?"
            db.execute(update, [first, first])
            if len(tries) == 1:
                asyncio.run_coroutine_threadsafe(met.wait(), loop).result(5)
            db.execute(update, [first, second])

        return work

    await asyncio.gather(
        connections.write(both("a", "b"), beside=True), connections.write(both("b", "a"), beside=True)
    )
    rows = await connections.read(lambda db: db.execute("SELECT text FROM notes ORDER BY name").fetchall())
    assert [sorted(text.removeprefix("text")) for (text,) in rows] == [["a", "b"], ["a", "b"]]


async def test_while_one_writes_alone_nobody_else_writes(connections):
    order, loop = [], asyncio.get_running_loop()
    begun, go_on = asyncio.Event(), asyncio.Event()

    def alone(db):
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(5)
        order.append(note("a")(db) and "alone")

    def beside(_db):
        order.append("beside")

    first = asyncio.create_task(connections.write(alone))
    await begun.wait()
    second = asyncio.create_task(connections.write(beside, beside=True))
    assert await connections.read(names) == []  # and reads go on
    go_on.set()
    await asyncio.gather(first, second)
    assert order == ["alone", "beside"]


async def test_what_is_open_for_reading_writes_nothing(postgres):
    reader = await asyncio.to_thread(lambda: Connections(postgres, read_only=True))
    with pytest.raises(StoreError, match="for reading only"):
        await reader.write(note("a"))
    await asyncio.to_thread(reader.close)
    with pytest.raises(StoreError, match="is closed"):
        await reader.read(names)


# What cannot be used is refused in one line


RIGHT = "right-word"


def opened(url):
    with pytest.raises(DatabaseError) as error:
        Connections(url)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_database_that_is_not_there_is_named(postgres):
    assert 'database "nowhere" does not exist; make it on the server with `createdb`' in opened(
        postgres.with_database("nowhere")
    )


def test_a_server_that_does_not_answer_is_named_with_its_port(postgres_server):
    nowhere = PostgresUrl("postgresql://bot:secret-word@127.0.0.1:1/liqbot")
    said = opened(nowhere)
    assert said.startswith("postgresql://bot@127.0.0.1:1/liqbot: does not answer: ")
    assert "secret-word" not in said
    assert "does not answer" in opened(
        PostgresUrl("postgresql://bot:secret-word@no.such.host.invalid/liqbot")
    )
    assert "does not answer" in opened(PostgresUrl(f"postgresql:///liqbot?host={postgres_server.folder}/no"))


def test_a_wrong_password_is_refused_and_not_repeated(postgres_server):
    with running(postgres_server.programs, password=RIGHT) as server:
        right = server.url("liqbot_model", host="127.0.0.1")
        wrong = PostgresUrl(right.url.replace(RIGHT, "wrong-word"))
        said = opened(wrong)
        assert said.endswith('the server refuses: password authentication failed for user "liqbot"')
        assert "-word" not in said
        Connections(right).close()
        assert "the server refuses: " in opened(PostgresUrl(right.url.replace(f":{RIGHT}", "")))


def test_a_user_that_there_is_not_is_named(postgres):
    stranger = PostgresUrl(postgres.url.replace("liqbot@", "stranger@"))
    assert 'role "stranger" does not exist; make it on the server with `createuser`' in opened(stranger)


def test_an_old_server_and_one_without_unicode_are_refused(postgres, postgres_server, monkeypatch):
    monkeypatch.setattr(database, "OLDEST", 990_000)
    assert "; liqbot needs 99 or newer" in opened(postgres)
    monkeypatch.undo()
    postgres_server.ask("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
    assert "holds text as LATIN1; make it anew with `createdb --encoding=UTF8" in opened(
        postgres.with_database("latin")
    )


def test_without_the_driver_is_said_what_to_install(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(opening.importlib, "import_module", missing)
    with pytest.raises(DatabaseError, match=r"needs a driver: pip install 'liqbot\[postgres\]'"):
        opening.open_store(PostgresUrl("postgresql://bot:secret-word@h/liqbot"))


async def test_while_the_server_is_away_each_question_is_refused_in_one_line(connections, postgres_server):
    await connections.write(note("a"))
    postgres_server.stop()
    try:
        for asked in (connections.read(names), connections.write(note("b"))):
            with pytest.raises(StoreError, match="does not answer"):
                await asked
    finally:
        postgres_server.start()
    assert await connections.read(names) == ["a"]


async def test_a_connection_that_nobody_waits_for_any_more_is_not_left_open(postgres, monkeypatch):
    """As of a process that ends, or loses a lease, while it connects: a server has no more than so many."""
    there = await database.connect_async(postgres)
    monkeypatch.setattr(database, "_set", lambda _: ("SELECT pg_sleep(%s)", [20]))
    connecting = asyncio.create_task(database.connect_async(postgres, name="given up"))

    async def is_known():
        found = await there.execute("SELECT 1 FROM pg_stat_activity WHERE application_name = 'given up'")
        return await found.fetchone() is not None

    async with asyncio.timeout(20):
        while not await is_known():  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)
        del connecting
        gc.collect()  # what is left open warns, and a warning is an error here
        while await is_known():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    await there.close()
