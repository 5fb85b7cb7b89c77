"""The role that asks exchanges for accounts, as one of several processes that share them."""

import asyncio

import structlog

from liqbot.app.backend import Shared
from liqbot.sources.scanning import Scanner, Scanning, WithScanning, slots_of
from liqbot.store.errors import StoreError
from liqbot.store.leadership import Leadership
from liqbot.store.leases import Lease

_log = structlog.get_logger()

LOOK_S = 1.0
"""So often it is looked who scans besides."""
AGAIN_S = 5.0
"""After so long a source that failed is begun again."""


class ScannerRole:
    """Asks one source's venue for the accounts that are this process's part."""

    def __init__(self, source: WithScanning, name: str, shared: Shared) -> None:
        """`name` is the source's, as in `LIQBOT_SOURCES`."""
        self.name = name
        self.scanning = Scanning(shared.scans(name))
        self.source: Scanner = source.scanner(self.scanning)
        self._shared = shared
        self._prefix = f"scanner/{name}/"
        self.leadership = Leadership(shared.leases, f"{self._prefix}{shared.name}")
        """That this process is one of those that scan: no other one asks for the same lease."""

    @property
    def share(self) -> float:
        """Which share (0 to 1) of the accounts is this process's."""
        return float(self.scanning.slots.mean())

    async def run(self) -> None:
        """Ask until cancelled."""
        try:
            while True:
                try:
                    await self.leadership.run(self._scan)
                except StoreError as error:
                    _log.warning("scanner_waits_for_the_database", reason=str(error))
                    await asyncio.sleep(AGAIN_S)
        finally:
            await self.scanning.scans.close()

    async def _scan(self, _lease: Lease) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._share_out())
                group.create_task(self._ask())
        finally:
            self.scanning.slots = self.scanning.slots & False

    async def _share_out(self) -> None:
        """Take those accounts that are this process's among all that scan now."""
        while True:
            try:
                held = await self._shared.leases.held()
            except StoreError as error:
                _log.debug("scanners_not_counted", reason=str(error))
            else:
                names = [one.holder for one in held if one.name.startswith(self._prefix) and one.left_s > 0]
                slots = slots_of(self._shared.name, names)
                if (slots != self.scanning.slots).any():
                    _log.info("accounts_shared", scanners=len(names), share=round(float(slots.mean()), 2))
                    self.scanning.slots = slots
            await asyncio.sleep(LOOK_S)

    async def _ask(self) -> None:
        while True:
            try:
                async for _ in self.source.updates():
                    pass
            except Exception:  # noqa: BLE001 - whatever a source does, it is begun again
                _log.exception("scanner_failed", source=self.name)
            await asyncio.sleep(AGAIN_S)
