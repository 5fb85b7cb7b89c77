"""Binance USD-M futures."""

from liqbot.sources.exchanges.binance.client import Binance

__all__ = ["Binance"]
