"""What a source is to the rest of the house."""

from collections.abc import AsyncIterator
from typing import Protocol

from liqbot.market.layer import Layer
from liqbot.market.updates import Update


class SourceError(Exception):
    """A source cannot go on. The text names the source and says why, in words an operator understands."""


class Source(Protocol):
    """Something that tells of positions and prices: an exchange, a recording, a simulated market."""

    @property
    def name(self) -> str:
        """The name in `LIQBOT_SOURCES`: `simulator`, `replay:FILE`."""
        ...

    @property
    def layer(self) -> Layer:
        """Whose positions these are, and on what basis."""
        ...

    @property
    def live_from_ms(self) -> int:
        """Updates up to this time are a past that the source makes up for history; 0 where it has none."""
        ...

    def updates(self) -> AsyncIterator[Update]:
        """Yield updates in the order of their time, with a `Beat` whenever what came before belongs together.

        Ends when there is nothing more to tell; raises `SourceError` when it cannot go on.
        """
        ...
