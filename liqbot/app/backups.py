"""Backups that the bot makes by itself: one every so many hours, and the oldest goes."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import structlog

from liqbot.sections import BackupSettings
from liqbot.store.address import DatabaseAddress
from liqbot.store.errors import DatabaseError
from liqbot.store.maintenance import back_up

_log = structlog.get_logger()

LOOK_S = 600.0
"""How often is looked whether a backup is due: so it is also made soon after a machine was off."""
_NAME = "liqbot-%Y%m%d-%H%M%S.db"
_PATTERN = "liqbot-????????-??????.db"
_BEGUN = "liqbot-????????-??????.part*"
"""What a backup is called until it is whole, and what SQLite lays beside it."""
_GIVEN_UP_S = 3600
"""What nobody has written to for so long was killed amid it; of several processes another may be at work."""
_BREATH_S = 0.005
"""Between two parts of a copy: the disk is the bot's first of all."""


class Backups:
    """Keeps the last copies of a database in a folder."""

    def __init__(self, database: DatabaseAddress, settings: BackupSettings, clock: Callable[[], int]) -> None:
        """`clock` tells ms since 1970 UTC."""
        self._database = database
        self._settings = settings
        self._clock = clock
        self.trouble: str | None = None
        """Why the last backup could not be made; None where it could."""

    async def run(self) -> None:
        """Make them until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> Path | None:
        """Make a backup where one is due, and remove what is too many; return the new one."""
        if not self._settings.folder:
            return None
        try:
            made = await asyncio.to_thread(self._back_up_if_due)
        except (DatabaseError, OSError) as error:
            self.trouble = str(error)
            _log.error("backup_failed", reason=str(error))
            return None
        self.trouble = None
        if made is not None:
            _log.info("backup_made", file=made.name, size=made.stat().st_size)
        return made

    def _back_up_if_due(self) -> Path | None:
        folder, now_s = Path(self._settings.folder), self._clock() / 1000
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        there = sorted(folder.glob(_PATTERN))
        if there and 0 <= now_s - _made_s(there[-1]) < self._settings.every_h * 3600:
            return None
        made = folder / datetime.fromtimestamp(now_s, UTC).strftime(_NAME)
        for begun in folder.glob(_BEGUN):
            with suppress(FileNotFoundError):  # another process may remove it as well
                if now_s - begun.stat().st_mtime > _GIVEN_UP_S:
                    begun.unlink()
        unfinished = made.with_suffix(".part")
        back_up(self._database, unfinished, lambda _done, _total: time.sleep(_BREATH_S))
        unfinished.rename(made)
        for old in sorted(folder.glob(_PATTERN))[: -self._settings.keep]:
            old.unlink()
        return made


def _made_s(file: Path) -> float:
    """Return when a backup was made, by its name; s since 1970 UTC."""
    try:
        return datetime.strptime(file.name, _NAME).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0
