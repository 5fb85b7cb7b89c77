"""What each exchange calls a coin, and how many of it one of its units is.

A coin is named as on Hyperliquid: a `k` before capitals means a thousand (`kPEPE` is 1000 PEPE), and so does
a number (`1000PEPE`). Exchanges bundle cheap coins too, each its own way: one table holds them all.
"""

import re
from dataclasses import dataclass

BINANCE, BYBIT, OKX, BITGET, GATE = "Binance", "Bybit", "OKX", "Bitget", "Gate"

_PATTERNS = {
    BINANCE: "{}USDT",
    BYBIT: "{}USDT",
    OKX: "{}-USDT-SWAP",
    BITGET: "{}USDT",
    GATE: "{}_USDT",
}
"""How an exchange calls the perpetual contract on a coin, settled in USDT."""

_BUNDLED: dict[str, dict[str, tuple[str, int]]] = {
    "BONK": {BINANCE: ("1000BONK", 1000), BYBIT: ("1000BONK", 1000)},
    "BTT": {BYBIT: ("1000BTT", 1000)},
    "CAT": {BINANCE: ("1000CAT", 1000), BYBIT: ("1000CAT", 1000)},
    "FLOKI": {BINANCE: ("1000FLOKI", 1000), BYBIT: ("1000FLOKI", 1000)},
    "LUNC": {BINANCE: ("1000LUNC", 1000), BYBIT: ("1000LUNC", 1000)},
    "MOG": {BINANCE: ("1000000MOG", 1_000_000), BYBIT: ("1000000MOG", 1_000_000)},
    "PEPE": {BINANCE: ("1000PEPE", 1000), BYBIT: ("1000PEPE", 1000)},
    "RATS": {BINANCE: ("1000RATS", 1000), BYBIT: ("1000RATS", 1000)},
    "SATS": {BINANCE: ("1000SATS", 1000), BYBIT: ("10000SATS", 10_000)},
    "SHIB": {BINANCE: ("1000SHIB", 1000), BYBIT: ("SHIB1000", 1000)},
    "TURBO": {BYBIT: ("1000TURBO", 1000)},
    "XEC": {BINANCE: ("1000XEC", 1000), BYBIT: ("1000XEC", 1000)},
}
"""Coins that an exchange trades in bundles: what it calls one, and how many coins it holds."""

_THOUSANDS = re.compile(r"k(?=[A-Z])|1(?P<zeros>(?:000)+)(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Instrument:
    """A coin's perpetual contract at one exchange."""

    coin: str
    symbol: str
    unit: float
    """Coins in one unit of the exchange: its sizes times this are coins, its prices over this are USD."""


def instrument(venue: str, coin: str) -> Instrument:
    """Return what `venue` calls `coin`. Whether it lists it, only the exchange knows."""
    base, bundle = _base(coin)
    name, held = _BUNDLED.get(base, {}).get(venue, (base, 1))
    return Instrument(coin, _PATTERNS[venue].format(name), held / bundle)


def _base(coin: str) -> tuple[str, int]:
    """Return the coin without a number of thousands, and the number: `("PEPE", 1000)`."""
    found = _THOUSANDS.match(coin)
    if found is None:
        return coin.upper(), 1
    return coin[found.end() :], int("1" + (found["zeros"] or "000"))
