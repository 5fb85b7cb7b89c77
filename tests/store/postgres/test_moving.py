"""A database is moved to another kind and back: every row, each compared, and from where it was cut short."""

import sqlite3
from contextlib import closing

import psycopg
import pytest
from databases import behind, contents, opened
from markets import HOUR, LAYER, long, view_of

from liqbot.market.events import LiquidationSum
from liqbot.market.side import Side
from liqbot.rules.rule import Hit
from liqbot.store import moving
from liqbot.store.alerts import NewAlert
from liqbot.store.chats import ChatKey
from liqbot.store.errors import DatabaseError
from liqbot.store.maintenance import back_up, damage, differences, restore_to_server, sizes
from liqbot.store.moving import move
from liqbot.store.postgres import plain
from liqbot.store.postgres.connections import Connections

ANN = ChatKey("paper", "ann")
NEW_CHAT = "INSERT INTO chats (platform, native_id, created_ms) VALUES ('paper', 'new', 1)"
OTHER_COLUMN = "column notes.text is text COLLATE C, and should be text NOT NULL COLLATE C"
FULL = """
    CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device'
        USING ERRCODE = 'disk_full', HINT = 'Check free disk space.';
    END $$;
    CREATE OR REPLACE TRIGGER full_disk BEFORE INSERT ON deliveries EXECUTE FUNCTION full_disk()
"""
TRIGGER_MISSING = "trigger deliveries.queue_heads_update is missing"


async def lived(address):
    """Fill a database with something of everything that matters: alerts, history, gaps in the numbers."""
    with opened(address) as store:
        view = view_of(long("ann", 2, at=95), time_ms=HOUR)
        for number in range(1, 40):
            chat = ChatKey("paper", f"chat {number} 'ÄÖ'\t\\N")
            await store.subscriptions.subscribe(chat, rule="r", coin="BTC", parameters="{}", now_ms=number)
            await store.notes.set(f"note {number}", "a\nb\\c")
        await store.subscriptions.subscribe(ANN, rule="r", coin="ETH", parameters="{}", now_ms=1)
        ((watch, _),) = await store.alerts.watches("BTC")
        for at in (1, 2):
            alert = NewAlert(watch, Hit("key", f"text {at}"), "first")
            await store.alerts.commit(view, [(watch, b"\0state")], [alert], at)
        await store.deliveries.claim(await store.deliveries.queue_heads("paper", 3, 5, but_not=()))
        await store.history.record([view])
        sums = [
            LiquidationSum(
                coin="BTC", layer=LAYER, time_ms=at, side=Side.LONG, usd=at / 3, count=1, sampled=False
            )
            for at in range(1, 1_200)
        ]
        await store.events.record(sums)
        await store.chats.forget(ANN)
    return address


async def test_what_goes_to_a_server_and_back_is_the_same_row_by_row(path, tmp_path, postgres_server):
    there = postgres_server.make("template0")
    steps = []
    count = move(await lived(path), there, steps.append)
    assert contents(there) == contents(path)
    assert count == sum(len(found) for name, found in contents(path).items() if name != "queue_heads")
    assert steps[-1].done == steps[-1].total == 2 * count
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    back = tmp_path / "back.db"
    move(there, back, lambda _: None)
    assert contents(back) == contents(path)
    assert [differences(one) for one in (there, back)] == [[], []]
    assert [damage(one, thorough=True) for one in (there, back)] == [None, None]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_numbers_go_on_behind_the_last_one_also_where_its_row_is_gone(
    path, tmp_path, postgres_server, kind
):
    source = await lived(path)
    there = postgres_server.make("template0")
    move(source, there, lambda _: None)
    if kind == "sqlite":
        there, server = tmp_path / "back.db", there
        move(server, there, lambda _: None)
    with opened(there) as store, behind(store) as db:
        new = db.execute(f"{NEW_CHAT} RETURNING id").fetchone()[0]
    assert new == 41, "the last one was ann's, who is forgotten"


@pytest.mark.parametrize("to_server", [True, False])
async def test_a_move_that_was_cut_short_goes_on_where_it_was(
    path, tmp_path, postgres_server, monkeypatch, to_server
):
    source = await lived(path)
    if to_server:
        target = postgres_server.make("template0")
    else:
        source, target = postgres_server.make("template0"), tmp_path / "target.db"
        move(path, source, lambda _: None)
    monkeypatch.setattr(moving, "BATCH", 100)

    def cut(step):
        if step.what == "events" and step.done > 700:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(source, target, cut)
    if to_server:
        with pytest.raises(DatabaseError, match="is half filled; `liqbot db move` goes on"):
            Connections(target)
    else:
        assert not target.exists()
    steps = []
    move(source, target, steps.append)
    assert max(step.done for step in steps if step.what == "notes") > 39
    assert contents(target) == contents(path)


@pytest.mark.parametrize("to_server", [True, False])
async def test_a_move_that_is_begun_again_when_it_was_through_says_so_and_changes_nothing(
    path, tmp_path, postgres_server, to_server
):
    source, target = await lived(path), postgres_server.make("template0")
    count = move(source, target, lambda _: None)
    if not to_server:
        source, target = target, tmp_path / "target.db"
        assert move(source, target, lambda _: None) == count
    steps, before = [], contents(target)
    assert move(source, target, steps.append) == count
    assert steps[-1].done == steps[-1].total == 2 * count
    assert contents(target) == before
    with opened(target) as store:
        await store.notes.set("later", "the bot lives there by now")
    with pytest.raises(DatabaseError, match="a move overwrites nothing"):
        move(source, target, lambda _: None)


@pytest.mark.parametrize("to_server", [True, False])
async def test_of_two_moves_to_one_target_one_is_refused(path, tmp_path, postgres_server, to_server):
    source, target = await lived(path), postgres_server.make("template0")
    if not to_server:
        move(source, target, lambda _: None)
        source, target = target, tmp_path / "target.db"
    other = tmp_path / "other.db"
    with opened(other):
        pass
    refused = []

    def begin_another(_):
        if not refused:
            with pytest.raises(DatabaseError, match="liqbot is at work on it") as caught:
                move(other, target, lambda _: None)
            refused.append(caught.value)

    move(source, target, begin_another)
    assert refused
    assert contents(target) == contents(source)


async def test_of_two_moves_that_have_looked_in_the_same_moment_one_is_refused(postgres_server, monkeypatch):
    target = postgres_server.make("template0")
    monkeypatch.setattr(plain, "require_nobody", lambda _: None)
    with plain.filling(target, "one") as filled:
        with pytest.raises(DatabaseError, match="liqbot is at work on it"), plain.filling(target, "two"):
            pass
        assert filled.db.execute("SELECT source FROM liqbot_moving").fetchall() == [("one",)]
    with plain.filling(target, "one"):
        pass


async def test_a_full_disk_is_told_and_the_move_goes_on_once_there_is_room(path, tmp_path, postgres_server):
    """The server says so itself: as it does where a file cannot grow."""
    source, target = await lived(path), postgres_server.make("template0")

    def full(step):
        if step.what == "notes":
            with psycopg.connect(target.url) as connection:
                connection.execute(FULL)

    with pytest.raises(DatabaseError, match="the server's disk is full; make room, and the same"):
        move(source, target, full)
    with psycopg.connect(target.url) as connection:
        connection.execute("DROP FUNCTION full_disk CASCADE")
    move(source, target, lambda _: None)
    assert contents(target) == contents(source)
    back = tmp_path / "back.db"
    put = moving._File.put

    def put_where_nothing_fits(file, table, batch):
        file.db.execute("PRAGMA max_page_count = 1")  # it becomes as many as there are
        put(file, table, batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moving._File, "put", put_where_nothing_fits)
        with pytest.raises(DatabaseError, match=r"back\.db: its disk is full; make room, and the same"):
            move(target, back, lambda _: None)
    move(target, back, lambda _: None)
    assert contents(back) == contents(source)


async def test_a_target_that_holds_something_is_refused(path, tmp_path, postgres):
    await lived(path)
    with pytest.raises(DatabaseError, match="is not empty; a move overwrites nothing"):
        move(path, postgres, lambda _: None)
    with pytest.raises(DatabaseError, match="is there already; a move overwrites nothing"):
        move(postgres, path, lambda _: None)
    with pytest.raises(DatabaseError, match="no such database"):
        move(tmp_path / "nowhere.db", postgres, lambda _: None)
    with pytest.raises(DatabaseError, match="is both"):
        move(path, path, lambda _: None)


async def test_what_is_left_of_another_move_is_refused(path, tmp_path, postgres_server):
    target = postgres_server.make("template0")

    def cut(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(await lived(path), target, cut)
    other = tmp_path / "other.db"
    with opened(other):
        pass
    with pytest.raises(DatabaseError, match="half filled from elsewhere"):
        move(other, target, lambda _: None)


async def test_a_row_that_changed_meanwhile_is_named(path, postgres_server, monkeypatch):
    target = postgres_server.make("template0")
    put = moving.rows

    def changed(db, table, after=None):
        for row in put(db, table, after):
            yield (*row[:-1], "other") if table.name == "notes" and row[0] == "note 7" else row

    source = await lived(path)

    def then(step):
        if step.what == "comparing":
            monkeypatch.setattr(moving, "rows", put)

    monkeypatch.setattr(moving, "rows", changed)
    with pytest.raises(DatabaseError, match="notes note 7: differs"):
        move(source, target, then)


async def test_a_row_that_the_other_kind_cannot_hold_is_named_and_moved_once_it_is_corrected(
    path, tmp_path, postgres_server
):
    target = postgres_server.make("template0")
    source = await lived(path)
    with closing(sqlite3.connect(source)) as db:
        db.execute("INSERT INTO notes VALUES ('cut', 'a' || char(0) || 'b')")
        db.commit()
        with pytest.raises(DatabaseError, match="notes cut: text is text with a NUL in it, which PostgreSQL"):
            move(source, target, lambda _: None)
        db.execute("UPDATE notes SET text = CAST(x'ff' AS TEXT) WHERE name = 'cut'")
        db.commit()
        with pytest.raises(DatabaseError, match="Could not decode to UTF-8"):
            move(source, target, lambda _: None)
        db.execute("DELETE FROM notes WHERE name = 'cut'")
        db.commit()
    move(source, target, lambda _: None)
    with closing(psycopg.connect(target.url, autocommit=True)) as connection:
        connection.execute("UPDATE history SET low = 'NaN'")
    with pytest.raises(DatabaseError, match="history 1: low is not a number, which SQLite does not hold"):
        move(target, tmp_path / "back.db", lambda _: None)


async def test_numbers_go_on_where_all_rows_of_a_table_are_gone(path, tmp_path, postgres_server):
    there, back = postgres_server.make("template0"), tmp_path / "back.db"
    with closing(sqlite3.connect(await lived(path))) as db:
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("INSERT INTO journal (chat_id, created_ms, entry) SELECT min(id), 1, x'80' FROM chats")
        db.execute("DELETE FROM chats")
        db.commit()
        given = dict(db.execute("SELECT name, seq FROM sqlite_sequence WHERE seq > 0"))
    assert {"chats", "journal"} <= given.keys()
    move(path, there, lambda _: None)
    move(there, back, lambda _: None)
    with closing(sqlite3.connect(back)) as db:
        assert dict(db.execute("SELECT name, seq FROM sqlite_sequence WHERE seq > 0")) == given
    with opened(back) as store, behind(store) as db:
        assert db.execute(f"{NEW_CHAT} RETURNING id").fetchone()[0] == 41


async def test_while_a_bot_is_at_work_nothing_is_moved(path, tmp_path, postgres):
    with opened(path), pytest.raises(DatabaseError, match="another liqbot is at work"):
        move(path, postgres, lambda _: None)
    with opened(postgres), pytest.raises(DatabaseError, match="a liqbot is at work on it"):
        move(postgres, tmp_path / "new.db", lambda _: None)


async def test_a_backup_is_a_file_of_sqlite_and_goes_back_into_an_empty_database(
    postgres, tmp_path, postgres_server
):
    await lived(postgres)
    copy = tmp_path / "backup.db"
    with opened(postgres):  # a bot is at work meanwhile
        back_up(postgres, copy, lambda *_: None)
        with pytest.raises(DatabaseError, match="overwrites nothing"):
            back_up(postgres, copy, lambda *_: None)
    assert contents(copy) == contents(postgres)
    again = postgres_server.make("template0")
    restore_to_server(copy, again, lambda *_: None)
    assert contents(again) == contents(postgres)
    assert sizes(again)["events"][0] == 1_199


# A schema that is not ours


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DROP TABLE queue_heads", ["table queue_heads is missing"]),
        (
            "DROP TRIGGER queue_heads_update ON deliveries",
            [TRIGGER_MISSING],
        ),
        ("DROP INDEX deliveries_open", ["index deliveries.deliveries_open is missing"]),
        ("ALTER TABLE chats DROP COLUMN quiet_from", ["column chats.quiet_from is missing"]),
        ("CREATE TABLE more (a int)", ["table more should not be there"]),
        (
            "ALTER TABLE notes ALTER COLUMN text DROP NOT NULL",
            [OTHER_COLUMN],
        ),
    ],
)
def test_what_a_schema_lacks_is_named(postgres, statement, said):
    assert differences(postgres) == []
    with closing(psycopg.connect(postgres.url, autocommit=True)) as connection:
        connection.execute(statement)
    assert set(differences(postgres)) >= set(said)


async def test_a_wrong_head_of_a_queue_is_damage(postgres):
    await lived(postgres)
    assert damage(postgres, thorough=True) is None
    with closing(psycopg.connect(postgres.url, autocommit=True)) as connection:
        connection.execute("DELETE FROM queue_heads WHERE chat_id = 2")
    assert damage(postgres, thorough=True) == "1 chats have the wrong head of their queue"
