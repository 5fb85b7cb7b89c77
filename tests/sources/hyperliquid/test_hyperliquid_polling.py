"""Polling by worth: near liquidation and large often, the tail rarely, new ones soon, nobody never."""

import numpy as np
import pytest
from sources.hyperliquid.stand_ins import NOW_MS, address, position, read, state

from liqbot.sources.hyperliquid.polling import AGAIN_MS, FOR_THE_LONGEST, ByWorth, FirstLook, waited, worth
from liqbot.sources.hyperliquid.roster import Roster

MARKS = {"BTC": 100.0}
POLL_MS = 130
"""So much time passes at each poll: 460 a minute."""


def roster_of(*holdings, polled_ms=NOW_MS):
    """Return a roster of accounts that were asked; each holds (size, level), or nothing where it is None."""
    roster = Roster()
    for number, held in enumerate(holdings):
        roster.find(address(number), polled_ms)
        told = state() if held is None else state(position(size=held[0], at=held[1]), worth=1e9)
        roster.answer(number, read(told, account=address(number)), polled_ms)
    return roster


def simulate(roster, polls, policy=None, now_ms=NOW_MS + AGAIN_MS):
    """Poll again and again, nothing changing; return how often each was asked, and the longest wait in ms."""
    policy, asked, longest = policy or ByWorth(), np.zeros(len(roster), dtype=int), 0.0
    done = 0
    while done < polls:
        for number in policy.choose(roster, MARKS, now_ms, 8).tolist():
            longest = max(longest, waited(roster, now_ms)[number] * 1000)
            asked[number] += 1
            roster._columns.polled_ms[number] = now_ms
            now_ms += POLL_MS
            done += 1
    return asked, longest


def test_worth_falls_with_the_distance_of_the_level():
    roster = roster_of((1000, 99.0), (1000, 95.0), (1000, 90.0), (1000, 50.0), (1000, None), None)
    values = worth(roster, MARKS)
    assert list(values) == sorted(values, reverse=True)
    assert values[1] == pytest.approx(values[0] / 2, rel=0.1)
    assert values[2] == pytest.approx(values[0] / 5, rel=0.1)


def test_worth_follows_the_price():
    roster = roster_of((1000, 80.0))
    far, near = (worth(roster, {"BTC": mark})[0] for mark in (100.0, 82.0))
    assert near > 5 * far


def test_a_coin_without_a_price_is_worth_nothing_yet():
    assert np.isfinite(worth(roster_of((1000, 80.0)), {})).all()


def test_what_an_account_trades_makes_it_worth_another_look():
    roster = roster_of(None, None)
    roster.find(address(1), NOW_MS, traded_usd=1e6)
    assert worth(roster, MARKS)[1] > 1000 * worth(roster, MARKS)[0]


def test_large_accounts_near_liquidation_are_asked_often_and_the_tail_rarely():
    roster = roster_of(*[(10_000, 98.0)] * 100, *[(10_000, 60.0)] * 1000, *[(10, 60.0)] * 2900)
    asked, _ = simulate(roster, 10_000)
    near, far, tail = asked[:100].mean(), asked[100:1100].mean(), asked[1100:].mean()
    assert near > 3 * far
    assert far > 3 * tail
    assert tail > 0.3


def test_intervals_go_with_one_over_the_root_of_worth():
    roster = roster_of(*[(40_000, 97.0)] * 50, *[(10_000, 97.0)] * 50, *[(10_000, 97.0)] * 400)
    asked, _ = simulate(roster, 8000)
    assert asked[:50].mean() / asked[50:100].mean() == pytest.approx(2, rel=0.25)


@pytest.mark.parametrize("large", [1, 200])
def test_nobody_waits_longer_than_ten_rounds(large):
    roster = roster_of(*[(1e6, 99.5)] * large, *[None] * (500 - large))
    asked, longest = simulate(roster, 3 * 10 * 500)
    assert asked.min() >= 1
    assert longest <= FOR_THE_LONGEST * len(roster) * POLL_MS * 1.1 + AGAIN_MS


def test_new_accounts_are_asked_soon_and_the_largest_guess_first():
    roster = roster_of(*[(1000, 97.0)] * 50, polled_ms=NOW_MS)
    for number, guess in ((50, 0.0), (51, 5e6), (52, 1e5)):
        roster.find(address(number), NOW_MS, guess_usd=guess)
    assert ByWorth().choose(roster, MARKS, NOW_MS + AGAIN_MS, 3).tolist() == [51, 52, 50]


def test_nobody_is_asked_twice_at_once_or_just_after():
    roster = roster_of((1000, 99.0), (1000, 98.0), (1000, 97.0))
    assert ByWorth().choose(roster, MARKS, NOW_MS + AGAIN_MS - 1, 9).tolist() == []
    roster.begin(0)
    assert set(ByWorth().choose(roster, MARKS, NOW_MS + AGAIN_MS, 9).tolist()) == {1, 2}


def test_a_failed_poll_is_tried_again_ever_later():
    roster, waits, now_ms = roster_of(None), [], NOW_MS + AGAIN_MS
    for _ in range(9):
        roster.fail(0, now_ms)
        before = now_ms
        while not len(ByWorth().choose(roster, MARKS, now_ms, 1)):
            now_ms += 1000
        waits.append((now_ms - before) // 1000)
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_an_empty_roster_has_nobody_to_ask():
    assert ByWorth().choose(Roster(), MARKS, NOW_MS, 10).tolist() == []
    assert FirstLook().choose(Roster(), MARKS, NOW_MS, 10).tolist() == []


def test_a_first_look_asks_everybody_once():
    roster = roster_of((1000, 99.0))
    roster.find(address(1), NOW_MS, guess_usd=5.0)
    roster.find(address(2), NOW_MS, guess_usd=50.0)
    assert FirstLook().choose(roster, MARKS, NOW_MS + AGAIN_MS, 9).tolist() == [2, 1]


def test_no_account_is_named_twice_in_one_choice():
    roster = roster_of(*[(1000, 99.0)] * 5)
    chosen = [ByWorth().choose(roster, MARKS, NOW_MS + AGAIN_MS, 50).tolist() for _ in range(3)]
    assert all(len(set(one)) == len(one) for one in chosen)
