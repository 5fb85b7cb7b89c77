"""Bitget as it answers: an envelope with a code as text; open interest as it is, never as it was."""

from counterparts.exchanges.venue import Book, Limit, Listing, Refused, newest, number, text
from counterparts.exchanges.world import DAY_MS, PERIOD_MS

SHARE = 1.0
LISTINGS = {
    "BTCUSDT": Listing("BTC"),
    "ETHUSDT": Listing("ETH"),
    "SOLUSDT": Listing("SOL"),
    "PEPEUSDT": Listing("PEPE"),
}
LIMITS = (Limit("/api/v2/mix/market/account-long-short", 1, 1), Limit("/", 20, 1))


def error(code="45001", message="Unknown error"):
    return {"code": code, "msg": message, "requestTime": 1_700_000_000_000, "data": None}


def answer(world, data):
    return {"code": "00000", "msg": "success", "requestTime": world.now_ms, "data": data}


def book(query, world):
    if query.get("productType", "USDT-FUTURES") != "USDT-FUTURES":
        raise Refused(400, error("40019", "Parameter productType cannot be empty"))
    listing = LISTINGS.get(query["symbol"])
    if listing is None:
        raise Refused(400, error("40034", "Parameter symbol does not exist"))
    return Book(world, listing, SHARE)


def open_interest(query, world):
    at = book(query, world)
    row = {"symbol": query["symbol"], "size": text(at.open_interest, 3)}
    data = {"openInterestList": [row], "ts": str(at.now_ms)}
    return {"code": "00000", "msg": "success", "data": data}


def symbol_price(query, world):
    at = book(query, world)
    price = text(at.mark)
    row = {"symbol": query["symbol"], "price": price, "indexPrice": price, "markPrice": price}
    return answer(world, [row | {"ts": str(at.now_ms)}])


def current_fund_rate(query, world):
    at = book(query, world)
    row = {"symbol": query["symbol"], "fundingRate": text(at.series.rate, 8), "fundingRateInterval": "8"}
    return answer(world, [row])


def history_fund_rate(query, world):
    at = book(query, world)
    size, page = number(query, "pageSize", 20), number(query, "pageNo", 1)
    paid = newest(at.series.funding, len(at.series.funding))[(page - 1) * size : page * size]
    return answer(
        world,
        [
            {"symbol": query["symbol"], "fundingRate": text(rate, 8), "fundingTime": str(time_ms)}
            for time_ms, rate in paid
        ],
    )


def candles(query, world):
    query.demand(granularity="5m")
    at = book(query, world)
    first, last = number(query, "startTime"), number(query, "endTime") - 1
    limit = number(query, "limit", 100)
    if not 0 < limit <= 1000 or first % PERIOD_MS or (last + 1) % PERIOD_MS:
        raise Refused(400, error("40017", "Parameter verification failed"))
    bars = at.series.begun(max(first, at.now_ms - 30 * DAY_MS), min(last, at.now_ms))[:limit]
    return answer(
        world,
        [
            [
                str(bar.begin_ms),
                *(text(at.price(price), 16) for price in (bar.open, bar.high, bar.low, bar.close)),
                text(at.units(bar.volume)),
                text(bar.volume * bar.close * SHARE),
            ]
            for bar in bars
        ],
    )


def account_long_short(query, world):
    book(query, world)
    query.get("period")
    row = {
        "longAccountRatio": "0.58",
        "shortAccountRatio": "0.42",
        "longShortAccountRatio": "0.0138",
        "ts": str(world.now_ms // PERIOD_MS * PERIOD_MS),
    }
    return answer(world, [row])


def query_position_lever(query, world):
    book(query, world)
    tiers = ((0, 150_000, 125, 0.004), (150_000, 1_000_000, 75, 0.006), (1_000_000, 9_000_000, 20, 0.02))
    rows = [
        {
            "symbol": query["symbol"],
            "level": str(place),
            "startUnit": str(floor),
            "endUnit": str(top),
            "leverage": str(leverage),
            "keepMarginRate": text(maintenance),
        }
        for place, (floor, top, leverage, maintenance) in enumerate(tiers, 1)
    ]
    return answer(world, rows)


ROUTES = {
    f"/api/v2/mix/market/{name}": handler
    for name, handler in {
        "open-interest": open_interest,
        "symbol-price": symbol_price,
        "current-fund-rate": current_fund_rate,
        "history-fund-rate": history_fund_rate,
        "candles": candles,
        "account-long-short": account_long_short,
        "query-position-lever": query_position_lever,
    }.items()
}
