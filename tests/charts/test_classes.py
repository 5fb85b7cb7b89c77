"""How much money is how bright: classes of each side, in round dollars."""

import numpy as np
import pytest
from charts.scenes import crowd, heatmap_of, recorded
from hypothesis import given
from hypothesis import strategies as st

from liqbot.charts import heatmap
from liqbot.charts.classes import COUNT, Classes
from liqbot.charts.theme import LEVELS
from liqbot.market.side import Side

ROUND = [number / 10 for number in range(10, 100)]
amounts = st.lists(st.floats(1, 1e12), min_size=1, max_size=60).map(np.array)


@given(amounts)
def test_classes_begin_at_round_amounts_that_rise_and_the_heaviest_is_in_the_top_one(usd):
    classes = Classes.of(usd)
    assert len(classes.starts) == COUNT
    assert list(classes.starts) == sorted(set(classes.starts))
    assert {f"{start:.3e}"[:5] for start in classes.starts} <= {f"{one:.3f}" for one in ROUND}
    assert classes.number(float(usd.max())) >= COUNT - 1


@given(amounts)
def test_more_money_is_never_darker_and_nothing_is_dark(usd):
    classes = Classes.of(usd)
    levels = classes.levels(np.sort(usd))
    assert (np.diff(levels.astype(int)) >= 0).all()
    assert levels.min() >= 1
    assert levels.max() <= LEVELS - 1
    assert classes.levels(np.zeros(1)).tolist() == [0]


def test_one_huge_row_does_not_turn_the_rest_black():
    usd = np.append(np.geomspace(1e5, 2e6, 500), 1e12)
    levels = Classes.of(usd).levels(usd)
    assert len(set(levels[:-1].tolist())) >= 2


def test_in_a_days_picture_the_heaviest_stand_apart():
    """Not all above some amount is the same: of a crowded day few rows are in the top class."""
    plan = heatmap.layout(heatmap_of(crowd(hours=24, columns=288, accounts=3000)))
    for side in Side:
        usd = plan.usd[side]
        lit = usd[usd > 0]
        top = lit >= plan.levels[side].starts[-1]
        assert 0 < top.mean() < 0.04  # its start is a round amount
        assert lit.max() < 4 * plan.levels[side].starts[-1]


@pytest.mark.parametrize("least", [0.01, 0.3, 0.6])
def test_where_much_is_heavy_it_is_not_all_of_the_brightest(least):
    """Modelled maps are dense: of a side as good as every row may be near the heaviest."""
    usd = np.random.default_rng(1).uniform(least, 1, 5_000) * 22e6
    levels = Classes.of(usd).levels(usd)
    shares = np.bincount(levels, minlength=LEVELS) / len(usd)
    assert shares[LEVELS - 1] < 0.25  # its start is a round amount
    assert shares.max() < 0.4


def test_a_few_very_heavy_rows_of_a_quiet_side_are_not_as_bright_as_many_that_are_not():
    """What stands out by hundreds of times its neighbours, but often, has a class of its own all the same."""
    random = np.random.default_rng(2)
    usd = np.concatenate([random.lognormal(9, 1, 9_000), random.uniform(2e6, 6e6, 700), [51e6] * 300])
    classes = Classes.of(usd)
    assert classes.starts[-1] > 6e6 or (classes.levels(usd) == LEVELS - 1).mean() < 0.06


@pytest.mark.long
def test_the_quieter_side_has_classes_of_its_own():
    view = recorded("BTC")
    quiet = np.where(np.arange(view.grid.bins.count) < view.grid.bins.place(view.spot), 0.01, 1.0)
    grid = view.grid
    grid = type(grid)(grid.bins, grid.time_ms, grid.until_ms, grid.spot, grid.low, grid.high,
                      (grid.usd * quiet).astype(np.float32))  # fmt: skip
    plan = heatmap.layout(heatmap_of(view.with_grid(grid)))
    assert plan.levels.long.starts[-1] < plan.levels.short.starts[-1] / 5
    for side in Side:
        levels = plan.levels[side].levels(plan.usd[side])
        assert levels.max() == LEVELS - 1


@pytest.mark.parametrize(("number", "words"), [(0, "below $1M"), (1, "$1M–2M"), (COUNT, "$50M+")])
def test_a_class_is_told_in_dollars(number, words):
    assert Classes((1e6, 2e6, 5e6, 10e6, 20e6, 50e6)).words(number) == words


def test_legend_label_and_alt_text_speak_of_the_same_classes():
    asked = heatmap_of(crowd())
    plan, alt = heatmap.layout(asked), heatmap.draw(asked).alt
    for side in Side:
        classes = plan.levels[side]
        assert f"{side.value}s {classes.words(1)} to {classes.words(COUNT)}" in alt
    assert plan.labels
    for label in plan.labels:
        side = label.cluster.side
        rows = plan.today.rows_of(label.cluster)
        heaviest = float(plan.today.usd[side].sum(axis=0)[rows].max())
        assert label.heat_class == plan.levels[side].number(heaviest)
        assert f"class {label.heat_class} of {COUNT}" in alt


def test_without_money_there_are_no_classes():
    assert Classes.of(np.zeros(5)) is None
