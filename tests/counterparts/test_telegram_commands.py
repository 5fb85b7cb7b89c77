"""The bot's commands, as people see them in their menus."""

import pytest
from counterparts.telegram_bots import bot_of
from telegram import (
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
)
from telegram.error import BadRequest, RetryAfter


def named(menu):
    return [command["description"] for command in menu]


async def test_everybody_sees_the_commands_of_their_scope_and_language(telegram):
    ann, bob = await telegram.person("Ann"), await telegram.person("Bob")
    group = await telegram.group("Us", ann, members=[bob])
    async with bot_of(telegram) as bot:
        await bot.set_my_commands([("heatmap", "Draw")])
        await bot.set_my_commands([("heatmap", "Zeichnen")], language_code="de")
        await bot.set_my_commands([("heatmap", "Draw here")], BotCommandScopeAllGroupChats())
        await bot.set_my_commands([("subscribe", "Admins")], BotCommandScopeAllChatAdministrators())
        assert named(await ann.menu("fr")) == ["Draw"]
        assert named(await ann.menu("de")) == ["Zeichnen"]
        assert named(await group.menu(bob, "de")) == ["Draw here"]
        assert named(await group.menu(ann)) == ["Admins"]
        await bot.set_my_commands([("x", "Only here")], BotCommandScopeChat(ann.id))
        assert named(await ann.menu()) == ["Only here"]
        await bot.delete_my_commands(BotCommandScopeChat(ann.id))
        assert named(await ann.menu()) == ["Draw"]
        found = await bot.get_my_commands(language_code="de")
        assert [(one.command, one.description) for one in found] == [("heatmap", "Zeichnen")]
        assert await bot.get_my_commands(language_code="fr") == ()
    assert len(await telegram.commands()) == 4


@pytest.mark.parametrize(
    "commands",
    [
        [("Heatmap", "x")],
        [("a" * 33, "x")],
        [("a-b", "x")],
        [("a", "")],
        [("a", "x" * 257)],
        [("a", "b")] * 101,
    ],
    ids=["capital", "long", "dash", "no description", "long description", "too many"],
)
async def test_what_is_no_command_is_refused(telegram, commands):
    async with bot_of(telegram) as bot:
        with pytest.raises(BadRequest, match=r"(?i)bot_command"):
            await bot.set_my_commands(commands)


async def test_a_language_has_two_letters(telegram):
    async with bot_of(telegram) as bot:
        with pytest.raises(BadRequest, match="Invalid language code"):
            await bot.set_my_commands([("a", "b")], language_code="en-GB")


async def test_descriptions_are_kept_per_language(telegram):
    async with bot_of(telegram) as bot:
        await bot.set_my_description("Alerts", language_code="de")
        assert (await bot.get_my_description("de")).description == "Alerts"
        assert (await bot.get_my_description()).description == ""
        with pytest.raises(BadRequest, match="Short description is too long"):
            await bot.set_my_short_description("x" * 121)


@pytest.mark.filterwarnings("ignore:.*retry_after:telegram.warnings.PTBDeprecationWarning")
async def test_a_bot_is_closed_late_and_logged_out_for_good(telegram):
    async with bot_of(telegram) as bot:
        with pytest.raises(RetryAfter) as refused:
            await bot.close()
        assert 590 < refused.value.retry_after <= 600
        assert await bot.log_out()
        with pytest.raises(BadRequest, match="Logged out"):
            await bot.get_me()
