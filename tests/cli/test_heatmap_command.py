"""`liqbot heatmap`: the picture of one coin as a file."""

import pytest
from markets import long, short, view_of
from recordings import recorded, row

from liqbot.operations.stored_market import span_window
from liqbot.service.windows import WINDOWS
from liqbot.store.sqlite.store import SqliteStore

HOUR = 3_600_000
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def file(folder):
    """Return two days of a market, a snapshot every four hours; ether is there in the first one alone."""
    rows = [
        line
        for hour in range(0, 49, 4)
        for line in (
            row("ann", 200, at=95 - hour / 10, time_ms=(490_000 + hour) * HOUR),
            row("bob", -100, at=110, time_ms=(490_000 + hour) * HOUR),
        )
    ]
    return recorded(folder / "x.csv", row("ann", 1, at=9, mark=10, coin="ETH", time_ms=490_000 * HOUR), *rows)


@pytest.fixture
async def database(folder):
    store = SqliteStore(folder / "liqbot.db")
    for hour in range(30):
        await store.history.record(
            [view_of(long("ann", 200, at=95), short("bob", 1, at=104), time_ms=(490_000 + hour) * HOUR)]
        )
    await store.close()


def drawn(ran, name):
    """Return the picture that was written to `name`."""
    assert (ran.status, ran.err, ran.out) == (0, "", f"{name}\n")
    with open(name, "rb") as file:  # noqa: PTH123 - relative to the folder that is worked in
        return file.read()


def test_a_recording_is_drawn_over_all_of_its_time(liqbot, file):
    picture = drawn(liqbot("heatmap", "btc", "--recording", file, "-o", "mine.png"), "mine.png")
    assert picture.startswith(PNG)


def test_without_a_name_the_picture_names_itself(liqbot, file):
    assert drawn(liqbot("heatmap", "BTC", "--recording", file), "BTC-heatmap-2d.png").startswith(PNG)


def test_a_coin_that_is_there_in_one_snapshot_alone_is_drawn(liqbot, file):
    assert drawn(liqbot("heatmap", "ETH", "--recording", file, "-o", "e.png"), "e.png").startswith(PNG)


def test_the_same_recording_is_the_same_picture(liqbot, file):
    one, other = (
        drawn(liqbot("heatmap", "BTC", "--recording", file, "-o", name), name) for name in ("one", "other")
    )
    assert one == other


@pytest.mark.parametrize("window", ["12h", "1y"])
def test_a_window_can_be_chosen(liqbot, file, window):
    ran = liqbot("heatmap", "BTC", "--recording", file, "--window", window)
    assert drawn(ran, f"BTC-heatmap-{window}.png").startswith(PNG)


@pytest.mark.usefixtures("database")
def test_without_a_recording_the_database_is_drawn(liqbot):
    assert drawn(liqbot("heatmap", "BTC"), "BTC-heatmap-24h.png").startswith(PNG)
    assert drawn(liqbot("heatmap", "BTC", "--window", "7d", "-o", "x.png"), "x.png").startswith(PNG)


def test_an_unknown_window_is_a_usage_error_that_lists_them(liqbot, file):
    ran = liqbot("heatmap", "BTC", "--recording", file, "--window", "2w")
    assert (ran.status, ran.out) == (2, "")
    assert "2w" in ran.err
    assert all(window in ran.err for window in WINDOWS)


def test_an_unknown_coin_is_refused_with_the_nearest_one(refused, file):
    assert refused("heatmap", "BTX", "--recording", file) == f"{file} has no BTX; did you mean BTC?"


def test_a_picture_that_cannot_be_written_is_one_line(refused, file):
    told = refused("heatmap", "BTC", "--recording", file, "-o", "no/such/folder.png")
    assert told == "no/such/folder.png: cannot be written: No such file or directory"


def test_where_there_is_no_database_yet_it_says_how_to_get_one(refused):
    assert "`liqbot run` makes one" in refused("heatmap", "BTC")


@pytest.mark.parametrize(
    ("hours", "window"),
    [(0, "1h"), (0.2, "1h"), (1, "1h"), (47, "47h"), (48, "2d"), (287, "12d"), (24 * 365, "365d")],
)
def test_a_span_is_named_in_hours_or_days(hours, window):
    assert span_window(round(hours * HOUR)) == window
