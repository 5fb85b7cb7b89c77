"""Playing a recording as a source at a chosen speed: waits between rows, and says how far it is.

Not here: reading it all at once without a bot (`operations/recordings.py`).
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from liqbot.market.coins import nearest
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.updates import Update
from liqbot.sources.recording import Recording, Snapshot
from liqbot.sources.source import Report, SourceError

RECORDED_LAYER = Layer("Hyperliquid", Basis.MEASURED, Origin.RECORDED)
"""What a recording without a head is when it is played."""


class Replay:
    """Plays the snapshots of a recording, with the pauses between them divided by `speed`."""

    def __init__(self, path: Path, *, speed: float = 0.0, coins: Sequence[str] = ()) -> None:
        """Play `path` at `speed` recorded seconds a second; 0 is as fast as possible.

        Which of `coins` are not in it is known once it was read to its end.
        """
        if not speed >= 0:
            raise ValueError(f"speed must be 0 (as fast as possible) or above, not {speed:g}")
        self.recording = Recording(path)
        self._speed = speed
        self._wanted = tuple(coins)
        self._found = set[str]()
        self._is_whole = False
        """Whether it was read to its end."""
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
        """Read it to its end, and say what is in it. Raises `SourceError`."""
        first = await asyncio.to_thread(self._read_whole)
        return f"begins with {len(first.accounts)} accounts in {len(first.coins)} coins"

    def report(self) -> Report:
        """Return which coins it does not have, as far as that is known."""
        if not self._is_whole:
            return Report()
        missing = [coin for coin in self._wanted if coin not in self._found]
        return Report(lacking={coin: nearest(coin, sorted(self._found)) or "" for coin in missing})

    def _read_whole(self) -> Snapshot:
        snapshots = self.recording.snapshots()
        first = next(snapshots)
        self._found.update(first.coins)
        for snapshot in snapshots:
            self._found.update(snapshot.coins)
        self._is_whole = True
        return first

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
            self._found.update(snapshot.coins)
            for update in snapshot.updates():
                yield update
        self._is_whole = True
