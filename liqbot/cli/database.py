"""`liqbot db`: backing up, restoring, moving and checking the database, its size, loading an export."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from liqbot.cli.terminal import progress_bar
from liqbot.operations.database import back_up, bytes_of, require_well
from liqbot.operations.database import restore as put_back
from liqbot.operations.database_move import move_database
from liqbot.operations.database_size import size_of
from liqbot.operations.market_export import read_export
from liqbot.settings import load_settings

app = typer.Typer(help="Back up, restore and check the database.", no_args_is_help=True)


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="Where the copy goes; it must not exist yet.")]) -> None:
    """Copy the database, consistent also while the bot runs."""
    path = load_settings().database
    with progress_bar() as bar:
        task = bar.add_task(file.name, total=None)
        back_up(path, file, lambda done, total: bar.update(task, completed=done, total=total))
    typer.echo(f"{file}: {file.stat().st_size:,} bytes, a complete copy of {path}")


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="The backup.")]) -> None:
    """Put a backup in the place of the database, while no bot runs; what was there is kept beside it.

    A database on a PostgreSQL server must be empty for that.
    """
    database = load_settings().database
    with progress_bar() as bar:
        task = bar.add_task(file.name, total=None)
        aside = put_back(
            file,
            database,
            f"{datetime.now(UTC):%Y%m%d-%H%M%S}",
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    kept = f"; what was there is {aside}" if aside else ""
    typer.echo(f"{database}: as {file} has it{kept}")


@app.command()
def move(
    source: Annotated[str, typer.Argument(metavar="FROM", help="A file, or postgresql://….")],
    target: Annotated[str, typer.Argument(metavar="TO", help="A new file, or an empty database's URL.")],
) -> None:
    """Copy a database to another kind, and compare every row; the bot must not run meanwhile.

    One that was cut short goes on where it was when it is given again. A password is best left out of the
    URL: PGPASSWORD or ~/.pgpass have it, and others of this machine may read what is typed here.
    """
    with progress_bar() as bar:
        task = bar.add_task("moving", total=None)
        shown_source, shown_target, count = move_database(
            source,
            target,
            lambda step: bar.update(task, description=step.what, completed=step.done, total=step.total),
        )
    typer.echo(f"{shown_target}: has all {count:,} rows of {shown_source}, each compared")


@app.command()
def check() -> None:
    """Read the whole database, and say whether it is well; the status is 1 where it is not."""
    path = load_settings().database
    require_well(path, thorough=True)
    typer.echo(f"{path}: well, {bytes_of(path):,} bytes")


@app.command()
def size() -> None:
    """Say what takes how much room, by table, and what a coin and day takes."""
    settings = load_settings()
    found = size_of(settings.database)
    for name, (rows, taken) in found.tables.items():
        typer.echo(f"{name:<16} {rows:>10,} rows {taken:>14,} bytes")
    typer.echo(f"{'together':<16} {'':>15} {found.taken:>14,} bytes")
    typer.echo(
        f"a coin, layer and day: {found.a_coin_day:,.0f} bytes, of {found.coin_days:,.1f} that are kept"
    )
    keep = settings.keep
    typer.echo(
        f"kept: history {keep.history_days} days, whole views {keep.views_days}, events {keep.events_days}; "
        "LIQBOT_KEEP__… changes it"
    )


@app.command()
def load(
    folder: Annotated[Path, typer.Argument(help="A folder that `liqbot export` has written, as CSV.")],
) -> None:
    """Put an export into the database; what is there already stays. The bot must not run meanwhile."""
    database = load_settings().database
    with progress_bar() as bar:
        task = bar.add_task(folder.name, total=None)
        done = read_export(folder, database, lambda name, at: bar.update(task, description=f"{name} {at:,}"))
    for name, count in done.items():
        typer.echo(f"{name}: {count:,} rows")
