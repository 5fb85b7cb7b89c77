"""Replay: a recording as a source, in its order, at a chosen speed."""

import asyncio
import threading

import pytest
from recordings import recorded, row

from liqbot.market.layer import Basis, Origin
from liqbot.market.updates import AccountsSeen, AssetContext, Beat
from liqbot.sources import recording
from liqbot.sources.replay import Replay
from liqbot.sources.source import SourceError

PAUSES_S = (2, 60, 3600)
WANTED = ("BTC", "BTCC", "NOSUCH")


@pytest.fixture
def file(tmp_path):
    """Return a recording of four snapshots, with pauses of different length between them."""
    times = [sum(PAUSES_S[:place], 1) * 1000 for place in range(4)]
    return recorded(
        tmp_path / "x.csv", *(row(coin=coin, time_ms=at) for at in times for coin in ("BTC", "ETH"))
    )


@pytest.fixture
def slept(monkeypatch):
    """Return the seconds that were slept, and let them pass at once."""
    seconds = []

    async def sleep(delay, *_):
        seconds.append(delay)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return seconds


async def all_of(replay):
    return [update async for update in replay.updates()]


async def test_updates_come_in_the_order_of_the_file_with_a_beat_after_each_snapshot(file):
    updates = await all_of(Replay(file))
    assert [type(update) for update in updates] == 4 * [AssetContext, AssetContext, AccountsSeen, Beat]
    times = [update.time_ms for update in updates]
    assert times == sorted(times)
    assert [update.time_ms for update in updates if isinstance(update, Beat)] == [
        1000,
        3000,
        63_000,
        3_663_000,
    ]


async def test_at_speed_0_nothing_is_waited_for(file, slept):
    assert len(await all_of(Replay(file, speed=0))) == 16
    assert sum(slept) == 0


@pytest.mark.parametrize("speed", [0.5, 1, 60])
async def test_at_a_speed_the_pauses_between_snapshots_are_divided_by_it(file, slept, speed):
    await all_of(Replay(file, speed=speed))
    assert [pause for pause in slept if pause] == [pause / speed for pause in PAUSES_S]


async def test_a_snapshot_is_told_after_its_pause_not_before(file, monkeypatch):
    pausing, over = asyncio.Event(), asyncio.Event()

    async def sleep(*_):
        pausing.set()
        await over.wait()

    monkeypatch.setattr(asyncio, "sleep", sleep)
    updates = Replay(file, speed=1).updates()
    first = [await anext(updates) for _ in range(4)]
    assert first[-1] == Beat(1000)
    waiting = asyncio.ensure_future(anext(updates))
    await pausing.wait()
    assert not waiting.done()
    over.set()
    assert (await waiting).time_ms == 3000
    await updates.aclose()


@pytest.mark.parametrize("speed", [-1, -0.001, float("nan")])
def test_a_speed_below_0_is_refused(file, speed):
    with pytest.raises(ValueError, match="speed must be 0"):
        Replay(file, speed=speed)


def test_it_says_what_it_is(file):
    replay = Replay(file)
    assert replay.name == f"replay:{file}"
    assert (replay.layer.basis, replay.layer.origin) == (Basis.MEASURED, Origin.RECORDED)
    assert replay.live_from_ms == 0


async def test_the_file_is_read_off_the_event_loop(file, monkeypatch):
    readers = set()
    parsed = recording._parsed

    def noted(*told):
        readers.add(threading.current_thread())
        return parsed(*told)

    monkeypatch.setattr(recording, "_parsed", noted)
    await all_of(Replay(file))
    assert readers
    assert threading.current_thread() not in readers


async def test_it_can_be_played_again(file):
    replay = Replay(file)
    assert len(await all_of(replay)) == len(await all_of(replay)) == 16


async def test_what_is_wrong_with_the_file_is_raised(tmp_path):
    with pytest.raises(SourceError, match=r"gone\.csv"):
        await all_of(Replay(tmp_path / "gone.csv"))


async def test_rows_that_were_skipped_are_known(tmp_path):
    replay = Replay(recorded(tmp_path / "x.csv", row(), "broken"))
    await all_of(replay)
    assert [problem.line for problem in replay.recording.problems] == [3]


async def test_it_can_be_stopped_at_any_time(file):
    updates = Replay(file, speed=1e-9).updates()

    async def listen():
        async for _ in updates:
            told.set()

    told = asyncio.Event()
    task = asyncio.create_task(listen())
    await told.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_coin_that_is_not_in_it_is_named_with_the_nearest_once_it_is_checked(file):
    replay = Replay(file, coins=WANTED)
    assert replay.report().lacking == {}, "nobody has looked yet"
    await replay.check()
    assert replay.report().lacking == {"BTCC": "BTC", "NOSUCH": ""}


async def test_a_coin_that_is_not_in_it_is_named_once_it_is_played(file):
    replay = Replay(file, coins=WANTED)
    await all_of(replay)
    assert replay.report().lacking == {"BTCC": "BTC", "NOSUCH": ""}


async def test_a_coin_that_comes_late_in_it_is_not_lacking(tmp_path):
    rows = [row(coin=coin, time_ms=at) for at, coin in ((1000, "BTC"), (2000, "BTC"), (2000, "HYPE"))]
    replay = Replay(recorded(tmp_path / "late.csv", *rows), coins=("BTC", "HYPE"))
    await replay.check()
    assert replay.report().lacking == {}
