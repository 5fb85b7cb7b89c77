"""What the exchanges mean differently by the same words."""

import msgspec
import pytest
from shared import shared_json

from liqbot.market.margin import MarginTiers
from liqbot.market.side import Side
from liqbot.sources.exchanges.bankruptcy import liquidated_at
from liqbot.sources.exchanges.binance import client as binance
from liqbot.sources.exchanges.bybit import client as bybit
from liqbot.sources.exchanges.gate import client as gate
from liqbot.sources.exchanges.okx import client as okx
from liqbot.sources.exchanges.rows import Tier, margin_tiers
from liqbot.sources.exchanges.symbols import BINANCE, BITGET, BYBIT, GATE, OKX, Instrument, instrument


def decoded(message, kind):
    return msgspec.convert(message, kind, strict=False)


def test_bybits_open_interest_is_both_sides_and_the_single_one_is_taken_where_it_is_given():
    sample = shared_json("api-samples/bybit/open_interest.json")["result"]["list"][0]
    both, one = float(sample["openInterest"]), float(sample["singleOpenInterest"])
    assert both == pytest.approx(2 * one, rel=1e-7)
    assert bybit._one_sided(decoded(sample, bybit._OpenInterest)) == one
    del sample["singleOpenInterest"]
    assert bybit._one_sided(decoded(sample, bybit._OpenInterest)) == both / 2


def test_binances_side_is_the_orders_and_its_price_what_was_paid_on_average():
    sample = shared_json("api-samples/binance/ws_forceOrder.json")
    order = decoded(sample, binance._ForcedOrder).order
    client = binance.Binance("http://localhost", "ws://localhost")
    found = client._liquidation(order, Instrument("BTC", "BTCUSDT", 1.0))
    assert (sample["o"]["S"], found.side) == ("BUY", Side.SHORT)
    assert (found.price, found.size, found.time_ms) == (34_959.70, 1.437, 1698871323059)
    assert found.sampled


def test_bybits_side_is_the_positions():
    sample = shared_json("api-samples/bybit/ws_all_liquidation.json")
    order = decoded(sample["data"][0], bybit._Order)
    client = bybit.Bybit("http://localhost", "ws://localhost")
    found = client._liquidation(order, Instrument("ROSE", "ROSEUSDT", 1.0))
    assert (sample["data"][0]["S"], found.side) == ("Sell", Side.SHORT)
    assert (found.size, found.sampled) == (20_000, False)


def test_okx_counts_contracts_and_names_the_positions_side():
    sample = shared_json("api-samples/okx/ws_liquidation_orders.json")
    orders = okx._Orders(
        "IOST-USDT-SWAP", [msgspec.Raw(msgspec.json.encode(row)) for row in sample["data"][0]["details"]]
    )
    client = okx.Okx("http://localhost", "ws://localhost")
    client._contract_sizes["IOST-USDT-SWAP"] = 1000.0
    (found,) = client._liquidations(orders, Instrument("IOST", "IOST-USDT-SWAP", 1.0))
    assert (found.side, found.size, found.price) == (Side.SHORT, 13_000, 0.007831)


def test_okx_in_net_mode_has_only_the_side_of_the_order():
    sample = shared_json("api-samples/okx/ws_liquidation_orders.json")["data"][0]["details"][0]
    sides = {
        side: okx._side(decoded(sample | {"posSide": "net", "side": side}, okx._Detail))
        for side in ("buy", "sell", "?")
    }
    assert sides == {"buy": Side.SHORT, "sell": Side.LONG, "?": None}


def test_gates_size_is_the_positions_for_its_limit_is_worse_than_what_was_paid():
    sample = shared_json("api-samples/gate/liq_orders.json")[0]
    assert float(sample["order_price"]) > float(sample["fill_price"])  # so the order has bought: from a short
    client = gate.Gate("http://localhost", "ws://localhost")
    found = client._past_report(decoded(sample, gate._PastOrder), 0.0001)
    assert (found.side, found.price, found.time_ms) == (Side.SHORT, 28_070, 1696736132000)
    assert found.units == pytest.approx(0.0165)


def test_gates_open_interest_in_coins_needs_no_size_of_a_contract():
    sample = shared_json("api-samples/gate/contract_stats.json")[0]
    coins = gate._coins(decoded(sample, gate._Stats))
    assert coins == pytest.approx(10 * float(sample["open_interest"]), rel=1e-6)


def test_bybit_gives_margins_in_percent_or_as_fractions():
    sample = shared_json("api-samples/bybit/risk_limit.json")["result"]["list"]
    in_percent = decoded(sample, list[bybit._RiskLimit])
    assert list(bybit._tiers(in_percent)) == [Tier(0.0, 100, 0.005)]
    as_fractions = decoded(
        [sample[0] | {"maintenanceMargin": "0.005", "initialMargin": "0.01"}], list[bybit._RiskLimit]
    )
    assert list(bybit._tiers(as_fractions)) == [Tier(0.0, 100, 0.005)]


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("coins", [1.0, 40.0, 300.0])
def test_a_bankruptcy_price_becomes_the_price_at_which_the_margin_was_just_enough(side, coins):
    tiers = MarginTiers((0.0, 1e6, 10e6), (100.0, 50.0, 20.0), (0.005, 0.01, 0.025))
    bankruptcy = 69_000.0
    price = liquidated_at(side, bankruptcy, coins, tiers)
    left = coins * abs(price - bankruptcy)
    tier = sum(bankruptcy * coins >= bound for bound in tiers.lower_bounds) - 1
    assert left == pytest.approx(coins * price * tiers.rates[tier] - tiers.deductions[tier])
    assert (price > bankruptcy) == (side is Side.LONG)


def test_without_tiers_a_bankruptcy_price_stays_what_it_is():
    assert liquidated_at(Side.LONG, 100.0, 1.0, None) == 100.0


def test_tiers_that_change_nothing_join_the_one_before_and_nonsense_is_left_out():
    tiers = margin_tiers(
        [
            Tier(50.0, 20, 0.02),
            Tier(0.0, 50, 0.01),
            Tier(20.0, 50, 0.01),
            Tier(60.0, float("nan"), 0.05),
            Tier(70.0, 10, 1.5),
            Tier(-1.0, 5, 0.1),
        ]
    )
    assert tiers == MarginTiers((0.0, 50.0), (50, 20), (0.01, 0.02))
    assert margin_tiers([]) is None


@pytest.mark.parametrize(
    ("venue", "coin", "symbol", "unit"),
    [
        (BINANCE, "BTC", "BTCUSDT", 1),
        (OKX, "BTC", "BTC-USDT-SWAP", 1),
        (GATE, "BTC", "BTC_USDT", 1),
        (BINANCE, "kPEPE", "1000PEPEUSDT", 1),
        (BINANCE, "1000PEPE", "1000PEPEUSDT", 1),
        (BINANCE, "PEPE", "1000PEPEUSDT", 1000),
        (BITGET, "kPEPE", "PEPEUSDT", 0.001),
        (OKX, "kPEPE", "PEPE-USDT-SWAP", 0.001),
        (BYBIT, "kSHIB", "SHIB1000USDT", 1),
        (BYBIT, "SATS", "10000SATSUSDT", 10_000),
        (BYBIT, "1000000MOG", "1000000MOGUSDT", 1),
        (GATE, "KAITO", "KAITO_USDT", 1),
        (GATE, "1INCH", "1INCH_USDT", 1),
        (BINANCE, "kas", "KASUSDT", 1),
    ],
)
def test_one_table_says_what_an_exchange_calls_a_coin_and_how_many_are_in_its_bundle(
    venue, coin, symbol, unit
):
    found = instrument(venue, coin)
    assert (found.coin, found.symbol, found.unit) == (coin, symbol, pytest.approx(unit))
