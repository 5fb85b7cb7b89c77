"""Hours of the source in virtual time: what it covers, and what bad days do not do to it."""

import pytest
from sources.hyperliquid.virtual_source import COINS, VirtualSource

pytestmark = pytest.mark.long

BAD_DAY = {"502": 0.1, "malformed": 0.1, "missing": 0.1, "range": 0.15, "empty": 0.1, "future": 0.1}


def coverage(run):
    return [run.board.view(coin).coverage for coin in COINS if coin in run.board.coins]


def test_80_percent_of_5000_accounts_money_within_ten_minutes_and_the_budget_is_kept(tmp_path):
    run = VirtualSource(tmp_path, crowd=1.25, still=False, limit=1200, weight_per_minute=1000, listed=0.7)
    assert run.accounts > 5000
    run.follow(lambda: len(coverage(run)) == 3 and min(coverage(run)) >= 0.8, minutes=10)
    assert run.exchange.weight.peak <= 1000
    assert run.exchange.weight.refused == 0


def test_an_hour_of_bad_days_loses_no_account_closes_nothing_wrongly_and_tells_the_age(tmp_path):
    run = VirtualSource(tmp_path, limit=360, weight_per_minute=300)
    views, wrong, faults = {}, [], run.exchange.faults
    plan = [
        (12, "calm", lambda: faults.shares.update(BAD_DAY)),
        (24, "bad", lambda: (faults.shares.clear(), faults.shares.update({"502": 1.0}))),
        (25, "before", lambda: None),
        (37, "outage", lambda: (faults.shares.clear(), faults.shares.update({"429": 1.0}))),
        (43, "refused", lambda: (faults.shares.clear(), run.exchange.pool(0.5))),
        (47, "pooled", lambda: faults.shares.update(BAD_DAY)),
        (60, "end", lambda: None),
    ]

    def until():
        wrong.extend(run.wrong())
        if plan and run.minute >= plan[0][0]:
            _, name, change = plan.pop(0)
            views[name] = run.board.view("BTC")
            change()
        return not plan

    run.follow(until, minutes=61)
    report, stats = run.source.report(), run.exchange
    assert wrong == []
    truth = run.market.positions()
    assert {name: set(held) for name, held in run.holdings.held.items() if held} == {
        name: set(held) for name, held in truth.items()
    }
    assert views["calm"].coverage > 0.99
    for name in ("bad", "before", "outage", "refused", "end"):
        assert views[name].coverage == pytest.approx(views["calm"].coverage, rel=1e-3)
    assert views["outage"].age_s > views["before"].age_s + 11 * 60
    assert views["refused"].age_s > views["outage"].age_s + 4 * 60
    assert views["end"].age_s < 15 * 60
    assert {*BAD_DAY, "429"} <= stats.faults.made.keys()
    assert stats.weight.refused == 0
    assert any("told to slow down" in line for line in report.lines)
    assert any("margin lies elsewhere" in line for line in report.lines)
    assert report.refused["fewer positions than it says"] > 0
    assert report.refused["a figure that is not finite"] > 0
    assert not run.board.rejected
