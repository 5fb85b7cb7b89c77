"""`liqbot liquidations`: what flows through one coin's market, out of the bot's database."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, TypeVar

import msgspec
import typer
from rich.console import Console

from liqbot.chat.flow_commands import told_liquidations
from liqbot.chat.times import read_span
from liqbot.cli.terminal import utc
from liqbot.message import Message
from liqbot.operations.stored_market import stored_liquidations
from liqbot.service.errors import UserError
from liqbot.settings import load_settings
from liqbot.sources.source import SourceError

CoinName = Annotated[str, typer.Argument(help="The coin, as BTC.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_Answer = TypeVar("_Answer")


def liquidations(
    coin: CoinName,
    window: Annotated[str, typer.Argument(help="How far back, as 1h, 24h or 7d.")] = "24h",
    *,
    as_json: Json = False,
) -> None:
    """Print what was liquidated of one coin lately, by side and venue, out of the bot's database."""
    answer = answered(stored_liquidations(load_settings().database, coin, _span(window)))
    print_answer(answer, told_liquidations(answer), as_json=as_json)


def _span(text: str) -> float:
    try:
        return read_span(text)
    except UserError as error:
        raise typer.BadParameter(str(error)) from None


def answered(asked: Coroutine[None, None, _Answer]) -> _Answer:
    """Return what the database says. Raises `SourceError`."""
    try:
        return asyncio.run(asked)
    except UserError as error:
        raise SourceError(str(error)) from None


def print_answer(answer: object, message: Message, *, as_json: bool) -> None:
    """Print an answer as one JSON object, or its message."""
    if as_json:
        typer.echo(msgspec.json.encode(answer).decode())
        return
    console = Console(highlight=False)
    when = "" if message.time_ms is None else f" · {utc(message.time_ms)}"
    for line in (message.title, *message.text, f"{message.provenance}{when}"):
        console.print(line, markup=False, soft_wrap=True)
