"""The modelled layer on real candles: a year of BTC, with an open interest that is made up."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from modelled import TIERS
from shared import shared_file

from liqbot.engine.assumptions import Assumptions, assumed_of, rungs_of
from liqbot.engine.model_steps import Steps
from liqbot.engine.modelled import Model
from liqbot.engine.trial.candles import expected, swept_by_day
from liqbot.market.maps import Bins
from liqbot.market.margin import MarginTiers


@pytest.fixture(scope="module")
def year() -> Steps:
    with shared_file("recordings/btc-usd-15m-2023.csv").open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    _, high, low, close = np.array([[float(cell) for cell in row[1:5]] for row in rows]).T
    rng = np.random.default_rng(1)
    return Steps(
        end_ms=1_672_531_200_000 + 900_000 * np.arange(1, len(rows) + 1),
        low=np.minimum(low, close),
        high=np.maximum(high, close),
        close=close,
        interest=1e5 * np.exp(np.cumsum(rng.normal(0, 0.003, len(rows)))),
        traded=np.ones(len(rows), dtype=np.bool_),
    )


@pytest.fixture(scope="module")
def model(year) -> Model:
    assumed = Assumptions()
    begin = Model.begin(int(year.end_ms[0]), float(year.interest[0]), rungs_of(assumed, TIERS), assumed)
    return begin.then(year.take(slice(1, None)))


@pytest.mark.long
def test_both_sides_add_up_after_a_year(model):
    for step in (0, 5_000, 20_000, len(model.steps) - 1):
        model.state_at(step).require_conservation()


@pytest.mark.long
def test_a_year_at_once_is_a_year_month_by_month(year, model):
    assumed = Assumptions()
    begin = Model.begin(int(year.end_ms[0]), float(year.interest[0]), rungs_of(assumed, TIERS), assumed)
    for start in range(1, len(year), 2_880):
        begin = begin.then(year.take(slice(start, start + 2_880))).since(0)
    span = model.state.first, model.state.stop
    assert np.allclose(begin.state.between(*span), model.state.between(*span), rtol=1e-9, atol=1e-6)


def test_at_no_time_does_anything_lie_where_price_has_just_been(year, model):
    at = np.arange(0, len(model.steps), 97)
    first = int(np.log(year.low.min()) * 1000) - 300
    bins = Bins(first, int(np.log(year.high.max()) * 1000) + 300 - first)
    coins = model.coins_at(at, bins)
    low, high = model.steps.low[at, np.newaxis], model.steps.high[at, np.newaxis]
    assert not coins[0][bins.edges[np.newaxis, 1:] > low].any()
    assert not coins[1][bins.edges[np.newaxis, :-1] < high].any()
    assert (coins.sum(axis=2) > 0)[:, 1:].all()


@pytest.mark.parametrize("moving", [False, True], ids=["open interest stays", "open interest moves"])
@pytest.mark.parametrize("most", [40, 150])
def test_from_july_on_what_is_expected_to_be_liquidated_a_day_is_as_published(year, moving, most):
    """Published sums are 0.17% to 0.23% of open interest, lower bounds; the share was chosen before July."""
    steps = year if moving else replace(year, interest=np.full(len(year), 1e5))
    days, swept = swept_by_day(steps, assumed_of("BTC"), MarginTiers.flat(most, 0.004))
    later = days >= days[0] + 181
    assert 0.001 < expected(days[later], swept[later]).liquidated.value < 0.005
