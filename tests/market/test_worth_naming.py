"""Which clusters are named first where there is no room for all."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from liqbot.market.clusters import IN_REACH_PCT, MATTERS, NEAR_PCT, NEAREST, worth_naming


@dataclass(frozen=True)
class One:
    usd: float
    distance_pct: float


some = st.lists(st.builds(One, st.floats(1, 1e9), st.floats(-90, 200)), max_size=20, unique=True)


def test_a_heavy_one_beside_spot_comes_before_heavier_ones_far_away():
    beside, far, beyond = One(8.6e6, 0.5), One(40e6, 20), One(90e6, 126)
    assert worth_naming([beyond, far, beside]) == [beside, far, beyond]


def test_trifles_beside_spot_take_no_place_from_what_matters():
    trifles = [One(1e5, 0.1 * place) for place in range(1, 6)]
    heavy = One(30e6, 4)
    assert worth_naming([*trifles, heavy])[0] == heavy


def test_what_weighs_a_hundredth_of_its_side_beside_spot_is_named_though_a_giant_stands_near():
    beside, giant, others = One(31e6, 0.2), One(466e6, 1.8), [One(130e6, 3 + place / 2) for place in range(3)]
    assert beside in worth_naming([giant, beside, *others])[:6]


@given(some)
def test_all_are_ranked_once(found):
    assert sorted(map(hash, worth_naming(found))) == sorted(map(hash, found))


@given(some)
def test_the_heaviest_near_the_heaviest_in_reach_and_the_three_nearest_are_among_the_first_six(found):
    first = worth_naming(found)[:6]
    reach = [one for one in found if abs(one.distance_pct) <= IN_REACH_PCT]
    near = [one for one in reach if abs(one.distance_pct) <= NEAR_PCT]
    for part in (near, reach):
        if part:
            assert max(one.usd for one in part) in {one.usd for one in first}
    least = MATTERS * max((one.usd for one in near or reach), default=0)
    mattering = sorted(abs(one.distance_pct) for one in reach if one.usd >= least)
    assert set(mattering[:NEAREST]) <= {abs(one.distance_pct) for one in first}
