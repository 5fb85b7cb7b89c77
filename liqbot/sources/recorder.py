"""Writing a recording of what a source tells, so that `replay` can play it."""

import gzip
import math
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

from liqbot.market.layer import Layer
from liqbot.market.updates import AccountsSeen, AssetContext, Beat, Update
from liqbot.sources.recording_header import COLUMNS, CONTEXT, OLD_LAYER, header_lines
from liqbot.sources.source import SourceError

MINUTE_MS = 60_000
NO_CONTEXT = "," * len(CONTEXT)


class _Position(NamedTuple):
    coin: str
    size: float
    entry: float
    leverage: float
    level: float


class Recorder:
    """Writes one snapshot after another: who was seen since the one before, at the prices of its time.

    What is written stays readable if the process dies. A recording holds positions, and of each coin its
    price, open interest and funding; margin modes are not in it.
    """

    def __init__(self, path: Path, every_ms: int = MINUTE_MS, layer: Layer = OLD_LAYER) -> None:
        """Write what a source of `layer` tells to `path`, gzipped where it ends so, a snapshot `every_ms`.

        Raises `SourceError`.
        """
        self.path = path
        self.snapshots = self.positions = 0
        """How many were written."""
        self._every_ms = every_ms
        self._contexts: dict[str, AssetContext] = {}
        self._waiting: dict[str, list[_Position]] = {}
        """The positions of each account that was seen."""
        self._last_ms = 0
        try:
            self._file: BinaryIO = path.open("xb")
        except FileExistsError:
            raise SourceError(f"{path}: is there already; name a file that is not") from None
        except OSError as error:
            raise SourceError(f"{path}: cannot be written: {error.strerror}") from None
        self._write(header_lines(layer))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Write what is waiting, and close the file."""
        try:
            if self._waiting:
                self._write_snapshot(self._last_ms + 1)
        finally:
            self._file.close()

    def take(self, update: Update) -> None:
        """Take up one update; a beat may write a snapshot. Raises `SourceError` where the disk is full."""
        if isinstance(update, AssetContext):
            self._contexts[update.coin] = update
        elif isinstance(update, AccountsSeen):
            self._see(update)
        elif isinstance(update, Beat) and self._waiting and update.time_ms >= self._last_ms + self._every_ms:
            self._write_snapshot(update.time_ms)

    def _see(self, update: AccountsSeen) -> None:
        found: list[list[_Position]] = [list[_Position]() for _ in update.accounts]
        for row in range(len(update.size)):
            position = _Position(
                update.coins[int(update.coin[row])],
                float(update.size[row]),
                float(update.entry[row]),
                float(update.leverage[row]),
                float(update.liquidation[row]),
            )
            found[int(update.account[row])].append(position)
        self._waiting.update(zip(update.accounts, found, strict=True))

    def _write_snapshot(self, time_ms: int) -> None:
        lines = [_context_row(time_ms, context) for context in self._contexts.values()]
        for account, held in self._waiting.items():
            rows = [self._row(position) for position in held]
            priced = [row for row in rows if row]
            lines += [f"{time_ms},{account},{row}{NO_CONTEXT}" for row in priced]
            if not held:
                lines.append(f"{time_ms},{account}" + "," * (len(COLUMNS) - 2) + NO_CONTEXT)
            self.positions += len(priced)
        self._write(lines)
        self._waiting.clear()
        self._last_ms = time_ms
        self.snapshots += 1

    def _row(self, held: _Position) -> str:
        """Return a position from its coin on; nothing where its price is not known yet."""
        context = self._contexts.get(held.coin)
        if context is None:
            return ""
        mark = context.mark
        level = "" if math.isnan(held.level) else repr(held.level)
        leverage = held.leverage if held.leverage > 0 else 1.0
        value, gain = abs(held.size) * mark, held.size * (mark - held.entry)
        return f"{held.coin},{held.size!r},{held.entry!r},{leverage!r},{value!r},{gain!r},{level}"

    def _write(self, lines: list[str]) -> None:
        text = "".join(f"{line}\n" for line in lines).encode()
        try:
            # A member of its own each time: what is whole stays readable, whatever happens to the next.
            self._file.write(gzip.compress(text) if self.path.suffix == ".gz" else text)
            self._file.flush()
        except OSError as error:
            raise SourceError(f"{self.path}: cannot be written: {error.strerror}") from None


def _context_row(time_ms: int, context: AssetContext) -> str:
    told = (context.mark, context.open_interest, context.funding)
    figures = ",".join("" if figure is None else repr(figure) for figure in told)
    return f"{time_ms},,{context.coin}" + "," * (len(COLUMNS) - 2) + figures
