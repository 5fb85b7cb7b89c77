"""Bybit linear perpetuals."""

from liqbot.sources.exchanges.bybit.client import Bybit

__all__ = ["Bybit"]
