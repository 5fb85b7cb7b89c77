"""`liqbot db`: backing up the database, and checking it."""

from pathlib import Path
from typing import Annotated

import typer

from liqbot.cli.terminal import progress_bar
from liqbot.operations.database import back_up, require_well
from liqbot.settings import load_settings

app = typer.Typer(help="Back up and check the database.", no_args_is_help=True)


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="Where the copy goes; it must not exist yet.")]) -> None:
    """Copy the database, consistent also while the bot runs."""
    path = load_settings().database
    with progress_bar() as bar:
        task = bar.add_task(file.name, total=None)
        back_up(path, file, lambda done, total: bar.update(task, completed=done, total=total))
    typer.echo(f"{file}: {file.stat().st_size:,} bytes, a complete copy of {path}")


@app.command()
def check() -> None:
    """Read the whole database, and say whether it is well; the status is 1 where it is not."""
    path = load_settings().database
    require_well(path, thorough=True)
    typer.echo(f"{path}: well, {path.stat().st_size:,} bytes")
