"""A recording as a source: how it is made of its settings."""

from pathlib import Path

from liqbot.plugin import SourceRequest, source
from liqbot.sources.replay.player import Replay
from liqbot.sources.replay.settings import ReplaySettings


@source("replay", settings=ReplaySettings, takes="FILE")
def replay(request: SourceRequest) -> Replay:
    """A recording, played as if it were live: `replay:FILE`."""
    own = ReplaySettings.model_validate(dict(request.options))
    return Replay(Path(request.argument), speed=own.speed, coins=request.coins)
