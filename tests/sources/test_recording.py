"""Recordings: what is read of them, what is skipped, and what is refused."""

import gzip
import itertools
import string
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markets import HOUR
from recordings import HEADER, ordinary_user, recorded, row, text_of
from shared import shared_file

from liqbot.engine.board import Board
from liqbot.market.updates import AccountsSeen, AssetContext, Beat
from liqbot.sources.recording import COLUMNS, Recording
from liqbot.sources.replay import RECORDED_LAYER
from liqbot.sources.source import SourceError


@pytest.fixture
def file(tmp_path):
    return tmp_path / "positions.csv"


def read(path):
    """Return all snapshots of a file, and which lines were skipped."""
    recording = Recording(path)
    return list(recording.snapshots()), [problem.line for problem in recording.problems]


def problem_of(file, line):
    """Return what is said of a line that stands between two sound rows."""
    recorded(file, row("before"), line, row("after"))
    recording = Recording(file)
    (snapshot,) = recording.snapshots()
    assert snapshot.accounts == ("before", "after")
    (problem,) = recording.problems
    assert problem.line == 3
    return problem.reason


def board_of(*snapshots):
    board = Board(RECORDED_LAYER)
    for snapshot in snapshots:
        board.apply_all(snapshot.updates())
    return board


def test_the_columns_are_those_of_the_published_format():
    assert ",".join(COLUMNS) == HEADER


@pytest.mark.parametrize("name", ["positions.csv", "positions.csv.gz", "gzipped, whatever its name"])
def test_a_recording_is_read_plain_or_gzipped(tmp_path, name):
    path = tmp_path / name
    text = text_of(row("ann", 2, at=80), row("bob", -1, at=130, time_ms=2000))
    path.write_bytes(gzip.compress(text) if name != "positions.csv" else text)
    (first, second), skipped = read(path)
    assert (first.time_ms, second.time_ms) == (1000, 2000)
    assert (first.accounts, second.accounts) == (("ann",), ("bob",))
    assert (first.size[0], first.liquidation[0]) == (2, 80)
    assert (second.size[0], second.liquidation[0]) == (-1, 130)
    assert not skipped


def test_a_snapshot_has_each_position_in_its_columns(file):
    recorded(
        file,
        row("ann", 2, coin="BTC", entry=90, leverage=10, mark=100, at=80),
        row("bob", -3, coin="ETH", entry=11, leverage=2, mark=10),
        row("ann", -5, coin="ETH", entry=9, leverage=3, mark=10, at=14),
    )
    ((snapshot,), _) = read(file)
    names = [snapshot.accounts[place] for place in snapshot.account]
    coins = [snapshot.coins[place] for place in snapshot.coin]
    assert list(zip(names, coins, strict=True)) == [("ann", "BTC"), ("bob", "ETH"), ("ann", "ETH")]
    assert snapshot.size.tolist() == [2, -3, -5]
    assert snapshot.entry.tolist() == [90, 11, 9]
    assert snapshot.leverage.tolist() == [10, 2, 3]
    assert snapshot.mark.tolist() == [100, 10, 10]
    np.testing.assert_array_equal(snapshot.liquidation, [80, np.nan, 14])


def test_an_empty_liquidation_price_is_a_position_without_a_level(file):
    recorded(file, row("ann", 2), row("bob", 1, at=80))
    ((snapshot,), _) = read(file)
    view = board_of(snapshot).view("BTC")
    assert view.open_usd.long == 300
    assert view.unreachable.long == 200
    assert view.map.total.sum() == 100


@pytest.mark.parametrize("level", [-5, 0, "-0.0"])
def test_a_liquidation_price_that_no_price_can_reach_is_a_position_without_a_level(file, level):
    recorded(file, row("ann", 2, at=level))
    ((snapshot,), skipped) = read(file)
    assert not skipped
    assert board_of(snapshot).view("BTC").unreachable.long == 200


def test_a_snapshot_tells_prices_then_accounts_then_a_beat(file):
    recorded(file, row("ann", 1), row("bob", 1, coin="ETH", mark=10), row("ann", 1, coin="ETH", mark=10))
    ((snapshot,), _) = read(file)
    bitcoin, ether, seen, beat = snapshot.updates()
    assert (bitcoin, ether) == (AssetContext("BTC", 1000, 100), AssetContext("ETH", 1000, 10))
    assert isinstance(seen, AccountsSeen)
    assert seen.accounts == ("ann", "bob")
    assert beat == Beat(1000)


@pytest.mark.parametrize(("marks", "spot"), [([100, 104, 90], 100), ([100, 104], 102), ([7], 7)])
def test_the_price_of_a_coin_is_the_median_of_value_over_size(file, marks, spot):
    accounts = string.ascii_lowercase
    recorded(file, *(row(name, -0.5, mark=mark) for name, mark in zip(accounts, marks, strict=False)))
    ((snapshot,), _) = read(file)
    assert board_of(snapshot).view("BTC").spot == spot


def test_a_byte_order_mark_windows_line_ends_quotes_and_blank_lines_do_no_harm(file):
    quoted = ",".join(f'"{cell}"' for cell in row("ann", 2).split(","))
    text = f"\ufeff{HEADER}\r\n\r\n{quoted}\r\n{row('bob', 3)}\r\n\r\n"
    file.write_bytes(text.encode())
    ((snapshot,), skipped) = read(file)
    assert snapshot.accounts == ("ann", "bob")
    assert snapshot.size.tolist() == [2, 3]
    assert not skipped


# What is refused


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "they are none"),
        (b"\n", "they are none"),
        (HEADER.replace("szi", "size").encode(), "account, coin, size, entry_px"),
        (b"coin,time_ms\nBTC,1\n", "'coin, time_ms'"),
        (f"{HEADER},szi\n".encode(), "szi is there twice"),
        (b"\x89PNG\r\n\x1a\n\x00\xff\xfe", "PNG"),
    ],
)
def test_a_file_with_other_columns_is_refused_by_name_with_both(file, text, told):
    file.write_bytes(text)
    with pytest.raises(SourceError) as error:
        read(file)
    assert str(error.value).startswith(f"{file}: not a recording: the columns must be {', '.join(COLUMNS)}; ")
    assert told in str(error.value)


def test_a_refusal_does_not_repeat_a_whole_file_of_another_kind(file):
    file.write_bytes(np.random.default_rng(1).bytes(100_000).replace(b"\n", b" "))
    with pytest.raises(SourceError) as error:
        read(file)
    assert len(str(error.value)) < 3000


@pytest.mark.parametrize("rows", [(), ("nonsense",), ("nonsense", row("ann", 0))])
def test_a_file_without_a_sound_row_is_refused(file, rows):
    recorded(file, *rows)
    with pytest.raises(SourceError, match="has no sound row") as error:
        read(file)
    assert str(file) in str(error.value)
    assert ("line 2: 1 fields instead of 9" in str(error.value)) is bool(rows)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"gone\.csv: cannot be read: No such file"):
        read(tmp_path / "gone.csv")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(SourceError, match="cannot be read: Is a directory"):
        read(tmp_path)


def test_a_file_that_may_not_be_read_is_refused():
    with ordinary_user() as folder:
        path = recorded(folder / "secret.csv", row())
        path.chmod(0)
        with pytest.raises(SourceError, match=r"secret\.csv: cannot be read: Permission denied"):
            read(path)


# What is skipped


def test_a_row_of_too_few_or_too_many_fields_is_skipped(file):
    assert problem_of(file, "1000,ann,BTC") == "3 fields instead of 9"
    assert problem_of(file, row() + ",7") == "10 fields instead of 9"


@pytest.mark.parametrize("column", ["szi", "entry_px", "leverage", "position_value", "liquidation_px"])
@pytest.mark.parametrize("text", ["abc", "nan", "NaN", "inf", "-Infinity", "1e999", "1;5"])
def test_a_figure_that_is_no_finite_number_is_named_and_its_row_skipped(file, column, text):
    cells = row("ann", 1, at=90).split(",")
    cells[COLUMNS.index(column)] = text
    assert f"{column} is '{text}', not a" in problem_of(file, ",".join(cells))


@pytest.mark.parametrize("column", ["szi", "entry_px", "leverage", "position_value"])
def test_a_figure_that_is_missing_is_named_and_its_row_skipped(file, column):
    cells = row("ann", 1, at=90).split(",")
    cells[COLUMNS.index(column)] = ""
    assert f"{column} is '', not a number" in problem_of(file, ",".join(cells))


@pytest.mark.parametrize(
    ("column", "text", "told"),
    [
        ("szi", "0", "szi is 0: not a position"),
        ("szi", "-0.0", "szi is 0: not a position"),
        ("entry_px", "0", "entry_px is 0, not a number above 0"),
        ("entry_px", "-3", "entry_px is -3, not a number above 0"),
        ("leverage", "-1", "leverage is -1, not a number above 0"),
        ("position_value", "0", "position_value / |szi| is 0, not a number above 0"),
        ("position_value", "-100", "position_value / |szi| is -100, not a number above 0"),
        ("szi", "1e-320", "position_value / |szi| is inf, not a number above 0"),
        ("account", "", "account or coin is empty"),
        ("account", "  ", "account or coin is empty"),
        ("coin", "", "account or coin is empty"),
        ("time_ms", "yesterday", "time_ms is 'yesterday', not whole milliseconds"),
        ("time_ms", "1000.5", "time_ms is '1000.5', not whole milliseconds"),
        ("time_ms", "", "time_ms is '', not whole milliseconds"),
        ("time_ms", "-5", "time_ms is '-5', not between 1970 and 2100"),
        (
            "time_ms",
            "1000000000",
            "time_ms looks like seconds: 1000000000 would be in 1970; it is ms since 1970 UTC",
        ),
    ],
)
def test_a_row_that_makes_no_sense_is_skipped(file, column, text, told):
    cells = row("ann", 1, at=90).split(",")
    cells[COLUMNS.index(column)] = text
    assert problem_of(file, ",".join(cells)) == told


def test_a_row_that_is_not_utf8_is_skipped_and_the_rest_delivered(file):
    file.write_bytes(text_of(row("before")) + b"1000,\xff\xfe,BTC,1,1,1,1,0,\n" + row("after").encode())
    ((snapshot,), skipped) = read(file)
    assert snapshot.accounts == ("before", "after")
    assert skipped == [3]


def test_a_quote_that_is_never_closed_breaks_its_own_row_alone(file):
    assert problem_of(file, row('"ann')).startswith("not CSV: ")


def test_a_time_that_goes_backwards_is_skipped(file):
    recorded(file, row(time_ms=2000), row(time_ms=1000), row(time_ms=3000))
    snapshots, skipped = read(file)
    assert [snapshot.time_ms for snapshot in snapshots] == [2000, 3000]
    assert skipped == [3]


def test_one_time_that_is_absurdly_late_does_not_make_the_rest_of_the_file_the_past(file):
    recorded(file, row(), row("bob", time_ms=10**17), row("cid", time_ms=2000))
    snapshots, skipped = read(file)
    assert [snapshot.time_ms for snapshot in snapshots] == [1000, 2000]
    assert skipped == [3]


def test_a_position_that_stands_twice_in_a_snapshot_counts_once(file):
    recorded(
        file,
        row("ann", 1, mark=100),
        row("ann", 5, mark=300),
        row("bob", 1, mark=100),
        row("ann", 2, time_ms=2000),
    )
    (first, second), skipped = read(file)
    assert skipped == [3]
    view = board_of(first).view("BTC")
    assert (view.spot, view.open_usd.long) == (100, 200)
    assert second.size.tolist() == [2]


def test_a_broken_row_breaks_no_snapshot_in_two(file):
    recorded(file, row("ann"), "x", row("bob"), row("cid", 0), row("dan"))
    (snapshot,), skipped = read(file)
    assert snapshot.accounts == ("ann", "bob", "dan")
    assert skipped == [3, 5]


def test_what_is_said_of_a_broken_row_is_short(file):
    assert len(problem_of(file, row("ann", 1, at="9" * 5000 + "x"))) < 200


def test_a_recording_can_be_read_again(file):
    recorded(file, row(), "broken")
    recording = Recording(file)
    assert len(list(recording.snapshots())) == len(list(recording.snapshots())) == 1
    assert [problem.line for problem in recording.problems] == [3]


# A file that breaks off


def incompressible(snapshots, accounts=200):
    """Return rows that gzip cannot shrink much, so that a cut falls between two of them."""
    chance = np.random.default_rng(7)
    return [
        row(chance.bytes(20).hex(), chance.uniform(1, 2), time_ms=1000 * (place + 1))
        for place in range(snapshots)
        for _ in range(accounts)
    ]


def until_it_breaks(path):
    """Return the snapshots that a file gives before it breaks off, and what is said then."""
    got = []
    with pytest.raises(SourceError) as error:
        got.extend(Recording(path).snapshots())
    return got, str(error.value)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_gzip_gives_its_complete_snapshots_and_then_says_where_it_breaks(tmp_path, share):
    path = recorded(tmp_path / "cut.csv.gz", *incompressible(10))
    whole, _ = read(path)
    path.write_bytes(path.read_bytes()[: round(path.stat().st_size * share)])
    got, told = until_it_breaks(path)
    assert 0 < len(got) < 10
    for ours, theirs in zip(got, whole, strict=False):
        assert ours.time_ms == theirs.time_ms
        np.testing.assert_array_equal(ours.size, theirs.size)
    assert told.startswith(f"{path}: the file breaks off after time_ms {got[-1].time_ms}")


def test_a_gzip_that_breaks_off_in_its_first_snapshot_says_so(tmp_path):
    path = recorded(tmp_path / "cut.csv.gz", *incompressible(1))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SourceError, match="breaks off before its first snapshot ends"):
        read(path)


def test_a_gzip_of_damaged_bytes_is_refused_where_the_damage_is(tmp_path):
    path = recorded(tmp_path / "bad.csv.gz", *incompressible(10))
    data = bytearray(path.read_bytes())
    data[-5] ^= 0xFF  # the sum over all bytes, which is the last thing to be read
    path.write_bytes(data)
    got, told = until_it_breaks(path)
    assert len(got) == 9
    assert "breaks off after time_ms 9000" in told


# Accounts from snapshot to snapshot


@pytest.fixture
def absent(file):
    """Return a recording whose second snapshot did not fetch ann."""
    recorded(
        file,
        row("ann", 2, at=80),
        row("bob", 1, at=80),
        row("bob", 1, at=80, time_ms=1000 + HOUR),
    )
    return read(file)[0]


def test_an_account_that_is_absent_from_a_snapshot_stays_on_the_board_and_ages(absent):
    view = board_of(*absent).view("BTC")
    assert view.accounts.long == 2
    assert view.oldest_s == 3600
    assert view.age_s == 3600 * 2 / 3


def test_a_view_of_a_single_snapshot_is_of_its_rows_alone(absent):
    view = board_of(absent[1]).view("BTC")
    assert view.accounts.long == 1
    assert view.oldest_s == 0


def test_a_coin_that_an_account_no_longer_holds_is_closed(file):
    recorded(file, row("ann"), row("ann", coin="ETH"), row("ann", coin="ETH", time_ms=2000))
    view = board_of(*read(file)[0]).view("BTC")
    assert view.open_usd.long == 0


# Size


def test_a_recording_is_read_as_a_stream(tmp_path):
    rows = (row(f"account {place}", 1, time_ms=1000 + place // 100) for place in range(20_000))
    path = recorded(tmp_path / "long.csv", *rows)
    size = path.stat().st_size
    tracemalloc.start()
    try:
        recording = Recording(path)
        snapshots = recording.snapshots()
        next(snapshots)
        assert 0 < recording.read_bytes < size / 2
        assert sum(1 for _ in snapshots) == 199
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert recording.read_bytes == recording.size() == size
    assert peak < size / 4


@pytest.mark.long
def test_the_real_recording_is_read_to_its_end_without_a_problem():
    snapshots, skipped = read(shared_file("recordings/hyperliquid-positions-2026-02.csv.gz"))
    assert len(snapshots) == 70
    assert sum(len(snapshot.size) for snapshot in snapshots) == 198_276
    assert not skipped


# Round trip

figures = st.floats(1e-6, 1e9)
letters = st.characters(categories=("L", "N"), include_characters=' "-:/')
names = st.text(letters, min_size=1, max_size=8).filter(str.strip)
position = st.fixed_dictionaries(
    {
        "account": names,
        "coin": names,
        "size": figures | figures.map(lambda size: -size),
        "entry": figures,
        "leverage": st.integers(1, 50),
        "value": figures,
        "liquidation": st.none() | figures,
    }
)
times_ms = st.integers(1, 10**9 - 1) | st.integers(10**11, 4 * 10**12)  # those between would be seconds
snapshot_rows = st.lists(
    position, min_size=1, max_size=6, unique_by=lambda each: (each["account"], each["coin"])
)


def line_of(time_ms, each):
    def cell(value):
        text = "" if value is None else str(value)
        return '"' + text.replace('"', '""') + '"' if '"' in text else text

    columns = ("account", "coin", "size", "entry", "leverage", "value")
    return ",".join([str(time_ms), *(cell(each[name]) for name in columns), "0", cell(each["liquidation"])])


@given(
    times=st.sets(times_ms, min_size=1, max_size=4),
    drawn=st.lists(snapshot_rows, min_size=4, max_size=4),
    ending=st.sampled_from([".csv", ".csv.gz"]),
)
def test_whatever_is_written_is_read_back(tmp_path_factory, times, drawn, ending):
    path = Path(tmp_path_factory.getbasetemp()) / f"round-trip{ending}"
    written = list(zip(sorted(times), drawn, strict=False))
    recorded(path, *(line_of(time_ms, each) for time_ms, rows in written for each in rows))
    snapshots, skipped = read(path)
    assert not skipped
    for (time_ms, rows), snapshot in itertools.zip_longest(written, snapshots):
        assert snapshot.time_ms == time_ms
        assert [snapshot.accounts[place] for place in snapshot.account] == [each["account"] for each in rows]
        assert [snapshot.coins[place] for place in snapshot.coin] == [each["coin"] for each in rows]
        assert snapshot.size.tolist() == [each["size"] for each in rows]
        assert snapshot.entry.tolist() == [each["entry"] for each in rows]
        assert snapshot.mark.tolist() == [each["value"] / abs(each["size"]) for each in rows]
        levels = [np.nan if each["liquidation"] is None else each["liquidation"] for each in rows]
        np.testing.assert_array_equal(snapshot.liquidation, levels)


def test_an_account_that_holds_nothing_is_a_row_with_its_time_and_name_alone(file):
    recorded(
        file,
        row("ann", 2, time_ms=1000),
        row("bob", 1, time_ms=1000),
        f"2000,ann{',' * 7}",
        row("bob", 1, time_ms=2000),
        f"3000,bob{',' * 7}",
    )
    snapshots, skipped = read(file)
    assert skipped == []
    assert [snapshot.accounts for snapshot in snapshots] == [("ann", "bob"), ("ann", "bob"), ("bob",)]
    board, longs = Board(RECORDED_LAYER), []
    for snapshot in snapshots:
        board.apply_all(snapshot.updates())
        longs.append(board.view("BTC").open_usd.long)
    assert longs == [300, 100, 0]
