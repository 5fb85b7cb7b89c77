"""Gate as it answers: bare rows, times in seconds, sizes in contracts, labels for errors."""

from counterparts.exchanges.venue import Book, Limit, Listing, Refused, newest, number, text
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
    return [
        {
            "contract": query["contract"],
            "left": 0,
            "size": max(round(at.contracts(event.size)), 1) * (1 if event.side is Side.LONG else -1),
            "fill_price": text(at.price(event.price), 16),
            "order_price": text(at.price(event.price) * (0.996 if event.side is Side.LONG else 1.004), 16),
            "time": event.time_ms // 1000,
        }
        for event in newest(at.series.liquidations, limit)
    ]


ROUTES = {
    f"/api/v4/futures/usdt/{name}": handler
    for name, handler in {
        "contracts": contract,
        "contract_stats": contract_stats,
        "candlesticks": candlesticks,
        "funding_rate": funding_rate,
        "risk_limit_tiers": risk_limit_tiers,
        "liq_orders": liq_orders,
    }.items()
}
