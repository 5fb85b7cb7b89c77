"""What a coin is called: one name, one table of bundles, the spellings that people use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared import shared_json

from liqbot.market.coins import BINANCE, BUNDLES, HYPERLIQUID, base_of, canonical, nearest
from liqbot.sources.exchanges.symbols import coin_of, instrument


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("btc", "BTC"),
        (" Eth ", "ETH"),
        ("PEPE", "kPEPE"),
        ("pepe", "kPEPE"),
        ("kpepe", "kPEPE"),
        ("kPEPE", "kPEPE"),
        ("1000PEPE", "kPEPE"),
        ("1000PEPEUSDT", "kPEPE"),
        ("BINANCE:1000PEPEUSDT.P", "kPEPE"),
        ("SHIB1000", "kSHIB"),
        ("1000000MOG", "MOG"),
        ("1MBABYDOGE", "BABYDOGE"),
        ("10000SATS", "SATS"),
        ("BINANCE:BTCUSDT", "BTC"),
        ("BTC-USDT-SWAP", "BTC"),
        ("BTC_USDT", "BTC"),
        ("BTC-PERP", "BTC"),
        ("xyz:nvda", "xyz:NVDA"),
        ("kas", "KAS"),
        ("1INCH", "1INCH"),
        ("FDUSD", "FDUSD"),
        ("usdt", "USDT"),
    ],
)
def test_a_spelling_that_means_one_coin_is_taken(spelling, name):
    assert canonical(spelling) == name


@given(st.sampled_from([*BUNDLES, "BTC", "ETH", "KAS", "1INCH"]))
def test_a_name_means_itself(base):
    assert canonical(canonical(base)) == canonical(base)


def test_every_bundle_that_binance_has_margin_tiers_for_is_in_the_table():
    names = shared_json("api-samples/binance/leverage-brackets-2026-09.json")["table_of"]
    bundled = {name for name in names if name.startswith(("1000", "1M"))}
    assert bundled == {found[BINANCE].name for found in BUNDLES.values() if BINANCE in found}


@pytest.mark.parametrize("base", [base for base, found in BUNDLES.items() if HYPERLIQUID in found])
def test_what_hyperliquid_bundles_is_the_same_coin_everywhere(base):
    name = BUNDLES[base][HYPERLIQUID].name
    assert base_of(name) == (base, 1000)
    for venue in ("Binance", "Bybit", "OKX", "Bitget", "Gate"):
        found = instrument(venue, name)
        assert coin_of(venue, found.symbol) == name
        held = BUNDLES[base].get(venue, (base, 1))[1]
        assert found.unit == pytest.approx(held / 1000)


@pytest.mark.parametrize(
    ("coin", "known", "found"),
    [
        ("HYPER", ["HYPE", "BTC"], "HYPE"),
        ("NOSUCH", ["HYPE", "BTC"], None),
        ("MOG", ["1000000MOG"], "1000000MOG"),
        ("BTC", ["BTC", "BTCDOM"], "BTC"),
    ],
)
def test_the_nearest_is_named_and_none_where_none_is_near(coin, known, found):
    assert nearest(coin, known) == found


def test_a_dated_contract_is_no_coin():
    assert coin_of("Binance", "BTCUSDT_260925") is None
    assert coin_of("OKX", "BTC-USD-SWAP") is None
