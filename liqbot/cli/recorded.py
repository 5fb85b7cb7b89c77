"""A recording as it is known at an instant: one way to play it, for every command that looks at one.

A recorded market is known as a live one is: each account as it was last seen, for up to 24 hours, its levels
moved with its other positions, and clusters followed from snapshot to snapshot. So `liqbot view`, `liqbot
heatmap`, `liqbot replay` and its alerts say the same of the same instant. A snapshot by itself is another
question: what was fetched then, and nothing else.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from liqbot.cli.terminal import find_coin, no_such_coin, read_with_progress, spelled, utc
from liqbot.engine.board import Board
from liqbot.market.view import MarketView
from liqbot.sources.recording import Recording, Snapshot
from liqbot.sources.source import SourceError


def played(file: Path, at_ms: int | None = None) -> Iterator[Board]:
    """Yield the board after each snapshot up to `at_ms`, at least one. Raises `SourceError`.

    Clusters are followed from one look to the next: whoever looks, looks each time.
    """
    board = Board(Recording(file).read_header().played_layer)
    for snapshot in _until(file, at_ms):
        board.apply_all(snapshot.updates())
        yield board


def view_at(coin: str, file: Path, at_ms: int | None = None) -> MarketView:
    """Return the newest view at or before `at_ms`, of all that was known then.

    Raises `SourceError` for no recording, for one that begins later, and for a coin that it does not have.
    """
    seen, coins, newest_ms = None, list[str](), 0
    for board in played(file, at_ms):
        coins, newest_ms = board.coins, board.time_ms
        name = spelled(coin, coins)
        seen = None if name is None else board.view(name)
    if seen is None:
        raise no_such_coin(coin, coins, str(file) if at_ms is None else f"{file}, at {utc(newest_ms)},")
    return seen


def view_of_snapshot(coin: str, file: Path, at_ms: int | None = None) -> MarketView:
    """Return the view of the newest snapshot up to `at_ms`, of its rows alone. Raises `SourceError`."""
    *_, newest = _until(file, at_ms)
    board = Board(Recording(file).read_header().played_layer, max_age_ms=0)
    board.apply_all(newest.updates())
    return board.view(find_coin(coin, board.coins, f"{file}, at {utc(newest.time_ms)},"))


def _until(file: Path, at_ms: int | None) -> Iterator[Snapshot]:
    """Yield the snapshots up to a time, at least one."""
    with closing(read_with_progress(Recording(file))) as snapshots:
        for place, snapshot in enumerate(snapshots):
            if at_ms is not None and snapshot.time_ms > at_ms:
                if not place:
                    raise SourceError(f"{file} begins at {utc(snapshot.time_ms)}, after {utc(at_ms)}")
                return
            yield snapshot
