"""Funding, open interest and accounts against their own past; and when options expire."""

from datetime import UTC, datetime

import numpy as np
import pytest
from markets import HOUR, LAYER, MINUTE, long, price, seen
from modelled import LAYER as MODELLED
from modelled import history, told

from liqbot.engine.board import Board
from liqbot.engine.context_series import ContextSeries, Sample
from liqbot.engine.modelled_board import ModelledBoard
from liqbot.market import wire
from liqbot.market.context import next_expiries
from liqbot.market.updates import AccountRatioSeen, FundingSeen, TakerFlowSeen

NOW = 10_000 * HOUR
DAY = 24 * HOUR


def lived(hours, interest=lambda _: 100.0, funding=lambda _: 1e-5):
    """Return what was told each five minutes up to `NOW`."""
    series = ContextSeries()
    for time_ms in range(NOW - hours * HOUR, NOW + 1, 5 * MINUTE):
        back = (NOW - time_ms) / HOUR
        series.add(time_ms, interest(back), funding(back))
    return series


def test_open_interest_is_held_against_an_hour_a_day_and_a_week_ago():
    series = lived(200, interest=lambda back: 100.0 - back / 10)
    context = series.context(NOW, 100.0, None)
    assert context.interest_1h == pytest.approx(100 / 99.9 - 1, abs=2e-4)
    assert context.interest_24h == pytest.approx(100 / 97.6 - 1, abs=2e-3)
    assert context.interest_7d == pytest.approx(100 / 83.2 - 1, abs=2e-3)


def test_what_is_not_known_so_far_back_is_not_said():
    context = lived(5).context(NOW, 100.0, 1e-5)
    assert context.interest_1h == 0
    assert (context.interest_24h, context.interest_7d, context.funding_rank) == (None, None, None)


def test_funding_is_ranked_among_the_hours_of_its_week():
    series = lived(200, funding=lambda back: back * 1e-7)
    assert series.context(NOW, None, 1e-3).funding_rank == 1.0
    assert lived(200, funding=lambda back: back * 1e-7).context(NOW, None, -1.0).funding_rank == 0.0
    assert lived(200).context(NOW, None, 1e-5).funding_rank == 0.5


def test_a_week_is_kept_in_few_samples():
    assert len(lived(400).samples) < 230


def test_the_past_is_taken_up_in_any_order_and_told_twice_counts_once():
    series = ContextSeries()
    past = [Sample(NOW - back * HOUR, 50.0 + back, None) for back in range(100)]
    series.add_past(past[::-1], NOW)
    series.add_past([Sample(one.time_ms, None, 2e-5) for one in past], NOW)
    series.add_past(past, NOW)
    assert len(series.samples) == 100
    assert {(one.interest is None, one.funding) for one in series.samples} == {(False, 2e-5)}
    assert series.samples == sorted(series.samples)


def test_a_ratio_of_accounts_is_said_while_it_is_fresh():
    series = ContextSeries()
    series.hear_accounts(NOW, 0.6)
    series.hear_accounts(NOW - HOUR, 0.1)
    assert series.context(NOW + HOUR, None, None).long_accounts == 0.6
    assert series.context(NOW + HOUR + MINUTE, None, None).long_accounts is None


def test_what_takers_bought_is_said_for_half_an_hour():
    series = ContextSeries()
    series.hear_takers(NOW, 0.6)
    series.hear_takers(NOW - MINUTE, 0.1)
    assert series.context(NOW + 30 * MINUTE, None, None).taker_buy == 0.6
    assert series.context(NOW + 31 * MINUTE, None, None).taker_buy is None


def test_a_measured_board_knows_its_past_again_after_a_restart():
    def board():
        return Board(LAYER)

    first = board()
    for back in range(30, -1, -1):
        first.apply(price(100, time_ms=NOW - back * HOUR, open_interest=100.0 - back, funding=1e-5))
    first.apply(seen(long("ann", 1, at=95), time_ms=NOW))
    again = board()
    again.recall(first.memories().values())
    again.apply(price(100, time_ms=NOW + MINUTE, open_interest=100.0, funding=1e-5))
    context = again.view("BTC").context
    assert context.interest_24h == pytest.approx(100 / 76 - 1, abs=0.02)
    assert context.funding_rank == 0.5
    assert wire.from_bytes(wire.to_bytes(again.view("BTC"))).context == context


def test_a_modelled_board_takes_funding_and_accounts_from_the_venues_history():
    board = told(ModelledBoard(MODELLED), *history(60))
    now = board.time_ms
    times = np.arange(now - 48 * HOUR, now, HOUR)
    board.apply(FundingSeen("BTC", times, np.full(len(times), 5.0)))
    board.apply(AccountRatioSeen.of("BTC", [now], [0.63]))
    board.apply(TakerFlowSeen("BTC", now, 0.58))
    board.apply(price(100, time_ms=now, funding=1e-5))
    view = board.view("BTC")
    assert view.context.funding_rank < 0.05
    assert view.context.long_accounts == 0.63
    assert view.elsewhere.long_accounts == 0.63
    assert view.context.taker_buy == view.elsewhere.taker_buy == 0.58
    assert not board.rejected


@pytest.mark.parametrize(
    ("now", "monthly", "quarterly"),
    [
        ("2026-11-27T07:59", "2026-11-27T08:00", "2026-12-25T08:00"),
        ("2026-11-27T08:00", "2026-12-25T08:00", "2026-12-25T08:00"),
        ("2026-12-25T09:00", "2027-01-29T08:00", "2027-03-26T08:00"),
        ("2026-02-05T12:00", "2026-02-27T08:00", "2026-03-27T08:00"),
    ],
)
def test_options_expire_on_the_last_friday_of_a_month_and_of_a_quarter(now, monthly, quarterly):
    def ms(text):
        return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)

    assert next_expiries(ms(now)) == (ms(monthly), ms(quarterly))
