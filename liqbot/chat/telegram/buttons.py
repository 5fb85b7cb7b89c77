"""Buttons: what they carry, and how they stand below a message.

A button carries the command itself, so that it works after a restart, on any message ever sent:

    ~/heatmap BTC 7d    tapped, the answer takes the place of the message
    +/clusters BTC      tapped, the answer comes as a new message
"""

from collections.abc import Iterable, Sequence

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from liqbot.message import Button, Weight

DATA_LIMIT = 64
"""Most bytes that a button may carry."""
MOST_BUTTONS = 100
_RENEWS, _ADDS = "~", "+"
_ALONE = (Weight.MAIN, Weight.BACK)
"""What stands in a row of its own."""
_SIGNS = {Weight.MAIN: "✓ ", Weight.BACK: "‹ ", Weight.CHOSEN: "• "}
_ROW_BUTTONS = 5
_ROW_CHARACTERS = 30
"""About what a phone shows of the labels in a row before it cuts them."""


def keyboard(buttons: Sequence[Button]) -> InlineKeyboardMarkup | None:
    """Return the keyboard of a message; None for none. A command that is too long for a button has none."""
    fitting = [button for button in buttons if len(data_of(button).encode()) <= DATA_LIMIT][:MOST_BUTTONS]
    rows = [
        [InlineKeyboardButton(shown(item), callback_data=data_of(item)) for item in row]
        for row in _rows(fitting)
    ]
    return InlineKeyboardMarkup(rows) if rows else None


def shown(button: Button) -> str:
    """Return what stands on a button: its label, behind a sign of its weight."""
    return f"{_SIGNS.get(button.weight, '')}{button.label}"


def data_of(button: Button) -> str:
    """Return what a button carries."""
    return f"{_RENEWS if button.renews else _ADDS}{button.command}"


def tapped(data: str) -> tuple[str, bool] | None:
    """Return the command that tapped data stands for, and whether its answer renews the message.

    None for data that is not ours.
    """
    flag, command = data[:1], data[1:]
    return (command, flag == _RENEWS) if flag in (_RENEWS, _ADDS) and command else None


def _rows(buttons: Iterable[Button]) -> list[list[Button]]:
    rows: list[list[Button]] = []
    for button in buttons:
        row = rows[-1] if rows else []
        width = sum(len(shown(each)) + 2 for each in (*row, button))
        alone = any(each.weight in _ALONE for each in (*row[:1], button))
        if row and not alone and len(row) < _ROW_BUTTONS and width <= _ROW_CHARACTERS:
            row.append(button)
        else:
            rows.append([button])
    return rows
