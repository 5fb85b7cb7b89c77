"""Bybit as it answers: an envelope with a code, the newest row first, open interest of both sides."""

from counterparts.exchanges.venue import (
    Book,
    Limit,
    Listing,
    Refused,
    bankruptcy,
    levels,
    newest,
    number,
    text,
)
from counterparts.exchanges.world import PERIOD_MS

from liqbot.market.side import Side

SHARE = 2.0
LISTINGS = {
    "BTCUSDT": Listing("BTC"),
    "ETHUSDT": Listing("ETH"),
    "SOLUSDT": Listing("SOL"),
    "HYPEUSDT": Listing("HYPE"),
    "1000PEPEUSDT": Listing("PEPE", unit=1000),
}
LIMITS = (Limit("/", 600, 5),)
STREAM = "/v5/public/linear"
PRICES = (
    "lastPrice",
    "indexPrice",
    "markPrice",
    "prevPrice24h",
    "highPrice24h",
    "lowPrice24h",
    "prevPrice1h",
    "ask1Price",
    "bid1Price",
)
UNUSED = (
    "predictedDeliveryPrice",
    "basisRate",
    "basisRateYear",
    "deliveryFeeRate",
    "basis",
    "preOpenPrice",
    "preQty",
    "curPreListingPhase",
)
"""Fields of a ticker that a perpetual contract in USDT leaves empty."""
LEVERAGES = (100, 50, 20)
TIERS = ((0, 0.005), (2_000_000, 0.01), (10_000_000, 0.025))
"""From so many USD on, so much of the notional above it is maintenance margin."""
LIMIT_VALUES = (2_000_000, 10_000_000, 40_000_000)
TOPICS = 5


def error(code=10016, message="Internal server error."):
    return {"retCode": code, "retMsg": message, "result": {}, "retExtInfo": {}, "time": 1_700_000_000_000}


def answer(world, result):
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": world.now_ms}


def book(query, world):
    if query["category"] != "linear":
        raise Refused(200, error(10001, "category is not served here"))
    listing = LISTINGS.get(query["symbol"])
    if listing is None:
        raise Refused(200, error(10001, "params error: symbol invalid"))
    return Book(world, listing, SHARE)


def span(query, most, world, start="startTime", end="endTime"):
    limit = number(query, "limit", 50)
    if not 0 < limit <= most:
        raise Refused(200, error(10001, "limit is invalid"))
    return number(query, start, 0), number(query, end, world.now_ms), limit


def _named(query, rows):
    return {"category": "linear", "symbol": query["symbol"], "list": rows}


def open_interest(query, world):
    query.demand(intervalTime="5min")
    at = book(query, world)
    first, last, limit = span(query, 200, world)
    bars = at.series.closed(first - PERIOD_MS, last - PERIOD_MS, at.now_ms)
    rows = [
        {
            "openInterest": f"{2 * at.units(bar.open_interest):.8f}",
            "singleOpenInterest": text(at.units(bar.open_interest), 3),
            "timestamp": str(bar.end_ms),
        }
        for bar in newest(bars, limit)
    ]
    cursor = f"lastid%3D1%26lasttime%3D{rows[-1]['timestamp'][:-3]}" if rows else ""
    result = {
        "symbol": query["symbol"],
        "category": "linear",
        "list": rows,
        "nextPageCursor": cursor,
    }
    return answer(world, result)


def kline(query, world):
    query.demand(interval="5")
    at = book(query, world)
    first, last, limit = span(query, 1000, world, "start", "end")
    rows = [
        [
            str(bar.begin_ms),
            *(text(at.price(price)) for price in (bar.open, bar.high, bar.low, bar.close)),
            text(at.units(bar.volume)),
            text(bar.volume * bar.close * SHARE),
        ]
        for bar in newest(at.series.begun(first, min(last, at.now_ms)), limit)
    ]
    return answer(world, _named(query, rows))


def mark_price_kline(query, world):
    whole = kline(query, world)
    rows = [row[:5] for row in whole["result"]["list"]]
    return answer(world, _named(query, rows))


def funding_history(query, world):
    at = book(query, world)
    if "startTime" in query and "endTime" not in query:
        raise Refused(200, error(10001, "params error: startTime without endTime"))
    first, last, limit = span(query, 200, world)
    rows = [
        {"symbol": query["symbol"], "fundingRate": text(rate, 8), "fundingRateTimestamp": str(time_ms)}
        for time_ms, rate in newest(at.series.paid(first, last), limit)
    ]
    return answer(world, {"category": "linear", "list": rows})


def account_ratio(query, world):
    query.demand(period="5min")
    book(query, world)
    rows = [
        {
            "symbol": query["symbol"],
            "buyRatio": "0.49",
            "sellRatio": "0.51",
            "timestamp": str(world.now_ms // PERIOD_MS * PERIOD_MS - back * PERIOD_MS),
        }
        for back in range(number(query, "limit", 50))
    ]
    return answer(world, {"list": rows, "nextPageCursor": "lastid%3D0%26lasttime%3D1696258800"})


def risk_limit(query, world):
    book(query, world)
    rows = [
        {
            "id": place,
            "symbol": query["symbol"],
            "riskLimitValue": str(limit),
            "maintenanceMargin": text(maintenance),
            "initialMargin": text(1 / leverage),
            "isLowestRisk": int(place == 1),
            "maxLeverage": f"{leverage:.2f}",
            "mmDeduction": "",
        }
        for place, (limit, leverage, maintenance) in enumerate(
            zip(LIMIT_VALUES, LEVERAGES, [rate for _, rate in TIERS], strict=True), 1
        )
    ]
    return answer(world, {"category": "linear", "list": rows})


def tickers(query, world):
    at = book(query, world)
    price = text(at.mark)
    texts = dict.fromkeys(PRICES, price)
    empty = dict.fromkeys(UNUSED, "")
    row = {
        "symbol": query["symbol"],
        **texts,
        **empty,
        "price24hPcnt": "0.01",
        "openInterest": text(2 * at.open_interest, 3),
        "openInterestValue": text(2 * at.open_interest * at.mark, 2),
        "turnover24h": "1000000",
        "volume24h": "1000",
        "fundingRate": text(at.series.rate, 8),
        "nextFundingTime": str((at.now_ms // 28_800_000 + 1) * 28_800_000),
        "deliveryTime": "0",
        "ask1Size": "1",
        "bid1Size": "1",
        "fundingIntervalHour": "8",
        "fundingCap": "0.005",
    }
    return answer(world, {"category": "linear", "list": [row]})


def orderbook(query, world):
    at = book(query, world)
    limit = number(query, "limit", 25)
    if not 0 < limit <= 500:
        raise Refused(200, error(10001, "limit is invalid"))
    b, a = (
        [[text(price), text(size)] for price, size in levels(at, side, limit)] for side in ("bids", "asks")
    )
    result = {"s": query["symbol"], "b": b, "a": a, "ts": at.now_ms, "u": 1, "seq": 1, "cts": at.now_ms}
    return answer(world, result)


def instruments_info(query, world):
    if query["category"] != "linear":
        raise Refused(200, error(10001, "category is not served here"))
    query.get("limit")
    rows = [{"symbol": symbol, "status": "Trading", "settleCoin": "USDT"} for symbol in LISTINGS]
    return answer(world, {"category": "linear", "list": rows, "nextPageCursor": ""})


ROUTES = {
    "/v5/market/orderbook": orderbook,
    "/v5/market/instruments-info": instruments_info,
    "/v5/market/open-interest": open_interest,
    "/v5/market/kline": kline,
    "/v5/market/mark-price-kline": mark_price_kline,
    "/v5/market/funding/history": funding_history,
    "/v5/market/account-ratio": account_ratio,
    "/v5/market/risk-limit": risk_limit,
    "/v5/market/tickers": tickers,
}


def all_liquidation(symbol, events, world):
    """Return the frame of some liquidations: the position's side, its bankruptcy price."""
    at = Book(world, LISTINGS[symbol], SHARE)
    rows = [
        {
            "T": event.time_ms,
            "s": symbol,
            "S": "Buy" if event.side is Side.LONG else "Sell",
            "v": text(at.units(event.size)),
            "p": text(at.price(bankruptcy(event, event.size * SHARE, TIERS))),
        }
        for event in events
    ]
    return {"topic": f"allLiquidation.{symbol}", "type": "snapshot", "ts": world.now_ms, "data": rows}


def frames(events, world, wanted):
    return [
        all_liquidation(symbol, events[listing.coin], world)
        for symbol, listing in LISTINGS.items()
        if f"allLiquidation.{symbol}" in wanted and events[listing.coin]
    ]


def hear(message, wanted):
    """Return the answer to a frame of a client."""
    reply = {"success": True, "ret_msg": "", "conn_id": "1", "req_id": "", "op": message["op"]}
    if message["op"] == "ping":
        return reply | {"ret_msg": "pong"}
    topics = message["args"]
    unknown = [topic for topic in topics if topic.removeprefix("allLiquidation.") not in LISTINGS]
    if message["op"] != "subscribe" or unknown or len(topics) > TOPICS:
        return reply | {"success": False, "ret_msg": f"error:handler not found,topic:{','.join(topics)}"}
    wanted.update(topics)
    return reply
