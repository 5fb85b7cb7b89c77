"""`liqbot brackets`: a newer table of Binance's margin tiers."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from liqbot.sources.exchanges.binance.brackets import Brackets, changes
from liqbot.sources.source import SourceError

SETTING = "LIQBOT_BINANCE__BRACKETS_FILE"


def brackets(
    answer: Annotated[Path, typer.Argument(help="The answer of /fapi/v1/leverageBracket, as JSON.")],
    to: Annotated[Path, typer.Option(help="The table to write.")] = Path("brackets.txt"),
    as_of: Annotated[str, typer.Option(help="The day it is of; today by default.", show_default=False)] = "",
) -> None:
    """Make a table of Binance's margin tiers of what it tells its customers, and say what is different."""
    try:
        table = Brackets.from_answer(answer.read_bytes(), as_of or f"{datetime.now(UTC):%Y-%m-%d}")
        to.write_text(table.to_text(), encoding="utf-8")
    except OSError as error:
        raise SourceError(f"{error.filename}: {error.strerror}") from None
    except ValueError as error:
        raise SourceError(f"{answer}: {error}") from None
    shipped = Brackets.shipped()
    typer.echo(f"{len(table.tables)} contracts as of {table.as_of}, written to {to}")
    for line in changes(shipped, table):
        typer.echo(f"against the table of {shipped.as_of}: {line}")
    typer.echo(f"to use it, set {SETTING}={to}")
