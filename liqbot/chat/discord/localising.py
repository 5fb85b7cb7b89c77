"""What commands and their options are for, in the languages that the catalogues have.

Names stay English: people type them, and `/help` and the answers name them.
"""

from collections.abc import Iterable, Iterator, Mapping

import discord
from discord import app_commands

from liqbot.chat.command import Command
from liqbot.chat.discord.commands import Slash, SlashCommands
from liqbot.chat.discord.options import short_help
from liqbot.chat.menu_words import WORDS, called
from liqbot.text import Catalogues, languages, speaking
from liqbot.text.catalogue import ENGLISH

Descriptions = Mapping[tuple[str, str], str]
"""What is said, by the full name of a command and the name of its option, which is empty for the command."""


class CommandWords(app_commands.Translator):
    """Says to Discord what commands are for in every language."""

    def __init__(self, commands: SlashCommands, *, own: Catalogues | None = None) -> None:
        """Know every language of the menus and of the catalogue, which is `own` where that is given."""
        spoken = languages() if own is None else own.languages
        whole = {language: _said_in(language, commands, own) for language in spoken if language != ENGLISH}
        english = dict(_descriptions(commands.made())) if whole else {}
        self.by_language: dict[str, Descriptions] = {}
        for language in sorted({*whole, *WORDS.languages} - {ENGLISH}):
            said = {**whole.get(language, {}), **_menu_words(language, commands.commands)}
            self.by_language[language] = {key: text for key, text in said.items() if text != english.get(key)}

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Return a description in a language; None where it stays English, as names do."""
        del string
        place, data = context.location, context.data
        location = app_commands.TranslationContextLocation
        tag = str(locale).lower()
        descriptions = self.by_language.get(tag) or self.by_language.get(tag.partition("-")[0], {})
        if isinstance(data, app_commands.Parameter):
            if place is not location.parameter_description:
                return None
            return descriptions.get((data.command.qualified_name, data.display_name))
        if isinstance(data, app_commands.Command | app_commands.Group) and place in (
            location.command_description,
            location.group_description,
        ):
            return descriptions.get((data.qualified_name, ""))
        return None


def _said_in(language: str, commands: SlashCommands, own: Catalogues | None) -> Descriptions:
    with speaking(language, catalogues=own):
        return dict(_descriptions(commands.made()))


def _menu_words(language: str, commands: Iterable[Command]) -> Descriptions:
    with speaking(language, catalogues=WORDS) as spoken:
        if spoken == ENGLISH:
            return {}
        said = [(item, called(item)) for item in commands]
    return {(item.name, ""): short_help(text) for item, text in said if text != item.summary}


def _descriptions(made: Iterable[Slash]) -> Iterator[tuple[tuple[str, str], str]]:
    for command in made:
        yield (command.qualified_name, ""), command.description
        if isinstance(command, app_commands.Group):
            yield from _descriptions(command.commands)
        else:
            for option in command.parameters:
                yield (command.qualified_name, option.display_name), str(option.description)
