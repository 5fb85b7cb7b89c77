import math
from dataclasses import replace

import numpy as np
import pytest
from markets import HOUR, long, short, view_of
from modelled import FIVE_MINUTES, START_MS, TIERS, steps_of

from liqbot.engine.assumptions import Assumptions, rungs_of
from liqbot.engine.modelled import Model
from liqbot.engine.trial import DISTANCE, FREE, MODEL, REAL, STACK, Truth, Witness, find, outcome
from liqbot.engine.trial.rivals import stacked, without_conservation
from liqbot.market.maps import BIN_WIDTH, Bins

DAYS, A_DAY = 8, 288


@pytest.fixture(scope="module")
def trial():
    """A market in which the model is right: the real map is its own, and what price sweeps is liquidated."""
    rng = np.random.default_rng(4)
    n = DAYS * A_DAY
    close = np.cumsum(rng.integers(-3, 4, n))
    before = np.concatenate(([0], close[:-1]))
    interest = 1000 * np.exp(np.cumsum(rng.normal(0, 0.004, n)))
    steps = steps_of(np.minimum(before, close) - 1, np.maximum(before, close) + 1, interest, close)
    assumed = Assumptions()
    rungs, price = rungs_of(assumed, TIERS), float(steps.close[0])
    begin = Model.begin(int(steps.end_ms[0]), float(interest[0]), rungs, assumed, price)
    model = begin.then(steps.take(slice(1, None)))
    first = int(np.log(steps.close.min()) / BIN_WIDTH) - 600
    bins = Bins(first, int(np.log(steps.close.max()) / BIN_WIDTH) + 600 - first)
    at = np.arange(A_DAY, n, A_DAY // 4)
    every = model.coins_at(np.arange(n - 1), bins)
    events = []
    for step in range(n - 2):
        low = int(np.log(steps.low[step + 2]) / BIN_WIDTH) - bins.first
        high = int(np.log(steps.high[step + 2]) / BIN_WIDTH) - bins.first
        for row, part in ((0, slice(low, None)), (1, slice(None, high + 1))):
            gone = np.flatnonzero(every[row, step, part]) + (part.start or 0)
            events += [
                (int(steps.end_ms[step + 2]), row, bins.centers[place], every[row, step, place])
                for place in gone
            ]
    event_ms, event_row, event_price, coins = (np.array(column) for column in zip(*events, strict=True))
    truth = Truth(
        at=at,
        coins=model.coins_at(at - 1, bins).swapaxes(0, 1),
        bins=bins,
        event_ms=event_ms,
        event_row=event_row,
        event_price=event_price,
        event_usd=coins * event_price,
    )
    return steps, truth


def lines_of(found):
    return {line.name: line for line in found.lines}


def test_where_the_model_is_the_truth_it_is_found_to_be(trial):
    lines = lines_of(outcome([find(*trial, tiers=TIERS)]))
    assert lines[MODEL].correlation.value == pytest.approx(1)
    assert lines[MODEL].common.value == pytest.approx(1)
    assert lines[MODEL].size.value == pytest.approx(1)
    assert lines[MODEL].gain.value == pytest.approx(lines[REAL].gain.value)


def test_the_truth_beats_its_rivals_with_intervals(trial):
    lines = lines_of(outcome([find(*trial, tiers=TIERS)]))
    for rival in (FREE, STACK, DISTANCE):
        assert lines[rival].less_common.low > 0, rival
        assert lines[rival].common.value < 1, rival
    for rival in (STACK, DISTANCE):
        assert lines[rival].less_gain.low > 0, rival
    assert lines[DISTANCE].gain.value == pytest.approx(0)
    assert lines[STACK].size.value > lines[FREE].size.value > 1


def test_a_model_with_other_assumptions_is_found_to_be_off(trial):
    other = Assumptions(leverages=(7.0, 17.0), shares=(0.2, 0.8), standing_share=1.0, spread=0.0)
    lines = lines_of(outcome([find(*trial, tiers=TIERS, assumptions=other)]))
    assert lines[MODEL].common.value < 0.8
    assert lines[MODEL].gain.value < lines[REAL].gain.value


def test_what_comes_after_the_last_map_but_one_does_not_change_what_was_fitted(trial):
    steps, truth = trial
    cut = replace(
        truth,
        event_usd=np.where(truth.event_ms > steps.end_ms[truth.at[-2]], 0.0, truth.event_usd),
    )
    whole, less = find(steps, truth, tiers=TIERS), find(steps, cut, tiers=TIERS)
    same = len(less.scored_day)
    assert np.allclose(whole.scored[MODEL][:same], less.scored[MODEL])


def test_without_liquidations_only_maps_are_compared(trial):
    steps, truth = trial
    none = np.zeros(0)
    silent = replace(
        truth, event_ms=none.astype(int), event_row=none.astype(int), event_price=none, event_usd=none
    )
    found = outcome([find(steps, silent, tiers=TIERS)])
    assert found.forecasts == 0
    assert found.maps > 0
    assert lines_of(found)[MODEL].gain is None
    assert lines_of(found)[MODEL].common is not None


def test_trials_are_pooled_and_their_days_told_apart(trial):
    one = find(*trial, tiers=TIERS)
    alone, twice = outcome([one]), outcome([one, one])
    assert twice.days == 2 * alone.days
    assert twice.events == 2 * alone.events
    ones, twos = lines_of(alone)[STACK].common, lines_of(twice)[STACK].common
    assert twos.value == pytest.approx(ones.value)
    assert twos.high - twos.low < ones.high - ones.low


def test_coins_of_one_time_share_their_days(trial):
    one = find(*trial, tiers=TIERS)
    alone, twice = outcome([one]), outcome([one, one], same_days=True)
    assert twice.days == alone.days
    assert twice.maps == 2 * alone.maps
    ones, twos = lines_of(alone)[STACK].common, lines_of(twice)[STACK].common
    assert twos.high - twos.low == pytest.approx(ones.high - ones.low, rel=0.1)


def test_too_few_maps_are_refused(trial):
    steps, truth = trial
    few = replace(truth, at=truth.at[:3], coins=truth.coins[:3])
    with pytest.raises(ValueError, match="3 maps of real positions are too few"):
        find(steps, few, tiers=TIERS)


def test_the_stack_is_all_that_was_opened_and_never_swept():
    steps = steps_of([0, -300, 0], [0, 0, 0], [1500, 1500, 1500])
    assumed = Assumptions(
        leverages=(10.0,), shares=(1.0,), standing_share=0.5, turnover_per_hour=0, smear=0, spread=0
    )
    model = Model.begin(START_MS, 1000.0, rungs_of(assumed, TIERS), assumed).then(steps)
    bins = Bins(10_000, 2_000)
    held = stacked(model, np.arange(3), bins)
    swept = without_conservation(model).coins_at(np.arange(3), bins)
    assert held[0, 0].sum() == pytest.approx(250)
    assert held[0, 1].sum() == 0, "it is not drawn on the wrong side of price"
    assert held[0, 2].sum() == pytest.approx(250), "but comes back when price does"
    assert swept[0, 2].sum() == 0


class TestWitness:
    def test_views_become_steps_and_real_maps(self):
        witness = Witness(warm_up_ms=HOUR)
        for hour in range(30):
            rows = (long("ann", 2, at=95), short("bob", 4, at=106))
            view = view_of(*rows, spot=100 + hour % 3, time_ms=START_MS + hour * HOUR, open_interest=5.0)
            witness.see(replace(view, low=99.0))
        steps, truth = witness.steps(), witness.truth()
        assert len(steps) == len(witness) == witness.known_interest == 30
        assert (steps.interest == 5).all()
        assert (steps.low == 99).all()
        assert (np.diff(steps.end_ms[truth.at]) >= 4 * HOUR).all()
        assert truth.coins[:, 0].sum(axis=1) == pytest.approx(2)
        assert truth.coins[:, 1].sum(axis=1) == pytest.approx(4)

    def test_what_is_known_stands_in_for_open_interest_and_is_counted(self):
        witness = Witness(warm_up_ms=0)
        witness.see(view_of(long("ann", 2, at=95), short("bob", 4, at=106), time_ms=1))
        assert witness.steps().interest.tolist() == [3.0]
        assert witness.known_interest == 0

    def test_a_gap_between_views_is_a_move_through_all_prices_between(self):
        witness = Witness(warm_up_ms=0)
        for time_ms, spot in ((1, 100.0), (2, 90.0)):
            witness.see(view_of(long("ann", 2, at=50), spot=spot, time_ms=time_ms))
        assert (witness.steps().low[1], witness.steps().high[1]) == (90.0, 100.0)

    def test_a_view_that_is_not_later_or_empty_is_passed_over(self):
        witness = Witness(warm_up_ms=0)
        witness.see(view_of(time_ms=5))
        witness.see(view_of(long("ann", 2, at=95), time_ms=5))
        witness.see(view_of(long("ann", 2, at=95), time_ms=5))
        assert len(witness) == 1
        assert not math.isnan(witness.steps().interest[0])
        assert FIVE_MINUTES > 0
