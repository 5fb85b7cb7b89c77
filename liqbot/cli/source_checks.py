"""What `liqbot doctor` asks sources: all at once, each for its data and then whether its websocket tells."""

import asyncio
from collections.abc import Awaitable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TypeAlias

from liqbot.app.bot import clock_ms
from liqbot.app.plugin_setup import plugins_of
from liqbot.app.sources import make_source
from liqbot.cli.machine_checks import Ailing
from liqbot.errors import OperatorError
from liqbot.rules.contributions import SourceKind
from liqbot.settings import Settings
from liqbot.sources.source import NoDataError, Report, Source, WithCheck, WithReport, WithStream

CHECK_S = 30.0
"""So long a source has to answer."""
Finding: TypeAlias = str | Ailing
"""What to tell the operator, or what is wrong and what to do about it."""


@dataclass(frozen=True, slots=True)
class CheckedSource:
    """What came of asking a source."""

    answer: Finding
    websocket: Finding | None = None
    """None where it has none."""
    report: Report | None = None
    """What it says of itself; None of one that does not answer."""


def told(finding: Finding) -> str:
    """Return what was found. Raises `Ailing` where that is a fault."""
    if isinstance(finding, Ailing):
        raise finding
    return finding


def check_sources(settings: Settings) -> Mapping[str, CheckedSource]:
    """Ask all sources of the settings at once; return what came of it by their names there."""
    try:
        with closing(plugins_of(settings)) as plugins:
            made = {name: _made(name, settings, plugins.sources) for name in settings.sources}
    except OperatorError as error:
        return {name: CheckedSource(Ailing(str(error))) for name in settings.sources}

    async def asked() -> list[CheckedSource]:
        return await asyncio.gather(*map(_checked, made.values()))

    return dict(zip(made, asyncio.run(asked()), strict=True))


def _made(name: str, settings: Settings, kinds: Mapping[str, SourceKind]) -> Source | Ailing:
    try:
        return make_source(name, settings, clock_ms(), kinds)
    except OperatorError as error:
        return Ailing(str(error))


async def _checked(source: Source | Ailing) -> CheckedSource:
    if isinstance(source, Ailing):
        return CheckedSource(source)
    answer: Finding = "needs nothing"
    if isinstance(source, WithCheck):
        answer = await _found(source.check())
    report = source.report() if isinstance(source, WithReport) else Report()
    if isinstance(answer, Ailing) and not report.lacking:
        report = None
    websocket = await _found(source.check_stream()) if isinstance(source, WithStream) else None
    return CheckedSource(answer, websocket, report)


async def _found(asked: Awaitable[str]) -> Finding:
    try:
        return await asyncio.wait_for(asked, CHECK_S)
    except TimeoutError:
        return Ailing(f"it has not answered within {CHECK_S:.0f} s")
    except (NoDataError, OperatorError) as error:
        return Ailing(str(error))
