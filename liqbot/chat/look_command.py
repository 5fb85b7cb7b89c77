"""The command with which a chat says how its pictures look."""

from collections.abc import Mapping
from types import MappingProxyType

from liqbot.chat.command import CommandContext, Settings, command
from liqbot.message import Button, Fact, Message
from liqbot.service.picture_query import STYLE, PictureStyle
from liqbot.text import _

_NOTHING: Mapping[str, str] = MappingProxyType({})


@command(manages=True, form=STYLE)
async def look(context: CommandContext, settings: Settings = _NOTHING) -> Message:
    """How pictures look in this chat: dark or light, wide or square, with candles or a line.

    For example: /look theme=light format=square price=line

    It holds for what is asked for here and for the pictures of alerts. Without anything it says how they look
    now.
    """
    chats = context.services.chats
    before = PictureStyle.kept((await chats.settings(context.chat)).look)
    style = before.changed(settings)
    if settings:
        await chats.set_look(context.chat, style.words)
    others = [
        Button(f"{name}={choice}", f"/look {name}={choice}", renews=True)
        for name, chosen in style.values.items()
        for choice in next(one.choices for one in STYLE.parameters if one.name == name)
        if choice != chosen
    ]
    shown = tuple(
        Fact(parameter.name, f"{style.values[parameter.name]}: {_(parameter.help)}")
        for parameter in STYLE.parameters
    )
    title = _("Pictures look like this from now on") if settings else _("How pictures look here")
    return Message(title, facts=shown, actions=tuple(others))


COMMANDS = (look,)
