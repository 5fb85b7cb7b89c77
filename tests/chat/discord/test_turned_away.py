"""Whoever is turned away on Discord is told so each time: without an answer, Discord says that none came."""

import asyncio

from chat.discord.stand_ins import eventually, text_of

from liqbot.chat.discord.conversation import AT_ONCE
from liqbot.people_settings import AccessSettings
from liqbot.service.access import Access
from liqbot.service.refusals import SAID_AGAIN_A_MINUTE


async def test_each_command_over_the_quota_gets_the_one_answer_seen_by_the_asker_alone(house):
    house.services.quotas.own = {("discord", str(house.channel)): {"commands": 1}}
    async with house.open():
        await house.slash("help")
        answers = [await house.slash("help") for _ in range(3)]
    assert {answer.callback for answer in answers} == {4}
    assert all(answer.message.ephemeral for answer in answers)
    [said] = {text_of(answer.message) for answer in answers}
    assert "a minute" in said
    assert await house.messages() == []


async def test_each_tap_over_the_quota_gets_one_as_well_and_leaves_the_message_alone(house):
    async with house.open():
        shown = (await house.slash("weather")).message
        house.services.quotas.own = {("discord", str(house.channel)): {"commands": 1}}
        await house.slash("help")
        answers = [await house.discord.press(shown, "Refresh") for _ in range(2)]
    assert {answer.callback for answer in answers} == {4}
    assert all(answer.message.ephemeral for answer in answers)
    [after] = await house.messages()
    assert after.embeds == shown.embeds


async def test_a_stranger_hears_each_time_whom_the_bot_serves(house):
    closed = AccessSettings(mode="allowlist")
    house.services.access = Access(house.store, house.services.quotas, house.services.clock, closed)
    async with house.open():
        answers = [await house.slash("help") for _ in range(2)]
    assert all("whom its operator has let in" in text_of(answer.message) for answer in answers)


async def test_of_a_flood_in_one_server_the_first_are_told_and_the_others_are_left_alone(house):
    house.services.quotas.own = {("discord", str(house.channel)): {"commands": 1}}
    owner = house.discord.owner
    somebody, elsewhere = await house.discord.add_user("somebody"), await house.discord.add_guild("elsewhere")
    await house.discord.add_member(elsewhere.id, somebody)
    channel = await house.discord.add_channel(elsewhere.id)

    async def told():
        calls = await house.discord.calls("POST", r"/callback$")
        return sum(call.body["type"] == 4 for call in calls)

    async with house.open():
        await house.slash("help")
        ran = [{"user": owner, "channel": house.channel, "name": "help", "options": {}}]
        await house.discord.burst(ran=2 * SAID_AGAIN_A_MINUTE * ran)
        await eventually(told, lambda count: count >= SAID_AGAIN_A_MINUTE)
        answer = await house.discord.slash("help", channel, user=somebody)
        assert "minute" not in text_of(answer.message)
        assert await told() == SAID_AGAIN_A_MINUTE


async def test_what_is_said_in_words_waits_for_no_pictures_of_the_same_server(house, monkeypatch):
    monkeypatch.setattr(house.services.quotas, "take", lambda *_, **__: 0.0)  # nobody has asked too much
    drawing, begun = asyncio.Event(), []

    async def heatmap(*asked):
        begun.append(asked)
        await drawing.wait()

    monkeypatch.setattr(house.services.pictures, "heatmap", heatmap)
    channels = [await house.discord.add_channel(house.guild) for _ in range(AT_ONCE + 4)]
    async with house.open():
        asked = {"user": house.discord.owner, "name": "heatmap", "options": {"coin": "BTC"}}
        await house.discord.burst(ran=[{**asked, "channel": one} for one in channels])

        async def drawn():
            return len(begun)

        await eventually(drawn, lambda count: count >= AT_ONCE)
        answer = await house.slash("help")
        assert len(begun) == AT_ONCE
        drawing.set()
    assert text_of(answer.message)
