"""How the sources are doing."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from liqbot.market.layer import Layer
from liqbot.sources.source import Report


@dataclass(slots=True)
class SourceHealth:
    """How a source is doing, for `/status`."""

    name: str
    layer: Layer
    state: str = "starting"
    """In a word or two: `running`, `ended`, or what went wrong."""
    rejected: Counter[str] = field(default_factory=Counter[str])
    """Updates or positions that made no sense, by reason."""
    report: Callable[[], Report] = Report
    """What the source itself has to say when asked."""

    @property
    def missing(self) -> Mapping[str, str]:
        """Why there is no data at the moment, by what is missing: a coin, liquidations."""
        return self.report().missing

    @property
    def limits(self) -> Mapping[str, str]:
        """What the source never has, and why."""
        return self.report().limits
