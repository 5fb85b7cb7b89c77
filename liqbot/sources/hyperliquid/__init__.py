"""Hyperliquid, live: every position that one address can reach, with its age."""

from liqbot.sources.hyperliquid.clock import Clock, SystemClock
from liqbot.sources.hyperliquid.source import Hyperliquid

__all__ = ["Clock", "Hyperliquid", "SystemClock"]
