"""What a recording says of itself: venue, basis, origin, columns by name; what an old one does not say."""

import gzip

import pytest
from markets import MINUTE, long, seen
from shared import shared_file

from liqbot.engine.board import Board
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.updates import AssetContext, Beat
from liqbot.sources.recorder import Recorder
from liqbot.sources.recording import COLUMNS, Recording
from liqbot.sources.recording_header import header_lines
from liqbot.sources.replay import RECORDED_LAYER, Replay
from liqbot.sources.simulator.source import LAYER as SIMULATED
from liqbot.sources.source import SourceError

CONTEXT = AssetContext("BTC", MINUTE, 100.0, 5000.0, 1.25e-5)


@pytest.fixture(params=["x.csv", "x.csv.gz"])
def file(request, tmp_path):
    return tmp_path / request.param


def recorded(file, layer, *contexts):
    with Recorder(file, MINUTE, layer) as recorder:
        for update in (*contexts, seen(long("ann", 2, at=95), time_ms=MINUTE), Beat(MINUTE)):
            recorder.take(update)
    return file


def written(path, text):
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def test_a_simulated_market_that_was_recorded_never_calls_itself_measured_on_hyperliquid(file):
    replay = Replay(recorded(file, SIMULATED, CONTEXT))
    assert replay.layer == Layer("Sandbox", Basis.MEASURED, Origin.SIMULATED_RECORDED)
    assert replay.layer.label == "Sandbox, measured, simulated, recorded"


def test_what_was_recorded_of_a_replay_of_a_simulated_market_still_says_so(tmp_path):
    once = Replay(recorded(tmp_path / "once.csv", SIMULATED, CONTEXT)).layer
    twice = Replay(recorded(tmp_path / "twice.csv", once, CONTEXT)).layer
    assert twice == once


def test_a_live_market_is_recorded_under_its_own_name(file):
    replay = Replay(recorded(file, Layer("Testex", Basis.MEASURED), CONTEXT))
    assert replay.layer.label == "Testex, measured, recorded"


def test_price_open_interest_and_funding_are_in_it(file):
    (snapshot,) = Recording(recorded(file, SIMULATED, CONTEXT)).snapshots()
    assert snapshot.contexts == (CONTEXT,)
    board = Board(SIMULATED)
    board.apply_all(snapshot.updates())
    view = board.view("BTC")
    assert (view.spot, view.funding) == (100.0, 1.25e-5)
    assert view.open_usd.long == 200


def test_of_what_is_not_known_the_recording_has_nothing(file):
    bare = AssetContext("BTC", MINUTE, 100.0)
    (snapshot,) = Recording(recorded(file, SIMULATED, bare)).snapshots()
    assert snapshot.contexts == (bare,)


def test_an_old_file_without_a_head_still_plays_as_hyperliquid_recorded(file):
    row = "60000,ann,BTC,2,100,5,200,0,95"
    replay = Replay(written(file, f"{','.join(COLUMNS)}\n{row}\n"))
    assert replay.layer == RECORDED_LAYER
    (snapshot,) = replay.recording.snapshots()
    assert (snapshot.size.tolist(), snapshot.mark.tolist()) == ([2], [100])


def test_columns_are_found_by_their_names_in_any_order_and_others_are_passed_over(file):
    text = "coin,note,account,time_ms,leverage,entry_px,szi,liquidation_px,position_value\n"
    (snapshot,) = Recording(written(file, f"{text}BTC,hm,ann,60000,5,100,2,95,200\n")).snapshots()
    assert (snapshot.accounts, snapshot.coins) == (("ann",), ("BTC",))
    assert (snapshot.size.tolist(), snapshot.liquidation.tolist()) == ([2], [95])


def test_a_column_that_is_missing_is_named(file):
    columns = [name for name in COLUMNS if name != "leverage"]
    with pytest.raises(SourceError, match="there is no leverage"):
        Recording(written(file, f"{','.join(columns)}\n")).read_header()


def test_times_in_seconds_are_said_to_be_and_not_played_as_1970():
    case = shared_file("cases/recording-in-seconds.csv")
    with pytest.raises(SourceError, match="line 2: time_ms looks like seconds: 1764200000"):
        list(Recording(case).snapshots())


@pytest.mark.parametrize("time", ["1000000000", "1764200000", "99999999999"])
def test_every_time_of_this_century_in_seconds_looks_like_one(file, time):
    with pytest.raises(SourceError, match="time_ms looks like seconds"):
        list(Recording(written(file, f"{','.join(COLUMNS)}\n{time},ann,BTC,2,100,5,200,0,95\n")).snapshots())


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("# liqbot recording: 3", "a newer liqbot reads"),
        ("# liqbot recording: 2", "does not name its venue"),
        (
            "# liqbot recording: 2\n# venue: X\n# basis: guess\n# origin: live",
            "'guess' is not a valid",
        ),
    ],
)
def test_a_head_that_cannot_be_is_refused_by_what_is_wrong(file, head, why):
    with pytest.raises(SourceError, match=why):
        Recording(written(file, f"{head}\n{','.join(COLUMNS)}\n")).read_header()


def test_a_row_that_is_broken_is_named_by_its_line_in_the_file(file):
    head = header_lines(SIMULATED)
    good = "60000,ann,BTC,2,100,5,200,0,95,,,"
    recording = Recording(written(file, "\n".join([*head, "nonsense", good, "60000,,ETH,,,,,,,-1,,", ""])))
    (snapshot,) = recording.snapshots()
    assert len(snapshot.size) == 1
    assert [problem.line for problem in recording.problems] == [len(head) + 1, len(head) + 3]
    assert "mark_px is -1" in recording.problems[1].reason
