"""The operator's commands."""

import sys

import typer

from liqbot.cli import house, looking, replaying, running
from liqbot.settings import SettingsError
from liqbot.sources.source import SourceError
from liqbot.store.database import DatabaseError

app = typer.Typer(
    name="liqbot",
    help="Liquidation heatmaps and alerts for Discord, Telegram and the terminal.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for _command in (
    running.run,
    running.demo,
    replaying.replay,
    looking.view,
    looking.heatmap,
    house.config,
    house.doctor,
):
    app.command()(_command)


def main() -> None:
    """Run the command line; what an operator can mend ends in one line on standard error and status 1."""
    try:
        app()
    except (SettingsError, DatabaseError, SourceError) as error:
        print(f"liqbot: {error}", file=sys.stderr)  # noqa: T201 - this is the command line
        sys.exit(1)
