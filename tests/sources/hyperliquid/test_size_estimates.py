"""Whom to ask first of those on the leaderboard: what goes with size is learned from the first answers."""

import msgspec
import numpy as np
import pytest
from sources.hyperliquid.stand_ins import NOW_MS, address, position, read, state

from liqbot.sources.hyperliquid.decoding import PayloadError, decode_leaderboard
from liqbot.sources.hyperliquid.roster import Roster
from liqbot.sources.hyperliquid.size_estimates import ENOUGH, SizeEstimates
from liqbot.store.accounts import KnownAccount

ACCOUNTS = 400
MARK = 100.0


class Board:
    """Accounts on a leaderboard, of which some are answered."""

    def __init__(self, seed=1, *, gains=True):
        rng = np.random.default_rng(seed)
        self.held = np.exp(rng.normal(11, 2, ACCOUNTS))
        self.worth = self.held * np.exp(rng.normal(-1, 2.5, ACCOUNTS))
        gain = self.held * 0.03 * rng.normal(0, 1, ACCOUNTS) if gains else np.zeros(ACCOUNTS)
        self.figures = np.column_stack([self.worth, gain, np.zeros(ACCOUNTS)])
        self.roster = Roster()
        for number, worth in enumerate(self.worth):
            self.roster.find(address(number), NOW_MS, guess_usd=worth)
        self.sizes = SizeEstimates(self.roster)
        self.sizes.take(range(ACCOUNTS), self.figures.tolist())

    def answer(self, numbers):
        for number in numbers:
            told = state(position(size=self.held[number] / MARK, at=None), worth=1e12)
            self.roster.answer(number, read(told, account=address(number)), NOW_MS)
        self.sizes.learn()

    @property
    def guess(self):
        return self.roster.column("guess").copy()

    def share_of(self, order, count):
        """Return the share of all that is held by the first `count` of an order of those not answered."""
        left = order[self.roster.column("polled_ms")[order] == 0]
        return self.held[left[:count]].sum() / self.held[left].sum()


def test_what_an_account_is_worth_is_the_guess_until_there_are_enough_answers():
    board = Board()
    board.answer(range(ENOUGH - 1))
    assert board.guess[ENOUGH:] == pytest.approx(board.worth[ENOUGH:])


def test_who_gained_much_is_asked_before_who_is_worth_much_where_gains_go_with_size():
    board = Board()
    board.answer(range(0, ACCOUNTS, 3))
    orders = (board.worth, board.guess, board.held)
    by_worth, learned, at_best = (board.share_of(np.argsort(-usd), 40) for usd in orders)
    assert learned > (by_worth + at_best) / 2


def test_where_no_gains_are_told_the_order_is_that_of_worth():
    board = Board(gains=False)
    board.answer(range(0, ACCOUNTS, 3))
    left = np.flatnonzero(board.roster.column("polled_ms") == 0)
    in_order = left[np.argsort(-board.worth[left])]
    guesses = board.guess[in_order]
    assert np.all(np.diff(guesses) <= 0)


def test_it_is_learned_anew_as_answers_come():
    board = Board()
    board.answer(range(ENOUGH))
    before = board.guess
    board.answer(range(ENOUGH, ENOUGH + 5))
    assert board.guess[-100:] == pytest.approx(before[-100:])
    board.answer(range(ENOUGH + 5, 2 * ENOUGH))
    assert board.guess[-100:] != pytest.approx(before[-100:])


def test_who_is_worth_a_look_for_another_reason_stays_so():
    board = Board()
    board.roster.find(address(300), NOW_MS, guess_usd=5e9)
    board.answer(range(ENOUGH))
    board.roster.find(address(301), NOW_MS, guess_usd=6e9)
    board.answer(range(ENOUGH, 2 * ENOUGH))
    assert board.guess[[300, 301]].tolist() == [5e9, 6e9]


def test_what_an_earlier_run_saw_is_a_better_guess_than_any():
    roster = Roster()
    roster.take_back([KnownAccount(address(0), NOW_MS, NOW_MS, NOW_MS, 7e6)])
    board = Board()
    for number in range(1, ACCOUNTS):
        roster.find(address(number), NOW_MS, guess_usd=board.worth[number])
    board.roster, board.sizes = roster, SizeEstimates(roster)
    board.sizes.take(range(ACCOUNTS), board.figures.tolist())
    board.answer(range(1, 2 * ENOUGH))
    assert board.guess[0] == 7e6


def test_figures_that_cannot_be_spoil_nothing():
    board = Board()
    wrong = board.figures.copy()
    wrong[-3:, 1] = [np.nan, np.inf, -np.inf]
    board.sizes.take(range(ACCOUNTS), wrong.tolist())
    board.answer(range(2 * ENOUGH))
    assert np.isfinite(board.guess).all()
    assert (board.guess >= 0).all()


def test_an_empty_leaderboard_teaches_nothing():
    sizes = SizeEstimates(Roster())
    sizes.take([], [])
    sizes.learn()


def test_a_row_whose_performances_cannot_be_read_is_read_without_them():
    rows = [
        {
            "ethAddress": address(1),
            "accountValue": "5.5",
            "windowPerformances": [
                ["week", {"pnl": "-2.5", "roi": "0.1", "vlm": "7"}],
                ["new", {"pnl": "1"}],
            ],
        },
        {"ethAddress": address(2), "accountValue": "6.0", "windowPerformances": [["day", None]]},
        {"ethAddress": address(3), "accountValue": "7.0"},
        {"ethAddress": address(4), "accountValue": "much"},
    ]
    read_rows = decode_leaderboard(msgspec.json.encode({"leaderboardRows": rows}))
    assert [row.address for row in read_rows] == [address(1), address(2), address(3)]
    assert read_rows[0].performances == (0.0, 0.0, -2.5, 7.0, 0.0, 0.0, 0.0, 0.0)
    assert read_rows[1].performances == read_rows[2].performances == (0.0,) * 8
    with pytest.raises(PayloadError):
        decode_leaderboard(b"[]")
