"""OKX as it answers: an envelope with a code as text, sizes in contracts, the newest row first."""

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
from counterparts.exchanges.world import HOUR_MS, PERIOD_MS

from liqbot.market.side import Side

SHARE = 1.2
LISTINGS = {
    "BTC-USDT-SWAP": Listing("BTC", contract=0.01),
    "ETH-USDT-SWAP": Listing("ETH", contract=0.1),
    "SOL-USDT-SWAP": Listing("SOL", contract=1.0),
    "HYPE-USDT-SWAP": Listing("HYPE", contract=0.1),
    "PEPE-USDT-SWAP": Listing("PEPE", contract=10_000_000),
}
LIMITS = (Limit("/api/v5/rubik/", 5, 2), Limit("/api/v5/public/", 10, 2), Limit("/", 20, 2))
KEPT = 1440
"""Rows of open interest that there are at any pace."""
PACES = {"5m": PERIOD_MS, "1H": HOUR_MS}
STREAM = "/ws/v5/public"
TIERS = ((10_000, 100, 0.004), (50_000, 50, 0.01), (400_000, 20, 0.02))
"""Contracts, leverage, maintenance."""


def error(code="50026", message="System error. Try again later."):
    return {"code": code, "msg": message, "data": []}


def answer(rows):
    return {"code": "0", "msg": "", "data": rows}


def book(query, world):
    listing = LISTINGS.get(query["instId"])
    if listing is None:
        raise Refused(200, error("51001", "Instrument ID doesn't exist."))
    return Book(world, listing, SHARE)


def span(query, most, world, older="after", newer="before"):
    limit = number(query, "limit", most)
    if not 0 < limit <= most:
        raise Refused(400, error("51000", "Parameter limit error"))
    return number(query, newer, 0) + 1, number(query, older, world.now_ms + 1) - 1, limit


def open_interest(query, world):
    query.demand(instType="SWAP")
    at = book(query, world)
    row = {
        "instType": "SWAP",
        "instId": query["instId"],
        "oi": text(at.contracts(at.series.open_interest), 2),
        "oiCcy": text(at.open_interest, 4),
        "oiUsd": text(at.open_interest * at.mark, 2),
        "ts": str(at.now_ms),
    }
    return answer([row])


def open_interest_history(query, world):
    at, pace_ms = book(query, world), PACES[query["period"]]
    first, last, limit = span(query, 100, world, "end", "begin")
    first = max(first, (world.now_ms // pace_ms - KEPT) * pace_ms)
    bars = [
        bar
        for bar in at.series.closed(first - PERIOD_MS, last - PERIOD_MS, at.now_ms)
        if bar.end_ms % pace_ms == 0
    ]
    return answer(
        [
            [
                str(bar.end_ms),
                text(at.contracts(bar.open_interest), 2),
                text(at.units(bar.open_interest), 4),
                text(at.units(bar.open_interest) * at.price(bar.close), 2),
            ]
            for bar in newest(bars, limit)
        ]
    )


def history_candles(query, world):
    query.demand(bar="5m")
    at = book(query, world)
    first, last, limit = span(query, 100, world)
    return answer(
        [
            [
                str(bar.begin_ms),
                *(text(at.price(price)) for price in (bar.open, bar.high, bar.low, bar.close)),
                text(at.contracts(bar.volume)),
                text(at.units(bar.volume)),
                text(bar.volume * bar.close * SHARE),
                "1" if bar.end_ms <= at.now_ms else "0",
            ]
            for bar in newest(at.series.begun(first, last), limit)
        ]
    )


def mark_price(query, world):
    query.demand(instType="SWAP")
    at = book(query, world)
    return answer(
        [{"instType": "SWAP", "instId": query["instId"], "markPx": text(at.mark), "ts": str(at.now_ms)}]
    )


def funding_rate(query, world):
    at = book(query, world)
    due = (at.now_ms // 28_800_000 + 1) * 28_800_000
    row = {
        "instType": "SWAP",
        "instId": query["instId"],
        "fundingRate": text(at.series.rate),
        "fundingTime": str(due),
        "nextFundingTime": str(due + 28_800_000),
    }
    return answer([row])


def funding_rate_history(query, world):
    at = book(query, world)
    first, last, limit = span(query, 400, world)
    return answer(
        [
            {
                "instType": "SWAP",
                "instId": query["instId"],
                "fundingRate": text(rate * 1.1),
                "realizedRate": text(rate),
                "fundingTime": str(time_ms),
            }
            for time_ms, rate in newest(at.series.paid(first, last), limit)
        ]
    )


def account_ratio(query, world):
    book(query, world)
    query.get("period")
    rows = [
        [str(world.now_ms // PERIOD_MS * PERIOD_MS - back * PERIOD_MS), "0.9398602814619824"]
        for back in range(number(query, "limit", 100))
    ]
    return {"code": "0", "data": rows, "msg": ""}


def taker_volume(query, world):
    book(query, world)
    query.get("period")
    rows = [
        [str(world.now_ms // PERIOD_MS * PERIOD_MS - back * PERIOD_MS), "7596.2651", "7149.4855"]
        for back in range(number(query, "limit", 100))
    ]
    return {"code": "0", "data": rows, "msg": ""}


def instruments(query, world):
    query.demand(instType="SWAP")
    if "instId" not in query:
        return answer([{"instType": "SWAP", "instId": symbol, "state": "live"} for symbol in LISTINGS])
    at = book(query, world)
    row = {
        "instType": "SWAP",
        "instId": query["instId"],
        "ctVal": text(at.listing.contract),
        "ctMult": "1",
        "ctValCcy": at.listing.coin,
        "lever": "100",
        "state": "live",
    }
    return answer([row])


def position_tiers(query, world):
    query.demand(instType="SWAP", tdMode="isolated")
    book({"instId": query["instFamily"] + "-SWAP"}, world)
    rows, floor = [], 0
    for place, (most, leverage, maintenance) in enumerate(TIERS, 1):
        rows.append(
            {
                "instFamily": query["instFamily"],
                "tier": str(place),
                "minSz": str(floor),
                "maxSz": str(most),
                "mmr": text(maintenance),
                "imr": text(1 / leverage),
                "maxLever": str(leverage),
            }
        )
        floor = most + 1
    return answer(rows)


def books(query, world):
    at = book(query, world)
    count = number(query, "sz", 1)
    if not 0 < count <= 400:
        raise Refused(400, error("51000", "Parameter sz error"))
    sides = {
        side: [
            [text(price), text(size), "0", "3"]
            for price, size in levels(at, side, count, at.listing.contract)
        ]
        for side in ("asks", "bids")
    }
    return answer([{**sides, "ts": str(at.now_ms)}])


def past_liquidation_orders(query, world):
    query.demand(instType="SWAP", state="filled")
    symbol = query["instFamily"] + "-SWAP"
    at = book({"instId": symbol}, world)
    first, last, limit = span(query, 100, world)
    events = [event for event in at.series.liquidations if first <= event.time_ms <= last]
    frame = liquidation_orders(symbol, newest(events, limit), world)
    return answer(frame["data"] if events else [])


ROUTES = {
    "/api/v5/market/books": books,
    "/api/v5/public/liquidation-orders": past_liquidation_orders,
    "/api/v5/public/open-interest": open_interest,
    "/api/v5/rubik/stat/contracts/open-interest-history": open_interest_history,
    "/api/v5/market/history-candles": history_candles,
    "/api/v5/public/mark-price": mark_price,
    "/api/v5/public/funding-rate": funding_rate,
    "/api/v5/public/funding-rate-history": funding_rate_history,
    "/api/v5/rubik/stat/contracts/long-short-account-ratio-contract": account_ratio,
    "/api/v5/rubik/stat/taker-volume-contract": taker_volume,
    "/api/v5/public/instruments": instruments,
    "/api/v5/public/position-tiers": position_tiers,
}


def _tiers_in_usd(at):
    floors = (0, *(most + 1 for most, _, _ in TIERS[:-1]))
    contract_usd = at.listing.contract * at.mark
    return [(floor * contract_usd, rate) for floor, (_, _, rate) in zip(floors, TIERS, strict=True)]


def liquidation_orders(symbol, events, world):
    """Return the frame of some liquidations: sizes in contracts, the price at which each is worth nothing."""
    at = Book(world, LISTINGS[symbol], SHARE)
    details = [
        {
            "bkLoss": "0",
            "bkPx": text(at.price(bankruptcy(event, event.size * SHARE, _tiers_in_usd(at)))),
            "ccy": "",
            "posSide": "long" if event.side is Side.LONG else "short",
            "side": "sell" if event.side is Side.LONG else "buy",
            "sz": text(at.contracts(event.size)),
            "ts": str(event.time_ms),
        }
        for event in events
    ]
    family = symbol.removesuffix("-SWAP")
    row = {"details": details, "instFamily": family, "instId": symbol, "instType": "SWAP", "uly": family}
    return {"arg": {"channel": "liquidation-orders", "instType": "SWAP"}, "data": [row]}


def frames(events, world, wanted):
    return [
        liquidation_orders(symbol, events[listing.coin], world)
        for symbol, listing in LISTINGS.items()
        if "liquidation-orders" in wanted and events[listing.coin]
    ]


def hear(message, wanted):
    """Return the answer to a frame of a client."""
    argument = message["args"][0]
    if argument != {"channel": "liquidation-orders", "instType": "SWAP"}:
        return {"event": "error", "code": "60012", "msg": f"Invalid request: {message}"}
    wanted.add("liquidation-orders")
    return {"event": "subscribe", "arg": argument, "connId": "1"}
