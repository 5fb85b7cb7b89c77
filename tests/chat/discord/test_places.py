"""What the bot may do in a place, and where it may be added."""

from types import SimpleNamespace

import discord
import pytest

from liqbot.chat.discord.places import INVITED_WITH, installable, lacking, person_chat, person_id, unpingable
from liqbot.store.chats import ChatKey


@pytest.mark.parametrize(
    ("said", "guild", "user"),
    [((1, 1), True, True), ((1, None), True, False), ((None, 1), False, True), ((None, None), True, True)],
)
def test_commands_are_offered_where_the_application_may_be_added(said, guild, user):
    about = SimpleNamespace(guild_integration_config=said[0], user_integration_config=said[1])
    found = installable(about)
    assert (found.guild, found.user) == (guild, user)


def test_what_the_bot_is_invited_with_lacks_nothing():
    assert lacking(INVITED_WITH, in_thread=False) == lacking(INVITED_WITH, in_thread=True) == ""


def test_what_is_lacking_is_called_as_in_discords_settings():
    assert lacking(discord.Permissions(view_channel=True, embed_links=True), in_thread=False) == (
        "Send Messages, Attach Files"
    )
    held = discord.Permissions(view_channel=True, send_messages=True, embed_links=True, attach_files=True)
    assert lacking(held, in_thread=True) == "Send Messages in Threads"
    assert lacking(discord.Permissions(administrator=True), in_thread=True) == ""


def role(*, default=False, mentionable=False):
    return SimpleNamespace(is_default=lambda: default, mentionable=mentionable, name="traders")


def test_a_role_is_pingable_where_it_is_mentionable_or_the_bot_may_mention_all():
    assert unpingable(role(mentionable=True), discord.Permissions()) == ""
    assert unpingable(role(), discord.Permissions(mention_everyone=True)) == ""
    assert "traders" in unpingable(role(), discord.Permissions())
    assert "@everyone" in unpingable(role(default=True), discord.Permissions(administrator=True))


def test_a_person_and_a_channel_are_never_taken_for_each_other():
    assert person_id(person_chat(17)) == 17
    assert person_id(ChatKey("discord", "17")) is None
