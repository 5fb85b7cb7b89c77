"""A recording played as a source."""

from liqbot.sources.replay.player import RECORDED_LAYER, Replay

__all__ = ["RECORDED_LAYER", "Replay"]
