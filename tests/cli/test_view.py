"""`liqbot view`: the readings of one coin, exact."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest
from cli.conftest import run_apart
from markets import long, short, view_of
from recordings import recorded, row, text_of
from shared import shared_file

from liqbot.store.sqlite.store import SqliteStore

PROMISED = {
    "coin",
    "time_ms",
    "spot",
    "ratio",
    "regime",
    "up_usd",
    "down_usd",
    "long_usd",
    "short_usd",
    "coverage",
    "age_s",
    "trapped",
    "cohorts",
    "clusters",
}
PROMISED_OF_A_CLUSTER = {
    "id",
    "side",
    "price",
    "low",
    "high",
    "usd",
    "accounts",
    "whale_share",
    "distance_pct",
}
NOON = int(datetime(2026, 2, 5, 12, tzinfo=UTC).timestamp() * 1000)
HOUR = 3_600_000


def edges(time_ms=NOON):
    """Return a market at 100 whose levels stand on, and just beyond, every edge that matters."""
    return [
        # Its mark is not the others': the median, 100, is spot, and every figure is at spot.
        row("ann", 2, at=95, entry=110, mark=90, time_ms=time_ms),
        row("bob", 3, at=99, entry=105, mark=110, time_ms=time_ms),
        row("cid", 5, at=94.99, entry=90, time_ms=time_ms),
        row("dan", -4, at=105, entry=90, time_ms=time_ms),
        row("eve", -2, at=101, entry=99, time_ms=time_ms),
        row("fay", -10, at=105.01, entry=120, time_ms=time_ms),
        row("gus", 7, entry=100, time_ms=time_ms),
        row("hal", 1, at=100, entry=90, time_ms=time_ms),
        row("ivy", 3, at=8, entry=9, mark=10, coin="ETH", time_ms=time_ms),
    ]


@pytest.fixture
def file(folder):
    """Return three snapshots, an hour apart: the middle one has bob alone."""
    return recorded(
        folder / "x.csv.gz",
        *edges(),
        row("bob", 3, at=99, time_ms=NOON + HOUR),
        row("bob", 6, at=99, time_ms=NOON + 2 * HOUR),
        row("eve", -1, at=101, time_ms=NOON + 2 * HOUR),
    )


@pytest.fixture
def view(liqbot, file):
    """Return how to look at the recording."""

    def view(*arguments, coin="BTC"):
        ran = liqbot("view", coin, "--recording", file, "--json", *arguments)
        assert (ran.status, ran.err) == (0, "")
        return json.loads(ran.out)

    return view


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """Return what a process of its own prints of the market of edges."""
    folder = tmp_path_factory.mktemp("view")
    recorded(folder / "x.csv", *edges())
    return run_apart(folder, "view", "BTC", "--recording", "x.csv", "--json")


def test_it_prints_one_object_and_nothing_else(apart):
    assert (apart.status, apart.err) == (0, "")
    assert apart.out.count("\n") == 1
    readings = json.loads(apart.out)
    assert readings.keys() >= PROMISED
    assert readings["trapped"].keys() == {"long", "short", "long_5pct", "short_5pct"}
    assert readings["clusters"]
    assert all(cluster.keys() >= PROMISED_OF_A_CLUSTER for cluster in readings["clusters"])


def test_every_figure_is_exact(apart):
    readings = json.loads(apart.out)
    expected = {
        "coin": "BTC",
        "time_ms": NOON,
        "spot": 100,
        "up_usd": 600,  # dan, on the edge of 5%, and eve
        "down_usd": 500,  # ann, on the edge of 5%, and bob
        "ratio": 1.2,
        "regime": "balanced",
        "long_usd": 1800,
        "short_usd": 1600,
        "coverage": None,
        "age_s": 0,
        "trapped": {"long": 5 / 18, "short": 6 / 16, "long_5pct": 2 / 18, "short_5pct": 4 / 16},
    }
    assert {name: readings[name] for name in expected} == expected
    cohorts = readings["cohorts"].values()
    assert sum(cohort["accounts"] for cohort in cohorts) == 8
    assert sum(cohort["long_usd"] for cohort in cohorts) == 1800
    for cluster in readings["clusters"]:
        below = cluster["price"] < 100
        assert cluster["side"] == ("long" if below else "short")
        assert cluster["low"] <= cluster["price"] <= cluster["high"]
        assert cluster["distance_pct"] == pytest.approx(cluster["price"] - 100)


def test_where_one_side_is_empty_the_ratio_is_null(view):
    readings = view("--at", NOON + HOUR, "--snapshot")
    assert (readings["up_usd"], readings["down_usd"], readings["ratio"]) == (0, 300, None)
    assert readings["regime"] == "long-liquidation setup"
    assert readings["trapped"]["short"] is None


def test_where_both_sides_are_empty_there_is_no_reading(view):
    readings = view("--at", NOON, coin="ETH")
    assert (readings["spot"], readings["ratio"], readings["regime"]) == (10, None, "no reading")


@pytest.mark.parametrize(
    ("at", "hours"),
    [
        ("2026-02-05T12:00:00", 0),
        ("2026-02-05T12:59:59.999", 0),
        ("2026-02-05T13:00", 1),
        ("2026-02-05 13:30", 1),
        ("2026-02-05T13:00:00Z", 1),
        ("2026-02-05T14:00:00+01:00", 1),
        (str(NOON + HOUR - 1), 0),
        (str(NOON + HOUR), 1),
        ("2026-02-06", 2),
        ("2099-01-01", 2),
    ],
)
def test_the_newest_snapshot_at_or_before_a_time_is_taken(view, at, hours):
    assert view("--at", at)["time_ms"] == NOON + hours * HOUR


def test_without_a_time_the_last_snapshot_is_taken(view):
    assert view()["time_ms"] == NOON + 2 * HOUR


def test_a_recorded_market_is_known_as_its_replay_knows_it(view):
    # Everybody is known still, bob as he was seen last: he is alone in the middle snapshot.
    readings = view("--at", NOON + HOUR)
    assert (readings["up_usd"], readings["down_usd"], readings["long_usd"]) == (600, 500, 1800)
    assert readings["age_s"] > 0
    last = view()
    assert (last["up_usd"], last["down_usd"]) == (500, 800)  # bob has 6 now, and eve 1


def test_after_a_day_an_account_that_was_not_seen_again_is_forgotten(liqbot, folder):
    day = 24 * HOUR
    file = recorded(
        folder / "y.csv",
        row("ann", 2, at=95, time_ms=NOON),
        row("bob", 3, at=99, time_ms=NOON + day),
        row("bob", 3, at=99, time_ms=NOON + day + 1),
    )
    known = [
        json.loads(liqbot("view", "BTC", "--recording", file, "--at", str(at), "--json").out)["long_usd"]
        for at in (NOON + day, NOON + day + 1)
    ]
    assert known == [500, 300]


def test_a_snapshot_can_be_looked_at_by_itself(view):
    assert view("--at", NOON + HOUR, "--snapshot")["long_usd"] == 300
    readings = view("--snapshot")
    assert (readings["up_usd"], readings["down_usd"], readings["ratio"]) == (100, 600, 1 / 6)
    assert readings["age_s"] == 0


def test_what_is_known_is_said_in_words(liqbot, file):
    look = ("view", "BTC", "--recording", file)
    assert "each account as it was last seen, for up to 24 hours" in liqbot(*look).out
    assert "the accounts of this snapshot alone" in liqbot(*look, "--snapshot").out


def test_only_a_recording_has_snapshots(liqbot):
    ran = liqbot("view", "BTC", "--snapshot")
    assert (ran.status, ran.out) == (2, "")
    assert "only a recording has snapshots" in ran.err


def test_the_snapshots_of_the_fall_of_february_have_their_known_figures(liqbot):
    file = shared_file("recordings/hyperliquid-positions-2026-02.csv.gz")
    at = ("--at", "2026-02-05T12:44:01", "--snapshot", "--json")
    readings = json.loads(liqbot("view", "BTC", "--recording", file, *at).out)
    assert readings["time_ms"] == 1770295440422
    assert readings["spot"] == 69258.0
    assert readings["down_usd"] == 21123690.0
    assert readings["ratio"] is None


def test_the_case_of_a_coin_does_not_matter(view):
    assert view(coin="btc")["coin"] == "BTC"


def test_for_people_it_prints_words(liqbot, file):
    ran = liqbot("view", "BTC", "--recording", file, "--at", NOON)
    assert ran.status == 0
    assert ran.out.startswith("BTC 100")
    assert "balanced" in ran.out.splitlines()[0]
    assert "Hyperliquid, measured, recorded · coverage unknown" in ran.out
    assert "2026-02-05 12:00 UTC" in ran.out


# What is wrong is said


def test_a_time_before_the_first_snapshot_is_refused(refused, file):
    told = refused("view", "BTC", "--recording", file, "--at", "2026-02-05T11:59")
    assert told == f"{file} begins at 2026-02-05 12:00 UTC, after 2026-02-05 11:59 UTC"


@pytest.mark.parametrize("at", ["yesterday", "2026-13-01", "-5", "²", "9" * 30, "1969-12-31"])
def test_a_time_that_is_none_is_a_usage_error(liqbot, file, at):
    ran = liqbot("view", "BTC", "--recording", file, f"--at={at}")
    assert (ran.status, ran.out) == (2, "")
    assert "is no time" in ran.err


def test_an_unknown_coin_is_refused_with_the_nearest_one(refused, file):
    assert refused("view", "BTX", "--recording", file) == f"{file} has no BTX; did you mean BTC?"
    told = refused("view", "BTX", "--recording", file, "--at", NOON + HOUR + 1)
    assert told == f"{file}, at 2026-02-05 13:00 UTC, has no BTX; did you mean BTC?"
    told = refused("view", "BTX", "--recording", file, "--snapshot")
    assert told == f"{file}, at 2026-02-05 14:00 UTC, has no BTX; did you mean BTC?"


def test_a_coin_like_no_other_is_refused_with_those_that_there_are(refused, file):
    assert refused("view", "QQQQ", "--recording", file, "--at", NOON).endswith("has no QQQQ; it has BTC, ETH")


def test_rows_that_were_skipped_are_named_even_where_the_rest_is_not_read(liqbot, folder):
    lines = [row(time_ms=1000), "broken", *(["worse"] * 20), row(time_ms=2000), row(time_ms=3000)]
    recorded(folder / "x.csv", *lines)
    ran = liqbot("view", "BTC", "--recording", "x.csv", "--at", "1970-01-01T00:00:02", "--json")
    assert json.loads(ran.out)["time_ms"] == 2000
    told = ran.err.splitlines()
    assert told[0] == "x.csv: line 3: 1 fields instead of 9; the row is skipped"
    assert told[-1] == "x.csv: 11 more rows skipped"
    assert len(told) == 11


def test_a_recording_that_breaks_off_can_be_read_up_to_there_only(liqbot, refused, folder):
    recorded(
        folder / "x.csv.gz", *(row(f"a{place}", time_ms=place // 50 * 1000 + 1000) for place in range(500))
    )
    data = (folder / "x.csv.gz").read_bytes()
    (folder / "x.csv.gz").write_bytes(data[:-20])
    assert "x.csv.gz: the file breaks off after time_ms" in refused("view", "BTC", "--recording", "x.csv.gz")
    ran = liqbot("view", "BTC", "--recording", "x.csv.gz", "--at", "1000", "--json")
    assert (ran.status, json.loads(ran.out)["time_ms"]) == (0, 1000)


@pytest.mark.parametrize("text", [b"", b"a,b\n1,2\n", text_of()])
def test_a_file_that_is_no_recording_is_refused(refused, folder, text):
    (folder / "x.csv").write_bytes(text)
    assert refused("view", "BTC", "--recording", "x.csv").startswith("x.csv: ")


def test_a_file_that_is_not_there_is_refused(refused):
    assert (
        refused("view", "BTC", "--recording", "gone.csv")
        == "gone.csv: cannot be read: No such file or directory"
    )


# From the database


@pytest.fixture
async def database(folder):
    path = folder / "liqbot.db"
    store = SqliteStore(path)
    for hour, spot in ((0, 100.0), (1, 101.0)):
        await store.history.record(
            [view_of(long("ann", 2, at=95), short("bob", 1, at=104), spot=spot, time_ms=NOON + hour * HOUR)]
        )
    await store.close()
    return path


def test_without_a_recording_the_newest_view_of_the_database_is_taken(liqbot, database):
    assert database
    readings = json.loads(liqbot("view", "btc", "--json").out)
    assert (readings["time_ms"], readings["spot"]) == (NOON + HOUR, 101)
    earlier = json.loads(liqbot("view", "BTC", "--json", "--at", "2026-02-05T12:30").out)
    assert (earlier["time_ms"], earlier["spot"]) == (NOON, 100)


def test_looking_leaves_the_database_as_it_was(liqbot, folder, database):
    before = database.read_bytes()
    assert liqbot("view", "BTC").status == 0
    assert [file.name for file in folder.iterdir()] == [database.name]
    assert database.read_bytes() == before


def test_what_the_database_does_not_have_is_said(refused, database):
    assert database
    assert refused("view", "BTX") == "liqbot.db has no BTX; did you mean BTC?"
    assert refused("view", "BTC", "--at", "2026-02-05T11:00") == "liqbot.db has no view of BTC at that time"


def test_where_there_is_no_database_yet_it_says_how_to_get_one(refused, folder):
    told = "liqbot.db: there is no database yet; `liqbot run` makes one"
    assert refused("view", "BTC") == told
    (folder / "liqbot.db").touch()
    assert refused("view", "BTC") == told
    assert refused("view", "BTC", LIQBOT_DATABASE="other.db").startswith("other.db: there is no database yet")


def test_a_database_of_a_newer_version_is_refused(refused, database):
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('liqbot', '9000_later')"
        )
        connection.commit()
    assert "was written by a newer liqbot (it has 9000_later)" in refused("view", "BTC")


def test_a_damaged_database_is_one_line_too(refused, database):
    data = bytearray(database.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    database.write_bytes(data)
    assert "database" in refused("view", "BTC")
