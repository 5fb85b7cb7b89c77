"""Backups that the bot makes by itself, and a backup put back."""

import os
import stat
from pathlib import Path

import pytest

from liqbot.app.backups import Backups
from liqbot.sections import BackupSettings
from liqbot.store.chats import ChatKey
from liqbot.store.errors import DatabaseError
from liqbot.store.sqlite.database import restore
from liqbot.store.sqlite.store import SqliteStore

HOUR = 3_600_000
START_MS = 1_790_000_000_000


async def subscribed(store, *chats):
    for chat in chats:
        await store.subscriptions.subscribe(
            ChatKey("paper", chat), rule="r", coin="BTC", parameters="{}", now_ms=1
        )


@pytest.fixture
async def store(tmp_path):
    store = SqliteStore(tmp_path / "liqbot.db")
    await subscribed(store, "ann")
    yield store
    await store.close()


def backups_of(store, tmp_path, time, **more):
    settings = BackupSettings(folder=str(tmp_path / "backups"), **more)
    return Backups(store.path, settings, lambda: time[0])


def names(tmp_path):
    return sorted(file.name for file in (tmp_path / "backups").iterdir())


async def test_one_is_made_when_it_is_due_and_the_oldest_goes(store, tmp_path):
    time = [START_MS]
    backups = backups_of(store, tmp_path, time, every_h=24, keep=2)
    first = await backups.look()
    assert first is not None
    assert await backups.look() is None
    for _ in range(3):
        time[0] += 24 * HOUR
        assert await backups.look() is not None
    assert len(names(tmp_path)) == 2
    assert first.name not in names(tmp_path)


async def test_what_is_made_is_for_its_owner_only(store, tmp_path):
    made = await backups_of(store, tmp_path, [START_MS]).look()
    files = [made, store.path, store.path.with_name("liqbot.db-wal"), store.path.with_name("liqbot.db-lock")]
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in files} == {
        file.name: 0o600 for file in files
    }


async def test_a_folder_that_cannot_be_written_is_a_trouble_that_ends_when_it_can(store, tmp_path):
    (tmp_path / "backups").write_text("a file in its place")
    backups = backups_of(store, tmp_path, [START_MS])
    assert await backups.look() is None
    assert backups.trouble is not None
    (tmp_path / "backups").unlink()
    assert await backups.look() is not None
    assert backups.trouble is None


async def test_what_was_killed_amid_it_is_gone_with_the_next_one_and_files_of_others_stay(store, tmp_path):
    (tmp_path / "backups").mkdir()
    left = [f"liqbot-20260101-000000.part{end}" for end in ("", "-unfinished", "-unfinished-journal")]
    others = ["liqbot-of-may.db", "notes.part", "liqbot.part-unfinished", "liqbot-20260101-000001.part"]
    for name in (*left, *others):
        (tmp_path / "backups" / name).write_text("begun")
        os.utime(tmp_path / "backups" / name, (0, 0))
    os.utime(tmp_path / "backups" / others[-1], (START_MS / 1000 - 60,) * 2)  # it is being written
    made = await backups_of(store, tmp_path, [START_MS]).look()
    assert names(tmp_path) == sorted([made.name, *others])


async def test_without_a_folder_none_is_made(store):
    assert await Backups(store.path, BackupSettings(), lambda: START_MS).look() is None


async def test_a_backup_put_back_brings_back_what_it_had_and_keeps_what_was_there(store, tmp_path):
    made = await backups_of(store, tmp_path, [START_MS]).look()
    await subscribed(store, "bob")
    await store.close()
    restore(made, store.path, tmp_path / "aside.db")
    with SqliteStore(store.path) as back:
        assert await back.subscriptions.count() == 1
    with SqliteStore(tmp_path / "aside.db") as aside:
        assert await aside.subscriptions.count() == 2


@pytest.mark.parametrize("left", [0, 1])
async def test_where_it_was_cut_off_no_empty_database_begins_and_it_can_be_done_again(
    store, tmp_path, monkeypatch, left
):
    made = await backups_of(store, tmp_path, [START_MS]).look()
    await subscribed(store, "bob")
    await store.close()
    rename, left_over = Path.rename, iter(range(left))

    def cut_off(file, target):
        if next(left_over, None) is None:
            raise SystemExit
        return rename(file, target)

    with monkeypatch.context() as killed:
        killed.setattr(Path, "rename", cut_off)
        with pytest.raises(SystemExit):
            restore(made, store.path, tmp_path / "aside.db")
    if left:
        with pytest.raises(DatabaseError, match="`liqbot db restore` does it again"):
            SqliteStore(store.path)
    else:
        with SqliteStore(store.path) as still_there:
            assert await still_there.subscriptions.count() == 2
    restore(made, store.path, tmp_path / ("again.db" if left else "aside.db"))
    with SqliteStore(store.path) as back:
        assert await back.subscriptions.count() == 1
    with SqliteStore(tmp_path / "aside.db") as aside:
        assert await aside.subscriptions.count() == 2


async def test_while_a_bot_is_at_work_nothing_is_put_back(store, tmp_path):
    made = await backups_of(store, tmp_path, [START_MS]).look()
    with pytest.raises(DatabaseError, match="another liqbot is at work"):
        restore(made, store.path, tmp_path / "aside.db")


@pytest.mark.parametrize("wrong", ["missing", "other", "damaged"])
async def test_what_is_no_whole_database_is_not_put_back(store, tmp_path, wrong):
    made = await backups_of(store, tmp_path, [START_MS]).look()
    await store.close()
    if wrong == "missing":
        made.unlink()
    elif wrong == "other":
        made.write_bytes(b"not a database at all, but longer than nothing" * 100)
    else:
        damage(made)
    with pytest.raises(DatabaseError):
        restore(made, store.path, tmp_path / "aside.db")
    with SqliteStore(store.path) as still_there:
        assert await still_there.subscriptions.count() == 1


def damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4_096 * 3 : 4_096 * 6] = b"\xff" * (4_096 * 3)
    file.write_bytes(bytes(content))
