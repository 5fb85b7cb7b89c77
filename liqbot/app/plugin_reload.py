"""`liqbot run --dev`: the worker begins anew when a plugin's file changes."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeAlias

import structlog

from liqbot.hosting.plugins import Plugins
from liqbot.rules.wording import counted

_log = structlog.get_logger()

LOOK_S = 0.5
"""How often the folder is looked at."""
_Stamps: TypeAlias = dict[str, tuple[int, int]]


@asynccontextmanager
async def following(plugins: Plugins, folder: Path, tell: Callable[[str], None]) -> AsyncGenerator[None]:
    """While inside, load plugins anew whenever a Python file in `folder` changes, and `tell` about it."""
    seen = await asyncio.to_thread(_stamps, folder)
    task = asyncio.create_task(_follow(plugins, folder, seen, tell))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _follow(plugins: Plugins, folder: Path, seen: _Stamps, tell: Callable[[str], None]) -> None:
    while True:
        await asyncio.sleep(LOOK_S)
        now = await asyncio.to_thread(_stamps, folder)
        if now == seen:
            continue
        seen = now
        try:
            await plugins.reload()
        except Exception:  # noqa: BLE001 - the next change may be the one that mends it
            _log.exception("plugins_not_reloaded")
            continue
        tell(f"Plugins loaded anew: {counted(len(plugins.rules.by_name), 'rule')}.")
        for error in plugins.errors:
            tell(f"✗ {error}")


def _stamps(folder: Path) -> _Stamps:
    """Return time and size of each Python file; a file that goes meanwhile is as good as gone."""
    stamps: _Stamps = {}
    for file in folder.rglob("*.py"):
        with suppress(OSError):
            status = file.stat()
            stamps[str(file)] = (status.st_mtime_ns, status.st_size)
    return stamps
