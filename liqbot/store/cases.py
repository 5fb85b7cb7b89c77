"""Cases of the scoreboard: clusters at the moments from which they count, by layer and coin."""

from collections.abc import Sequence
from typing import Protocol

from liqbot.engine.scoreboard import Case
from liqbot.market.layer import Layer


class Cases(Protocol):
    """What can be counted."""

    async def record(self, layer: Layer, coin: str, cases: Sequence[Case]) -> None:
        """Write cases down, in one transaction; one that is there already stays as it is."""
        ...

    async def between(self, layer: Layer, coin: str, since_ms: int, until_ms: int) -> list[Case]:
        """Return the cases that began in (since_ms, until_ms], the oldest first.

        Raises `StoreError` for one that is damaged.
        """
        ...

    async def forget(self, layer: Layer) -> None:
        """Remove everything of a layer, as when a simulated market begins anew."""
        ...

    async def thin(self, now_ms: int) -> None:
        """Remove what is older than it is kept, by the market's time `now_ms`."""
        ...
