"""What is kept for long: readings, the path of price, cases of the scoreboard, scores of models, journals."""

from sqlite_utils import Database, Migrations

migrations = Migrations("liqbot")


@migrations(name="0025_records")
def records(db: Database) -> None:
    """Make the tables. Times are ms since 1970 UTC, the market's, but for `created_ms`, the clock's.

    `readings`: one an hour. `prices`: the steps of a day (UTC) in one blob, see `store/sqlite/readings.py`.
    `cases`: clusters at the moments from which they count. `scores`: what a day's trial of a model found.
    `journal`: what a chat wrote down of alerts; it goes with the chat.
    """
    db.executescript("""
    CREATE TABLE readings (
        layer TEXT NOT NULL,
        coin TEXT NOT NULL,
        time_ms INTEGER NOT NULL,
        reading BLOB NOT NULL,
        PRIMARY KEY (layer, coin, time_ms)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE prices (
        layer TEXT NOT NULL,
        coin TEXT NOT NULL,
        day INTEGER NOT NULL,
        steps BLOB NOT NULL,
        PRIMARY KEY (layer, coin, day)
    ) STRICT;
    CREATE TABLE cases (
        layer TEXT NOT NULL,
        coin TEXT NOT NULL,
        time_ms INTEGER NOT NULL,
        cluster TEXT NOT NULL,
        entry BLOB NOT NULL,
        PRIMARY KEY (layer, coin, time_ms, cluster)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE scores (
        layer TEXT NOT NULL,
        coin TEXT NOT NULL,
        day INTEGER NOT NULL,
        score BLOB NOT NULL,
        PRIMARY KEY (layer, coin, day)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE journal (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        chat_id INTEGER NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
        created_ms INTEGER NOT NULL,
        entry BLOB NOT NULL
    ) STRICT;
    CREATE INDEX journal_by_chat ON journal (chat_id, id);
    """)
