from dataclasses import dataclass

from liqbot.plugin import Hit, rule


@dataclass
class Seen:
    views: int = 0


@rule("another-good")
class AnotherGood:
    """It counts views in its state."""

    State = Seen

    def read(self, view, state):
        state.views += 1
        yield Hit(f"another-{view.time_ms}", f"{view.coin}, view {state.views}")
