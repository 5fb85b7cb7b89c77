"""Bitget futures settled in USDT."""

from liqbot.sources.exchanges.bitget.client import Bitget

__all__ = ["Bitget"]
