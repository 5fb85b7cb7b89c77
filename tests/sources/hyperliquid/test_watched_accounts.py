"""Accounts that somebody watches are looked at often, within a share of the budget."""

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from counterparts.hyperliquid import virtual
from sources.hyperliquid.stand_ins import NOW_MS, position, read, state
from sources.hyperliquid.virtual_source import VirtualSource

from liqbot.market.side import Side
from liqbot.market.updates import Liquidation
from liqbot.sources.hyperliquid.budget import Budget
from liqbot.sources.hyperliquid.watched_accounts import SHARE, WatchedAccounts, state_of

ANN = f"0x{1:040x}"


def watched(accounts, *, weight_per_minute=1000, dexes=1, **more):
    async def ask_now(_):
        return None

    asked = []
    watching = WatchedAccounts(
        Budget(weight_per_minute, _Clock()), dexes, _Clock(), ask_soon=asked.append, ask_now=ask_now, **more
    )
    watching.asked = asked
    for number in range(accounts):
        watching.watch(f"0x{number:040x}")
    return watching


def reading(*positions, time_ms=NOW_MS, **more):
    return replace(read(state(*positions), account=ANN), time_ms=time_ms, **more)


class _Clock:
    def now_ms(self):
        return 0


def test_few_accounts_are_looked_at_every_five_seconds_and_many_as_often_as_the_budget_allows():
    assert watched(1).interval_s == 5
    assert watched(100).interval_s == 60
    assert watched(100, dexes=3).interval_s == 180
    assert watched(100, weight_per_minute=0).interval_s == 5


def test_where_batches_are_served_the_same_budget_reaches_farther():
    served = SimpleNamespace(is_worth_it=lambda users: users > 1, weight_of=lambda users: 20 * users / 50)
    assert watched(100, batches=served).interval_s == 12


def test_they_never_take_more_than_their_share_of_the_budget():
    for accounts in (1, 10, 1000):
        looks_a_minute = 60 / watched(accounts).interval_s
        assert looks_a_minute * accounts * 2 <= SHARE * 1000 + 1e-6


def test_an_account_is_watched_until_nobody_wants_it_any_more():
    watching = watched(0)
    watching.watch(ANN)
    watching.watch(ANN.upper().replace("X", "x"))
    watching.unwatch(ANN)
    assert ANN in watching
    watching.unwatch(ANN)
    watching.unwatch(ANN)
    assert ANN not in watching
    with pytest.raises(ValueError, match="is no address"):
        watching.watch("ann")


def test_the_operator_is_told_how_many_are_watched_and_never_who():
    assert watched(0).words == ""
    assert watched(1).words == "1 account watched, looked at every 5 s"
    assert watched(100).words == "100 accounts watched, looked at every 60 s"


def test_what_is_gone_is_told_when_two_looks_in_a_row_say_so():
    watching, told = watched(0), []
    watching.listen(told.append)
    watching.watch(ANN)
    watching.take(reading(position(), time_ms=NOW_MS))
    watching.asked.clear()
    watching.take(reading(time_ms=NOW_MS + 1))
    assert [one.time_ms for one in told] == [NOW_MS]
    assert watching.asked == [ANN]
    watching.take(reading(position(), time_ms=NOW_MS + 2))
    watching.take(reading(time_ms=NOW_MS + 3))
    assert [one.time_ms for one in told] == [NOW_MS, NOW_MS + 2]
    watching.take(reading(time_ms=NOW_MS + 4))
    assert told[-1].positions == ()


def test_what_is_gone_since_before_a_restart_is_looked_at_twice_as_well():
    watching, told = watched(0), []
    watching.listen(told.append)
    watching.watch(ANN, known=state_of(reading(position(), time_ms=NOW_MS - 60_000)))
    watching.take(reading())
    assert told == []
    watching.take(reading(time_ms=NOW_MS + 1))
    assert [one.time_ms for one in told] == [NOW_MS + 1]


def test_a_liquidation_is_told_at_once_and_what_is_gone_then_is_not_doubted():
    watching, told = watched(0), []
    watching.listen(told.append)
    watching.watch(ANN)
    watching.take(reading(position()))
    watching.asked.clear()
    liquidated = Liquidation("BTC", NOW_MS, Side.LONG, 60_000.0, 1.0, account=ANN)
    watching.take_liquidation(liquidated)
    watching.take_liquidation(replace(liquidated, account=f"0x{9:040x}"))
    assert told[1:] == [liquidated]
    assert watching.asked == [ANN]
    watching.take(reading(time_ms=NOW_MS + 1))
    assert told[-1].positions == ()


def test_an_exchange_that_is_silent_for_twenty_minutes_closes_nothing_of_a_watched_account(tmp_path):
    run = VirtualSource(tmp_path, crowd=0.02, weight_per_minute=60)
    name, told = min(run.market.positions()), []
    run.source.watched.listen(told.append)
    run.source.watched.watch(name)

    def until():
        silent = 2 <= run.minute < 22
        run.exchange.faults.shares = {"502": 0.4, "empty": 0.4, "missing": 0.2} if silent else {}
        return run.minute >= 24

    run.follow(until)
    assert all(one.positions for one in told)
    ages = [after.time_ms - before.time_ms for before, after in pairwise(told)]
    assert max(ages) > 19 * 60_000
    assert told[-1].time_ms > NOW_MS + 23 * 60_000


def test_any_account_can_be_looked_at_once(tmp_path):
    run = VirtualSource(tmp_path, crowd=0.05)
    name, seen = min(run.market.positions()), []

    async def look():
        async with run.source.client:
            seen.append(await run.source.watched.look(name))

    virtual.run(look())
    assert {one.coin: one.size for one in seen[0].positions} == pytest.approx(
        run.market.positions()[name], rel=1e-3
    )
    assert seen[0].equity_usd > 0


def test_a_watched_account_is_read_again_within_seconds_while_others_wait_for_minutes(tmp_path):
    run = VirtualSource(tmp_path, crowd=0.1, weight_per_minute=200, limit=1200)
    name, times = min(run.market.positions()), []
    run.source.watched.listen(lambda seen: times.append(seen.time_ms))
    told_s = run.source.watched.watch(name)
    assert 14 < told_s < 15
    run.follow(lambda: run.minute >= 4)
    gaps = [after - before for before, after in pairwise(times[2:])]
    assert len(times) > 12
    assert np.mean(gaps) <= 1.2 * told_s * 1000
    assert max(gaps) <= 2 * told_s * 1000
    assert run.source.watched.newest(name).positions
