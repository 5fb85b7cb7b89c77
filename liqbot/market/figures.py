"""Figures under their old address; they live in `liqbot.text.figures`."""

from liqbot.text.figures import duration, percent, price, ratio, share, usd

__all__ = ["duration", "percent", "price", "ratio", "share", "usd"]
