"""What `liqbot doctor` says of Discord."""

import asyncio

import pytest
from cli.conftest import run_apart

from liqbot.chat.adapter import AdapterError
from liqbot.chat.discord.checkup import check_discord, reach
from liqbot.chat.discord.places import person_chat
from liqbot.chat.discord.settings import DiscordSettings
from liqbot.chat.platform_time import PlatformTime

ALL_BUT_AUDIO = "error,ignore:'audioop' is deprecated:DeprecationWarning"
"""Every warning is an error, but for the one that Discord's library gives for what we do not use."""


async def test_a_good_token_is_told_with_the_links_that_invite_the_bot(house, tmp_path):
    def doctor():
        return run_apart(
            tmp_path,
            "doctor",
            LIQBOT_DISCORD__TOKEN=house.discord.token,
            LIQBOT_DISCORD__API_URL=house.discord.api_url,
            LIQBOT_DISCORD__GATEWAY_URL=house.discord.gateway_url,
            PYTHONWARNINGS=ALL_BUT_AUDIO,
        )

    ran = await asyncio.to_thread(doctor)
    assert ran.status == 0
    [line] = [line for line in ran.out.splitlines() if line.startswith("✓ discord: ")]
    application = house.discord.application
    assert f"https://discord.com/oauth2/authorize?client_id={application}" in line
    assert "scope=bot+applications.commands" in line
    assert "permissions=274877959168" in line
    assert "integration_type=1" in line
    assert "in 1 server" in line
    assert house.discord.token not in ran.out + ran.err


async def test_a_server_where_the_bot_lacks_permissions_is_named(house):
    few = ["view_channel", "send_messages"]
    await house.discord.add_guild("narrow", bot=few, everyone=few)
    found = await check_discord(house.settings)
    assert list(found.lacking) == ["in narrow it lacks Embed Links, Attach Files"]


async def test_a_wrong_token_is_told_with_where_to_get_another(house):
    wrong = DiscordSettings(token="not.a.token", api_url=house.settings.api_url)  # noqa: S106 - none
    with pytest.raises(AdapterError) as caught:
        await check_discord(wrong)
    assert "does not accept LIQBOT_DISCORD__TOKEN" in str(caught.value)
    assert "Reset Token" in str(caught.value)
    assert "not.a.token" not in str(caught.value)


async def test_few_starts_left_are_a_warning(house):
    await house.discord.gateway_setup(starts_left=3)
    with pytest.raises(AdapterError, match="only 3 more starts"):
        await check_discord(house.settings)


async def test_a_discord_that_cannot_be_reached_is_told_by_its_address(unused_tcp_port):
    settings = DiscordSettings(token="a.b.c", api_url=f"http://127.0.0.1:{unused_tcp_port}/api/v10")  # noqa: S106 - none
    with pytest.raises(AdapterError, match=f"cannot be asked at http://127.0.0.1:{unused_tcp_port}"):
        await check_discord(settings)


async def test_the_operator_s_chat_is_asked_for(house):
    person = await house.discord.add_user("olga")
    thread = await house.discord.add_thread(house.channel)
    for channel in (house.channel, thread):
        assert await reach(house.settings, str(channel)) == f"{channel} can be written to"
    told = await reach(house.settings, person_chat("discord", person).native_id)
    assert told == f"@{person} can be written to, unless they have blocked the bot"
    for nobody in ("4711", "no-number"):
        with pytest.raises(AdapterError, match=nobody):
            await reach(house.settings, nobody)


async def test_a_channel_in_which_the_bot_may_not_write_is_told_with_what_it_lacks(house):
    await house.discord.overwrite(house.channel, deny=["attach_files"])
    with pytest.raises(AdapterError, match=f"the bot lacks Attach Files in {house.channel}"):
        await reach(house.settings, str(house.channel))
    await house.discord.overwrite(house.channel, deny=["send_messages", "send_messages_in_threads"])
    for channel, permission in (
        (house.channel, "Send Messages"),
        (await house.discord.add_thread(house.channel), "Send Messages in Threads"),
    ):
        with pytest.raises(AdapterError, match=f"the bot lacks {permission} in {channel}"):
            await reach(house.settings, str(channel))


async def test_of_a_further_bot_its_own_section_is_named(house):
    known = house.settings
    wrong = DiscordSettings(
        token=known.token,
        api_url=known.api_url,
        accounts={"second": {"token": "not.a.token"}},
    )
    with pytest.raises(AdapterError) as caught:
        await check_discord(wrong.each_account()["second"])
    assert "does not accept [discord.accounts.second] token" in str(caught.value)


async def test_a_clock_that_is_off_is_no_check_mark(house, monkeypatch):
    assert (await check_discord(house.settings)).servers == 1
    monkeypatch.setattr(PlatformTime, "clock_ahead_s", property(lambda _: 300.0))
    with pytest.raises(AdapterError, match="this machine's clock is 5 min ahead of Discord's"):
        await check_discord(house.settings)
