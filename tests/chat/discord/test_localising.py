"""Commands and options are described in the languages that the catalogues have."""

import discord
import pytest
from chat.discord.test_commands import Host
from discord import app_commands

from liqbot.builtin import RULES
from liqbot.chat.answering import Answering
from liqbot.chat.bot_commands import COMMANDS
from liqbot.chat.discord.commands import SlashCommands
from liqbot.chat.discord.localising import CommandWords
from liqbot.chat.discord.syncing import fingerprint
from liqbot.rules.plugin_loading import Rules
from liqbot.text import Catalogues

CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "the coin"
msgstr "die Münze"
"""


@pytest.fixture
def tree():
    client = discord.Client(intents=discord.Intents.none())
    return app_commands.CommandTree(client)


@pytest.fixture
def commands(tree):
    rules = Rules()
    rules.add(RULES)
    commands = SlashCommands(tree, Answering(COMMANDS), rules.by_name, Host())
    commands.add()
    return commands


async def payload(tree, name, words):
    """Return what Discord is told of a command."""
    await tree.set_translator(words)
    return await tree.get_command(name).get_translated_payload(tree, words)


async def test_commands_are_described_as_the_menus_call_them(tree, commands):
    told = (await payload(tree, "heatmap", CommandWords(commands)))["description_localizations"]
    assert told["de"] == "Wo erzwungene Orders lagen und liegen, als Bild"
    assert {"es-ES", "es-419", "pt-BR", "ru"} <= {*told}
    assert "en-US" not in told
    assert all(0 < len(text) <= 100 for text in told.values())


async def test_so_is_a_command_with_a_subcommand_for_each_rule(tree, commands):
    told = await payload(tree, "subscribe", CommandWords(commands))
    assert told["description_localizations"]["de"] == "Bescheid bekommen, wenn etwas passiert"


async def test_options_are_described_in_the_languages_of_the_catalogue(tree, commands, tmp_path):
    (tmp_path / "de.po").write_text(CATALOGUE)
    told = await payload(tree, "heatmap", CommandWords(commands, own=Catalogues(tmp_path)))
    [coin] = [option for option in told["options"] if option["name"] == "coin"]
    assert coin["description_localizations"]["de"].startswith("die Münze")
    assert "name_localizations" not in coin or not coin["name_localizations"], "people type names"


async def test_discord_is_told_again_where_words_have_changed(tree, commands, tmp_path):
    await tree.set_translator(CommandWords(commands))
    before = fingerprint(tree)
    (tmp_path / "de.po").write_text(CATALOGUE)
    await tree.set_translator(CommandWords(commands, own=Catalogues(tmp_path)))
    assert fingerprint(tree) != before
