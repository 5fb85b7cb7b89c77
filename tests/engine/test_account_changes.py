"""What happened to an account between two looks: nothing closes that was not read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.engine.account_changes import account_changes, carried_on
from liqbot.market.accounts import AccountState, Change, HeldPosition
from liqbot.market.positions import MarginMode
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation, Provenance


def held(coin="BTC", size=1.0, *, level=90.0, mark=100.0):
    return HeldPosition(coin, size, 95.0, level, 10.0, MarginMode.CROSS, mark)


def state(*positions, time_ms=1000, unread=(), account="ann"):
    return AccountState(account, time_ms, positions, unread)


def liquidation(coin="BTC", *, time_ms=1500, side=Side.LONG, account="ann", **more):
    return Liquidation(coin, time_ms, side, 90.0, 1.0, account=account, **more)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ((), (held(),), Change.OPENED),
        ((held(),), (), Change.CLOSED),
        ((held(),), (held(size=-1.0),), Change.REVERSED),
        ((held(),), (held(size=1.5),), Change.GREW),
        ((held(),), (held(size=0.5),), Change.SHRANK),
    ],
)
def test_each_change_has_its_name(before, after, change):
    (told,) = account_changes(state(*before), state(*after, time_ms=2000))
    assert told.change is change
    assert told.time_ms == 2000


def test_the_same_size_at_another_level_is_no_change():
    assert account_changes(state(held()), state(held(level=80.0, mark=101.0), time_ms=2000)) == ()


def test_a_coin_that_could_not_be_read_is_neither_closed_nor_lost():
    before, after = state(held(), held("ETH")), state(held(), time_ms=2000, unread=("ETH",))
    assert account_changes(before, after) == ()
    assert carried_on(before, after).position("ETH") == held("ETH")
    assert carried_on(before, after).time_ms == 2000


def test_a_look_that_is_no_later_says_nothing():
    assert account_changes(state(held()), state(time_ms=1000)) == ()
    assert account_changes(state(held(), time_ms=3000), state(time_ms=2000)) == ()


@pytest.mark.parametrize("left", [(), (held(size=0.2),)])
def test_what_a_liquidation_explains_was_liquidated_and_not_closed(left):
    told = liquidation(provenance=Provenance.INFERRED)
    (change,) = account_changes(state(held()), state(*left, time_ms=2000), [told])
    assert change.change is Change.LIQUIDATED
    assert change.time_ms == told.time_ms
    assert change.liquidations == (told,)
    assert change.share == (-0.8 if left else -1.0)


@pytest.mark.parametrize(
    "other",
    [
        liquidation("ETH"),
        liquidation(side=Side.SHORT),
        liquidation(account="bob"),
        liquidation(time_ms=500),
    ],
)
def test_a_liquidation_of_something_else_explains_nothing(other):
    (change,) = account_changes(state(held()), state(time_ms=2000), [other])
    assert change.change is Change.CLOSED


def test_the_distance_is_a_share_of_price_and_never_below_nothing():
    assert held().distance() == pytest.approx(0.1)
    assert held().distance(85.0) == 0
    assert held(size=-1.0, level=110.0).distance() == pytest.approx(0.1)
    assert held(level=None).distance() is None


positions = st.dictionaries(
    st.sampled_from(["BTC", "ETH", "SOL"]), st.floats(-10, 10).filter(lambda size: abs(size) > 0.01)
)


@given(positions, positions)
def test_changes_lead_from_one_state_to_the_next(before, after):
    one = state(*(held(coin, size) for coin, size in before.items()))
    other = state(*(held(coin, size) for coin, size in after.items()), time_ms=2000)
    changed = dict(before)
    for change in account_changes(one, other):
        changed.pop(change.coin, None)
        if change.after is not None:
            changed[change.coin] = change.after.size
    assert changed == pytest.approx(after)
