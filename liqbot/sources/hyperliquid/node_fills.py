"""Fills from the data folder of a node: who has just traded, and every liquidation of everybody."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from liqbot.market.updates import Liquidation
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.decoding import PayloadError
from liqbot.sources.hyperliquid.fills import AccountFill, is_spot, liquidation_in, read_line
from liqbot.sources.hyperliquid.hour_files import FilePosition, HourFiles, hour_of
from liqbot.sources.hyperliquid.liquidation_register import LiquidationRegister

_log = structlog.get_logger()

FOLDERS = ("node_fills_by_block/hourly", "node_fills/hourly")
"""Where a node writes its fills, by how it was started."""
POLL_S = 0.2
RETRY_S = 5.0
"""Where there is no file, or it cannot be read, it is looked again after so long."""
LATE_MS = 30_000
"""What is told later than so long after it took place counts as asked for afterwards."""
FARTHEST_MS = 6 * 3_600_000
"""After a stop at most so much of the past is read."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What some lines say."""

    fills: tuple[AccountFill, ...]
    position: FilePosition
    more: bool
    """Whether there was anything to read."""
    refused: Counter[str]
    """What was amiss, by reason."""


class NodeFills:
    """Follows the files, and hands on what they tell; every line once, also over a restart."""

    def __init__(
        self,
        data: Path,
        clock: Clock,
        register: LiquidationRegister,
        *,
        take_fills: Callable[[Sequence[AccountFill]], None],
        take_liquidation: Callable[[Liquidation], None],
    ) -> None:
        """Read below `data`, the node's data folder."""
        self._data = data
        self._clock = clock
        self._register = register
        self._take_fills = take_fills
        self._take_liquidation = take_liquidation
        self._files: HourFiles | None = None
        self._position: FilePosition | None = None
        self.begun_at = ""
        """From where on fills are read in this run, as a cursor."""
        self.lag_ms = 0
        """How old the newest fill was when it was read."""
        self.failure = "nothing is read yet"
        self.refused = Counter[str]()
        """What could not be read, by reason."""

    @property
    def cursor(self) -> str:
        """Up to where everything was handed on; empty before the first line."""
        return "" if self._position is None else str(self._position)

    @property
    def words(self) -> str:
        """What there is to say of it."""
        if self.failure:
            return f"node: {self.failure}"
        return f"node: fills are read {self.lag_ms / 1000:,.1f} s after they took place"

    def resume(self, cursor: str) -> None:
        """Go on where an earlier run stopped."""
        if self._position is None:
            self._position = FilePosition.of(cursor)

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            try:
                read = await asyncio.to_thread(self._read)
            except OSError as error:
                if not self.failure:
                    _log.warning("node_not_readable", reason=str(error))
                self.failure = f"cannot be read: {error.strerror or error} ({error.filename or self._data})"
                await self._clock.sleep(RETRY_S)
                continue
            if read is None:
                self.failure = f"no fills in {self._data}: start it with --write-fills"
                await self._clock.sleep(RETRY_S)
                continue
            self.failure = ""
            self._take(read)
            if not read.more:
                await self._clock.sleep(POLL_S)

    def _read(self) -> _Read | None:
        """Return what is new; None where there is no file. Blocks, and changes nothing that others read."""
        files = self._found()
        position = self._position or (files.end() if files else None)
        if files is None or position is None:
            return None
        if self._position is None:  # what was before the first start is not asked for
            return _Read((), position, more=False, refused=Counter())
        lines = files.read(position, hour_of(self._clock.now_ms() - FARTHEST_MS))
        fills, refused = list[AccountFill](), lines.faults
        for line in lines.lines:
            try:
                found, unread = read_line(line)
            except PayloadError:
                refused["a line that made no sense"] += 1
                continue
            refused["a fill that cannot be read"] += unread
            fills += [one for one in found if not is_spot(one.fill.coin)]
        return _Read(tuple(fills), lines.position, more=lines.position != position, refused=refused)

    def _found(self) -> HourFiles | None:
        if self._files is None:
            found = next((self._data / name for name in FOLDERS if (self._data / name).is_dir()), None)
            if found is None and not self._data.is_dir():
                raise FileNotFoundError(2, "no such folder", str(self._data))
            self._files = HourFiles(found) if found else None
        return self._files

    def _take(self, read: _Read) -> None:
        """Hand on what was read, all at once: the position tells that nothing of it is left."""
        now_ms = self._clock.now_ms()
        self.refused += read.refused
        if read.fills:
            self.lag_ms = max(0, now_ms - read.fills[-1].fill.time)
            self._take_fills(read.fills)
        for one in read.fills:
            if one.fill.liquidation is None or not self._register.is_new(one.fill.coin, one.fill.tid):
                continue
            liquidation = liquidation_in(one, now_ms, late_ms=LATE_MS)
            if liquidation is None:
                self.refused["a liquidation that made no sense"] += 1
            else:
                self._take_liquidation(liquidation)
        self._position = read.position
        self.begun_at = self.begun_at or self.cursor
