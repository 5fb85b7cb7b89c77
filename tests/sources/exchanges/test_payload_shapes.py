"""The counterpart answers in exactly the shape of the recorded samples, field for field."""

import httpx
import msgspec
import pytest
from counterparts.exchanges import binance, bybit, okx
from shared import shared_json
from sources.exchanges.conftest import NOW, the_world

from liqbot.market.side import Side
from liqbot.market.updates import Liquidation

BYBIT = {"category": "linear", "symbol": "BTCUSDT"}
BITGET = {"symbol": "BTCUSDT", "productType": "USDT-FUTURES"}
GATE = {"contract": "BTC_USDT"}
OKX = {"instId": "BTC-USDT-SWAP"}
SERVED = {
    "binance/globalLongShortAccountRatio": (
        "/futures/data/globalLongShortAccountRatio",
        {"symbol": "BTCUSDT", "period": "5m"},
    ),
    "binance/openInterest": ("/fapi/v1/openInterest", {"symbol": "BTCUSDT"}),
    "binance/openInterestHist": ("/futures/data/openInterestHist", {"symbol": "BTCUSDT", "period": "5m"}),
    "binance/premiumIndex": ("/fapi/v1/premiumIndex", {"symbol": "BTCUSDT"}),
    "bybit/account_ratio": ("/v5/market/account-ratio", BYBIT | {"period": "5min"}),
    "bybit/funding_history": ("/v5/market/funding/history", BYBIT),
    "bybit/kline": ("/v5/market/kline", BYBIT | {"interval": "5"}),
    "bybit/mark_kline": ("/v5/market/mark-price-kline", BYBIT | {"interval": "5"}),
    "bybit/open_interest": ("/v5/market/open-interest", BYBIT | {"intervalTime": "5min"}),
    "bybit/risk_limit": ("/v5/market/risk-limit", BYBIT),
    "bybit/tickers": ("/v5/market/tickers", BYBIT),
    "okx/funding_rate_history": ("/api/v5/public/funding-rate-history", OKX),
    "okx/long_short_account_ratio_contract": (
        "/api/v5/rubik/stat/contracts/long-short-account-ratio-contract",
        OKX,
    ),
    "okx/open_interest_history": (
        "/api/v5/rubik/stat/contracts/open-interest-history",
        OKX | {"period": "5m"},
    ),
    "bitget/account_long_short": ("/api/v2/mix/market/account-long-short", BITGET),
    "bitget/history_fund_rate": ("/api/v2/mix/market/history-fund-rate", BITGET),
    "bitget/open_interest": ("/api/v2/mix/market/open-interest", BITGET),
    "bitget/query_position_lever": ("/api/v2/mix/market/query-position-lever", BITGET),
    "gate/contract_stats": ("/api/v4/futures/usdt/contract_stats", GATE | {"interval": "5m"}),
    "gate/liq_orders": ("/api/v4/futures/usdt/liq_orders", GATE),
    "gate/risk_limit_tiers": ("/api/v4/futures/usdt/risk_limit_tiers", GATE),
}


def shape(payload):
    """Return the fields of a payload with the kinds of their values; rows that differ would show."""
    if isinstance(payload, dict):
        return {name: shape(value) for name, value in payload.items()}
    if isinstance(payload, list):
        shapes = []
        for row in map(shape, payload):
            if row not in shapes:
                shapes.append(row)
        is_row = payload and not isinstance(payload[0], dict | list)
        return [shape(value) for value in payload] if is_row else shapes
    return "number" if isinstance(payload, int | float) else type(payload).__name__


@pytest.mark.parametrize("sample", SERVED)
def test_an_answer_has_the_fields_of_its_sample_and_their_kinds(exchanges, sample):
    recorded = shared_json(f"api-samples/{sample}.json")
    path, query = SERVED[sample]
    answer = httpx.get(f"{exchanges.url}/{sample.split('/')[0]}{path}", params=query).json()
    assert shape(answer) == shape(recorded)


def event():
    return Liquidation("BTC", NOW, Side.LONG, 69_000.0, 0.5)


def sent(frame):
    return shape(msgspec.json.decode(msgspec.json.encode(frame)))


def test_a_frame_of_binance_has_the_fields_of_its_sample():
    sample = shared_json("api-samples/binance/ws_forceOrder.json")
    assert sent(binance.forced_order("BTCUSDT", event(), the_world())) == shape(sample)


def test_a_frame_of_bybit_has_the_fields_of_its_sample():
    sample = shared_json("api-samples/bybit/ws_all_liquidation.json")
    assert sent(bybit.all_liquidation("BTCUSDT", [event()], the_world())) == shape(sample)


def test_a_frame_of_okx_has_the_fields_of_its_sample():
    sample = shared_json("api-samples/okx/ws_liquidation_orders.json")
    assert sent(okx.liquidation_orders("BTC-USDT-SWAP", [event()], the_world())) == shape(sample)
