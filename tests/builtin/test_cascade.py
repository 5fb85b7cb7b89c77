"""cascade: told once, kept up to date while it lasts, closed with what it came to."""

from dataclasses import replace

import pytest
from markets import HOUR, MINUTE, long, view_of

from liqbot.alerts.states import Reason, WatchState, step
from liqbot.builtin import cascade
from liqbot.market.clusters import Cluster, End, EndedCluster
from liqbot.market.side import BySide, Side

START = 1_000 * HOUR
VIEW = view_of(long("ann", 1, at=95))


def swept(price, side=Side.LONG):
    cluster = Cluster(
        id=f"BTC-{price}", side=side, price=price, low=price, high=price, usd=3e6, accounts=4,
        whale_share=0.5, distance_pct=-1.0, since_ms=0,
    )  # fmt: skip
    return EndedCluster(cluster, End.SWEPT, START)


class Course:
    """A watch that reads minute after minute."""

    def __init__(self, **asked):
        self.state = WatchState()
        self.values = cascade.form.defaults() | asked
        self.minute = 0

    def see(self, spot, longs=0.0, shorts=0.0, ended=()):
        """Let a minute pass; return why and what is told."""
        self.minute += 1
        view = replace(
            VIEW,
            time_ms=START + self.minute * MINUTE,
            spot=spot,
            liquidated=BySide(longs, shorts),
            ended=tuple(ended),
        )
        reading = cascade.read(view, self.values, self.state.memory)
        policy = cascade.policy_for(self.values)
        self.state, events = step(self.state, reading, view.time_ms, policy)
        return [(event.reason, event.hit.text) for event in events]


def falling(course):
    """Let a cascade begin; return what is told."""
    assert course.see(100) == []
    assert course.see(99.5, longs=1e6) == []
    return course.see(98.3, longs=2e6, ended=[swept(98.6)])


def test_a_burst_a_move_and_a_swept_cluster_together_are_one():
    assert falling(Course()) == [(Reason.FIRST, "cascade on: $3M of longs, −1.7% in 2 min, 1 cluster swept")]


@pytest.mark.parametrize(
    "lacking",
    [
        {"spot": 99.0, "longs": 5e6, "ended": [swept(99.2)]},
        {"spot": 98.0, "longs": 1e5, "ended": [swept(98.6)]},
        {"spot": 98.0, "longs": 5e6},
        {"spot": 98.0, "shorts": 5e6, "ended": [swept(98.6)]},
    ],
    ids=["no move", "no burst", "no cluster", "the other side"],
)
def test_where_one_of_the_three_is_lacking_there_is_none(lacking):
    course = Course()
    course.see(100)
    assert course.see(**lacking) == []


def test_while_it_lasts_it_is_brought_up_to_date_and_closed_with_what_it_came_to():
    course = Course()
    falling(course)
    assert course.see(98.2, longs=1e5) == []
    assert course.see(96.0, longs=4e6, ended=[swept(97), swept(96.5)]) == [
        (Reason.UPDATED, "cascade on: $7.1M of longs, −4% in 4 min, 3 clusters swept")
    ]
    told = [news for _ in range(12) for news in course.see(97.0)]
    assert told == [(Reason.RESOLVED, "cascade over: $7.1M of longs, −4% in 4 min, 3 clusters swept")]
    assert course.see(97.0) == []


def test_what_comes_after_its_end_is_another_one():
    course = Course(cooldown=0)
    falling(course)
    for _ in range(12):
        course.see(98.3)
    course.see(98.2, longs=1e6)
    ((reason, text),) = course.see(96.5, longs=2e6, ended=[swept(97)])
    assert reason is Reason.FIRST
    assert text.startswith("cascade on: $3M of longs, −1.8%")


def test_its_mirror_is_a_squeeze_of_shorts():
    course = Course()
    course.see(100)
    ((_, text),) = course.see(102, shorts=3e6, ended=[swept(101, Side.SHORT)])
    assert text == "cascade on: $3M of shorts, +2% in 1 min, 1 cluster swept"
