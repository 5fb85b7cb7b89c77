"""The menu of commands: per kind of chat and per language."""

import pytest
from chat.telegram.stand_ins import WITHIN

from liqbot.chat.bot_commands import COMMANDS
from liqbot.chat.telegram.menu import WORDS, menu
from liqbot.chat.telegram.own_commands import OWN_COMMANDS
from liqbot.text import _, speaking

EVERY = [command for command in (*COMMANDS, *OWN_COMMANDS) if not command.owners]
LANGUAGES = WORDS.languages[1:]
MENUS = 4 * (1 + len(LANGUAGES))

pytestmark = pytest.mark.usefixtures("unhurried")


async def written(telegram):
    """Wait until every menu has been written."""
    await telegram.calls("setMyCommands", at_least=MENUS, within=WITHIN)


async def test_everyone_is_offered_what_they_may_do(telegram, serving):
    owner, ben = await telegram.person("Owner"), await telegram.person("Ben")
    group = await telegram.group("Traders", owner, members=[ben])
    async with serving():
        await written(telegram)
        in_private, as_admin, as_member = [
            {entry["command"] for entry in await telegram.menu(chat, who)}
            for chat, who in ((ben, ben), (group, owner), (group, ben))
        ]
    assert in_private == as_admin == {command.name for command in EVERY}
    assert as_member == {command.name for command in EVERY if not command.manages}
    assert {"subscribe", "unsubscribe", "stop"} <= in_private - as_member


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_menu_speaks_the_persons_language(telegram, serving, language):
    ann = await telegram.person("Ann", language=language)
    async with serving():
        await written(telegram)
        shown = {entry["command"]: entry["description"] for entry in await ann.menu(language)}
        usual = {entry["command"]: entry["description"] for entry in await ann.menu("xx")}
    with speaking(language, catalogues=WORDS):
        assert shown["heatmap"] == _("/heatmap") != usual["heatmap"]
    assert shown.keys() == usual.keys()


async def test_a_menu_that_is_as_it_should_be_is_not_written_again(telegram, serving):
    async with serving():
        await written(telegram)
    async with serving():
        await telegram.calls("getMyCommands", at_least=2 * MENUS, within=WITHIN)
    assert len(await telegram.calls("setMyCommands")) == MENUS


async def test_a_menu_that_cannot_be_written_at_once_is_written_later(telegram, serving):
    ann = await telegram.person("Ann")
    await telegram.fail("reset", "setMyCommands", times=2)
    async with serving():
        await written(telegram)
        await telegram.calls("setMyCommands", at_least=MENUS + 2, within=WITHIN)
        assert len(await ann.menu()) == len(EVERY)


@pytest.mark.parametrize("language", ["", *LANGUAGES])
def test_every_entry_is_as_telegram_takes_it(language):
    for entry in menu(EVERY, language, managing=True):
        assert entry.command.islower()
        assert entry.command.isidentifier()
        assert 1 <= len(entry.description) <= 256


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_languages_know_the_same_commands_and_none_that_is_not_there(language):
    names = {f"/{command.name}" for command in EVERY}

    def known(tag):
        return {text for text in WORDS.translations(tag)._catalog if text}

    assert known(language) == known("de")
    assert known(language) <= names
