"""What the bot may do in a place, and where it may be added."""

from types import SimpleNamespace

import discord
import pytest

from liqbot.chat.discord.places import (
    INVITED_WITH,
    installable,
    lacking,
    person_chat,
    person_id,
    place_of,
    unpingable,
)
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
    assert person_id(person_chat("discord", 17)) == 17
    assert person_id(ChatKey("discord", "17")) is None


def interaction(channel, *, guild_id=None, at_home=False, private=False, **rights):
    """Return as much of an interaction as says where it happens."""
    return SimpleNamespace(
        guild_id=guild_id,
        channel=channel,
        user=SimpleNamespace(id=17),
        context=SimpleNamespace(private_channel=private),
        client=SimpleNamespace(get_guild=lambda _: object() if at_home else None),
        permissions=discord.Permissions(**rights),
        app_permissions=INVITED_WITH,
    )


def made(kind, **facts):
    """Return a channel of the library's with nothing but these facts."""
    channel = object.__new__(kind)
    for name, value in facts.items():
        setattr(channel, name, value)
    return channel


def test_between_two_people_the_bot_answers_but_the_chat_is_the_persons_own():
    own = place_of(interaction(made(discord.DMChannel, id=5)), "discord")
    theirs = place_of(interaction(made(discord.DMChannel, id=6), private=True), "discord")
    assert own.chat == theirs.chat == person_chat("discord", 17)
    assert (own.is_here, theirs.is_here) == (True, False)
    assert own.may_manage
    assert theirs.may_manage


def test_in_a_server_the_channel_is_the_chat_and_the_right_to_manage_counts():
    channel = made(discord.TextChannel, id=5)
    guest = place_of(interaction(channel, guild_id=9, at_home=True, send_messages=True), "discord")
    manager = place_of(interaction(channel, guild_id=9, at_home=True, manage_guild=True), "discord")
    owner = place_of(interaction(channel, guild_id=9, at_home=True, administrator=True), "discord")
    assert guest.chat == ChatKey("discord", "5")
    assert (guest.may_manage, manager.may_manage, owner.may_manage) == (False, True, True)


def test_a_thread_is_a_chat_inside_its_channel():
    thread = made(discord.Thread, id=7, parent_id=5)
    assert place_of(interaction(thread, guild_id=9, at_home=True), "discord").chat == ChatKey(
        "discord", "5", "7"
    )


def test_in_a_server_without_the_bot_the_chat_is_the_persons_own_and_theirs_to_manage():
    place = place_of(interaction(made(discord.TextChannel, id=5), guild_id=9), "discord")
    assert (place.chat, place.guild_id) == (person_chat("discord", 17), None)
    assert (place.is_here, place.may_manage) == (False, True)
