"""The template of the catalogue is that of the code, help texts and options among it."""

from babel.messages.pofile import read_po

from docs import catalogue
from liqbot.builtin import RULES
from liqbot.chat.bot_commands import COMMANDS
from liqbot.text import Catalogues, speaking

GERMAN = r"""
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\n"

msgid "{heatmap}"
msgstr "Ein Bild."

msgid "{rule}"
msgstr "Etwas Schweres, näher als `within`."
"""


def sentences():
    with catalogue.TEMPLATE.open("rb") as file:
        return {message.id for message in read_po(file) if isinstance(message.id, str)}


def test_the_template_is_what_the_code_says_and_a_command_renews_it():
    assert catalogue.TEMPLATE.read_text(encoding="utf-8") == catalogue.template()


def test_help_texts_and_what_parameters_are_for_are_in_it():
    known = sentences()
    for command in COMMANDS:
        assert {command.summary, *command.details} <= known, command.name
    for rule in RULES:
        assert set(rule.text) <= known, rule.name
        assert {one.help for one in rule.form.parameters} <= known, rule.name


def test_a_translation_reaches_the_help_of_commands_and_rules(tmp_path):
    heatmap, rule = COMMANDS[0], RULES[0]
    (tmp_path / "de.po").write_text(
        GERMAN.format(heatmap=heatmap.summary, rule=rule.text[0]),
        encoding="utf-8",
    )
    with speaking("de", catalogues=Catalogues(tmp_path)):
        assert heatmap.summary == "Ein Bild."
        assert rule.summary.startswith("Etwas Schweres")
