"""The path of a price: what is asked of many places at once is what a plain look at each step says."""

import math
import statistics
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from liqbot.market.price_path import AROUND, FEWEST_STEPS, LONGEST_STEP_MS, NEVER, Path

MINUTE = 60_000


@st.composite
def paths(draw):
    """Draw a path with gaps, and jumps from one step to the next."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(0, 200))
    apart = random.choice([1, 5, 20, 40, 300], size=count, p=[0.2, 0.5, 0.2, 0.05, 0.05]) * MINUTE
    close = 100 + np.cumsum(random.choice([-1.0, 0.0, 1.0], size=count))
    low, high = (close + sign * random.choice([0.0, 1.0, 2.0], size=count) for sign in (-1, 1))
    return Path(np.cumsum(apart), low, high, close)


asked = st.lists(
    st.tuples(st.integers(90, 110), st.integers(-500, 6_000), st.integers(-10, 3_000)),
    min_size=1,
    max_size=30,
)


def columns(rows):
    price, since, span = np.array(rows).T
    return price.astype(float), since * MINUTE, (since + span) * MINUTE


@given(paths(), asked)
def test_a_price_is_reached_at_the_first_step_that_holds_it(path, rows):
    steps = list(zip(path.time_ms.tolist(), path.low, path.high, strict=True))
    price, since, until = columns(rows)
    plain = [
        next((at for at, low, high in steps if begin < at <= end and low <= one <= high), NEVER)
        for one, begin, end in zip(price, since, until, strict=True)
    ]
    assert path.reached(price, since, until).tolist() == plain


def longest_step(times, begin):
    """Return how long the step from one of the times on may be, judged by those around it."""
    apart = [late - early for early, late in pairwise(times)]
    place = times.index(begin) if begin in times else 0
    first = max(min(place - AROUND, len(apart) - (2 * AROUND + 1)), 0)
    around = apart[first : first + 2 * AROUND + 1]
    return max(LONGEST_STEP_MS, 4 * statistics.median(around) if around else 0)


def stepping(*parts):
    """Return a path whose steps are so many minutes apart, so many of each part."""
    apart = [minutes * MINUTE for count, minutes in parts for _ in range(count)]
    price = np.full(len(apart), 100.0)
    return Path(np.cumsum(apart), price, price, price)


def test_a_gap_is_judged_by_the_steps_around_it():
    kept = stepping((72, 120), (96, 15), (2000, 5))
    assert kept.is_seen(0, kept.until_ms), (
        "a past in coarser steps has no gaps, however many finer ones follow"
    )
    assert kept.steps_at(np.array([0, 72 * 120 - 1, 72 * 120 + 96 * 15 + 60]) * MINUTE).tolist() == [
        step * MINUTE for step in (120, 120, 5)
    ]
    for before, after in ((5, 5), (5, 15), (15, 5)):
        broken = stepping((50, before), (1, 120), (50, after))
        assert not broken.is_seen(0, broken.until_ms), "the same two hours are a gap where steps are short"
    off = stepping(*[(6, 5), (1, 1200)] * 20)
    assert not off.is_seen(0, 24 * 60 * MINUTE), "who runs half an hour a day has a gap every day"


@given(paths(), asked)
def test_a_time_is_seen_where_no_gap_touches_it(path, rows):
    times = path.time_ms.tolist()
    _, since, until = columns(rows)
    for begin, end, seen in zip(since.tolist(), until.tolist(), path.seen(since, until), strict=True):
        if end < begin or (len(path) and end < path.time_ms[0]):
            continue  # a time of before the path is known by its first step alone
        known = [at for at in times if at > begin]
        before = [at for at in times if at <= begin][-1:]
        edges = [*(before or [begin]), *known]
        last = next(
            (place for place, at in enumerate(edges) if at >= end and (at > begin or end == begin)),
            len(edges) - 1,
        )
        touched = [late - early > longest_step(times, early) for early, late in pairwise(edges[: last + 1])]
        expected = bool(len(path)) and end <= path.until_ms and not any(touched)
        assert bool(seen) == expected, (begin, end)


@given(paths(), asked)
def test_a_close_is_the_newest_and_a_volatility_that_of_the_steps_before(path, rows):
    _, since, _ = columns(rows)
    for at, close, sigma in zip(since.tolist(), path.closes_at(since), path.volatilities(since), strict=True):
        steps = [place for place, time_ms in enumerate(path.time_ms.tolist()) if time_ms <= at]
        if not steps or at > path.until_ms:
            assert math.isnan(close)
        else:
            assert close == path.close[steps[-1]]
        recent = [place for place in steps if path.time_ms[place] >= at - 3 * 86_400_000]
        if len(recent) < FEWEST_STEPS:
            assert math.isnan(sigma)
        else:
            moves = np.diff(np.log(path.close[recent]))
            span = path.time_ms[recent[-1]] - path.time_ms[recent[0]]
            assert math.isclose(sigma**2, np.sum(moves**2) / span, rel_tol=1e-6, abs_tol=1e-15)
