"""Gate futures settled in USDT."""

from liqbot.sources.exchanges.gate.client import Gate

__all__ = ["Gate"]
