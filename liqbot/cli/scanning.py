"""`liqbot scan` and `liqbot record`: one pass over all accounts, and writing down what comes in."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from liqbot.app.bot import clock_ms
from liqbot.app.plugin_setup import plugins_of
from liqbot.app.sources import make_source
from liqbot.cli.terminal import progress_bar, tell
from liqbot.logs import set_up_logs
from liqbot.market.figures import duration, share, usd
from liqbot.market.updates import Beat, Update
from liqbot.operations.account_scan import AccountScan
from liqbot.settings import load_settings
from liqbot.sources.hyperliquid import Hyperliquid
from liqbot.sources.hyperliquid.polling import FirstLook
from liqbot.sources.hyperliquid.settings import HyperliquidSettings
from liqbot.sources.recorder import Recorder

PERCENTILES = (10, 50, 90, 100)
SHOWN = 15
"""So many coins are shown: those with most open size."""


def scan(
    minutes: Annotated[
        float, typer.Option(min=0, help="Stop after so many minutes; 0 is when everybody was asked.")
    ] = 0,
) -> None:
    """Look once at every Hyperliquid account that can be found; print what is covered, and how old it is."""
    set_up_logs("error")
    settings = load_settings()
    own = settings.section(HyperliquidSettings)
    source = Hyperliquid(own, settings.coins, settings.database, policy=FirstLook())
    scanned = AccountScan(source)
    began = time.monotonic()
    asyncio.run(_scan(scanned, minutes))
    _print_scan(scanned, time.monotonic() - began)


def record(
    file: Annotated[Path, typer.Argument(help="The recording to write, CSV or CSV.gz; a new file.")],
    every: Annotated[float, typer.Option(min=1, help="Seconds between snapshots.")] = 60,
    minutes: Annotated[float, typer.Option(min=0, help="Stop after so many minutes; 0 is when told to.")] = 0,
) -> None:
    """Write what the first of the sources tells into a recording that `liqbot replay` plays."""
    set_up_logs("error")
    settings = load_settings()
    with contextlib.closing(plugins_of(settings)) as plugins:
        source = make_source(settings.sources[0], settings, clock_ms(), plugins.sources)
        with Recorder(file, round(every * 1000), source.layer) as recorder:
            asyncio.run(_record(source.updates(), recorder, minutes))
    typer.echo(f"{file}: {recorder.snapshots:,} snapshots, {recorder.positions:,} positions")


async def _scan(scanned: AccountScan, minutes: float) -> None:
    source = scanned.source
    await source.check()
    with progress_bar() as bar:
        task = bar.add_task("finding accounts", total=None)
        async with (
            _until_told(minutes) as told,
            contextlib.aclosing(_before(told, source.updates())) as updates,
        ):
            async for update in updates:
                is_over = scanned.take(update)
                if isinstance(update, Beat):
                    asked, known = source.roster.asked, len(source.roster)
                    bar.update(task, description="asking accounts", completed=asked, total=known)
                if is_over:
                    return


async def _record(updates: AsyncIterator[Update], recorder: Recorder, minutes: float) -> None:
    with progress_bar() as bar:
        task = bar.add_task(recorder.path.name, total=None)
        async with _until_told(minutes) as told, contextlib.aclosing(_before(told, updates)) as running:
            async for update in running:
                recorder.take(update)
                bar.update(task, description=f"{recorder.path.name}: {recorder.snapshots:,} snapshots")


@contextlib.asynccontextmanager
async def _until_told(minutes: float) -> AsyncGenerator[asyncio.Event]:
    """Give an event that is set when somebody stops the program, or after so many minutes; 0 is never."""
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    alarm = loop.call_later(minutes * 60, told.set) if minutes else None
    try:
        yield told
    finally:
        if alarm is not None:
            alarm.cancel()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _before(told: asyncio.Event, updates: AsyncIterator[Update]) -> AsyncGenerator[Update]:
    """Yield updates until `told` is set, also while none comes."""
    stop = asyncio.ensure_future(told.wait())
    try:
        while not told.is_set():
            coming = asyncio.ensure_future(_next(updates))
            await asyncio.wait((coming, stop), return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)
                return
            update = coming.result()
            if update is None:
                return
            yield update
    finally:
        stop.cancel()
        if isinstance(updates, AsyncGenerator):
            await updates.aclose()


async def _next(updates: AsyncIterator[Update]) -> Update | None:
    return await anext(updates, None)


def _print_scan(scanned: AccountScan, taken_s: float) -> None:
    console, source, ages = Console(highlight=False), scanned.source, scanned.ages_s()
    answered_a_minute = 60 * source.roster.answered / max(taken_s, 1e-9)
    console.print(
        f"{len(source.roster):,} accounts found, {len(ages):,} asked in {duration(taken_s)}: "
        f"{answered_a_minute:,.0f} a minute; {source.roster.failed:,} polls failed"
    )
    table = Table("coin", "accounts", "long", "short", "coverage", "positions old", box=None)
    for view in scanned.views()[:SHOWN]:
        table.add_row(
            view.coin,
            f"{view.accounts.long + view.accounts.short:,}",
            usd(view.open_usd.long),
            usd(view.open_usd.short),
            "unknown" if view.coverage is None else share(view.coverage),
            "—" if view.age_s is None else duration(view.age_s),
        )
    console.print(table)
    if len(ages):
        told = zip(PERCENTILES, np.percentile(ages, PERCENTILES).tolist(), strict=True)
        console.print("age of answers: " + ", ".join(f"{duration(age)} at {at}%" for at, age in told))
    report = source.report()
    for line in report.lines[2:]:
        tell(line)
    for reason, count in report.refused.most_common():
        tell(f"refused {count:,}×: {reason}")
