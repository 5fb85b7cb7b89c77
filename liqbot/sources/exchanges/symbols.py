"""Symbols: what each exchange calls a coin, and its multiplier (1000PEPE), by the table of bundles."""

from dataclasses import dataclass

from liqbot.market.coins import BINANCE, BITGET, BUNDLES, BYBIT, GATE, OKX, base_of, canonical

__all__ = ["BINANCE", "BITGET", "BYBIT", "GATE", "OKX", "Instrument", "coin_of", "instrument"]

_SUFFIXES = {BINANCE: "USDT", BYBIT: "USDT", OKX: "-USDT-SWAP", BITGET: "USDT", GATE: "_USDT"}
"""What an exchange adds to a coin for the perpetual contract on it, settled in USDT."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """A coin's perpetual contract at one exchange."""

    coin: str
    symbol: str
    unit: float
    """Coins in one unit of the exchange: its sizes times this are coins, its prices over this are USD."""


def instrument(venue: str, coin: str) -> Instrument:
    """Return what `venue` calls `coin`. Whether it lists it, only the exchange knows."""
    base, bundle = base_of(coin)
    name, held = BUNDLES.get(base, {}).get(venue, (base, 1))
    return Instrument(coin, name + _SUFFIXES[venue], held / bundle)


def coin_of(venue: str, symbol: str) -> str | None:
    """Return the coin of a perpetual contract that is settled in USDT, None for any other contract."""
    name = symbol.removesuffix(_SUFFIXES[venue])
    return canonical(name) if name and name != symbol else None
