"""`liqbot db`: backing up the database, and checking it."""

from pathlib import Path
from typing import Annotated

import typer

from liqbot.cli.terminal import progress_bar
from liqbot.settings import load_settings
from liqbot.store.errors import DatabaseError
from liqbot.store.sqlite.database import back_up, damage
from liqbot.store.sqlite.schema import differences

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
    found = damage(path, thorough=True)
    if found is not None:
        raise DatabaseError(f"{path} is damaged: {found}")
    different = differences(path)
    if different:
        raise DatabaseError(f"{path} is not as this version needs it: {'; '.join(different)}")
    typer.echo(f"{path}: well, {path.stat().st_size:,} bytes")
