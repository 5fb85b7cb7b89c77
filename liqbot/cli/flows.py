"""`liqbot liquidations`: what flows through one coin's market, out of the bot's database."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import msgspec
import typer
from rich.console import Console

from liqbot.chat.flow_commands import told_liquidations
from liqbot.chat.times import read_span
from liqbot.cli.terminal import find_coin, utc
from liqbot.market.view import MarketView
from liqbot.message import Message
from liqbot.service.errors import UserError
from liqbot.service.liquidations import LiquidationsAnswer, read_liquidations
from liqbot.settings import load_settings
from liqbot.sources.source import SourceError
from liqbot.store.sqlite.store import SqliteStore, reading

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
    seconds = _span(window)

    async def ask(store: SqliteStore, view: MarketView) -> LiquidationsAnswer:
        layers = await store.observations.layers(view.coin)
        beside = [layer for layer in layers if layer.origin is view.layer.origin]
        return await read_liquidations(store.events, view, beside or [view.layer], seconds)

    answer = _asked(coin, ask)
    _print(answer, told_liquidations(answer), as_json=as_json)


def _span(text: str) -> float:
    try:
        return read_span(text)
    except UserError as error:
        raise typer.BadParameter(str(error)) from None


def _asked(coin: str, ask: Callable[[SqliteStore, MarketView], Awaitable[_Answer]]) -> _Answer:
    """Return what `ask` says of the newest view of a coin in the database. Raises `SourceError`."""

    async def asked() -> _Answer:
        async with reading(load_settings().database) as store:
            name = find_coin(coin, await store.history.coins(), str(store.path))
            view = await store.history.newest(name)
            if view is None:
                raise SourceError(f"{store.path} has no view of {name}")
            return await ask(store, view)

    try:
        return asyncio.run(asked())
    except UserError as error:
        raise SourceError(str(error)) from None


def _print(answer: object, message: Message, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(answer).decode())
        return
    console = Console(highlight=False)
    when = "" if message.time_ms is None else f" · {utc(message.time_ms)}"
    for line in (message.title, *message.text, f"{message.provenance}{when}"):
        console.print(line, markup=False, soft_wrap=True)
