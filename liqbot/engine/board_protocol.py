"""The Protocol of boards, measured and modelled alike, and which of them a layer takes."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Protocol

from liqbot.engine.board import Board as MeasuredBoard
from liqbot.engine.modelled import ALL, Choice
from liqbot.engine.modelled_board import ModelledBoard
from liqbot.market.events import Observation
from liqbot.market.grid import Grid
from liqbot.market.layer import Basis, Layer
from liqbot.market.layer_source import LayerSource
from liqbot.market.updates import Beat, Update
from liqbot.market.view import MarketView


class Board(Protocol):
    """All that one source has told, measured or modelled: updates in, observations out.

    Time is what updates say it is: a board reads no clock, and its own time never goes backwards.
    """

    layer: Layer
    time_ms: int

    @property
    def coins(self) -> list[str]:
        """The coins of which there is something to see, in the order in which they were first heard of."""
        ...

    @property
    def rejected(self) -> Counter[str]:
        """How many updates or figures were refused since the start, by reason."""
        ...

    def apply(self, update: Update) -> None:
        """Take up one update. What makes no sense is refused and counted in `rejected`."""
        ...

    def apply_all(self, updates: Iterable[Update]) -> Beat | None:
        """Take up `updates` until a beat, and return it; None when they end first."""
        ...

    def observe(self, coin: str) -> Observation:
        """Return the coin as it is now with what happened since the observation before, and move on.

        Raises `NoViewError`.
        """
        ...

    def view(self, coin: str) -> MarketView:
        """Return the view of `observe`, without what happened before it."""
        ...

    def grid(self, coin: str, window_ms: int, part: Choice = ALL) -> Grid | None:
        """Return past maps until now; None where only the history has them. Raises `NoViewError`."""
        ...

    def part(self, coin: str, choice: Choice) -> MarketView:
        """Return the coin as it is now, of the chosen positions alone. Raises `NoViewError`."""
        ...

    def snapshot(self, coin: str) -> LayerSource | None:
        """Return what views of a part are made from, in any thread; None where all is measured."""
        ...

    def memories(self, coins: Collection[str] | None = None) -> dict[str, bytes]:
        """Return by coin what outlasts a restart."""
        ...

    def recall(self, memories: Iterable[bytes]) -> None:
        """Take up what an earlier board remembered. Raises `msgspec.DecodeError` for another version's."""
        ...


def board_of(layer: Layer) -> Board:
    """Return an empty board for what a source of this layer tells."""
    return ModelledBoard(layer) if layer.basis is Basis.MODELLED else MeasuredBoard(layer)
