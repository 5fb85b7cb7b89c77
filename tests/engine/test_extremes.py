import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from liqbot.engine.extremes import Extremes
from liqbot.market.positions import Positions

instants = st.integers(0, 20)
prices = st.integers(1, 12).map(float)


@given(
    st.lists(st.tuples(instants, prices), max_size=20).map(sorted),
    st.lists(st.tuples(instants, prices, st.sampled_from([1.0, -1.0])), max_size=20),
    instants,
)
def test_a_level_is_passed_when_a_price_later_than_the_sight_of_it_touched_it(told, rows, forgotten):
    extremes = Extremes()
    for time_ms, price in told:
        extremes.add(time_ms, price)
    extremes.forget_before(forgotten)
    positions = Positions.of(
        size=[size for *_, size in rows],
        entry=np.ones(len(rows)),
        liquidation=[level for _, level, _ in rows],
        seen_ms=[max(time_ms, forgotten) for time_ms, *_ in rows],
    )
    expected = [
        any(
            price <= level if size > 0 else price >= level
            for time_ms, price in told
            if time_ms > max(seen_ms, forgotten)
        )
        for seen_ms, level, size in rows
    ]
    assert extremes.passed(positions).tolist() == expected


def test_no_level_is_never_passed():
    extremes = Extremes()
    extremes.add(5, 1.0)
    positions = Positions.of(size=[1.0, -1.0], entry=[1.0, 1.0], liquidation=[np.nan, np.nan])
    assert not extremes.passed(positions).any()
