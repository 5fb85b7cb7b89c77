"""OKX perpetual swaps settled in USDT."""

from liqbot.sources.exchanges.okx.client import Okx

__all__ = ["Okx"]
