import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from modelled import (
    BINS,
    FIVE_MINUTES,
    SPOT_BIN,
    START_MS,
    TIERS,
    assumptions,
    at_bin,
    markets,
    model_of,
    one_by_one,
    steps_of,
)

from liqbot.engine.assumptions import Assumptions, Rungs, assumed_of, rungs_of
from liqbot.engine.model_steps import Steps
from liqbot.engine.modelled import FEW, Choice, Model
from liqbot.market.maps import BIN_WIDTH, Bins
from liqbot.market.margin import MarginTiers
from liqbot.market.side import Side

LONG, SHORT = Side.LONG.row, Side.SHORT.row
DEAR = settings(max_examples=settings().max_examples // 3)
"""For what takes long to try: a third of the examples."""


def coins_of(model: Model, at=None, choice=None) -> np.ndarray:
    places = np.arange(len(model.steps)) if at is None else np.asarray(at)
    return model.coins_at(places, BINS, choice or Choice())


def at_once(steps: Steps, assumed: Assumptions, rungs: Rungs | None = None) -> Model:
    return model_of(Steps.empty(), assumed, rungs)._at_once(steps)


def close(a, b, scale=1000.0) -> bool:
    return bool(np.allclose(a, b, rtol=1e-9, atol=1e-9 * scale))


@DEAR
@given(markets(), assumptions())
def test_each_side_adds_up_to_open_interest_at_every_step(steps, assumed):
    plain = one_by_one(steps, assumed)
    model = at_once(steps, assumed)
    for step in {0, len(steps) // 3, len(steps) // 2, len(steps) - 1}:
        state = model.state_at(step)
        total = state.coins.sum(axis=(1, 2)) + state.residual
        assert np.allclose(total, steps.interest[step], rtol=1e-9)
        assert (state.residual >= -1e-9 * state.interest).all()
    for side, flow in enumerate(plain.flows):
        before = np.concatenate(([1000.0], steps.interest[:-1]))
        stays = flow.scale / np.concatenate(([1.0], flow.scale[:-1]))
        assert np.allclose((before - flow.swept) * stays + flow.opened, steps.interest, rtol=1e-9), side


@DEAR
@given(markets(), assumptions())
def test_all_steps_at_once_come_to_what_the_plain_loop_comes_to(steps, assumed):
    plain, model = one_by_one(steps, assumed), at_once(steps, assumed)
    for one, other in zip(plain.flows, model.flows, strict=True):
        assert close(one.swept, other.swept)
        assert close(one.opened, other.opened)
    bins = BINS.first, BINS.first + BINS.count
    assert close(plain.state.between(*bins), model.state.between(*bins))
    assert close(plain.state.residual, model.state.residual)


@DEAR
@given(markets(most=60), assumptions())
def test_the_past_is_what_the_plain_loop_saw_as_it_went(steps, assumed):
    grid = coins_of(at_once(steps, assumed))
    model = model_of(Steps.empty(), assumed)
    for place in range(len(steps)):
        model = model.then(steps.take(slice(place, place + 1)))
        seen = model.state.between(BINS.first, BINS.first + BINS.count).sum(axis=1)
        assert close(grid[:, place], seen)
        assert ((grid[:, place] > 0) == (seen > 1e-9)).all()


@DEAR
@given(markets(), assumptions(), st.integers(0, 120))
def test_live_goes_on_where_the_backfill_stopped(steps, assumed, cut):
    whole = at_once(steps, assumed)
    parts = (
        model_of(Steps.empty(), assumed).then(steps.take(slice(0, cut))).then(steps.take(slice(cut, None)))
    )
    assert close(coins_of(whole), coins_of(parts))
    assert close(whole.state.residual, parts.state.residual)


@DEAR
@given(markets(), assumptions(), st.integers(0, 120))
def test_forgetting_the_far_past_changes_nothing_since(steps, assumed, cut):
    model = at_once(steps, assumed)
    shorter = model.since(START_MS + FIVE_MINUTES * cut)
    assert len(shorter.steps) == max(0, len(steps) - cut)
    assert close(coins_of(model)[:, cut:], coins_of(shorter))


@DEAR
@given(markets(), assumptions())
def test_sweeping_twice_is_sweeping_once(steps, assumed):
    model = at_once(steps, assumed)
    last = steps.take(slice(-1, None))
    again = Steps(
        last.end_ms + FIVE_MINUTES, last.low, last.high, last.close, last.interest, np.array([False])
    )
    twice = model.then(again)
    assert close(coins_of(model, [-1 + len(steps)]), coins_of(twice, [len(steps)]))
    assert twice.flows[LONG].swept[-1] == pytest.approx(0, abs=1e-9)
    assert twice.flows[SHORT].swept[-1] == pytest.approx(0, abs=1e-9)


@DEAR
@given(markets(), st.integers(1, 60), st.booleans())
def test_flat_input_leaves_the_map_unchanged(steps, more, traded):
    assumed = Assumptions(turnover_per_hour=0.0 if traded else 0.01)
    model = at_once(steps, assumed)
    end = steps.take(slice(-1, None))
    flat = Steps(
        end.end_ms + FIVE_MINUTES * np.arange(1, more + 1),
        *(np.repeat(column, more) for column in (end.close, end.close, end.close, end.interest)),
        traded=np.full(more, traded),
    )
    after = model.then(flat)
    assert close(coins_of(model, [len(steps) - 1])[:, 0], coins_of(after, [len(steps) + more - 1])[:, 0])
    assert close(model.state.residual, after.state.residual)


@DEAR
@given(markets(), assumptions())
def test_twice_the_open_interest_is_twice_the_map(steps, assumed):
    rungs = rungs_of(assumed, TIERS)
    double = Steps(steps.end_ms, steps.low, steps.high, steps.close, 2 * steps.interest, steps.traded)
    once = Model.begin(START_MS, 1000.0, rungs, assumed).then(steps)
    twice = Model.begin(START_MS, 2000.0, rungs, assumed).then(double)
    assert close(2 * coins_of(once), coins_of(twice))
    assert close(2 * once.flows[LONG].swept, twice.flows[LONG].swept)


@DEAR
@given(markets(), assumptions())
def test_mirrored_prices_swap_the_sides(steps, assumed):
    """In ln(price), around the middle of the bin of the start; so with levels equally far on both sides."""
    rungs = rungs_of(assumed, TIERS)
    signs = np.array([[-1.0], [1.0]])
    alike = np.stack([rungs.widths[1]] * 2)
    rungs = Rungs(rungs.leverages, rungs.shares, signs * rungs.offsets[1], alike)
    middle = 2 * np.log(at_bin(0))

    def mirrored(price):
        return np.exp(middle - np.log(price))

    mirror = Steps(
        steps.end_ms,
        mirrored(steps.high),
        mirrored(steps.low),
        mirrored(steps.close),
        steps.interest,
        steps.traded,
    )
    there, here = coins_of(at_once(mirror, assumed, rungs)), coins_of(at_once(steps, assumed, rungs))
    width = BINS.first + BINS.count - SPOT_BIN - 1
    around = slice(SPOT_BIN - BINS.first - width, SPOT_BIN - BINS.first + width + 1)
    assert close(there[LONG][:, around], here[SHORT][:, around][:, ::-1])
    assert close(there[SHORT][:, around], here[LONG][:, around][:, ::-1])


@DEAR
@given(markets(), assumptions(), st.sampled_from([-21_000, 3_000]))
def test_a_coin_of_a_fraction_of_a_cent_is_modelled_like_one_of_a_million(steps, assumed, shift):
    factor = np.exp(shift * BIN_WIDTH)
    moved = Steps(
        steps.end_ms,
        steps.low * factor,
        steps.high * factor,
        steps.close * factor,
        steps.interest,
        steps.traded,
    )
    there = at_once(moved, assumed).coins_at(np.arange(len(steps)), Bins(BINS.first + shift, BINS.count))
    assert close(coins_of(at_once(steps, assumed)), there)
    plain = one_by_one(moved, assumed).state
    assert close(plain.between(BINS.first + shift, BINS.first + shift + BINS.count).sum(axis=1), there[:, -1])


@DEAR
@given(markets(), assumptions(), st.integers(1, 120))
def test_the_past_does_not_know_the_future(steps, assumed, cut):
    known = steps.take(slice(0, cut))
    assert close(coins_of(at_once(steps, assumed))[:, : len(known)], coins_of(at_once(known, assumed)))


@DEAR
@given(markets(), assumptions())
def test_nothing_lies_on_the_wrong_side_of_price(steps, assumed):
    grid = coins_of(at_once(steps, assumed))
    for place in range(len(steps)):
        assert not grid[LONG, place][BINS.edges[1:] > steps.low[place]].any()
        assert not grid[SHORT, place][BINS.edges[:-1] < steps.high[place]].any()


@DEAR
@given(markets(), assumptions())
def test_the_tiers_add_up_to_the_whole(steps, assumed):
    model = at_once(steps, assumed)
    parts = [coins_of(model, choice=Choice((leverage,))) for leverage in assumed.leverages]
    assert close(sum(parts), coins_of(model))


@DEAR
@given(markets(), assumptions(), st.integers(0, 120))
def test_the_young_and_the_old_add_up_to_the_whole(steps, assumed, cut):
    model = at_once(steps, assumed)
    since_ms = START_MS + FIVE_MINUTES * cut
    at = [len(steps) - 1]
    young = coins_of(model, at, Choice(opened_since_ms=since_ms))
    assert (young <= coins_of(model, at) + 1e-9).all()
    if cut == 0:
        assert close(young, coins_of(model, at))
    if cut >= len(steps):
        assert not young.any()


@settings(max_examples=10)
@given(markets(most=300))
def test_a_column_need_not_be_a_step(steps):
    model = at_once(steps, Assumptions())
    at = np.array([-1, 0, len(steps) // 2, len(steps) // 2, len(steps) - 1])
    seen = coins_of(model, at)
    assert not seen[:, 0].any()
    assert close(seen[:, 1:], coins_of(model)[:, at[1:]])


def test_a_long_of_25x_from_65000_liquidates_near_62400_and_maintenance_margin_before():
    rungs = rungs_of(Assumptions(leverages=(25.0,), shares=(1.0,), position_usd=10_000), None)
    assert 65_000 * np.exp(rungs.offsets[LONG, 0] * BIN_WIDTH) == pytest.approx(62_400)
    rungs = rungs_of(
        Assumptions(leverages=(25.0,), shares=(1.0,), position_usd=10_000), MarginTiers.flat(150, 0.004)
    )
    assert 65_000 * np.exp(rungs.offsets[LONG, 0] * BIN_WIDTH) == pytest.approx(62_400 / 0.996)
    assert 65_000 * np.exp(rungs.offsets[SHORT, 0] * BIN_WIDTH) == pytest.approx(67_600 / 1.004)


def test_levels_are_those_of_the_tier_that_holds_at_the_liquidation():
    tiers = MarginTiers((0.0, 300_000.0, 800_000.0), (150, 100, 75), (0.004, 0.005, 0.0065))
    size = 800_500.0  # at the level of a long of 50x in the second tier, at that of a short in the third
    rungs = rungs_of(Assumptions(leverages=(50.0,), shares=(1.0,), position_usd=size), tiers)
    cum = 300_000 * 0.001
    assert np.exp(rungs.offsets[LONG, 0] * BIN_WIDTH) == pytest.approx(
        (1 - 1 / 50 - cum / size) / (1 - 0.005)
    )
    cum += 800_000 * 0.0015
    assert np.exp(rungs.offsets[SHORT, 0] * BIN_WIDTH) == pytest.approx(
        (1 + 1 / 50 + cum / size) / (1 + 0.0065)
    )


def test_tiers_above_the_venues_maximum_are_left_out_and_the_others_take_their_share():
    assumed = Assumptions(leverages=(5, 10, 25, 50), shares=(0.2, 0.3, 0.3, 0.2), standing_share=0.5)
    rungs = rungs_of(assumed, MarginTiers.flat(40))
    assert rungs.leverages.tolist() == [5, 10, 25]
    assert rungs.shares == pytest.approx(0.5 * np.array([0.2, 0.3, 0.3]) / 0.8)


def test_where_no_tier_is_left_all_is_residual():
    rungs = rungs_of(Assumptions(), MarginTiers.flat(1.5))
    steps = steps_of([0, 5], [1, 9], [1100, 900])
    assert at_once(steps, Assumptions(), rungs).state.residual == pytest.approx([900, 900])
    model = model_of(steps, rungs=rungs)
    assert not len(model.rungs)
    assert model.state.residual == pytest.approx([900, 900])
    assert not coins_of(model).any()


def test_a_fall_sweeps_the_longs_that_it_goes_through_and_no_others():
    assumed = Assumptions(
        leverages=(20.0,), shares=(1.0,), standing_share=1.0, turnover_per_hour=0, smear=0, spread=0
    )
    opened = steps_of([0], [0], [1500])
    model = model_of(opened, assumed)
    level = SPOT_BIN + 0.5 + model.rungs.offsets[LONG, 0]
    down = int(level) - SPOT_BIN
    held = coins_of(model)[LONG, 0]
    assert held.sum() == pytest.approx(500)
    assert np.flatnonzero(held).tolist() == [int(level) - BINS.first]
    before = model.then(later(model, steps_of([down + 1], [0], [1500])))
    assert before.flows[LONG].swept[-1] == 0
    through = model.then(later(model, steps_of([down], [0], [1500])))
    assert through.flows[LONG].swept[-1] == pytest.approx(500)
    assert coins_of(through)[LONG, -1, held > 0] == 0


def test_steps_that_are_not_later_are_refused():
    model = model_of(steps_of([0, 1], [1, 2], [1000, 1000]))
    with pytest.raises(ValueError, match="later than"):
        model.then(steps_of([0], [1], [1000]))


def test_few_steps_are_taken_one_by_one_and_many_at_once_to_the_same_end():
    rng = np.random.default_rng(5)
    close_at = np.cumsum(rng.integers(-2, 3, FEW + 1))
    steps = steps_of(close_at - 1, close_at + 1, rng.uniform(900, 1100, FEW + 1), close_at)
    many = model_of(steps)
    few = model_of(steps.take(slice(0, FEW))).then(steps.take(slice(FEW, None)))
    assert close(coins_of(many), coins_of(few))


def later(model: Model, steps: Steps) -> Steps:
    shift = model.state.time_ms + FIVE_MINUTES - int(steps.end_ms[0])
    return Steps(steps.end_ms + shift, steps.low, steps.high, steps.close, steps.interest, steps.traded)


@given(st.floats(0.02, 0.5), st.sampled_from([0.1, 0.6, 1.0]))
def test_what_was_open_before_the_model_began_is_spread_and_conserved(past_range, standing):
    assumed = Assumptions(standing_share=standing, past_range=past_range)
    price = float(at_bin(0))
    model = Model.begin(START_MS, 1000.0, rungs_of(assumed, TIERS), assumed, price)
    model.state.require_conservation()
    longs, shorts = coins_of(model, [-1])[:, 0]
    here = SPOT_BIN - BINS.first
    assert longs[:here].any()
    assert shorts[here + 1 :].any()
    assert not longs[here:].any()
    assert not shorts[: here + 1].any()


def test_levels_from_before_the_model_began_thin_out_towards_price():
    assumed = Assumptions(leverages=(10.0,), shares=(1.0,), past_range=0.2)
    model = Model.begin(START_MS, 1000.0, rungs_of(assumed, TIERS), assumed, float(at_bin(0)))
    longs = coins_of(model, [-1])[LONG, 0]
    here = SPOT_BIN - BINS.first
    assert longs[here - 10] == pytest.approx(longs[here - 100] / 10)
    assert longs[here - 1] < longs[here - 50] < longs[here - 150]


def test_a_model_may_begin_without_any_level():
    model = Model.begin(START_MS, 1000.0, rungs_of(Assumptions(), TIERS), Assumptions())
    assert model.state.residual.tolist() == [1000, 1000]


def test_every_coin_has_assumptions_of_its_own_and_others_the_default():
    assert assumed_of("BTC").standing_share > assumed_of("ETH").standing_share
    assert assumed_of("btc") == assumed_of("BTC")
    assert assumed_of("WIF") == Assumptions()
