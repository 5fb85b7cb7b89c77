"""`liqbot config` and `liqbot doctor`: what is set, and whether it works."""

import asyncio
import os
import shutil
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import httpx
import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from liqbot.app.backend import processes_of
from liqbot.app.bot import clock_ms
from liqbot.app.findings import setup_findings
from liqbot.app.plugin_setup import plugins_of, wanted
from liqbot.app.sources import make_source
from liqbot.chat import registry as platforms
from liqbot.chat.adapter import AdapterError
from liqbot.chat.registry import PlatformKind
from liqbot.errors import OperatorError
from liqbot.hosting.plugins import contained
from liqbot.logs import hide, redacted, set_up_logs
from liqbot.market.coins import ALL
from liqbot.operations.database import count_subscriptions, is_empty, require_well
from liqbot.sections import Section
from liqbot.service.processes import ProcessAnswer
from liqbot.settings import Settings, described, effective, load_settings
from liqbot.sources.source import NoDataError, Report, WithCheck, WithReport, nowhere

_WIDE = 10_000
LEAST_DISK_MB = 200
"""How much should be free where the database lies."""
HEALTH_S = 3.0
"""So long a bot that runs has to say how it is."""
Check: TypeAlias = tuple[str, Callable[[Settings], str]]


class _Health(msgspec.Struct):
    """What a bot answers at `/healthz`."""

    ok: bool
    troubles: dict[str, str]


class Ailing(Exception):  # noqa: N818 - a finding, not an error of ours
    """Something that the bot needs is not as it should be. The text says what to do."""


def config() -> None:
    """Print every setting: its variable, its value, and what it is for."""
    values = effective(load_settings())
    console = Console(highlight=False)
    table = Table("setting", "value", "what it is", box=None, header_style="bold")
    for variable, _, what in described():
        table.add_row(variable, Text(redacted(values[variable])), what)
    if not console.is_terminal:
        console.width = _WIDE  # nothing is folded or cut where a program reads it
    console.print(table)


def doctor() -> None:
    """Check everything that the bot needs, and say what to do about what is wrong."""
    set_up_logs("error")
    settings = load_settings()
    console = Console(highlight=False)
    console.print("✓ settings: understood", markup=False)
    failed, reports = 0, list[Report]()
    for name, check in _checks(settings, reports):
        try:
            console.print(redacted(f"✓ {name}: {check(settings)}"), markup=False, soft_wrap=True)
        except (AdapterError, Ailing, OperatorError) as error:
            failed += 1
            console.print(redacted(f"✗ {name}: {error}"), markup=False, soft_wrap=True)
    raise typer.Exit(1 if failed else 0)


def _checks(settings: Settings, reports: list[Report]) -> Iterator[Check]:
    """Yield what is to be checked, sources before what `reports` then have to say of them together."""
    yield "database", _database
    if not isinstance(settings.database, Path):
        yield "processes", _processes
    if _health_address(settings):
        yield "the running bot", _running
    if settings.web.enabled and settings.web.port:
        yield "page", _page
    yield "disk", _disk
    yield "pictures", _pictures
    yield "plugins", _plugins
    for source in settings.sources:
        yield f"source {source}", lambda settings, source=source: _source(source, settings, reports)
    if len(reports) == len(settings.sources):  # of one that does not answer nobody knows what it has
        yield "coins", lambda settings: _coins(settings, reports)
    for name, kind in platforms.platforms().items():
        section = settings.section(kind.settings)
        if platforms.is_set(section):
            yield name, lambda _, kind=kind, section=section: _platform(kind, section)


def _database(settings: Settings) -> str:
    path = settings.database
    if isinstance(path, Path):
        _writable(path.absolute().parent)
        if not path.exists():
            return f"{path} will be made at the first start"
        _writable(path)
    elif is_empty(path):
        return f"{path} answers, and will be filled at the first start"
    require_well(path)
    return f"{path}, {asyncio.run(count_subscriptions(path))} subscriptions"


def _health_address(settings: Settings) -> str:
    """Return where a bot with these settings says how it is; empty where nowhere."""
    port = settings.metrics_port
    return f"{_address(settings.metrics_host, port)}/healthz" if port else ""


def _address(host: str, port: int) -> str:
    """Return the address under which this machine reaches what listens on a host and a port."""
    named = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - it is only compared
    return f"http://[{named}]:{port}" if ":" in named else f"http://{named}:{port}"


def _running(settings: Settings) -> str:
    """Ask a bot that runs with these settings for its troubles; that none runs is none."""
    address = _health_address(settings)
    try:
        answer = httpx.get(address, timeout=HEALTH_S, trust_env=False)
        health = msgspec.json.decode(answer.content, type=_Health)
    except httpx.ConnectError:
        return f"none answers at {address}"
    except (httpx.HTTPError, msgspec.DecodeError):
        return f"what answers at {address} is no liqbot"
    if health.troubles:
        raise Ailing("; ".join(f"{name}: {text}" for name, text in health.troubles.items()))
    return "all is well with it"


def _page(settings: Settings) -> str:
    """Ask where the page is to be; say whether a bot serves it, or whether its port can be had."""
    host, port = settings.web.host, settings.web.port
    address = _address(host, port)
    try:
        answer = httpx.get(f"{address}/healthz", timeout=HEALTH_S, trust_env=False)
        health = msgspec.json.decode(answer.content, type=_Health)
    except httpx.ConnectError:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            with socket.socket(family) as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((host, port))
        except OSError as error:
            raise Ailing(
                f"{host}:{port} cannot be listened on: {error.strerror or error}; set LIQBOT_WEB__HOST and "
                "LIQBOT_WEB__PORT"
            ) from None
        return f"will be at {address}"
    except (httpx.HTTPError, msgspec.DecodeError):
        raise Ailing(f"something else answers at {address}; free the port, or set LIQBOT_WEB__PORT") from None
    if health.troubles:
        raise Ailing("; ".join(f"{name}: {text}" for name, text in health.troubles.items()))
    return f"is at {address}; all is well with its bot"


def _processes(settings: Settings) -> str:
    if isinstance(settings.database, Path):
        return "one"
    found = asyncio.run(processes_of(settings.database))
    if found.unled:
        nobody = [f"{one.lease} for {one.for_s:.0f} s" for one in found.unled]
        raise Ailing(f"nobody does {', '.join(nobody)}; start a process with that role: `liqbot run --role`")
    return "; ".join(map(_process, found.processes)) or "none is at work now"


def _process(process: ProcessAnswer) -> str:
    leads = f"leads {', '.join(process.leads)}" if process.leads else "stands by"
    lags = [f"{role} {lag_s:.0f} s behind" for role, lag_s in process.lags_s.items()]
    return ", ".join([f"{process.name} ({','.join(process.roles)}) {leads}", *lags])


def _disk(settings: Settings) -> str:
    folder = _existing(settings.own_folder)
    free_mb = shutil.disk_usage(folder).free // 2**20
    if free_mb < LEAST_DISK_MB:
        raise Ailing(f"only {free_mb} MB are free in {folder}; a year of history takes about 10 MB a coin")
    return f"{free_mb:,} MB are free"


def _pictures(settings: Settings) -> str:
    if settings.pictures_path.exists() and not settings.pictures_path.is_dir():
        raise Ailing(f"LIQBOT_PICTURES_PATH: {settings.pictures_path} is no folder")
    _writable(settings.pictures_path.absolute())
    return f"go to {settings.pictures_path}"


def _plugins(settings: Settings) -> str:
    plugins = plugins_of(settings)
    plugins.close()
    lacking = [f"{finding.name}: {finding.whole}" for finding in setup_findings(settings, plugins)]
    if plugins.errors or lacking:
        raise Ailing("; ".join([*map(str, plugins.errors), *lacking]))
    rules = f"{len(plugins.rules.by_name)} rules: {', '.join(plugins.rules.by_name)}"
    return f"{rules}; the worker of plugins: {contained(wanted(settings))}"


def _coins(settings: Settings, reports: Sequence[Report]) -> str:
    found = nowhere(reports)
    if found:
        each = [f"{coin} (the nearest is {near})" if near else coin for coin, near in found.items()]
        raise Ailing(f"LIQBOT_COINS: no source has {', '.join(each)}")
    if ALL in settings.coins:
        return "every coin that a source has"
    return f"each of {', '.join(settings.coins)} is somewhere"


def _source(name: str, settings: Settings, reports: list[Report]) -> str:
    with closing(plugins_of(settings)) as plugins:
        source = make_source(name, settings, clock_ms(), plugins.sources)
    said = "needs nothing"
    if isinstance(source, WithCheck):
        try:
            said = asyncio.run(source.check())
        except NoDataError as error:
            if isinstance(source, WithReport) and source.report().lacking:
                reports.append(source.report())
            raise Ailing(str(error)) from None
    reports.append(source.report() if isinstance(source, WithReport) else Report())
    return said


def _platform(kind: PlatformKind, section: Section) -> str:
    async def checked() -> str:
        return str(await kind.check(section))

    hide(platforms.secrets(section))
    return asyncio.run(checked())


def _writable(path: Path) -> None:
    existing = _existing(path)
    if not os.access(existing, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise Ailing(f"{existing} cannot be written to")


def _existing(path: Path) -> Path:
    """Return `path`, or the nearest folder above it that exists."""
    return next(place for place in (path, *path.parents) if place.exists())
