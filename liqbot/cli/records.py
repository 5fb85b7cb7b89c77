"""`liqbot history` and `liqbot scoreboard`: what is kept of a coin's past, out of the bot's database."""

from datetime import UTC
from typing import Annotated

import typer

from liqbot.chat.record_commands import told_history, told_scoreboard
from liqbot.cli.flows import CoinName, Json, answered, print_answer
from liqbot.operations.stored_market import stored_history, stored_scoreboard
from liqbot.service.windows import WINDOWS
from liqbot.settings import load_settings

WindowName = Annotated[str, typer.Argument(help=f"How far back: {', '.join(WINDOWS)}.")]


def history(coin: CoinName, window: WindowName = "30d", *, as_json: Json = False) -> None:
    """Print the ratio, regime and fuel of one coin by date, and what price did after each regime began."""
    known_window(window)
    answer = answered(stored_history(load_settings().database, coin, window))
    print_answer(answer, told_history(answer, UTC), as_json=as_json)


def scoreboard(
    coin: CoinName,
    window: WindowName = "30d",
    *,
    within: Annotated[str, typer.Option(help="How near to spot: 1%, 2%, 3%, 5% or 10%.")] = "5%",
    least: Annotated[str, typer.Option(help="Of how many USD at least, as 5M.")] = "0",
    as_json: Json = False,
) -> None:
    """Print what became of one coin's clusters, beside levels without one, out of the bot's database."""
    known_window(window)
    settings = {"within": within, "least": least}
    answer = answered(stored_scoreboard(load_settings().database, coin, window, settings))
    print_answer(answer, told_scoreboard(answer), as_json=as_json)


def known_window(window: str) -> None:
    """Raise `typer.BadParameter` for a window that there is none of."""
    if window not in WINDOWS:
        raise typer.BadParameter(f"{window!r} is no window; there is {', '.join(WINDOWS)}")
