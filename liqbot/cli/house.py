"""`liqbot config` and `liqbot doctor`: what is set, and whether it works."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from liqbot.app.backend import processes_of
from liqbot.app.expected_leases import missing
from liqbot.app.findings import setup_findings
from liqbot.app.plugin_setup import plugins_of, wanted
from liqbot.chat import registry as platforms
from liqbot.chat.adapter import AdapterError
from liqbot.chat.registry import Account
from liqbot.cli import machine_checks
from liqbot.cli.machine_checks import Ailing, listening, require_own, require_writable
from liqbot.cli.source_checks import check_sources, told
from liqbot.errors import OperatorError
from liqbot.hosting.plugins import contained
from liqbot.logs import hide, redacted, set_up_logs
from liqbot.market.coins import ALL
from liqbot.operations.database import count_subscriptions, is_empty, require_well
from liqbot.service.processes import ProcessAnswer
from liqbot.settings import Settings, described, effective, load_settings
from liqbot.sources.source import Report, nowhere

_WIDE = 10_000
Check: TypeAlias = tuple[str, Callable[[Settings], str]]


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
    failed = 0
    for name, check in _checks(settings):
        try:
            console.print(redacted(f"✓ {name}: {check(settings)}"), markup=False, soft_wrap=True)
        except (AdapterError, Ailing, OperatorError) as error:
            failed += 1
            console.print(redacted(f"✗ {name}: {error}"), markup=False, soft_wrap=True)
    raise typer.Exit(1 if failed else 0)


def _checks(settings: Settings) -> Iterator[Check]:
    """Yield what is to be checked; sources are asked all at once, when their turn comes."""
    yield "settings", machine_checks.settings_kept
    yield "database", _database
    if not isinstance(settings.database, Path):
        yield "processes", _processes
    if settings.metrics_port:
        yield "metrics", _metrics
    if settings.web.enabled and settings.web.port:
        yield "page", _page
    yield "disk", machine_checks.room
    yield "pictures", machine_checks.pictures
    if settings.backups.folder:
        yield "backups", machine_checks.backups
    yield "plugins", _plugins
    checked = check_sources(settings)
    for name, source in checked.items():
        yield f"source {name}", lambda _, source=source: told(source.answer)
        if (websocket := source.websocket) is not None:
            yield f"websocket of {name}", lambda _, websocket=websocket: told(websocket)
    reports = [source.report for source in checked.values() if source.report is not None]
    if len(reports) == len(checked):  # of one that does not answer nobody knows what it has
        yield "coins", lambda settings: _coins(settings, reports)
    for account in platforms.accounts(settings.section):
        yield account.name, lambda _, account=account: _platform(account)
    if settings.operator_chat:
        yield "operator's chat", _operator


def _database(settings: Settings) -> str:
    path = settings.database
    if isinstance(path, Path):
        require_writable(path.absolute().parent)
        if not path.exists():
            return f"{path} will be made at the first start"
        require_writable(path.absolute())
    elif is_empty(path):
        return f"{path} answers, and will be filled at the first start"
    require_well(path)
    if isinstance(path, Path):
        require_own(path)
    return f"{path}, {asyncio.run(count_subscriptions(path))} subscriptions"


def _metrics(settings: Settings) -> str:
    return listening("/metrics", settings.metrics_host, settings.metrics_port, "LIQBOT_METRICS_")


def _page(settings: Settings) -> str:
    web = settings.web
    if settings.metrics_port == web.port and settings.metrics_host == web.host:
        raise Ailing(f"LIQBOT_METRICS_PORT is {web.port} too; one of both needs another port")
    return listening("the page", web.host, web.port, "LIQBOT_WEB__")


def _processes(settings: Settings) -> str:
    if isinstance(settings.database, Path):
        return "one"
    found = asyncio.run(processes_of(settings.database))
    if unled := missing(found, settings):
        nobody = [f"{one.lease} for {one.for_s:.0f} s" for one in unled]
        raise Ailing(f"nobody does {', '.join(nobody)}; start a process with that role: `liqbot run --role`")
    return "; ".join(map(_process, found.processes)) or "none is at work now"


def _process(process: ProcessAnswer) -> str:
    leads = f"leads {', '.join(process.leads)}" if process.leads else "stands by"
    lags = [f"{role} {lag_s:.0f} s behind" for role, lag_s in process.lags_s.items()]
    lags += [f"silent for {process.silent_s:.0f} s"] if process.is_silent else []
    return ", ".join([f"{process.name} ({','.join(process.roles)}) {leads}", *lags])


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


def _operator(settings: Settings) -> str:
    """Ask the platform of the operator's chat whether it can be written to."""
    name, _, native_id = settings.operator_chat.partition(":")
    account = next((one for one in platforms.accounts(settings.section) if one.name == name), None)
    if account is None:
        raise Ailing(f"LIQBOT_OPERATOR_CHAT: there is no token for {name}, and nobody hears of troubles")
    hide(platforms.secrets(account.section))
    reach, section = account.kind.reach, account.section

    async def asked() -> str:
        return f"{native_id} cannot be looked up" if reach is None else await reach(section, native_id)

    return asyncio.run(asked())


def _platform(account: Account) -> str:
    async def checked() -> str:
        return str(await account.kind.check(account.section))

    hide(platforms.secrets(account.section))
    return asyncio.run(checked())
