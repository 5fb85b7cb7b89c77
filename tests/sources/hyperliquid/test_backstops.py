"""Backstop liquidations are told from the trades of everybody, each once."""

import pytest
from sources.hyperliquid.stand_ins import NOW_MS, address

from liqbot.market.side import Side
from liqbot.sources.hyperliquid.backstops import LIQUIDATORS, Backstops
from liqbot.sources.hyperliquid.liquidation_register import LiquidationRegister
from liqbot.sources.hyperliquid.payloads import Trade

(VAULT,) = LIQUIDATORS


def trade(buyer, seller, tid=1, **more):
    told = {"coin": "BTC", "px": 100.0, "sz": 2.0, "time": NOW_MS - 500, "tid": tid, "side": "B"}
    return Trade(users=(buyer, seller), **(told | more))


def found(*trades, backstops=None):
    return list((backstops or Backstops(LiquidationRegister())).among(trades, NOW_MS))


@pytest.mark.parametrize(
    ("users", "side"), [((VAULT, address(1)), Side.LONG), ((address(1), VAULT.upper()), Side.SHORT)]
)
def test_who_trades_with_a_liquidator_vault_was_liquidated(users, side):
    (told,) = found(trade(*users))
    assert (told.coin, told.side, told.price, told.size) == ("BTC", side, 100, 2)
    assert told.time_ms == NOW_MS - 500
    assert told.sampled


def test_other_trades_and_those_between_vaults_are_none():
    assert found(trade(address(1), address(2)), trade(VAULT, VAULT, tid=2)) == []


def test_a_trade_that_the_stream_tells_again_after_a_break_is_one_liquidation():
    backstops = Backstops(LiquidationRegister())
    trades = [trade(VAULT, address(1), tid=tid) for tid in (1, 2)]
    assert len(found(*trades, backstops=backstops)) == 2
    assert found(*trades, backstops=backstops) == []
    assert len(found(trade(VAULT, address(1), tid=1, coin="ETH"), backstops=backstops)) == 1


def test_a_figure_that_cannot_be_is_no_liquidation_and_a_time_of_the_future_is_now():
    assert found(trade(VAULT, address(1), px=float("nan"))) == []
    (told,) = found(trade(VAULT, address(1), time=NOW_MS * 2))
    assert told.time_ms == NOW_MS
