"""Memories of the engine over a restart, as bytes by name: clusters, models, context."""

from collections.abc import Mapping
from typing import Protocol

from liqbot.market.layer import Layer


class Memories(Protocol):
    """One memory a layer and coin; what is in it is the engine's business."""

    async def save(self, layer: Layer, memories: Mapping[str, bytes]) -> None:
        """Keep `memories` (by coin) in place of the ones before."""
        ...

    async def load(self, layer: Layer) -> list[bytes]:
        """Return the memories of a layer."""
        ...

    async def forget(self, layer: Layer) -> None:
        """Remove the memories of a layer."""
        ...
