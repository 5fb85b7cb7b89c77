"""Accounts that somebody watches are looked at often, within a share of the budget."""

from itertools import pairwise

import numpy as np
from sources.hyperliquid.virtual_source import VirtualSource

from liqbot.sources.hyperliquid.budget import Budget
from liqbot.sources.hyperliquid.watched_accounts import SHARE, WatchedAccounts


def watched(accounts, *, weight_per_minute=1000, dexes=1):
    asked = []
    watching = WatchedAccounts(Budget(weight_per_minute, _Clock()), dexes, _Clock(), asked.append)
    for number in range(accounts):
        watching.watch(f"0x{number}")
    return watching


class _Clock:
    def now_ms(self):
        return 0


def test_few_accounts_are_looked_at_every_five_seconds_and_many_as_often_as_the_budget_allows():
    assert watched(1).interval_s == 5
    assert watched(100).interval_s == 60
    assert watched(100, dexes=3).interval_s == 180
    assert watched(100, weight_per_minute=0).interval_s == 5


def test_they_never_take_more_than_their_share_of_the_budget():
    for accounts in (1, 10, 1000):
        looks_a_minute = 60 / watched(accounts).interval_s
        assert looks_a_minute * accounts * 2 <= SHARE * 1000 + 1e-6


def test_an_account_is_watched_until_nobody_wants_it_any_more():
    watching = watched(0)
    watching.watch("0xa")
    watching.watch("0xa")
    watching.unwatch("0xa")
    assert "0xa" in watching._watched
    watching.unwatch("0xa")
    watching.unwatch("0xa")
    assert "0xa" not in watching._watched


def test_a_watched_account_is_read_again_within_seconds_while_others_wait_for_minutes(tmp_path):
    run = VirtualSource(tmp_path, crowd=0.1, weight_per_minute=200, limit=1200)
    name, times = min(run.market.positions()), []
    run.source.watched.listen(lambda reading: times.append(reading.time_ms))
    told_s = run.source.watched.watch(name)
    assert 14 < told_s < 15
    run.follow(lambda: run.minute >= 4)
    gaps = [after - before for before, after in pairwise(times[2:])]
    assert len(times) > 12
    assert np.mean(gaps) <= 1.2 * told_s * 1000
    assert max(gaps) <= 2 * told_s * 1000
    assert run.source.watched.newest(name).rows
