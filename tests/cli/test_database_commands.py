"""`liqbot db`: a copy that is complete, and a look that finds damage."""

import sqlite3
from contextlib import closing

from liqbot.store.chats import ChatKey
from liqbot.store.sqlite.database import open_reader
from liqbot.store.sqlite.store import SqliteStore


async def written(folder):
    store = SqliteStore(folder / "liqbot.db")
    for number in range(50):
        await store.subscriptions.subscribe(
            ChatKey("paper", str(number)), rule="r", coin="BTC", parameters="{}", now_ms=1
        )
    return store


async def test_a_backup_is_complete_also_while_the_bot_writes(liqbot, folder):
    store = await written(folder)
    ran = liqbot("db", "backup", "copy.db")
    await store.close()
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("copy.db: ")
    with closing(open_reader(folder / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM subscriptions").fetchone() == (50,)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_backup_overwrites_nothing(liqbot, folder):
    await (await written(folder)).close()
    (folder / "copy.db").write_text("mine")
    ran = liqbot("db", "backup", "copy.db")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == "liqbot: copy.db: is there already; a backup overwrites nothing\n"
    assert (folder / "copy.db").read_text() == "mine"


def test_without_a_database_there_is_nothing_to_back_up_or_check(liqbot, folder):
    for words in (("db", "backup", "copy.db"), ("db", "check")):
        ran = liqbot(*words)
        assert ran.status == 1
        assert "there is no database yet" in ran.err
    assert list(folder.iterdir()) == []


async def test_a_database_that_is_well_is_well(liqbot, folder):
    await (await written(folder)).close()
    ran = liqbot("db", "check")
    assert ran.status == 0
    assert ran.out.startswith("liqbot.db: well, ")


async def test_damage_is_found(liqbot, folder):
    await (await written(folder)).close()
    path = folder / "liqbot.db"
    data = bytearray(path.read_bytes())
    data[-4096:-2048] = b"\xff" * 2048
    path.write_bytes(bytes(data))
    ran = liqbot("db", "check")
    assert ran.status == 1
    assert ran.err.startswith("liqbot: liqbot.db")


def test_a_table_that_is_missing_is_named(liqbot, folder):
    SqliteStore(folder / "liqbot.db").close_now()
    with closing(sqlite3.connect(folder / "liqbot.db")) as connection:
        connection.execute("DROP TABLE queue_heads")
    for command, where in ((("db", "check"), "err"), (("doctor",), "out")):
        ran = liqbot(*command)
        assert ran.status == 1
        assert "is not as this version needs it: " in getattr(ran, where)
        assert "table queue_heads is missing" in getattr(ran, where)
