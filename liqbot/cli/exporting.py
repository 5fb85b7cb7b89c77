"""`liqbot export`: what is kept of markets, as files."""

from pathlib import Path
from typing import Annotated

import typer

from liqbot.cli.terminal import parse_time, progress_bar
from liqbot.operations.market_export import DICTIONARY, FORMATS, KINDS, write_export
from liqbot.settings import load_settings


def export(
    folder: Annotated[Path, typer.Argument(help="A folder for the files; it must not exist yet.")],
    what: Annotated[str, typer.Option(help=f"Which files: {','.join(KINDS)}.")] = ",".join(KINDS),
    coin: Annotated[str | None, typer.Option(help="One coin alone.", show_default=False)] = None,
    since: Annotated[
        str | None, typer.Option(help="From this time on (ISO or ms).", show_default=False)
    ] = None,
    form: Annotated[str, typer.Option("--format", help="csv, or parquet with the extra.")] = "csv",
) -> None:
    """Write views, maps, clusters, readings, prices, events, liquidations and alerts to files."""
    kinds = [name.strip() for name in what.split(",") if name.strip()]
    unknown = [name for name in kinds if name not in KINDS]
    if unknown or not kinds:
        raise typer.BadParameter(f"there is {', '.join(KINDS)}", param_hint="--what")
    if form not in FORMATS:
        raise typer.BadParameter(f"there is {' and '.join(FORMATS)}", param_hint="--format")
    with progress_bar() as bar:
        tasks = {name: bar.add_task(name, total=None) for name in kinds}
        written = write_export(
            load_settings().database,
            folder,
            kinds,
            coin=coin,
            since_ms=0 if since is None else parse_time(since, "--since"),
            form=form,
            progress=lambda name, done, total: bar.update(tasks[name], completed=done, total=total),
        )
    for name, count in written.items():
        typer.echo(f"{folder / name}.{form}: {count:,} lines")
    typer.echo(f"{folder / DICTIONARY}: what every column means")
