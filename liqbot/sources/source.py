"""What a source is to the rest of the house: `liqbot.market.source`, under the name of this room."""

from liqbot.market.source import Source, SourceError

__all__ = ["Source", "SourceError"]
