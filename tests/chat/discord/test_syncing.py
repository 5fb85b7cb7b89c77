"""Discord is told of the commands when they have changed, and only then."""

import aiohttp
from chat.discord.stand_ins import eventually, text_of

PUT = r"^/applications/\d+/commands$"


async def puts(house):
    return [call.status for call in await house.discord.calls("PUT", PUT)]


async def test_at_the_first_start_discord_is_told_and_at_the_next_one_not(house):
    async with house.open():
        pass
    async with house.open():
        await house.slash("help")
    assert await puts(house) == [200]


async def test_after_a_change_discord_is_told_again(house):
    async with house.open():
        pass
    house.commands = house.commands[:-1]
    before = await house.store.notes.get("discord.commands")
    async with house.open():
        await eventually(lambda: house.store.notes.get("discord.commands"), lambda found: found != before)
    assert await puts(house) == [200, 200]


async def test_a_trouble_that_passes_is_waited_out_while_the_bot_serves(house, monkeypatch):
    monkeypatch.setattr("liqbot.chat.discord.syncing.FIRST_PAUSE_S", 0.05)
    await house.discord.fault("PUT", PUT, status=503, times=2)
    async with house.open():
        assert "What you can ask" in text_of((await house.slash("help")).message)
    assert await puts(house) == [503, 503, 200]


async def test_commands_that_discord_refuses_are_not_sent_again_and_again(house, monkeypatch):
    monkeypatch.setattr("liqbot.chat.discord.syncing.FIRST_PAUSE_S", 0.01)
    await house.discord.fault("PUT", PUT, status=400, code=50035)
    async with house.open(synced=False) as adapter:
        await eventually(adapter._client._syncing.done)
    assert await house.store.notes.get("discord.commands") is None
    assert await puts(house) == [400]


async def as_another_program(house, change):
    """Let another program with the bot's token change the commands."""
    headers = {"Authorization": f"Bot {house.discord.token}", "User-Agent": "DiscordBot (x, 1)"}
    url = f"{house.discord.api_url}/applications/{house.discord.application}/commands"
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.get(url) as answer:
            known = await answer.json()
        async with session.put(url, json=change(known)) as answer:
            assert answer.status == 200, await answer.text()


def without_most(known):
    return [{"name": one["name"], "description": one["description"], "type": 1} for one in known[:2]]


async def test_commands_that_another_program_has_removed_are_told_again_at_the_next_start(house):
    async with house.open():
        before = len(await house.discord.commands())
    await as_another_program(house, lambda _: [])
    async with house.open():
        await eventually(house.discord.commands, lambda found: len(found) == before)
        assert "What you can ask" in text_of((await house.slash("help")).message)


async def test_commands_that_another_program_changes_are_told_again_before_long(house, monkeypatch):
    monkeypatch.setattr("liqbot.chat.discord.syncing.LOOK_AGAIN_S", 0.3)
    async with house.open():
        before = len(await house.discord.commands())
        await as_another_program(house, without_most)
        await eventually(house.discord.commands, lambda found: len(found) == before)
