"""What commands are called in a platform's list of them, by language: catalogues of their own."""

from liqbot.chat.command import Command
from liqbot.text import Catalogues, _
from liqbot.text.catalogue import FOLDER

WORDS = Catalogues(FOLDER / "menu")


def called(command: Command) -> str:
    """Return what a command is called within `speaking(…, catalogues=WORDS)`; in English, its summary."""
    key = f"/{command.name}"
    said = _(key)
    return command.summary if said == key else said
