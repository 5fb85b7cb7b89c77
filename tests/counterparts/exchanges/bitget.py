"""Bitget as it answers: an envelope with a code as text; open interest as it is, never as it was."""

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
from counterparts.exchanges.world import DAY_MS, PERIOD_MS

from liqbot.market.side import Side

SHARE = 1.0
LISTINGS = {
    "BTCUSDT": Listing("BTC"),
    "ETHUSDT": Listing("ETH"),
    "SOLUSDT": Listing("SOL"),
    "PEPEUSDT": Listing("PEPE"),
}
LIMITS = (
    Limit("/api/v2/mix/market/account-long-short", 1, 1),
    Limit("/api/v2/mix/market/taker-buy-sell", 1, 1),
    Limit("/api/v3/market/liquidations", 5, 1),
    Limit("/", 20, 1),
)
STREAM = "/v3/ws/public"
TIERS = ((0, 0.004), (150_000, 0.006), (1_000_000, 0.02))
"""From so many USD on, so much of the notional above it is maintenance margin."""


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


def taker_buy_sell(query, world):
    book(query, world)
    query.get("period")
    end_ms = world.now_ms // PERIOD_MS * PERIOD_MS
    return answer(
        world,
        [
            {"buyVolume": "0.03", "sellVolume": "0.12", "ts": str(end_ms - back * PERIOD_MS)}
            for back in range(2)
        ],
    )


def query_position_lever(query, world):
    book(query, world)
    tops = [floor for floor, _ in TIERS[1:]] + [9_000_000]
    tiers = [(*row, top, most) for row, top, most in zip(TIERS, tops, (125, 75, 20), strict=True)]
    rows = [
        {
            "symbol": query["symbol"],
            "level": str(place),
            "startUnit": str(floor),
            "endUnit": str(top),
            "leverage": str(leverage),
            "keepMarginRate": text(maintenance),
        }
        for place, (floor, maintenance, top, leverage) in enumerate(tiers, 1)
    ]
    return answer(world, rows)


def merge_depth(query, world):
    query.demand(precision="scale0", limit="max")
    at = book(query, world)
    sides = {side: [[price, size] for price, size in levels(at, side, 300)] for side in ("asks", "bids")}
    return answer(
        world, {**sides, "ts": str(at.now_ms), "scale": "0.1", "precision": "scale0", "isMaxPrecision": "NO"}
    )


def contracts(query, world):
    query.demand(productType="USDT-FUTURES")
    return answer(
        world, [{"symbol": symbol, "symbolStatus": "normal", "quoteCoin": "USDT"} for symbol in LISTINGS]
    )


def order(symbol, event, world):
    """Return a liquidation: the position's side, its bankruptcy price, coins."""
    at = Book(world, LISTINGS[symbol], SHARE)
    return {
        "symbol": symbol,
        "side": "buy" if event.side is Side.LONG else "sell",
        "price": text(at.price(bankruptcy(event, event.size * SHARE, TIERS)), 16),
        "amount": text(at.units(event.size)),
        "ts": str(event.time_ms),
    }


def past_liquidations(query, world):
    """Pages of the newest first; the cursor is how many have been told."""
    query.demand(category="USDT-FUTURES")
    at = book({"symbol": query["symbol"]}, world)
    limit, told = number(query, "limit", 20), number(query, "cursor", 0)
    if not 0 < limit <= 100:
        raise Refused(400, error("40017", "Parameter verification failed"))
    kept = [event for event in at.series.liquidations if event.time_ms > world.now_ms - 3 * DAY_MS]
    page = newest(kept, len(kept))[told : told + limit]
    cursor = str(told + limit) if told + limit < len(kept) else None
    return answer(world, {"list": [order(query["symbol"], event, world) for event in page], "cursor": cursor})


def frames(events, world, wanted):
    """Return the frames of some liquidations by coin: the largest a side and second."""
    told = []
    for symbol, listing in LISTINGS.items():
        largest = {}
        for event in sorted(events[listing.coin], key=lambda event: event.size):
            largest[event.time_ms // 1000, event.side] = event
        if "liquidation" in wanted and largest:
            argument = {"instType": "usdt-futures", "topic": "liquidation"}
            rows = [order(symbol, event, world) for event in largest.values()]
            told.append({"data": rows, "arg": argument, "action": "update", "ts": world.now_ms})
    return told


def hear(message, wanted):
    """Return the answer to a frame of a client."""
    argument = message["args"][0]
    if message["op"] != "subscribe" or argument != {"instType": "usdt-futures", "topic": "liquidation"}:
        return {"event": "error", "arg": argument, "code": "30001", "msg": "doesn't exist"}
    wanted.add("liquidation")
    return {"event": "subscribe", "arg": argument, "connId": "1"}


ROUTES = {
    "/api/v3/market/liquidations": past_liquidations,
} | {
    f"/api/v2/mix/market/{name}": handler
    for name, handler in {
        "open-interest": open_interest,
        "symbol-price": symbol_price,
        "current-fund-rate": current_fund_rate,
        "history-fund-rate": history_fund_rate,
        "candles": candles,
        "account-long-short": account_long_short,
        "taker-buy-sell": taker_buy_sell,
        "query-position-lever": query_position_lever,
        "merge-depth": merge_depth,
        "contracts": contracts,
    }.items()
}
