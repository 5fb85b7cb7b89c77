"""The operator's commands."""

import sys
from typing import Annotated, NoReturn

import typer

from liqbot import __version__
from liqbot.charts.studio import DrawingError
from liqbot.cli import (
    agents,
    brackets,
    database,
    house,
    looking,
    measuring,
    plugins,
    replaying,
    running,
    scanning,
    validating,
)
from liqbot.settings import SettingsError
from liqbot.sources.source import SourceError
from liqbot.store.errors import DatabaseError, StoreError

app = typer.Typer(
    name="liqbot",
    help="Liquidation heatmaps and alerts for Discord, Telegram and the terminal.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in (
    running.run,
    running.demo,
    replaying.replay,
    looking.view,
    looking.heatmap,
    scanning.scan,
    scanning.record,
    brackets.brackets,
    validating.validate,
    measuring.measure,
    agents.mcp,
    house.config,
    house.doctor,
):
    app.command()(_command)
app.add_typer(database.app, name="db")
app.add_typer(plugins.app, name="plugins")


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the option's value
    if wanted:
        typer.echo(f"liqbot {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Liquidation heatmaps and alerts for Discord, Telegram and the terminal."""
    del version


def main() -> None:
    """Run the command line; what an operator can mend is said on standard error, and the status is 1."""
    try:
        app()
    except (SettingsError, DatabaseError, SourceError, DrawingError) as error:
        _give_up(str(error))
    except StoreError as error:
        _give_up(f"the database: {error}")


def _give_up(reason: str) -> NoReturn:
    for line in reason.splitlines():
        print(f"liqbot: {line}", file=sys.stderr)  # noqa: T201 - this is the command line
    sys.exit(1)
