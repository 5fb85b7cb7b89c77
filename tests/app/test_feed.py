"""A feed: one source, followed for as long as it lasts."""

import asyncio
import threading
from collections import Counter
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pytest
from app.stand_ins import Told, beat
from markets import HOUR, MINUTE, price
from structlog.testing import capture_logs

from liqbot.app.feed import LONGEST_PAUSE_S, Feed
from liqbot.engine.board import Board
from liqbot.service.findings import READS_PAST
from liqbot.sources.source import Followed, NoDataError, Report, SourceError
from liqbot.store.errors import StoreError


class Following:
    """A feed, and what it handed on."""

    def __init__(self, source, *, coins=("BTC", "ETH"), engine=None, take=None, recall=None):
        self.views, self.past, self.pauses, self.states = [], [], [], []
        self.engine = engine or ThreadPoolExecutor(1)
        self.feed = Feed(
            source,
            coins,
            self.engine,
            take or self.views.append,
            recall or self._recall,
            sleep=self._sleep,
        )

    async def _recall(self, views):
        self.past.append(views)

    async def _sleep(self, seconds):
        self.pauses.append(seconds)
        self.states.append(self.feed.health.state)

    async def run(self):
        await self.feed.run()
        self.engine.shutdown()


async def followed(source, **options):
    following = Following(source, **options)
    await following.run()
    return following


def spots(taken):
    return [[view.spot for view in views] for views in taken]


async def test_each_beat_gives_the_views_of_the_coins_that_are_wanted_and_known():
    source = Told([*beat(1, 100), *beat(2, 101), *beat(3, 7, coin="ETH"), *beat(4, 50, coin="DOGE")])
    following = await followed(source, coins=("ETH", "BTC"))
    assert [[view.coin for view in views] for views in following.views] == [
        ["BTC"],
        ["BTC"],
        ["ETH", "BTC"],
        ["ETH", "BTC"],
    ]
    assert spots(following.views) == [[100], [101], [7, 101], [7, 101]]
    assert following.feed.health.state == "ended"
    assert following.feed.failure is None


async def test_between_two_beats_nothing_is_handed_on():
    following = await followed(Told([price(100, time_ms=1), price(101, time_ms=2)]))
    assert following.views == []


async def test_a_past_that_the_source_makes_up_goes_into_history_alone_and_coarsely():
    start, live_from = 100 * 24 * HOUR, 102 * 24 * HOUR
    times = range(start, live_from + 3 * MINUTE, MINUTE)
    source = Told([update for time_ms in times for update in beat(time_ms)], live_from_ms=live_from)
    following = await followed(source)
    assert [views[0].time_ms - live_from for views in following.views] == [MINUTE, 2 * MINUTE]
    ages = [(live_from - views[0].time_ms) / HOUR for (*views,) in following.past]
    assert max(ages) == 48
    assert 20 < len(ages) < 24 * 12


async def test_a_source_that_fails_is_started_again_after_pauses_that_double():
    failures = [[RuntimeError(f"boom {count}")] for count in range(9)]
    following = await followed(Told(*failures, beat(1)))
    assert following.pauses == [1, 2, 4, 8, 16, 32, LONGEST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    assert following.states[0] == "failed, is tried again: RuntimeError('boom 0')"
    assert spots(following.views) == [[100]]
    assert following.feed.health.state == "ended"
    assert following.feed.failure is None


async def test_a_beat_ends_a_row_of_failures():
    boom = RuntimeError("boom")
    following = await followed(Told([boom], [boom], [*beat(1), boom], [boom], beat(2)))
    assert following.pauses == [1, 2, 1, 2]


async def test_what_the_board_knows_outlasts_a_failure_of_its_source():
    following = await followed(Told([*beat(1), RuntimeError()], [price(96, time_ms=2), *beat(3)[-1:]]))
    assert [views[0].down_usd for views in following.views] == [10e6, 9.6e6]


async def test_views_that_cannot_be_taken_are_a_failure_too_and_pauses_grow():
    def full(_):
        raise OSError("the disk is full")

    following = await followed(Told(beat(1), beat(2), beat(3), []), take=full)
    assert following.pauses == [1, 2, 4]
    assert "the disk is full" in following.states[0]


async def test_a_past_that_cannot_be_written_down_is_no_fault_of_the_source_and_leaves_no_traces():
    async def full(_):
        raise StoreError("database or disk is full")

    start = 100 * 24 * HOUR
    run = [update for time_ms in range(start, start + 4 * HOUR, HOUR // 2) for update in beat(time_ms)]
    source = Told(run, run, run, [], live_from_ms=101 * 24 * HOUR)
    with capture_logs() as logged:
        following = await followed(source, recall=full)
    assert following.pauses == [1, 2, 4], "beats of which nothing is kept end no row"
    assert set(following.states) == {
        "its past cannot be written down, is tried again: database or disk is full"
    }
    assert [one["event"] for one in logged] == ["past_not_written"] * 3
    assert not any("exc_info" in one for one in logged)


async def test_a_source_that_cannot_go_on_is_stopped_and_says_why():
    error = SourceError("replay:x.csv: the file breaks off")
    following = await followed(Told([*beat(1), error], beat(2)))
    assert following.pauses == []
    assert spots(following.views) == [[100]]
    assert following.feed.failure is error
    assert following.feed.health.state == "stopped: replay:x.csv: the file breaks off"


async def test_what_the_board_refuses_shows_in_the_health_of_the_source():
    following = await followed(Told([price(-1, time_ms=1), *beat(2)]))
    assert following.feed.health.rejected == {"mark price is not a number above 0": 1}


async def test_views_are_made_off_the_event_loop(monkeypatch):
    threads = set()

    def noted(function):
        def noting(*arguments):
            threads.add(threading.current_thread())
            return function(*arguments)

        return noting

    monkeypatch.setattr(Board, "view", noted(Board.view))
    monkeypatch.setattr(Board, "rejected", property(noted(Board.rejected.fget)))  # it may work in what waits
    await followed(Told([*beat(1), *beat(2)]))
    assert threads
    assert threading.current_thread() not in threads


async def test_a_feed_that_is_cancelled_while_its_source_waits_closes_the_source():
    source = Told([asyncio.Event()])
    task = asyncio.create_task(followed(source))
    await source.waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert source.closed == 1


async def test_a_feed_that_is_cancelled_while_views_are_made_closes_the_source():
    class Busy(Executor):
        def __init__(self):
            self.asked = asyncio.Event()

        def submit(self, *_):
            self.asked.set()
            return Future()

    source, engine = Told(beat(1)), Busy()
    task = asyncio.create_task(followed(source, engine=engine))
    await engine.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert source.closed == 1


async def test_a_source_without_data_says_why_and_is_tried_again():
    following = await followed(Told([NoDataError("Testex: no answer")], beat(1)))
    assert following.states == ["no data, is tried again: Testex: no answer"]
    assert following.pauses == [1]
    assert spots(following.views) == [[100]]


class Lacking(Told):
    """A source that says what it lacks."""

    def report(self):
        return Report(
            missing={"BTC": "out of order"},
            limits={"liquidations": "are not published"},
            refused=Counter({"a candle of another form": 2}),
        )


async def test_what_a_source_lacks_and_has_refused_itself_is_known_of_it():
    following = await followed(Lacking(beat(1)))
    health = following.feed.health
    assert health.missing == {"BTC": "out of order"}
    assert health.limits == {"liquidations": "are not published"}
    assert health.rejected == {"a candle of another form": 2}


class Wider(Told):
    """A source that follows one more coin after its first beat."""

    coins = ("BTC",)
    listed = ("BTC", "ETH")

    async def follow(self, coin):
        self.coins = (*self.coins, coin)
        return Followed.FOLLOWED

    async def unfollow(self, coin):
        self.coins = tuple(one for one in self.coins if one != coin)


async def test_a_coin_that_a_source_follows_while_it_runs_has_views_from_then_on():
    source = Wider([*beat(1, 100), *beat(2, 7, coin="ETH"), *beat(3, 101), *beat(4, 102)])
    taken = []

    async def take(views):
        taken.append([view.coin for view in views])
        if len(taken) == 3:
            await source.follow("ETH")

    await followed(source, coins=("BTC",), take=take)
    assert taken == [["BTC"], ["BTC"], ["BTC"], ["BTC", "ETH"]]


async def test_a_source_whose_present_is_shown_is_said_to_read_its_past_and_not_to_be_starting():
    source = Told([])
    source.present = lambda: beat(1, 100)
    following = Following(source)
    views = await following.feed.present()
    assert [view.spot for view in views] == [100]
    assert following.feed.health.state == READS_PAST
    following.engine.shutdown()
