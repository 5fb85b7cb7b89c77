"""Recording: what a source tells, written down so that replay plays it."""

import subprocess
import sys

import pytest
from markets import MINUTE, long, price, seen, short

from liqbot.engine.board import Board
from liqbot.market.updates import Beat
from liqbot.sources.recorder import Recorder
from liqbot.sources.recording import Recording
from liqbot.sources.replay import RECORDED_LAYER
from liqbot.sources.source import SourceError


@pytest.fixture(params=["x.csv", "x.csv.gz"])
def file(request, tmp_path):
    return tmp_path / request.param


def market(time_ms, spot, *rows, flat=()):
    return [price(spot, time_ms=time_ms), seen(*rows, flat=flat, time_ms=time_ms), Beat(time_ms)]


def recorded(file, *steps, every_ms=MINUTE):
    with Recorder(file, every_ms) as recorder:
        for step in steps:
            for update in step:
                recorder.take(update)
    return recorder


def played(file):
    """Return the view of BTC after each snapshot, and the recording."""
    recording, board, views = Recording(file), Board(RECORDED_LAYER), []
    for snapshot in recording.snapshots():
        board.apply_all(snapshot.updates())
        views.append(board.view("BTC"))
    return views, recording


def test_a_recording_plays_the_same_positions_at_the_same_prices(file):
    rows = long("ann", 2, at=95, leverage=5), short("bob", 1.25, at=104.5, entry=98.125), long("cid", 3)
    recorder = recorded(file, market(MINUTE, 100.0, *rows))
    (view,), recording = played(file)
    live = Board(RECORDED_LAYER)
    for update in market(MINUTE, 100.0, *rows):
        live.apply(update)
    assert view.holdings == tuple(
        holding.__class__(**{**_fields(holding), "leverage": holding.leverage or 1.0})
        for holding in live.view("BTC").holdings
    )
    assert (view.spot, view.time_ms, view.up_usd, view.down_usd) == (100.0, MINUTE, 125.0, 200.0)
    assert recording.problems == []
    assert (recorder.snapshots, recorder.positions) == (1, 3)


def _fields(holding):
    return {name: getattr(holding, name) for name in holding.__slots__}


def test_an_account_that_has_become_flat_is_flat_in_the_recording_too(file):
    recorded(
        file,
        market(1 * MINUTE, 100.0, long("ann", 2, at=95), long("bob", 1, at=90)),
        market(2 * MINUTE, 101.0, long("bob", 1, at=90), flat=("ann",)),
    )
    before, after = played(file)[0]
    assert (before.open_usd.long, after.open_usd.long) == (300, 101)


def test_an_account_that_was_not_seen_stays_as_it_was(file):
    recorded(
        file,
        market(1 * MINUTE, 100.0, long("ann", 2, at=95)),
        market(2 * MINUTE, 100.0, long("bob", 1, at=90)),
    )
    assert played(file)[0][-1].open_usd.long == 300


def test_snapshots_come_as_often_as_asked_with_the_newest_of_each_account(file):
    steps = [market(second * 1000, 100.0, long("ann", second, at=95)) for second in range(1, 200)]
    recorder = recorded(file, *steps)
    views, _ = played(file)
    assert recorder.snapshots == len(views)
    assert [view.time_ms for view in views[:3]] == [MINUTE, 2 * MINUTE, 3 * MINUTE]
    assert [view.open_usd.long for view in views[:3]] == [6000, 12000, 18000]
    assert views[-1].open_usd.long == 19900, "what waits at the end is written"


def test_a_position_whose_price_is_not_known_waits_for_nothing_and_breaks_nothing(file):
    step = [
        price(100.0, time_ms=MINUTE),
        seen(long("ann", 1, at=90), long("ann", 1, coin="X"), time_ms=MINUTE),
    ]
    recorded(file, [*step, Beat(MINUTE)])
    (view,), recording = played(file)
    assert view.open_usd.long == 100
    assert recording.problems == []


def test_a_file_that_is_there_is_not_overwritten(file):
    file.write_text("precious")
    with pytest.raises(SourceError, match="is there already; name a file that is not"):
        Recorder(file)
    assert file.read_text() == "precious"


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SourceError, match=r"none/x\.csv: cannot be written: No such file"):
        Recorder(tmp_path / "none" / "x.csv")


def test_what_was_written_can_be_read_after_the_process_was_killed(file):
    program = f"""
import os, sys
sys.path.insert(0, "tests")
from pathlib import Path
from sources.test_recorder import *
recorder = Recorder(Path({str(file)!r}), MINUTE)
for update in market(MINUTE, 100.0, long("ann", 2, at=95)) + market(2 * MINUTE, 100.0, long("ann", 3, at=95)):
    recorder.take(update)
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    board = Board(RECORDED_LAYER)
    for snapshot in Recording(file).snapshots():
        board.apply_all(snapshot.updates())
    assert board.view("BTC").open_usd.long == 300
