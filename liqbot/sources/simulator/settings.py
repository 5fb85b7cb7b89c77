"""What can be set of the simulated market."""

from typing import Literal

from pydantic import Field

from liqbot.sections import Section


class SimulatorSettings(Section):
    """The simulated market."""

    seed: int = Field(default=7, description="the same seed is the same market")
    scenario: Literal["natural", "calm", "grind", "squeeze", "cascade", "mixed"] = Field(
        default="natural",
        description="what the market is up to: natural is as measured, in mixed more happens",
    )
    speed: float = Field(default=60, ge=0, description="simulated seconds a second; 0 is as fast as possible")
    backfill_days: float = Field(
        default=7, ge=0, le=366, description="days of history made up before the start"
    )
