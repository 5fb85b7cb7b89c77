"""What a watch would have told of an account's past trades is what it tells of looks while they happen."""

from accounts import ANN, held, state
from hypothesis import given, settings
from hypothesis import strategies as st

from liqbot.alerts.account_past import PastAlert, past_alerts
from liqbot.alerts.account_reading import AccountMemory, read_state
from liqbot.alerts.account_rule import WATCH_ACCOUNT
from liqbot.market.accounts import Change, PastTrade
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation

VALUES = WATCH_ACCOUNT.form.defaults()
LOOK_MS = 5_000
MINUTE = 60_000


def trade(minute, before, after, coin="BTC", price=100.0, **more):
    return PastTrade(coin, round(minute * MINUTE), price, before, after, **more)


def told(*trades, **values):
    return [(one.change, one.coin) for one in past_alerts(ANN, trades, VALUES | values, LOOK_MS)]


def test_each_change_is_told_once():
    assert told(trade(1, 0, 5), trade(2, 5, 8), trade(3, 8, 4), trade(4, 4, -2), trade(5, -2, 0)) == [
        (Change.OPENED, "BTC"),
        (Change.GREW, "BTC"),
        (Change.SHRANK, "BTC"),
        (Change.REVERSED, "BTC"),
        (Change.CLOSED, "BTC"),
    ]


def test_what_it_held_before_is_not_told_as_opened():
    assert told(trade(1, 5, 5.1)) == []
    assert told(trade(1, 5, 0)) == [(Change.CLOSED, "BTC")]


def test_trades_between_two_looks_are_one_change_of_each_coin():
    second = 1 / 60
    many = [trade(1 + n * second / 10, n, n + 1) for n in range(20)]
    assert told(*many, trade(1, 0, 3, "ETH")) == [(Change.OPENED, "BTC"), (Change.OPENED, "ETH")]
    assert told(trade(1, 0, 5), trade(1 + second, 5, 0)) == []


def test_a_liquidation_is_no_close():
    forced = Liquidation("BTC", 2 * MINUTE, Side.LONG, 90.0, 5.0, account=ANN)
    assert told(trade(1, 0, 5), trade(2, 5, 0, price=90.0, liquidation=forced)) == [
        (Change.OPENED, "BTC"),
        (Change.LIQUIDATED, "BTC"),
    ]


def test_what_a_watch_leaves_out_is_not_counted():
    small = trade(1, 0, 5), trade(2, 5, 7), trade(3, 7, 0)
    assert told(*small, at_least=1e6) == []
    assert told(*small, change=50.0) == [(Change.OPENED, "BTC"), (Change.CLOSED, "BTC")]


def test_it_is_never_said_to_be_near_and_its_time_is_that_of_the_look():
    found = past_alerts(ANN, [trade(1, 0, 5), trade(3, 5, 0)], VALUES, LOOK_MS)
    assert found[-1] == PastAlert(3 * MINUTE, Change.CLOSED, "BTC")


def test_no_trades_tell_nothing():
    assert past_alerts(ANN, [], VALUES, LOOK_MS) == []


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.sampled_from(["BTC", "ETH"]), st.integers(-3, 3), st.integers(1, 90)), max_size=15)
)
def test_would_have_fired_is_did_fire(steps):
    """The same account, looked at after each trade, tells the same."""
    sizes, time_ms, trades, looks = {"BTC": 2.0, "ETH": 0.0}, 0, [], []
    memory, _ = read_state(AccountMemory(), state(held("BTC", 2.0, at=None, mark=100.0)), VALUES)
    live = []
    for coin, size, minutes in steps:
        time_ms += minutes * MINUTE
        trades.append(PastTrade(coin, time_ms, 100.0, sizes[coin], float(size)))
        sizes[coin] = float(size)
        holds = [held(name, own, at=None, mark=100.0) for name, own in sizes.items() if own]
        looks.append(state(*holds, time_ms=time_ms))
        memory, hits = read_state(memory, looks[-1], VALUES)
        live += [(looks[-1].time_ms, *hit.key.split(":")) for hit in hits]
    # Without a trade in BTC nobody can know afterwards that it was held, and it changes nothing.
    found = past_alerts(ANN, trades, VALUES, LOOK_MS)
    assert [(one.time_ms, one.change.value, one.coin) for one in found] == live
