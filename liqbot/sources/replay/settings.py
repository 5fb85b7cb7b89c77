"""What can be set of recordings that are played."""

from pydantic import Field

from liqbot.sections import Section


class ReplaySettings(Section):
    """Recordings."""

    speed: float = Field(default=0, ge=0, description="recorded seconds a second; 0 is as fast as possible")
