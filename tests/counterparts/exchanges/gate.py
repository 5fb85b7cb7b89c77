"""Gate as it answers: bare rows, times in seconds, sizes in contracts, labels for errors."""

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

SHARE = 0.7
LISTINGS = {
    "BTC_USDT": Listing("BTC", contract=0.0001),
    "ETH_USDT": Listing("ETH", contract=0.01),
    "SOL_USDT": Listing("SOL", contract=1.0),
    "PEPE_USDT": Listing("PEPE", contract=10_000_000),
}
LIMITS = (Limit("/", 200, 10),)
STREAM = "/v4/ws/usdt"
CHANNEL = "futures.public_liquidates"
TIERS = ((0, 0.004), (1_000_000, 0.005), (2_000_000, 0.01))
"""From so many USD on, so much of the notional above it is maintenance margin."""


def error(label="SERVER_ERROR", message="internal error"):
    return {"label": label, "message": message}


def book(query, world):
    listing = LISTINGS.get(query["contract"])
    if listing is None:
        raise Refused(400, error("CONTRACT_NOT_FOUND", "contract not found"))
    return Book(world, listing, SHARE)


def contract(query, world):
    at = book(query, world)
    return {
        "name": query["contract"],
        "quanto_multiplier": text(at.listing.contract),
        "mark_price": text(at.mark, 16),
        "funding_rate": text(at.series.rate, 8),
        "funding_interval": 28_800,
        "leverage_max": "125",
        "maintenance_rate": "0.004",
        "position_size": round(at.contracts(at.series.open_interest)),
        "in_delisting": False,
    }


def contract_or_all(query, world):
    return contract(query, world) if "contract" in query else listings(query, world)


def contract_stats(query, world):
    query.demand(interval="5m")
    at = book(query, world)
    limit = number(query, "limit", 30)
    if not 0 < limit <= 100:
        raise Refused(400, error("INVALID_PARAM_VALUE", "limit"))
    first_ms = number(query, "from", 0) * 1000
    bars = at.series.closed(first_ms - PERIOD_MS, at.now_ms, at.now_ms)
    bars = bars[:limit] if "from" in query else bars[-limit:]
    return [
        {
            "long_liq_size": text(bar.long_usd / bar.close),
            "short_liq_size": text(bar.short_usd / bar.close),
            "short_liq_usd": text(bar.short_usd),
            "lsr_account": "3.2808988764045",
            "mark_price": text(at.price(bar.close), 16),
            "top_lsr_size": "0",
            "time": str(bar.end_ms // 1000),
            "short_liq_amount": text(bar.short_usd / bar.close),
            "long_liq_amount": text(bar.long_usd / bar.close),
            "open_interest_usd": text(at.units(bar.open_interest) * at.price(bar.close), 6),
            "top_lsr_account": "0",
            "open_interest": str(round(at.contracts(bar.open_interest))),
            "long_liq_usd": text(bar.long_usd),
            "lsr_taker": "9.3765153315902",
        }
        for bar in bars
    ]


def candlesticks(query, world):
    query.demand(interval="5m")
    at = book(query, world)
    if "limit" in query:
        raise Refused(400, error("INVALID_PARAM_VALUE", "limit conflicts with from and to"))
    first, last = number(query, "from") * 1000, number(query, "to") * 1000
    if (last - first) // PERIOD_MS + 1 > 2000:
        raise Refused(400, error("INVALID_PARAM_VALUE", "too many points"))
    return [
        {
            "t": bar.begin_ms // 1000,
            "v": round(at.contracts(bar.volume)),
            "c": text(at.price(bar.close), 16),
            "h": text(at.price(bar.high), 16),
            "l": text(at.price(bar.low), 16),
            "o": text(at.price(bar.open), 16),
            "sum": text(bar.volume * bar.close * SHARE),
        }
        for bar in at.series.begun(first, min(last, at.now_ms))
    ]


def funding_rate(query, world):
    at = book(query, world)
    limit = number(query, "limit", 100)
    if not 0 < limit <= 1000:
        raise Refused(400, error("INVALID_PARAM_VALUE", "limit"))
    paid = at.series.paid(number(query, "from", 0) * 1000, number(query, "to", at.now_ms // 1000) * 1000)
    return [{"t": time_ms // 1000, "r": text(rate, 8)} for time_ms, rate in newest(paid, limit)]


def risk_limit_tiers(query, world):
    book(query, world)
    tiers = ((1_000_000, 125, 0.004), (2_000_000, 100, 0.005), (6_000_000, 50, 0.01))
    return [
        {
            "maintenance_rate": text(maintenance),
            "tier": place,
            "initial_rate": text(1 / leverage),
            "leverage_max": str(leverage),
            "risk_limit": str(limit),
        }
        for place, (limit, leverage, maintenance) in enumerate(tiers, 1)
    ]


def liq_orders(query, world):
    """The position's size, negative for a short; the order's limit is worse than what was paid."""
    at = book(query, world)
    limit = number(query, "limit", 100)
    last_ms = number(query, "to", at.now_ms // 1000) * 1000
    first_ms = number(query, "from", 0) * 1000
    if not 0 < limit <= 1000 or ("from" in query and last_ms - first_ms > 3_600_000):
        raise Refused(400, error("INVALID_PARAM_VALUE", "the interval between from and to is 3600 at most"))
    events = [event for event in at.series.liquidations if first_ms <= event.time_ms < last_ms + 1000]
    return [
        {
            "contract": query["contract"],
            "left": 0,
            "size": max(round(at.contracts(event.size)), 1) * (1 if event.side is Side.LONG else -1),
            "fill_price": text(at.price(event.price), 16),
            "order_price": text(at.price(event.price) * (0.996 if event.side is Side.LONG else 1.004), 16),
            "time": event.time_ms // 1000,
        }
        for event in newest(events, limit)
    ]


def order_book(query, world):
    at = book(query, world)
    limit = number(query, "limit", 10)
    query.get("with_id")
    if not 0 < limit <= 100:
        raise Refused(400, error("INVALID_PARAM_VALUE", "limit"))
    sides = {
        side: [
            {"p": text(price, 16), "s": text(size, 6)}
            for price, size in levels(at, side, limit, at.listing.contract)
        ]
        for side in ("asks", "bids")
    }
    return {"id": 1, "current": at.now_ms / 1000, "update": at.now_ms / 1000, **sides}


def listings(query, world):
    del query, world
    return [{"name": name, "in_delisting": False} for name in LISTINGS]


def frames(events, world, wanted):
    """Return the frames of some liquidations by coin: the order's price, which is the bankruptcy price."""
    told = []
    for symbol, listing in LISTINGS.items():
        at = Book(world, listing, SHARE)
        rows = [
            {
                "price": text(at.price(bankruptcy(event, event.size * SHARE, TIERS)), 16),
                "size": max(round(at.contracts(event.size)), 1) * (1 if event.side is Side.LONG else -1),
                "time": event.time_ms,
                "contract": symbol,
            }
            for event in events[listing.coin]
        ]
        if rows and "!all" in wanted:
            told.append(_message("update", world.now_ms, rows))
    return told


def hear(message, wanted):
    """Return the answer to a frame of a client."""
    if message["channel"] == "futures.ping":
        return {"time": 1, "channel": "futures.pong", "event": "", "result": None}
    if message["channel"] != CHANNEL or message["event"] != "subscribe" or message["payload"] != ["!all"]:
        return _message("subscribe", 0, None) | {
            "error": {"code": 2, "message": "unknown channel or contract"}
        }
    wanted.add("!all")
    return _message("subscribe", 0, {"status": "success"})


def _message(event, now_ms, result):
    return {"time": now_ms // 1000, "time_ms": now_ms, "channel": CHANNEL, "event": event, "result": result}


ROUTES = {
    f"/api/v4/futures/usdt/{name}": handler
    for name, handler in {
        "contracts": contract_or_all,
        "contract_stats": contract_stats,
        "candlesticks": candlesticks,
        "funding_rate": funding_rate,
        "risk_limit_tiers": risk_limit_tiers,
        "liq_orders": liq_orders,
        "order_book": order_book,
    }.items()
}
