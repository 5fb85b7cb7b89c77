"""The roster: who is known, what is remembered of them, and when they are forgotten."""

import numpy as np
from sources.hyperliquid.stand_ins import MINUTE_MS, NOW_MS, address, position, read, state

from liqbot.sources.hyperliquid.polling import AGAIN_MS, askable
from liqbot.sources.hyperliquid.roster import DAY_MS, ENOUGH_FAILURES, FORGOTTEN_AFTER_MS, NEAREST, Roster
from liqbot.store.accounts import KnownAccount

COINS = ("BTC", "ETH")


def known(number, *, usd=1000.0, lively_ms=NOW_MS, polled_ms=NOW_MS):
    return KnownAccount(address(number), NOW_MS - DAY_MS, polled_ms, lively_ms, usd)


def flat_since(days):
    roster = Roster()
    roster.find(address(1), NOW_MS - days * DAY_MS)
    roster.answer(0, read(state()), NOW_MS)
    return roster


def test_an_account_is_known_once_however_often_it_is_found():
    roster = Roster()
    for guess in (5.0, 50.0, 1.0):
        roster.find(address(1), NOW_MS, guess_usd=guess)
    assert len(roster) == 1
    assert roster.column("guess").tolist() == [50.0]


def test_many_accounts_have_room():
    roster = Roster()
    for number in range(5000):
        roster.find(address(number), NOW_MS + number)
    assert len(roster) == 5000
    assert roster.column("found_ms")[-1] == NOW_MS + 4999
    assert np.isnan(roster.column("level")).all()


def test_of_an_account_the_positions_with_the_nearest_levels_are_kept():
    coins = [f"C{number}" for number in range(NEAREST + 4)]
    held = [position(coin, at=100 - 5 * (number + 1)) for number, coin in enumerate(coins[:-2])]
    unreachable = [position(coin, at=None) for coin in coins[-2:]]
    roster = Roster()
    roster.find(address(1), NOW_MS)
    roster.answer(0, read(state(*unreachable, *held[::-1], worth=1e9), coins={}), NOW_MS)
    assert sorted(roster.column("level")[0].tolist(), reverse=True) == [95, 90, 85, 80, 75, 70]


def test_an_answer_ends_what_was_traded_before_it_and_the_failures():
    roster = Roster()
    roster.find(address(1), NOW_MS, traded_usd=5e6)
    roster.fail(0, NOW_MS)
    roster.answer(0, read(state(position())), NOW_MS)
    assert roster.column("traded").tolist() == [0]
    assert roster.column("failures").tolist() == [0]


def test_a_failed_poll_changes_nothing_that_is_known():
    roster = Roster()
    roster.find(address(1), NOW_MS)
    roster.answer(0, read(state(position(size=7, at=90))), NOW_MS)
    before = {name: roster.column(name).copy() for name in ("held", "polled_ms", "level", "size")}
    roster.begin(0)
    roster.fail(0, NOW_MS + MINUTE_MS)
    for name, values in before.items():
        np.testing.assert_array_equal(roster.column(name), values)
    assert roster.failed == 1
    assert not roster.column("busy")[0]


def test_who_was_asked_counts_as_asked_and_who_never_answers_too():
    roster = Roster()
    for number in range(3):
        roster.find(address(number), NOW_MS)
    roster.answer(0, read(state()), NOW_MS)
    for _ in range(ENOUGH_FAILURES):
        roster.fail(1, NOW_MS)
    assert roster.asked == 2


def test_accounts_that_an_earlier_run_knew_are_asked_anew_the_larger_first():
    roster = Roster()
    roster.take_back([known(1, usd=5.0), known(2, usd=5e6), known(1, usd=9.0)])
    assert len(roster) == 2
    assert roster.column("polled_ms").tolist() == [0, 0]
    assert roster.column("guess").tolist() == [5.0, 5e6]
    assert roster.unsaved() == []


def test_what_has_changed_is_to_be_saved_once():
    roster = Roster()
    roster.find(address(1), NOW_MS, guess_usd=5.0)
    roster.answer(0, read(state(position(size=7))), NOW_MS + 1)
    (account,) = roster.unsaved()
    assert account == KnownAccount(address(1), NOW_MS, NOW_MS + 1, NOW_MS + 1, 700.0)
    assert roster.unsaved() == []
    roster.still_unsaved([account])
    assert roster.unsaved() == [account]


def test_an_account_that_was_flat_for_long_is_forgotten():
    roster = flat_since(15)
    assert roster.forget_idle(NOW_MS) == [address(1)]
    assert len(roster) == 0
    assert askable(roster, NOW_MS + AGAIN_MS).tolist() == []
    assert roster.unsaved() == []
    assert roster.forget_idle(NOW_MS) == []


def test_one_that_was_flat_for_a_day_or_holds_something_is_not():
    assert flat_since(FORGOTTEN_AFTER_MS // DAY_MS - 1).forget_idle(NOW_MS) == []
    roster = flat_since(15)
    roster.answer(0, read(state(position())), NOW_MS - 20 * DAY_MS)
    assert roster.forget_idle(NOW_MS) == []


def test_one_that_was_never_asked_is_not_forgotten():
    roster = Roster()
    roster.find(address(1), NOW_MS - 100 * DAY_MS)
    assert roster.forget_idle(NOW_MS) == []


def test_a_forgotten_account_that_trades_again_is_found_again():
    roster = flat_since(15)
    roster.forget_idle(NOW_MS)
    roster.find(address(1), NOW_MS, guess_usd=1e6)
    assert len(roster) == 0, "a list that still has it is no reason"
    roster.find(address(1), NOW_MS, traded_usd=10.0)
    assert len(roster) == 1
    assert askable(roster, NOW_MS + AGAIN_MS).tolist() == [0]


def test_its_coins_have_marks_where_they_are_known():
    roster = Roster()
    roster.find(address(1), NOW_MS)
    roster.answer(0, read(state(position("BTC"), position("ETH", mark=10.0))), NOW_MS)
    np.testing.assert_array_equal(roster.marks({"ETH": 11.0, "SOL": 1.0}), [np.nan, 11.0])


def test_an_account_that_somebody_typed_is_written_down_only_once_it_is_found_elsewhere():
    roster = Roster()
    roster.note_typed("ann", NOW_MS)
    number = roster.number("ann", NOW_MS)
    roster.begin(number)
    roster.answer(number, read(state(position())), NOW_MS)
    assert roster.unsaved() == []
    roster.find("ann", NOW_MS, traded_usd=1.0)
    assert [one.address for one in roster.unsaved()] == ["ann"]
    roster.note_typed("ann", NOW_MS)
    roster.answer(number, read(state(position())), NOW_MS)
    assert [one.address for one in roster.unsaved()] == ["ann"]
