"""`liqbot history`: what is kept of a coin's past, out of the bot's database."""

from datetime import UTC
from typing import Annotated

import typer

from liqbot.chat.record_commands import told_history
from liqbot.cli.flows import CoinName, Json, answered, print_answer
from liqbot.operations.stored_market import stored_history
from liqbot.service.windows import WINDOWS
from liqbot.settings import load_settings

WindowName = Annotated[str, typer.Argument(help=f"How far back: {', '.join(WINDOWS)}.")]


def history(coin: CoinName, window: WindowName = "30d", *, as_json: Json = False) -> None:
    """Print the ratio, regime and fuel of one coin by date, and what price did after each regime began."""
    known_window(window)
    answer = answered(stored_history(load_settings().database, coin, window))
    print_answer(answer, told_history(answer, UTC), as_json=as_json)


def known_window(window: str) -> None:
    """Raise `typer.BadParameter` for a window that there is none of."""
    if window not in WINDOWS:
        raise typer.BadParameter(f"{window!r} is no window; there is {', '.join(WINDOWS)}")
