"""`liqbot plugins`: which plugins there are, and the tools of those who write them."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Collection
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from liqbot.app.bot import clock_ms
from liqbot.app.plugin_setup import plugins_of, wanted
from liqbot.chat.bot_commands import COMMANDS
from liqbot.cli.replaying_plugins import replay
from liqbot.cli.template import README, RULE, TEST
from liqbot.hosting.checking import check as check_plugin
from liqbot.logs import set_up_logs
from liqbot.operations.edge_markets import edge_markets
from liqbot.operations.simulated_day import simulated_day
from liqbot.rules.contributions import KIND_WORDS
from liqbot.rules.plugin_discovery import find_at
from liqbot.settings import Settings, load_settings

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_WIDE = 10_000
Plugin = Annotated[Path, typer.Argument(help="The plugin: its name, its file, or the folder of its package.")]

app = typer.Typer(name="plugins", help="Which plugins there are; and tools to write one.")


@app.callback(invoke_without_command=True)
def plugins(context: typer.Context) -> None:
    """List the plugins: where each runs, what it brings, and what is wrong; and tools to write one."""
    if context.invoked_subcommand is not None:
        return
    set_up_logs("error")
    loaded = plugins_of(load_settings())
    loaded.close()
    console = _console()
    table = Table("plugin", "version", "runs", "brings", "file", box=None, header_style="bold")
    for known in loaded.known:
        brings = ", ".join(known.brings) or "—"
        cells = (known.name, known.version or "—", known.runs, brings, known.file)
        table.add_row(*map(Text, cells))
    console.print(table if loaded.known else "No plugins are there; `liqbot plugins new NAME` makes one.")
    for error in loaded.errors:
        console.print(f"✗ {error}", markup=False, soft_wrap=True)
    raise typer.Exit(1 if loaded.errors else 0)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Its name, as near-wall: lower-case words with hyphens.")],
) -> None:
    """Make a plugin: a working rule, its test, and its README, in the plugins folder."""
    if not NAME.fullmatch(name):
        raise typer.BadParameter(f"{name!r} is no name; write lower-case words with hyphens, as near-wall")
    function = name.replace("-", "_")
    folder = load_settings().plugins_path / function
    if folder.exists() or folder.with_suffix(".py").exists():
        raise typer.BadParameter(f"{folder} is there already")
    folder.mkdir(parents=True)
    texts = {"__init__.py": RULE, f"test_{function}.py": TEST, "README.md": README}
    for file, text in texts.items():
        (folder / file).write_text(text.format(name=name, function=function, folder=folder), encoding="utf-8")
        typer.echo(str(folder / file))


@app.command()
def check(
    plugin: Plugin,
    *,
    types: Annotated[bool, typer.Option("--types", help="Check types too, with pyright.")] = False,
) -> None:
    """Check a plugin: loading, names, parameters, a simulated day, odd markets, speed, looking ahead."""
    set_up_logs("error")
    plugin = _found(plugin)
    candidates = find_at(plugin)
    if not candidates:
        raise typer.BadParameter(f"there is no plugin in {plugin}")
    views, console, failed = simulated_day(clock_ms()), _console(), 0
    settings, edges = load_settings(), edge_markets(clock_ms())
    limits, others = wanted(settings).limits, _names_of_others(settings, {one.file for one in candidates})
    found = (check_plugin(one, views, limits, edges=edges, taken=others) for one in candidates)
    for finding in chain.from_iterable(found):
        failed += not finding.is_well
        console.print(f"{'✓' if finding.is_well else '✗'} {finding.what}: {finding.said}", markup=False)
    if types:
        console.file.flush()
        failed += _types(plugin)
    raise typer.Exit(1 if failed else 0)


@app.command()
def test(plugin: Plugin) -> None:
    """Run the tests beside a plugin, with pytest."""
    if importlib.util.find_spec("pytest") is None:
        raise typer.BadParameter("pytest is not installed here: pip install pytest")
    plugin = _found(plugin)
    beside = plugin if plugin.is_dir() or plugin.name.startswith("test_") else _test_of(plugin)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib"]
    done = subprocess.run([*command, f"--rootdir={beside.parent}", str(beside)], check=False)  # noqa: S603 - pytest
    raise typer.Exit(done.returncode)


app.command()(replay)


def _found(plugin: Path) -> Path:
    """Return where a plugin is: as it was written, or of that name in the plugins folder."""
    if plugin.exists():
        return plugin
    inside = load_settings().plugins_path / plugin.name.replace("-", "_")
    return next((one for one in (inside, inside.with_suffix(".py")) if one.exists()), plugin)


def _names_of_others(settings: Settings, files: Collection[str]) -> dict[tuple[str, str], str]:
    """Return the file of what has a name already, by kind and name, but for what is in `files`."""
    with closing(plugins_of(settings)) as loaded:
        kinds = (loaded.rules.by_name, loaded.commands, loaded.overlays)
        taken = {
            (KIND_WORDS[type(item)], name): str(item.file)
            for named in kinds
            for name, item in named.items()
            if str(item.file) not in files
        }
    commands = {("command", command.name): "liqbot itself" for command in COMMANDS}
    return {**commands, **taken}


def _types(plugin: Path) -> int:
    """Let pyright look at a plugin, and print what it says; return its status."""
    if importlib.util.find_spec("pyright") is None:
        raise typer.BadParameter("pyright is not installed here: pip install pyright", param_hint="--types")
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, str(plugin)]
    return subprocess.run(command, check=False).returncode  # noqa: S603 - pyright, on a file


def _test_of(plugin: Path) -> Path:
    beside = plugin.with_name(f"test_{plugin.name}")
    if not beside.exists():
        raise typer.BadParameter(f"there is no test of {plugin}; it would be {beside}")
    return beside


def _console() -> Console:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDE  # nothing is folded or cut where a program reads it
    return console
