"""Binance, Bybit, OKX, Bitget and Gate: what is public of their markets, for the modelled map."""

from liqbot.sources.exchanges.source import ExchangeSource

__all__ = ["ExchangeSource"]
