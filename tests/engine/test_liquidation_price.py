import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from shared import shared_json

from liqbot.engine.liquidation_price import MarginTiers, liquidation_price, margin_available

BITCOIN = MarginTiers((0.0, 150e6), (40.0, 20.0))
TIERS = [
    MarginTiers.flat(50.0),
    MarginTiers.flat(3.0),
    BITCOIN,
    MarginTiers((0.0, 3e6), (10.0, 5.0)),
    MarginTiers((0.0, 1e6, 3e6, 20e6), (50.0, 20.0, 5.0, 1.0)),
]


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def price_of(size: float, mark: float, margin: float, tiers: MarginTiers) -> float:
    return float(liquidation_price(column(size), column(mark), column(margin), tiers)[0])


def margin_of(size: float, mark: float, liquidation: float, tiers: MarginTiers) -> float:
    return float(margin_available(column(size), column(mark), column(liquidation), tiers)[0])


# Margin tiers


def test_maintenance_is_half_the_initial_margin_at_the_tiers_most_leverage():
    assert MarginTiers.flat(50.0).maintenance_margin(column(100.0)) == pytest.approx(1.0)
    assert BITCOIN.maintenance_margin(column(100e6, 200e6)) == pytest.approx([1.25e6, 3.125e6])


@pytest.mark.parametrize("tiers", TIERS)
def test_maintenance_does_not_jump_between_tiers(tiers):
    for bound in tiers.lower_bounds[1:]:
        below, at = tiers.maintenance_margin(column(np.nextafter(bound, 0), bound))
        assert at == pytest.approx(below, rel=1e-12)


@given(st.sampled_from(TIERS), st.floats(0, 1e9), st.floats(0, 1e9))
def test_more_notional_needs_more_maintenance_but_never_more_than_the_last_rate_of_it(tiers, some, more):
    less, greater = tiers.maintenance_margin(column(some, some + more))
    assert 0 <= less <= greater <= tiers.rates[-1] * (some + more) + 1e-6


@pytest.mark.parametrize(
    ("bounds", "leverages"),
    [
        pytest.param((), (), id="none"),
        pytest.param((1.0,), (10.0,), id="the first does not start at 0"),
        pytest.param((0.0, 5.0, 5.0), (10.0, 5.0, 3.0), id="bounds do not rise"),
        pytest.param((0.0, 5.0), (10.0, 10.0), id="leverage does not fall"),
        pytest.param((0.0, 5.0), (10.0,), id="a leverage is missing"),
        pytest.param((0.0,), (0.5,), id="a maintenance rate of 1"),
    ],
)
def test_tiers_that_make_no_sense_are_refused(bounds, leverages):
    with pytest.raises(ValueError, match=r"tiers must start|falling leverage|no maintenance rate"):
        MarginTiers(bounds, leverages)


# Worked examples


def test_the_isolated_example_of_the_exchanges_docs_is_reproduced():
    (sample,) = shared_json("api-samples/hyperliquid/clearinghouse-isolated-docs-example.json")
    position = sample["state"]["assetPositions"][0]["position"]
    size, value = float(position["szi"]), float(position["positionValue"])
    tiers, mark = MarginTiers.flat(position["maxLeverage"]), value / size
    equity = float(position["leverage"]["rawUsd"]) + size * mark
    margin = equity - float(tiers.maintenance_margin(column(value))[0])
    rounded_usd = 1e-6  # rawUsd is told in six decimals
    assert price_of(size, mark, margin, tiers) == pytest.approx(
        float(position["liquidationPx"]), abs=rounded_usd / size
    )


def test_a_25x_long_from_65_000_liquidates_near_62_400_before_maintenance():
    nearly_no_maintenance = MarginTiers.flat(1e12)
    assert price_of(1.0, 65_000.0, 65_000 / 25, nearly_no_maintenance) == pytest.approx(62_400, rel=1e-9)


def test_maintenance_brings_liquidation_closer():
    equity = 65_000 / 25
    maintenance = float(BITCOIN.maintenance_margin(column(65_000.0))[0])
    price = price_of(1.0, 65_000.0, equity - maintenance, BITCOIN)
    assert price == pytest.approx(62_400 / (1 - 1 / 80))


def test_the_tier_that_counts_is_that_at_the_liquidation_price_for_a_long_that_falls_into_a_lower_one():
    # $160M at the mark is in the second tier: 2.5% less $1.875M. At the liquidation price it is in the first.
    price = price_of(2000.0, 80_000.0, 40e6, BITCOIN)
    assert 2000 * price < 150e6 < 2000 * 80_000
    assert price == pytest.approx((160e6 - (40e6 + 2.125e6)) / (2000 * (1 - 0.0125)))


def test_the_tier_that_counts_is_that_at_the_liquidation_price_for_a_short_that_rises_into_a_higher_one():
    # $144M at the mark is in the first tier, 1.25%; $170M or so, where it liquidates, in the second.
    price = price_of(-1800.0, 80_000.0, 30e6, BITCOIN)
    assert 1800 * 80_000 < 150e6 < 1800 * price
    assert price == pytest.approx((144e6 + 30e6 + 1.8e6 + 1.875e6) / (1800 * (1 + 0.025)))


@pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
def test_a_position_that_liquidates_on_the_very_bound_of_two_tiers_has_a_price(side):
    price = np.linspace(0.1, 6.0, 60)
    size, mark = side * 150e6 / price, 1.3 * price
    margin = margin_available(size, mark, price, BITCOIN)
    assert liquidation_price(size, mark, margin, BITCOIN) == pytest.approx(price, rel=1e-12)


def test_a_long_that_is_backed_by_its_whole_value_has_no_price():
    assert math.isnan(price_of(1.0, 100.0, 100.0, MarginTiers.flat(50.0)))


def test_a_position_of_nothing_has_no_price():
    assert math.isnan(price_of(0.0, 100.0, 10.0, MarginTiers.flat(50.0)))


def test_an_unknown_margin_gives_an_unknown_price():
    assert math.isnan(price_of(1.0, 100.0, math.nan, BITCOIN))


@given(
    entry=st.floats(0.01, 1e5),
    leverage=st.floats(1.5, 100.0),
    coins=st.floats(0.01, 1e5),
    tiers=st.sampled_from(TIERS),
    side=st.sampled_from([1, -1]),
)
def test_an_isolated_contract_liquidates_where_the_closed_form_says(entry, leverage, coins, tiers, side):
    """Long (E(1 - 1/L) - cum/Q) / (1 - m), short (E(1 + 1/L) + cum/Q) / (1 + m), in the tier that holds."""
    notional = entry * coins
    margin = notional / leverage - float(tiers.maintenance_margin(column(notional))[0])
    price = price_of(side * coins, entry, margin, tiers)
    tier = int(np.searchsorted(tiers.lower_bounds, coins * price, side="right")) - 1
    m, cum = tiers.rates[tier], tiers.deductions[tier]
    closed = (entry * (1 - side / leverage) - side * cum / coins) / (1 - side * m)
    assert price == pytest.approx(closed, rel=1e-9)


# Properties


@st.composite
def positions(draw):
    """Return size, mark, margin and tiers: from deep under water to backed three times over."""
    tiers = draw(st.sampled_from(TIERS))
    mark = math.exp(draw(st.floats(math.log(1e-6), math.log(1e6))))
    notional = math.exp(draw(st.floats(math.log(1.0), math.log(1e9))))
    side = draw(st.sampled_from([1, -1]))
    return side * notional / mark, mark, notional * draw(st.floats(-2.5, 3.0)), tiers


@given(positions())
def test_at_its_liquidation_price_a_positions_equity_is_its_maintenance_margin(position):
    size, mark, margin, tiers = position
    price = price_of(size, mark, margin, tiers)
    assume(not math.isnan(price))
    equity_now = margin + float(tiers.maintenance_margin(column(abs(size) * mark))[0])
    equity_there = equity_now + size * (price - mark)
    maintenance_there = float(tiers.maintenance_margin(column(abs(size) * price))[0])
    assert equity_there == pytest.approx(maintenance_there, abs=1e-9 * abs(size) * max(mark, price))


@given(positions())
def test_a_position_has_no_price_exactly_when_no_price_above_zero_would_do(position):
    size, mark, margin, tiers = position
    equity_now = margin + float(tiers.maintenance_margin(column(abs(size) * mark))[0])
    equity_at_zero = equity_now - size * mark
    assume(abs(equity_at_zero) > 1e-9 * abs(size) * mark)
    survives_all = size > 0 and equity_at_zero > 0
    lost_everywhere = size < 0 and equity_at_zero < 0
    assert math.isnan(price_of(size, mark, margin, tiers)) == (survives_all or lost_everywhere)


@given(positions())
def test_while_solvent_longs_liquidate_below_the_mark_and_shorts_above_it(position):
    size, mark, margin, tiers = position
    assume(margin > 1e-9 * abs(size) * mark)
    price = price_of(size, mark, margin, tiers)
    if size > 0:
        assert math.isnan(price) or price < mark
    else:
        assert price > mark


@given(positions(), st.floats(0, 1.0))
def test_a_little_more_margin_moves_the_price_away_a_little_across_tiers_too(position, share):
    size, mark, margin, tiers = position
    more = share * abs(size) * mark
    before, after = price_of(size, mark, margin, tiers), price_of(size, mark, margin + more, tiers)
    assume(not math.isnan(before) and not math.isnan(after))
    farther = before - after if size > 0 else after - before
    steepest = 1 - tiers.rates[-1] if size > 0 else 1 + tiers.rates[0]
    rounding = 1e-9 * max(before, after, mark)
    assert -rounding <= farther <= more / abs(size) / steepest + rounding


@given(positions())
def test_the_margin_that_a_price_reveals_is_the_margin_that_made_it(position):
    size, mark, margin, tiers = position
    price = price_of(size, mark, margin, tiers)
    assume(not math.isnan(price))
    scale = abs(size) * max(mark, price)
    assert margin_of(size, mark, price, tiers) == pytest.approx(margin, abs=1e-9 * scale)


@given(positions(), st.floats(0.01, 5.0))
def test_the_price_that_a_margin_makes_is_the_price_that_revealed_it(position, move):
    size, mark, _, tiers = position
    liquidation = mark * move
    margin = margin_of(size, mark, liquidation, tiers)
    assert price_of(size, mark, margin, tiers) == pytest.approx(liquidation, rel=1e-6)


def test_without_a_liquidation_price_the_margin_is_unknown():
    assert math.isnan(margin_of(1.0, 100.0, math.nan, BITCOIN))


@given(positions(), st.lists(positions(), min_size=1, max_size=4))
def test_positions_are_priced_each_for_itself(one, others):
    tiers = one[3]
    columns = [column(*values) for values in zip(*[each[:3] for each in [one, *others]], strict=True)]
    assert liquidation_price(*columns, tiers)[0] == pytest.approx(price_of(*one[:3], tiers), nan_ok=True)


@given(st.floats(0.05, 2.0), st.lists(positions(), min_size=2, max_size=5))
def test_all_cross_positions_of_an_account_reveal_the_same_pool(backing, account):
    """The pool is account value less the maintenance of all: each price follows from it and tells it."""
    value = backing * sum(abs(size) * mark for size, mark, _, _ in account)
    maintenance = [
        float(tiers.maintenance_margin(column(abs(size) * mark))[0]) for size, mark, _, tiers in account
    ]
    pool = value - sum(maintenance)
    for (size, mark, _, tiers), own in zip(account, maintenance, strict=True):
        price = price_of(size, mark, pool, tiers)
        if math.isnan(price):
            continue
        others = sum(maintenance) - own
        equity_there = value - others + size * (price - mark)
        scale = max(value, abs(size) * max(price, mark))
        there = float(tiers.maintenance_margin(column(abs(size) * price))[0])
        assert equity_there == pytest.approx(there, abs=1e-9 * scale)
        assert margin_of(size, mark, price, tiers) == pytest.approx(pool, abs=1e-9 * scale)
