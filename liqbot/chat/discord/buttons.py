"""Buttons that still work after a restart: each carries the line that it stands for, and nothing else."""

import re
from collections.abc import Awaitable, Sequence
from typing import Any, Protocol, Self, runtime_checkable

import discord
import structlog
from discord.ui import Button, DynamicItem, Item, View

from liqbot import message

_log = structlog.get_logger()

MOST = 25
"""Most buttons of a message, in rows of five."""
CUSTOM_ID = 100
LABEL = 80
"""Most characters of what a button carries, and of what stands on it."""


_STYLES = {
    message.Weight.MAIN: discord.ButtonStyle.primary,
    message.Weight.CHOSEN: discord.ButtonStyle.success,
}


@runtime_checkable
class Host(Protocol):
    """A Discord client that answers its buttons."""

    def pressed(self, interaction: discord.Interaction[Any], line: str, *, renews: bool) -> Awaitable[None]:
        """Answer the line of a button; `renews`: in place of the message that it hangs on."""
        ...


class CommandButton(
    DynamicItem[Button[View]],
    template=re.compile(r"liqbot:(?P<answer>new|renew):\d+:(?P<line>.+)", re.DOTALL),
):
    """A button of one of our messages, from whenever that is."""

    def __init__(self, button: message.Button, place: int) -> None:
        """`place` tells buttons apart that stand for the same line: Discord wants that."""
        super().__init__(
            Button(
                label=button.label[:LABEL] or "…",
                custom_id=_custom_id(button, place),
                style=_STYLES.get(button.weight, discord.ButtonStyle.secondary),
            )
        )
        self._button = button

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the button that somebody pressed."""
        del interaction
        label = item.label if isinstance(item, Button) else None
        return cls(message.Button(label or "…", match["line"], renews=match["answer"] == "renew"), 0)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do as if its line had been typed."""
        host = interaction.client
        if isinstance(host, Host):
            await host.pressed(interaction, self._button.command, renews=self._button.renews)


def view_of(buttons: Sequence[message.Button]) -> View | None:
    """Return the rows of a message's buttons; None for a message that has none."""
    shown: list[CommandButton] = []
    for place, button in enumerate(buttons[:MOST]):
        if len(_custom_id(button, place)) > CUSTOM_ID:
            _log.error("button_left_out", button=button.label, reason="its command is too long")
            continue
        shown.append(CommandButton(button, place))
    if not shown:
        return None
    view = View(timeout=None)
    for item in shown:
        view.add_item(item)
    return view


def _custom_id(button: message.Button, place: int) -> str:
    return f"liqbot:{'renew' if button.renews else 'new'}:{place}:{button.command}"
