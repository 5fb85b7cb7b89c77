"""The ledger's arithmetic, on accounts that can be followed by hand."""

import numpy as np
import pytest

from liqbot.sources.simulator.accounts import make_accounts
from liqbot.sources.simulator.coins import coins_named
from liqbot.sources.simulator.ledger import Ledger, Opening

COINS = coins_named(["BTC", "ETH"])
BTC_RATE, ETH_RATE = 1 / 80, 1 / 50
ENTRY = np.array([100.0, 100.0])


@pytest.fixture
def books():
    """Return an empty ledger and the two slots of an account that trades both coins."""
    accounts = make_accounts(COINS, np.random.default_rng(1))
    crowd = accounts.slot_account[accounts.slot_of_crowd]
    both = int(np.flatnonzero(np.bincount(crowd) == 2)[0])
    return Ledger(accounts, COINS), np.flatnonzero(accounts.slot_account == both)


def opened(ledger, slot, size, margin, *, isolated=False):
    n = len(slot)
    ledger.open(
        Opening(
            slot=slot,
            size=np.array(size, dtype=float),
            price=np.full(n, 100.0),
            margin=np.array(margin, dtype=float),
            leverage=np.full(n, 10.0),
            isolated=np.full(n, isolated),
        )
    )


def test_an_isolated_position_stands_alone(books):
    ledger, slot = books
    opened(ledger, slot, [1, 1], [10, 20], isolated=True)
    levels = ledger.levels(slot, ledger.standing(ENTRY))
    assert levels == pytest.approx([90 / (1 - BTC_RATE), 80 / (1 - ETH_RATE)])
    lower = ledger.standing(np.array([85.0, 85.0]))
    assert np.flatnonzero(ledger.used_up(lower)).tolist() == [slot[0]]
    ledger.seize(slot[:1])
    assert ledger.size[slot].tolist() == [0, 1]
    assert ledger.levels(slot[1:], lower) == pytest.approx([80 / (1 - ETH_RATE)])


def test_cross_positions_share_their_margin_and_go_together(books):
    ledger, slot = books
    opened(ledger, slot, [1, 1], [10, 20])
    btc, _ = ledger.levels(slot, ledger.standing(ENTRY))
    assert btc == pytest.approx((70 + 100 * ETH_RATE) / (1 - BTC_RATE))
    assert not ledger.used_up(ledger.standing(np.array([85.0, 100.0]))).any()
    assert ledger.used_up(ledger.standing(np.array([btc, 100.0]) * 0.9999))[slot].all()


def test_who_closes_with_a_profit_takes_it_out_but_leaves_what_the_rest_needs(books):
    ledger, slot = books
    opened(ledger, slot, [1, 1], [10, 10])
    marks = np.array([150.0, 91.0])
    ledger.close(slot[:1], ledger.standing(marks))
    left = ledger.standing(marks)
    assert left.pool[slot[1]] == pytest.approx(1.5 * 91 * ETH_RATE)
    assert ledger.size[slot].tolist() == [0, 1]


def test_who_closes_with_a_loss_leaves_it_to_the_rest(books):
    ledger, slot = books
    opened(ledger, slot, [1, 1], [10, 10])
    marks = np.array([85.0, 120.0])
    ledger.close(slot[:1], ledger.standing(marks))
    assert ledger.standing(marks).pool[slot[1]] == pytest.approx(30 - 5)


def test_an_account_that_closed_all_is_empty_and_begins_anew(books):
    ledger, slot = books
    opened(ledger, slot, [1, 1], [10, 10])
    ledger.close(slot, ledger.standing(np.array([95.0, 130.0])))
    opened(ledger, slot[:1], [-1], [10])
    standing = ledger.standing(ENTRY)
    assert standing.pool[slot[0]] == pytest.approx(10)
    assert ledger.levels(slot[:1], standing) == pytest.approx([110 / (1 + BTC_RATE)])


def test_trading_averages_the_entry_when_it_adds_and_keeps_it_when_it_takes_off(books):
    ledger, slot = books
    for target, price, entry in [(1, 100, 100), (3, 130, 120), (1, 200, 120), (-1, 90, 90), (0, 80, 0)]:
        ledger.trade_to(slot[:1], np.array([float(target)]), np.array([float(price)]), 10.0)
        assert ledger.entry[slot[0]] == pytest.approx(entry)
        assert ledger.size[slot[0]] == target


def test_funding_flows_from_longs_to_shorts(books):
    ledger, slot = books
    opened(ledger, slot, [2, -1], [50, 50], isolated=True)
    ledger.fund(ENTRY, np.array([0.01, 0.01]))
    assert ledger.standing(ENTRY).own_equity[slot] == pytest.approx([48, 51])
