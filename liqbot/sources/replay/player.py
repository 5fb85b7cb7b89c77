"""A recording played as a source, at a chosen speed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.updates import Update
from liqbot.sources.recording import Recording
from liqbot.sources.source import SourceError

RECORDED_LAYER = Layer("Hyperliquid", Basis.MEASURED, Origin.RECORDED)
"""What a recording without a head is when it is played."""


class Replay:
    """Plays the snapshots of a recording, with the pauses between them divided by `speed`."""

    def __init__(self, path: Path, *, speed: float = 0.0) -> None:
        """Play `path` at `speed` recorded seconds a second; 0 is as fast as possible."""
        if not speed >= 0:
            raise ValueError(f"speed must be 0 (as fast as possible) or above, not {speed:g}")
        self.recording = Recording(path)
        self._speed = speed
        self._layer: Layer | None = None

    @property
    def name(self) -> str:
        """`replay:FILE`."""
        return f"replay:{self.recording.path}"

    @property
    def layer(self) -> Layer:
        """What the recording says it is of, as recorded. That a file is none is said when it is played."""
        if self._layer is None:
            try:
                self._layer = self.recording.read_header().played_layer
            except SourceError:
                return RECORDED_LAYER
        return self._layer

    @property
    def live_from_ms(self) -> int:
        """All of a recording is played as if it were live."""
        return 0

    async def check(self) -> str:
        """Read the first snapshot, and say what is in it. Raises `SourceError`."""
        first = await asyncio.to_thread(next, self.recording.snapshots())
        return f"begins with {len(first.accounts)} accounts in {len(first.coins)} coins"

    async def updates(self) -> AsyncIterator[Update]:
        """Yield the recording's updates, a beat after each snapshot. Raises `SourceError`.

        The file is read off the event loop, one snapshot at a time.
        """
        snapshots = self.recording.snapshots()
        before_ms = None
        while snapshot := await asyncio.to_thread(next, snapshots, None):
            if before_ms is not None and self._speed > 0:
                await asyncio.sleep((snapshot.time_ms - before_ms) / 1000 / self._speed)
            before_ms = snapshot.time_ms
            for update in snapshot.updates():
                yield update
