"""Views that another process has made, taken from the bus: for a process without the engine."""

from collections.abc import Callable

from liqbot.alerts.layer_choice import LayerChoices
from liqbot.bus import Bus, ViewsMade
from liqbot.service.markets import Markets


class MarketFollower:
    """Shows people, and whoever chooses between layers, the views that come over the bus."""

    def __init__(self, bus: Bus, markets: Markets, choices: LayerChoices, clock: Callable[[], int]) -> None:
        """`clock` tells the time in ms since 1970 UTC."""
        self._markets = markets
        self._choices = choices
        self._clock = clock
        self.late_ms: int | None = None
        """By the clock, how old the newest views were when they came; None before the first."""
        bus.subscribe(ViewsMade, self.taken)

    async def taken(self, notice: ViewsMade) -> None:
        """Show views of another process; those of this one are shown as they are made."""
        if not notice.is_remote or not notice.views:
            return
        now_ms = self._clock()
        self._choices.regain(notice.layer)
        for view in notice.views:
            self._choices.hear(view.coin, view.layer, now_ms)
        self._markets.take(notice.views)
        self.late_ms = now_ms - max(view.time_ms for view in notice.views)
