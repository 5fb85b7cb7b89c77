"""`liqbot liquidations`, `book`, `stops`, `cascade` and `brief` of one coin; `liqbot screener` of all."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer
from rich.console import Console

from liqbot.chat.flow_commands import told_book, told_brief, told_cascade, told_liquidations, told_stops
from liqbot.chat.screener_command import told_screener
from liqbot.chat.times import read_move, read_span
from liqbot.cli.looking import At, RecordingFile
from liqbot.cli.terminal import parse_time, read_with_progress, utc
from liqbot.market.view import MarketView
from liqbot.message import Message
from liqbot.operations.recordings import view_at
from liqbot.operations.stored_market import stored_brief, stored_liquidations, stored_screener, stored_view
from liqbot.service.books import book_answer
from liqbot.service.cascades import cascade_answer
from liqbot.service.errors import UserError
from liqbot.service.screener import read_order
from liqbot.service.stops import stops_answer
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


def book(coin: CoinName, *, as_json: Json = False) -> None:
    """Print the order book of one coin as it stood with the newest view in the database."""
    view = _view(coin, None, None)
    answer = book_answer(view, [], view.time_ms)
    print_answer(answer, told_book(answer), as_json=as_json)


def stops(coin: CoinName, *, as_json: Json = False) -> None:
    """Print where stop orders of one coin waited at the newest view in the database, beside liquidations."""
    view = _view(coin, None, None)
    answer = stops_answer(view, view.time_ms)
    print_answer(answer, told_stops(answer), as_json=as_json)


def cascade(
    coin: CoinName,
    move: Annotated[str, typer.Argument(help="How far price is pushed, as -3% or 3%.")] = "-3%",
    recording: RecordingFile = None,
    at: At = None,
    *,
    as_json: Json = False,
) -> None:
    """Print what pushing the price of one coin would set off, and where price would stop."""
    view = _view(coin, recording, None if at is None else parse_time(at))
    try:
        answer = cascade_answer(view, read_move(move), view.time_ms)
    except UserError as error:
        raise typer.BadParameter(str(error)) from None
    print_answer(answer, told_cascade(answer), as_json=as_json)


def brief(coin: CoinName, *, as_json: Json = False) -> None:
    """Print what to check of one coin before a trade, out of the newest view in the database."""
    answer = answered(stored_brief(load_settings().database, coin))
    print_answer(answer, told_brief(answer), as_json=as_json)


def screener(
    sort: Annotated[str, typer.Argument(help="nearest, fuel, imbalance or trapped.")] = "nearest",
    *,
    page: Annotated[int, typer.Option(min=1, help="Which page, 12 coins each.")] = 1,
    as_json: Json = False,
) -> None:
    """Print all coins by what is nearest, heaviest, most one-sided or most trapped, out of the database."""
    try:
        order = read_order(sort)
    except UserError as error:
        raise typer.BadParameter(str(error)) from None
    answer = answered(stored_screener(load_settings().database, order, page))
    print_answer(answer, told_screener(answer), as_json=as_json)


def _view(coin: str, recording: Path | None, at_ms: int | None) -> MarketView:
    """Return the newest view of a coin up to a time, stored or recorded. Raises `SourceError`."""
    if recording is not None:
        return view_at(coin, recording, at_ms, read_with_progress)
    return answered(stored_view(load_settings().database, coin, at_ms))


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
