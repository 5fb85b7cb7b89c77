"""The database file: made, taken up again, or refused and left as it lies."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from recordings import ordinary_user
from sqlite_utils import Migrations

from liqbot.store.sqlite import database
from liqbot.store.sqlite.database import DatabaseError, open_database, open_reader, transaction
from liqbot.store.sqlite.store import SqliteStore

PROJECT = Path(__file__).parents[2]
APPLIED = "_sqlite_migrations"
TABLES = {"history", "memories", "chats", "watches", "subscriptions", "alerts", "deliveries"}


def contents(folder):
    """Return every file of a folder, byte by byte."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def run(path, *statements):
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def applied(path):
    with closing(open_reader(path)) as reader:
        return [name for (name,) in reader.execute("SELECT name FROM _sqlite_migrations ORDER BY id")]


@pytest.fixture
def newer(path):
    """Return a database that a later liqbot has been at, with all in one file."""
    SqliteStore(path).close_now()
    run(
        path,
        "ALTER TABLE chats ADD COLUMN colour TEXT",
        f"INSERT INTO {APPLIED} (migration_set, name, applied_at) VALUES ('liqbot', '9000_colours', '')",  # noqa: S608 - a constant
    )
    return path


# Made and taken up again


def test_a_fresh_database_is_made_with_the_folders_above_it(tmp_path):
    path = tmp_path / "deep" / "down" / "liqbot.db"
    with closing(open_database(path)) as fresh:
        assert set(fresh.table_names()) >= TABLES


def test_every_migration_of_the_project_is_found_and_applied(path):
    SqliteStore(path).close_now()
    files = sorted(file.stem for file in (PROJECT / "migrations").glob("[0-9]*.py"))
    assert files
    assert applied(path) == files


def test_what_was_written_is_there_after_reopening(path):
    for before, name in ((0, "me"), (1, "you")):
        with closing(open_database(path)) as opened:
            assert opened["chats"].count == before
            opened["chats"].insert({"platform": "console", "native_id": name, "created_ms": 1})


def test_a_commit_survives_a_power_cut(path):
    with closing(open_database(path)) as opened:
        pragmas = {
            name: opened.conn.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_an_empty_file_is_taken_for_a_fresh_database(path):
    path.touch()
    SqliteStore(path).close_now()
    assert applied(path)


@pytest.mark.parametrize(
    "statements",
    [
        ["PRAGMA journal_mode = WAL"],
        [f"CREATE TABLE {APPLIED} (id INTEGER PRIMARY KEY, migration_set, name, applied_at)"],
    ],
)
def test_a_database_whose_making_was_cut_short_is_made_to_its_end(path, statements):
    run(path, *statements)
    SqliteStore(path).close_now()
    assert applied(path)


def test_a_migration_that_fails_leaves_nothing_of_itself(path, monkeypatch):
    broken = Migrations("liqbot")

    @broken(name="0002_broken")
    def _half(db):
        db["half"].create({"id": int})
        db.execute("SELECT * FROM nowhere")

    SqliteStore(path).close_now()
    monkeypatch.setattr(database, "_known", lambda: (broken,))
    with pytest.raises(DatabaseError, match="nowhere"):
        open_database(path)
    monkeypatch.undo()
    with closing(open_reader(path)) as reader:
        tables = {name for (name,) in reader.execute("SELECT name FROM sqlite_master")}
    assert "half" not in tables


# Refused and left as it lies


@pytest.mark.parametrize("opening", [open_database, open_reader, SqliteStore])
def test_a_newer_database_is_refused_and_not_touched(newer, opening):
    before = contents(newer.parent)
    with pytest.raises(DatabaseError) as error:
        opening(newer)
    assert contents(newer.parent) == before
    assert list(before) == [newer.name]
    assert str(error.value).startswith(f"{newer}: was written by a newer liqbot (it has 9000_colours)")
    assert "LIQBOT_DATABASE" in str(error.value)


def test_a_newer_database_whose_bot_was_killed_keeps_what_only_its_log_has(newer, tmp_path):
    with closing(sqlite3.connect(newer)) as running:
        running.execute("INSERT INTO chats (platform, native_id, created_ms) VALUES ('console', 'me', 1)")
        running.commit()
        killed = tmp_path / "killed"
        killed.mkdir()
        for file in (newer, newer.with_name(f"{newer.name}-wal")):
            (killed / file.name).write_bytes(file.read_bytes())
    before = contents(killed)
    with pytest.raises(DatabaseError, match="newer liqbot"):
        SqliteStore(killed / newer.name)
    after = contents(killed)
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize("text", [b"not a database", b"\x00" * 5000, b"SQLite format 3\x00" + b"x" * 5000])
def test_a_file_that_is_no_database_is_refused_and_not_touched(path, text):
    path.write_bytes(text)
    with pytest.raises(DatabaseError, match="is not a liqbot database"):
        SqliteStore(path)
    assert contents(path.parent) == {path.name: text}


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE pictures (id)"],
        [
            f"CREATE TABLE {APPLIED} (id INTEGER PRIMARY KEY, migration_set, name, applied_at)",
            f"INSERT INTO {APPLIED} VALUES (1, 'another', '0001_start', '')",  # noqa: S608 - a constant
            "CREATE TABLE history (id)",
        ],
    ],
)
def test_the_database_of_another_program_is_refused_and_not_touched(path, statements):
    run(path, *statements)
    before = contents(path.parent)
    for opening in (open_database, open_reader, SqliteStore):
        with pytest.raises(DatabaseError, match="another program"):
            opening(path)
    assert contents(path.parent) == before


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(DatabaseError, match=str(tmp_path)):
        SqliteStore(tmp_path)


def test_a_path_below_a_file_is_refused(path):
    path.touch()
    with pytest.raises(DatabaseError):
        SqliteStore(path / "liqbot.db")


def test_a_folder_that_cannot_be_written_to_is_refused():
    with ordinary_user() as folder:
        folder.chmod(0o500)
        with pytest.raises(DatabaseError, match="cannot be opened"):
            SqliteStore(folder / "liqbot.db")
        with pytest.raises(DatabaseError, match="cannot be opened"):
            SqliteStore(folder / "below" / "liqbot.db")


def test_a_database_that_may_not_be_read_is_refused():
    with ordinary_user() as folder:
        path = folder / "liqbot.db"
        SqliteStore(path).close_now()
        path.chmod(0)
        with pytest.raises(DatabaseError):
            SqliteStore(path)
        path.chmod(0o600)
        folder.chmod(0)
        with pytest.raises(DatabaseError, match="Permission denied"):
            SqliteStore(path)


# Reading beside the writer


def test_a_reader_sees_what_the_writer_has_committed_and_cannot_write(path):
    with closing(open_database(path)) as writer, closing(open_reader(path)) as reader:
        writer["chats"].insert({"platform": "console", "native_id": "me", "created_ms": 1})
        assert reader.execute("SELECT count(*) FROM chats").fetchone() == (1,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("DELETE FROM chats")


def test_a_reader_alone_leaves_nothing_behind_even_where_nobody_may_write():
    with ordinary_user() as folder:
        path = folder / "liqbot.db"
        SqliteStore(path).close_now()
        folder.chmod(0o500)
        with closing(open_reader(path)) as reader:
            assert reader.execute("SELECT count(*) FROM chats").fetchone() == (0,)
        assert list(contents(folder)) == ["liqbot.db"]


@pytest.mark.parametrize("make", [lambda _: None, Path.touch])
def test_there_is_nothing_to_read_where_there_is_no_database_yet(path, make):
    make(path)
    with pytest.raises(DatabaseError, match="there is no database yet; `liqbot run` makes one"):
        open_reader(path)


def test_an_older_database_is_to_be_brought_up_to_date_before_it_is_read(path, monkeypatch):
    SqliteStore(path).close_now()
    known = database._known_names()
    monkeypatch.setattr(database, "_known_names", lambda: known | {"0002_later"})
    with pytest.raises(DatabaseError, match="`liqbot run` brings it up to date"):
        open_reader(path)


# Transactions


def rows(connection):
    return connection.execute("SELECT native_id FROM chats").fetchall()


def insert(connection, name, *, platform="console"):
    connection.execute(
        "INSERT INTO chats (platform, native_id, created_ms) VALUES (?, ?, 1)", [platform, name]
    )


def write(connection, *statements):
    """Write within one transaction, or fail."""
    with transaction(connection):
        insert(connection, "lost")
        for statement in statements:
            connection.execute(statement)


def test_a_transaction_that_fails_leaves_nothing_and_the_next_one_works(path):
    with closing(open_database(path)) as opened:
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            write(opened.conn, "DELETE FROM nowhere")
        with transaction(opened.conn):
            insert(opened.conn, "kept")
        assert rows(opened.conn) == [("kept",)]


def test_a_transaction_that_cannot_be_committed_leaves_nothing_and_the_next_one_works(path):
    with closing(open_database(path)) as opened:
        with pytest.raises(sqlite3.IntegrityError):
            write(
                opened.conn,
                "PRAGMA defer_foreign_keys = ON",  # so that it is the commit that fails
                "INSERT INTO subscriptions (chat_id, watch_id, number, created_ms) VALUES (99, 99, 1, 1)",
            )
        with transaction(opened.conn):
            insert(opened.conn, "kept")
        assert rows(opened.conn) == [("kept",)]


def test_two_bots_cannot_be_at_work_on_one_database(path):
    first = SqliteStore(path)
    with pytest.raises(DatabaseError, match="another liqbot is at work on it"):
        SqliteStore(path)
    first.close_now()
    SqliteStore(path).close_now()
    assert not path.with_name("liqbot.db-lock").exists()


@pytest.mark.parametrize("left", [b"", b"half of it", None])
def test_a_backup_that_is_killed_has_no_name_of_one_and_the_next_begins_anew(path, left):
    SqliteStore(path).close_now()
    copy = path.with_name("copy.db")
    if left is None:

        def killed(_done, _total):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            database.back_up(path, copy, killed)
    else:
        path.with_name("copy.db-unfinished").write_bytes(left)
        path.with_name("copy.db-unfinished-journal").write_bytes(left)
    assert not copy.exists()
    database.back_up(path, copy, lambda *_: None)
    assert database.damage(copy, thorough=True) is None
    assert [file.name for file in path.parent.glob("copy.db*")] == ["copy.db"]


def test_what_failed_is_told_also_where_sqlite_has_rolled_back_itself_as_on_a_full_disk(path, monkeypatch):
    def bring_up(new):
        new.conn.execute("BEGIN")
        try:
            new.conn.execute("CREATE TABLE new (id INTEGER PRIMARY KEY)")
            new.conn.execute("INSERT INTO new VALUES (1)")
            new.conn.execute("INSERT OR ROLLBACK INTO new VALUES (1)")
        except sqlite3.Error:
            new.conn.execute("ROLLBACK")  # as migrations do
            raise

    monkeypatch.setattr(database, "bring_up", bring_up)
    with pytest.raises(DatabaseError, match="UNIQUE constraint failed"):
        open_database(path)
