"""liquidation-burst: far more is liquidated within minutes than in a usual hour."""

from dataclasses import replace

from markets import HOUR, LAYER, MINUTE, long, view_of

from liqbot.builtin import liquidation_burst
from liqbot.market.events import LiquidationSum
from liqbot.market.side import Side

NOW = 2_000 * HOUR
VIEW = view_of(long("ann", 1, at=95))


def summed(time_ms, usd, side=Side.LONG, *, sampled=False):
    return LiquidationSum(
        coin="BTC",
        layer=LAYER,
        time_ms=time_ms // MINUTE * MINUTE,
        side=side,
        usd=usd,
        count=1,
        sampled=sampled,
    )


class Course:
    """A rule that reads minute after minute."""

    def __init__(self, **asked):
        self.memory = None
        self.asked = liquidation_burst.form.defaults() | asked

    def read(self, time_ms, *events):
        view = replace(VIEW, time_ms=time_ms)
        reading = liquidation_burst.read(view, self.asked, self.memory, events)
        self.memory = reading.memory
        return reading.hits

    def live(self, hours, usd_an_hour):
        """Let usual hours pass until `NOW`."""
        for back in range(hours, 0, -1):
            at = NOW - back * HOUR
            assert self.read(at + MINUTE, summed(at, usd_an_hour)) == ()
        return self


def test_three_times_a_usual_hour_within_five_minutes_is_a_burst():
    course = Course().live(48, 800_000)
    assert course.read(NOW + MINUTE, summed(NOW, 1.5e6)) == ()
    (hit,) = course.read(NOW + 3 * MINUTE, summed(NOW + 2 * MINUTE, 1.2e6))
    assert hit.text == "$2.7M of longs liquidated within 5 min"
    assert hit.means == "That is 3.38 times a usual hour ($800k)."
    assert (hit.key, hit.side) == ("burst-long", Side.LONG)


def test_what_lies_further_back_than_the_span_does_not_count():
    course = Course().live(48, 800_000)
    course.read(NOW + MINUTE, summed(NOW, 1.5e6))
    assert course.read(NOW + 12 * MINUTE, summed(NOW + 11 * MINUTE, 1.2e6)) == ()


def test_a_coin_of_loud_hours_needs_more():
    assert Course().live(48, 900_000).read(NOW + MINUTE, summed(NOW, 2.5e6)) == ()


def test_a_coin_of_quiet_hours_needs_the_least_dollars():
    course = Course().live(48, 100)
    assert course.read(NOW + MINUTE, summed(NOW, 900_000)) == ()
    assert course.read(NOW + 2 * MINUTE, summed(NOW + MINUTE, 200_000))


def test_until_a_day_is_known_the_dollars_alone_decide_and_it_says_so():
    (hit,) = Course().live(5, 900_000).read(NOW + MINUTE, summed(NOW, 1.5e6))
    assert hit.means.startswith("What a usual hour brings is not known yet")


def test_both_sides_count_and_the_harder_hit_one_is_named():
    (hit,) = Course().read(NOW, summed(NOW, 1e6), summed(NOW, 3e6, Side.SHORT, sampled=True))
    assert hit.text == "$3M of shorts liquidated of $4M in all within 5 min"
    assert hit.caveat.startswith("A lower bound")


def test_what_is_told_hours_late_counts_for_the_usual_hour_only():
    assert Course().read(NOW, summed(NOW - 3 * HOUR, 9e6)) == ()


def test_a_view_without_news_raises_nothing():
    course = Course()
    assert course.read(NOW, summed(NOW, 5e6))
    assert course.read(NOW + MINUTE) == ()
