"""Binance as it answers: sizes as text, times as numbers, its own codes for errors."""

from counterparts.exchanges.venue import Book, Limit, Listing, Refused, levels, number, text
from counterparts.exchanges.world import DAY_MS, PERIOD_MS, World

from liqbot.market.side import Side

SHARE = 3.0
LISTINGS = {
    "BTCUSDT": Listing("BTC"),
    "ETHUSDT": Listing("ETH"),
    "SOLUSDT": Listing("SOL"),
    "HYPEUSDT": Listing("HYPE"),
    "1000PEPEUSDT": Listing("PEPE", unit=1000),
}
LIMITS = (Limit("/futures/data/", 1000, 300), Limit("/fapi/v1/fundingRate", 500, 300), Limit("/", 2400, 60))
KEPT_MS = 30 * DAY_MS
STREAM = "/market/ws/!forceOrder@arr"
SILENT_STREAM = "/ws/!forceOrder@arr"
"""The old path: it takes everybody, and tells nothing."""


def error(code=-1000, message="An unknown error occurred while processing the request."):
    return {"code": code, "msg": message}


def book(query, world: World):
    listing = LISTINGS.get(query["symbol"])
    if listing is None:
        raise Refused(400, error(-1121, "Invalid symbol."))
    return Book(world, listing, SHARE)


def span(query, most, world):
    """Return the first and last time that are asked for, and how many rows."""
    limit = number(query, "limit", 30)
    if not 0 < limit <= most:
        raise Refused(400, error(-1130, "parameter 'limit' is invalid."))
    return number(query, "startTime", 0), number(query, "endTime", world.now_ms), limit


def open_interest(query, world):
    at = book(query, world)
    return {"symbol": query["symbol"], "openInterest": text(at.open_interest, 3), "time": at.now_ms}


def open_interest_history(query, world):
    query.demand(period="5m")
    at = book(query, world)
    first, last, limit = span(query, 500, world)
    if "startTime" in query and first < world.now_ms - KEPT_MS:
        raise Refused(400, error(-1130, "parameter 'startTime' is invalid."))
    bars = at.series.closed(first - PERIOD_MS, last - PERIOD_MS, at.now_ms)[:limit]
    return [
        {
            "symbol": query["symbol"],
            "sumOpenInterest": f"{at.units(bar.open_interest):.8f}",
            "sumOpenInterestValue": f"{at.units(bar.open_interest) * at.price(bar.close):.8f}",
            "timestamp": bar.end_ms,
        }
        for bar in bars
    ]


def klines(query, world):
    query.demand(interval="5m")
    at = book(query, world)
    first, last, limit = span(query, 1500, world)
    bars = [bar for bar in at.series.begun(first, min(last, at.now_ms)) if not bar.is_quiet][:limit]
    return [
        [
            bar.begin_ms,
            *(text(at.price(price)) for price in (bar.open, bar.high, bar.low, bar.close)),
            text(at.units(bar.volume)),
            bar.end_ms - 1,
            text(bar.volume * bar.close * SHARE),
            1234,
            text(at.units(bar.volume) / 2),
            text(bar.volume * bar.close * SHARE / 2),
            "0",
        ]
        for bar in bars
    ]


def premium_index(query, world):
    at = book(query, world)
    return {
        "symbol": query["symbol"],
        "markPrice": text(at.mark),
        "indexPrice": text(at.mark),
        "estimatedSettlePrice": text(at.mark),
        "lastFundingRate": text(at.series.rate, 8),
        "interestRate": "0.00010000",
        "nextFundingTime": str((at.now_ms // 28_800_000 + 1) * 28_800_000),
        "time": str(at.now_ms),
    }


def funding_rate(query, world):
    at = book(query, world)
    first, last, limit = span(query, 1000, world)
    paid = at.series.paid(first, last)
    return [
        {
            "symbol": query["symbol"],
            "fundingRate": text(rate, 8),
            "fundingTime": time_ms + 3,
            "markPrice": text(at.mark),
        }
        for time_ms, rate in (paid[:limit] if "startTime" in query else paid[-limit:])
    ]


def account_ratio(query, world):
    query.demand(period="5m")
    at = book(query, world)
    end_ms = at.now_ms // PERIOD_MS * PERIOD_MS
    return [
        {
            "symbol": query["symbol"],
            "longAccount": "0.4558",
            "longShortRatio": "0.8376",
            "shortAccount": "0.5442",
            "timestamp": end_ms - back * PERIOD_MS,
        }
        for back in reversed(range(number(query, "limit", 30)))
    ]


def taker_ratio(query, world):
    query.demand(period="5m")
    at = book(query, world)
    end_ms = at.now_ms // PERIOD_MS * PERIOD_MS
    return [
        {
            "buySellRatio": "1.5586",
            "sellVol": "248.5030",
            "buyVol": "387.3300",
            "timestamp": end_ms - back * PERIOD_MS,
        }
        for back in reversed(range(number(query, "limit", 30)))
    ]


def depth(query, world):
    at = book(query, world)
    limit = number(query, "limit", 500)
    if limit not in (5, 10, 20, 50, 100, 500, 1000):
        raise Refused(400, error(-4021, "Invalid depth limit."))
    sides = {
        side: [[text(price), text(size)] for price, size in levels(at, side, limit)]
        for side in ("bids", "asks")
    }
    return {"lastUpdateId": 1, "E": at.now_ms + 1, "T": at.now_ms, **sides}


def exchange_info(query, world):
    del query, world
    rows = [
        {"symbol": symbol, "contractType": "PERPETUAL", "status": "TRADING", "quoteAsset": "USDT"}
        for symbol in LISTINGS
    ]
    return {
        "timezone": "UTC",
        "symbols": [*rows, rows[0] | {"symbol": "BTCUSDT_260925", "contractType": "CURRENT_QUARTER"}],
    }


ROUTES = {
    "/fapi/v1/depth": depth,
    "/fapi/v1/exchangeInfo": exchange_info,
    "/fapi/v1/openInterest": open_interest,
    "/futures/data/openInterestHist": open_interest_history,
    "/fapi/v1/klines": klines,
    "/fapi/v1/premiumIndex": premium_index,
    "/fapi/v1/fundingRate": funding_rate,
    "/futures/data/globalLongShortAccountRatio": account_ratio,
    "/futures/data/takerlongshortRatio": taker_ratio,
}


def forced_order(symbol, event, world):
    """Return the frame of a liquidation: the order's side, its limit beyond what was paid."""
    at = Book(world, LISTINGS[symbol], SHARE)
    is_long = event.side is Side.LONG
    filled = text(at.units(event.size))
    return {
        "e": "forceOrder",
        "E": event.time_ms + 2,
        "o": {
            "s": symbol,
            "S": "SELL" if is_long else "BUY",
            "o": "LIMIT",
            "f": "IOC",
            "q": filled,
            "p": text(at.price(event.price) * (0.996 if is_long else 1.004)),
            "ap": text(at.price(event.price)),
            "X": "FILLED",
            "l": filled,
            "z": filled,
            "T": event.time_ms,
        },
    }


def frames(events, world, wanted):
    """Return the frames of some liquidations by coin: one a symbol and second at most, all symbols."""
    del wanted
    told = []
    for symbol, listing in LISTINGS.items():
        by_second = {event.time_ms // 1000: event for event in events[listing.coin]}
        told += [forced_order(symbol, event, world) for event in by_second.values()]
    return told


def hear(message, wanted):
    """Return the answer to a frame of a client: which streams there are on this connection."""
    del wanted
    if message.keys() != {"method", "id"} or message["method"] != "LIST_SUBSCRIPTIONS":
        return {"error": {"code": 2, "msg": "Invalid request: unknown variant"}, "id": message.get("id")}
    return {"result": ["!forceOrder@arr"], "id": message["id"]}
