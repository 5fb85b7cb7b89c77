"""Files of an hour are read while they are written: every line once, whatever happens to the reader."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liqbot.sources.hyperliquid.hour_files import FilePosition, Hour, HourFiles, hour_of

OLDEST = Hour(20260101, 0)
FIRST, SECOND, FOURTH = Hour(20261127, 22), Hour(20261127, 23), Hour(20261128, 1)


@pytest.fixture
def files(tmp_path):
    return HourFiles(tmp_path)


def write(folder, hour, data):
    (folder / str(hour.day)).mkdir(exist_ok=True)
    with (folder / str(hour.day) / str(hour.hour)).open("ab") as file:
        file.write(data)


def read_all(files, position):
    """Return all lines, the position after them, and what was amiss."""
    lines, faults = [], None
    while True:
        read = files.read(position, OLDEST)
        lines += read.lines
        faults = read.faults if faults is None else faults + read.faults
        if read.position == position:
            return lines, position, faults
        position = read.position


def test_a_line_that_is_not_whole_yet_is_waited_for(files, tmp_path):
    write(tmp_path, FIRST, b"one\ntw")
    lines, position, _ = read_all(files, FilePosition(FIRST, 0))
    assert lines == [b"one"]
    write(tmp_path, FIRST, b"o\n")
    assert read_all(files, position)[0] == [b"two"]


def test_the_first_start_begins_behind_the_last_whole_line_of_the_newest_file(files, tmp_path):
    assert files.end() is None
    write(tmp_path, FIRST, b"long ago\n")
    write(tmp_path, SECOND, b"one\ntw")
    assert files.end() == FilePosition(SECOND, 4)


def test_reading_goes_on_in_the_next_hour_over_midnight_and_over_one_that_is_missing(files, tmp_path):
    write(tmp_path, FIRST, b"a\n")
    write(tmp_path, SECOND, b"b\n")
    write(tmp_path, FOURTH, b"c\n")
    lines, position, faults = read_all(files, FilePosition(FIRST, 0))
    assert lines == [b"a", b"b", b"c"]
    assert position.hour == FOURTH
    assert faults == {"an hour without a file": 1}


def test_what_is_written_late_into_the_hour_before_is_not_lost(files, tmp_path):
    write(tmp_path, FIRST, b"a\n")
    _, position, _ = read_all(files, FilePosition(FIRST, 0))
    write(tmp_path, FIRST, b"late\n")
    write(tmp_path, SECOND, b"b\n")
    assert read_all(files, position)[0] == [b"late", b"b"]


def test_a_last_line_that_stays_cut_off_is_counted_and_takes_nothing_with_it(files, tmp_path):
    write(tmp_path, FIRST, b"a\n{cut")
    write(tmp_path, SECOND, b"b\n")
    lines, _, faults = read_all(files, FilePosition(FIRST, 0))
    assert lines == [b"a", b"b"]
    assert faults == {"a line that was cut off": 1}


def test_a_file_that_is_shorter_than_it_was_is_another_one_and_read_from_its_beginning(files, tmp_path):
    write(tmp_path, FIRST, b"anew\n")
    lines, _, faults = read_all(files, FilePosition(FIRST, 5_000))
    assert lines == [b"anew"]
    assert faults == {"a file that began anew": 1}


def test_what_lies_too_far_back_is_left_out_and_counted(files, tmp_path):
    write(tmp_path, FOURTH, b"c\n")
    read = files.read(FilePosition(FIRST, 7), Hour(20261128, 0))
    assert read.position == FilePosition(FOURTH, 0)
    assert read.faults == {"an hour that was left out": 3}


def test_what_is_no_hour_is_passed_over(files, tmp_path):
    write(tmp_path, FIRST, b"a\n")
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "20261399").mkdir()
    (tmp_path / "20261399" / "7").write_bytes(b"x\n")
    (tmp_path / "20261127" / "7.lz4").write_bytes(b"x\n")
    assert files.hours() == [FIRST]


@pytest.mark.parametrize("text", ["", "20261127", "20261127/5", "20261127/5:", "nonsense:1"])
def test_a_position_is_text_and_nonsense_is_none(text):
    assert FilePosition.of(text) is None
    assert FilePosition.of(str(FilePosition(FIRST, 42))) == FilePosition(FIRST, 42)


def test_hours_are_those_of_utc():
    assert hour_of(1_795_800_000_000) == Hour(20261127, 17)
    assert Hour(20261127, 22).until(Hour(20261128, 1)) == 3


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_written_in_whatever_pieces_is_read_once_over_any_restarts(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("node")
    lines = [f"{number}-{'x' * data.draw(st.integers(0, 30))}".encode() for number in range(12)]
    stream = b"".join(line + b"\n" for line in lines)
    cuts = sorted({0, len(stream), *data.draw(st.lists(st.integers(0, len(stream)), max_size=12))})
    hours = [FIRST, SECOND, FOURTH]
    at, found, position, line_ends = 0, [], FilePosition(FIRST, 0), {0}
    for place in range(len(lines)):
        line_ends.add(sum(len(line) + 1 for line in lines[: place + 1]))
    for begin, end in pairwise(cuts):
        write(folder, hours[at], stream[begin:end])
        if end in line_ends and at < 2 and data.draw(st.booleans()):
            at += 1
        new, position, _ = read_all(HourFiles(folder), FilePosition.of(str(position)))
        found += new
    assert found == lines
