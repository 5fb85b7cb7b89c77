"""The answers, field for field as the exchange sends them; numbers are strings, but leverages and times."""

import math

from .book import Book, CoinState, Deal, Held

ORDERS = 20
"""Levels of an order book on each side."""
DENSITY = 1e6
"""Coins that stand in it for each share of the price: 10,000 a percent."""


def number(value: float, digits: int = 6) -> str:
    text = f"{value:.{digits}f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def clearinghouse_state(book: Book, time_ms: int) -> dict:
    cross = [held for held in book.positions if not held.isolated]
    alone = [held for held in book.positions if held.isolated]
    own = sum(held.margin_used for held in alone)
    summary = _summary(book.cross_value + own, book.positions)
    return {
        "marginSummary": summary,
        "crossMarginSummary": _summary(book.cross_value, cross),
        "crossMaintenanceMarginUsed": number(book.cross_maintenance),
        "withdrawable": number(max(0.0, book.cross_value - sum(held.margin_used for held in cross))),
        "assetPositions": [_asset_position(held) for held in book.positions],
        "time": time_ms,
    }


def spot_state(book: Book) -> dict:
    if book.spot_usd is None:
        return {"balances": []}
    available = book.cross_value - book.cross_maintenance + book.spot_usd
    return {
        "portfolioMarginEnabled": True,
        "balances": [
            {
                "coin": "USDC",
                "token": 0,
                "total": number(book.spot_usd),
                "hold": "0.0",
                "entryNtl": "0.0",
                "ltv": "0.0",
                "supplied": number(book.spot_usd),
            }
        ],
        "portfolioMarginRatio": "0.025841686",
        "tokenToPortfolioBorrowRatio": [[0, "0.0"]],
        "tokenToPortfolioSupplyRatio": [],
        "tokenToAvailableAfterMaintenance": [[0, number(available)]],
    }


def meta(coins: list[CoinState]) -> dict:
    tables = {coin.tiers: 51 + place for place, coin in enumerate(coins)}
    return {
        "universe": [
            {
                "szDecimals": 5,
                "name": coin.name,
                "maxLeverage": int(coin.tiers[0][1]),
                "marginTableId": tables[coin.tiers],
            }
            for coin in coins
        ],
        "marginTables": [
            [
                table,
                {
                    "description": f"tiered {tiers[0][1]:.0f}x",
                    "marginTiers": [
                        {"lowerBound": number(bound), "maxLeverage": int(leverage)}
                        for bound, leverage in tiers
                    ],
                },
            ]
            for tiers, table in tables.items()
        ],
    }


def asset_context(coin: CoinState) -> dict:
    mark = number(coin.mark)
    return {
        "funding": number(coin.funding, 10),
        "openInterest": number(coin.open_interest),
        "prevDayPx": mark,
        "dayNtlVlm": number(coin.open_interest * coin.mark),
        "premium": "0.0",
        "oraclePx": mark,
        "markPx": mark,
        "midPx": mark,
        "impactPxs": [number(coin.mark * 0.9999), number(coin.mark * 1.0001)],
        "dayBaseVlm": number(coin.open_interest),
    }


def l2_book(coin: CoinState, time_ms: int, digits: int | None = None) -> dict:
    """Return a book of equal density everywhere, in steps of so many significant digits."""
    step = 1e-5 * coin.mark if digits is None else 10.0 ** (math.floor(math.log10(coin.mark)) + 1 - digits)

    def side(sign: int) -> list[dict]:
        first = (math.ceil if sign > 0 else math.floor)(coin.mark / step + sign * 1e-9)
        return [
            {
                "px": number((first + sign * place) * step, 8),
                "sz": number(DENSITY * step / coin.mark, 5),
                "n": 1 + place,
            }
            for place in range(ORDERS)
        ]

    return {"coin": coin.name, "time": time_ms, "levels": [side(-1), side(1)]}


def trade(deal: Deal, time_ms: int, tid: int) -> dict:
    return {
        "coin": deal.coin,
        "side": "B",
        "px": number(deal.price),
        "sz": number(deal.size),
        "time": time_ms,
        "hash": f"0x{tid:064x}",
        "tid": tid,
        "users": [deal.buyer, deal.seller],
    }


def candle(coin: CoinState, start_ms: int, length_ms: int, interval: str, prices: list[float]) -> dict:
    return {
        "t": start_ms,
        "T": start_ms + length_ms - 1,
        "s": coin.name,
        "i": interval,
        "o": number(prices[0]),
        "c": number(prices[-1]),
        "h": number(max(prices)),
        "l": number(min(prices)),
        "v": number(float(len(prices))),
        "n": len(prices),
    }


def leaderboard_row(
    name: str, account_value: float, performances: dict[str, tuple[float, float]] | None = None
) -> dict:
    """Return a row; `performances` has gain and volume by window, USD, and nothing for who did nothing."""
    told = performances or {}
    return {
        "ethAddress": name,
        "accountValue": number(account_value),
        "displayName": None,
        "windowPerformances": [
            [window, _performance(account_value, *told.get(window, (0.0, 0.0)))]
            for window in ("day", "week", "month", "allTime")
        ],
    }


def _performance(account_value: float, pnl: float, vlm: float) -> dict:
    roi = pnl / account_value if account_value > 0 else 0.0
    return {"pnl": number(pnl), "roi": number(roi, 10), "vlm": number(vlm)}


def _summary(value: float, positions: list[Held] | tuple[Held, ...]) -> dict:
    return {
        "accountValue": number(value),
        "totalNtlPos": number(sum(abs(held.size) * held.mark for held in positions)),
        "totalRawUsd": number(value - sum(held.size * held.mark for held in positions)),
        "totalMarginUsed": number(sum(held.margin_used for held in positions)),
    }


def _asset_position(held: Held) -> dict:
    value, gain = abs(held.size) * held.mark, held.size * (held.mark - held.entry)
    leverage = {"type": "isolated" if held.isolated else "cross", "value": int(held.leverage)}
    if held.isolated:
        leverage["rawUsd"] = number(held.raw_usd)
    return {
        "type": "oneWay",
        "position": {
            "coin": held.coin,
            "szi": number(held.size, 8),
            "leverage": leverage,
            "entryPx": number(held.entry),
            "positionValue": number(value),
            "unrealizedPnl": number(gain),
            "returnOnEquity": number(gain / held.margin_used if held.margin_used else 0.0, 10),
            "liquidationPx": None if held.level is None else number(held.level, 10),
            "marginUsed": number(held.margin_used),
            "maxLeverage": int(held.max_leverage),
            "cumFunding": {"allTime": "0.0", "sinceOpen": "0.0", "sinceChange": "0.0"},
        },
    }


def user_fill(deal: Deal, user: str, time_ms: int, tid: int) -> dict:
    """Return a trade as one of its sides is told of it."""
    told = {
        "coin": deal.coin,
        "px": number(deal.price),
        "sz": number(deal.size),
        "side": "B" if user == deal.buyer else "A",
        "time": time_ms,
        "startPosition": "0.0",
        "dir": "Open Long" if user == deal.buyer else "Open Short",
        "closedPnl": "0.0",
        "hash": f"0x{tid:064x}",
        "oid": tid,
        "crossed": True,
        "fee": "0.0",
        "tid": tid,
        "feeToken": "USDC",
    }
    if deal.liquidated:
        told["liquidation"] = {
            "liquidatedUser": deal.liquidated,
            "markPx": number(deal.price),
            "method": "market",
        }
    return told
