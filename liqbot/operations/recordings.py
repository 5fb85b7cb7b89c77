"""`liqbot view` and `heatmap` with `--recording`: a recording read up to an instant, without playing it.

A recorded market is known as a live one is: each account as it was last seen, for up to 24 hours, its levels
moved with its other positions, and clusters followed from snapshot to snapshot. So `liqbot view`, `liqbot
heatmap`, `liqbot replay` and its alerts say the same of the same instant. A snapshot by itself is another
question: what was fetched then, and nothing else.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from liqbot.engine.board import Board
from liqbot.market.view import MarketView
from liqbot.operations.coin_names import find_coin, no_such_coin, spelled
from liqbot.sources.recording import Recording, Snapshot
from liqbot.sources.source import SourceError

Read: TypeAlias = Callable[[Recording], Generator[Snapshot]]
"""How snapshots are read: `plainly`, or by a command that shows how far it is."""


def plainly(recording: Recording) -> Generator[Snapshot]:
    """Yield the snapshots of a recording. Raises `SourceError`."""
    yield from recording.snapshots()


def played(file: Path, at_ms: int | None = None, read: Read = plainly) -> Iterator[Board]:
    """Yield the board after each snapshot up to `at_ms`, at least one. Raises `SourceError`.

    Clusters are followed from one look to the next: whoever looks, looks each time.
    """
    board = Board(Recording(file).read_header().played_layer)
    for snapshot in _until(file, at_ms, read):
        board.apply_all(snapshot.updates())
        yield board


def view_at(coin: str, file: Path, at_ms: int | None = None, read: Read = plainly) -> MarketView:
    """Return the newest view at or before `at_ms`, of all that was known then.

    Raises `SourceError` for no recording, for one that begins later, and for a coin that it does not have.
    """
    seen, coins, newest_ms = None, list[str](), 0
    for board in played(file, at_ms, read):
        coins, newest_ms = board.coins, board.time_ms
        name = spelled(coin, coins)
        seen = None if name is None else board.view(name)
    if seen is None:
        raise no_such_coin(coin, coins, str(file) if at_ms is None else f"{file}, at {_utc(newest_ms)},")
    return seen


def view_of_snapshot(coin: str, file: Path, at_ms: int | None = None, read: Read = plainly) -> MarketView:
    """Return the view of the newest snapshot up to `at_ms`, of its rows alone. Raises `SourceError`."""
    *_, newest = _until(file, at_ms, read)
    board = Board(Recording(file).read_header().played_layer, max_age_ms=0)
    board.apply_all(newest.updates())
    return board.view(find_coin(coin, board.coins, f"{file}, at {_utc(newest.time_ms)},"))


def _until(file: Path, at_ms: int | None, read: Read) -> Iterator[Snapshot]:
    """Yield the snapshots up to a time, at least one."""
    with closing(read(Recording(file))) as snapshots:
        for place, snapshot in enumerate(snapshots):
            if at_ms is not None and snapshot.time_ms > at_ms:
                if not place:
                    raise SourceError(f"{file} begins at {_utc(snapshot.time_ms)}, after {_utc(at_ms)}")
                return
            yield snapshot


def _utc(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
