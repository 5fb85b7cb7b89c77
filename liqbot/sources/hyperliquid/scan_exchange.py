"""Accounts on their way between processes: what one has read, others take up as if they had asked."""

from collections.abc import Callable

import msgspec
import structlog

from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.reading import Reading
from liqbot.sources.hyperliquid.roster import Roster
from liqbot.sources.scanning import Scanning
from liqbot.store.errors import StoreError
from liqbot.store.scans import Scan

_log = structlog.get_logger()

EXCHANGE_S = 1.0
"""So often it is told and asked."""


class ScanExchange:
    """Tells other processes what this one has read, and this one what they have."""

    def __init__(
        self, scanning: Scanning, roster: Roster, clock: Clock, take: Callable[[Reading], None]
    ) -> None:
        """Hand what others have read to `take`."""
        self._scanning = scanning
        self._roster = roster
        self._clock = clock
        self._take = take
        self._untold: dict[str, Reading] = {}
        roster.slots = scanning.slots

    def add(self, reading: Reading) -> None:
        """Take up what this process has read, to be told."""
        self._untold[reading.account] = reading

    async def run(self) -> None:
        """Tell and ask until cancelled."""
        while True:
            try:
                await self.exchange()
            except StoreError as error:
                _log.warning("scans_not_exchanged", reason=str(error))
            await self._clock.sleep(EXCHANGE_S)

    async def exchange(self) -> None:
        """Tell and ask once. Raises `StoreError`; nothing is forgotten by that."""
        self._roster.slots = self._scanning.slots
        if self._untold:
            told, self._untold = self._untold, {}
            try:
                scans = [Scan(name, msgspec.msgpack.encode(one)) for name, one in told.items()]
                await self._scanning.scans.tell(scans)
            except StoreError:
                self._untold = {**told, **self._untold}
                raise
        while scans := await self._scanning.scans.news():
            for scan in scans:
                self._take_up(scan)

    def _take_up(self, scan: Scan) -> None:
        try:
            reading = msgspec.msgpack.decode(scan.body, type=Reading)
        except msgspec.DecodeError:
            _log.warning("scan_not_understood")  # another version's
            return
        number = self._roster.number(reading.account, self._clock.now_ms())
        if reading.time_ms > self._roster.column("polled_ms")[number]:
            was_busy = self._roster.is_busy(number)
            self._roster.answer(number, reading, reading.time_ms)
            if was_busy:  # it is being asked for here as well
                self._roster.begin(number)
            self._take(reading)
