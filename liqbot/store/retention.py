"""How long history is kept. Everything that fills the disk has its end here."""

from dataclasses import dataclass

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Retention:
    """Spans in ms, by the market's time. Alerts have their own (`app/health_monitor.py`)."""

    history_ms: int = 366 * DAY_MS
    """Maps by day, readings by the hour, the price path in steps of 5 minutes, cases of the scoreboard."""
    views_ms: int = 8 * DAY_MS
    """Whole views, and what rules have read: what previews look at."""
    events_ms: int = 366 * DAY_MS
    """Births and ends of clusters, changes of the regime, liquidations."""

    @staticmethod
    def of_days(*, history: int, views: int, events: int) -> "Retention":
        """Return the retention of so many days each."""
        return Retention(history * DAY_MS, views * DAY_MS, events * DAY_MS)


DEFAULT = Retention()
