"""The Discord of the tests refuses what the real one refuses, to whoever speaks to it."""

import asyncio
import json

import aiohttp
import pytest
from counterparts.discord.fixture import discord_counterpart, discord_process

__all__ = ["discord_counterpart", "discord_process"]


@pytest.fixture
async def raw(discord_counterpart):
    """Return how to ask as any program may: method, path, and what goes with it."""
    headers = {"Authorization": f"Bot {discord_counterpart.token}", "User-Agent": "DiscordBot (x, 1)"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def ask(method, path, **more):
            async with session.request(method, discord_counterpart.api_url + path, **more) as answer:
                return answer.status, await answer.json()

        yield ask


@pytest.fixture
async def channel(discord_counterpart):
    guild = await discord_counterpart.add_guild()
    return await discord_counterpart.add_channel(guild.id)


async def closed_after(discord, send):
    """Return the code with which the gateway closes a connection after `send` has spoken."""
    url = f"{discord.gateway_url}?v=10&encoding=json"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        assert (await socket.receive_json())["op"] == 10
        await send(socket)
        while (await socket.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
        return socket.close_code


HEARTBEAT = json.dumps({"op": 1, "d": None})


async def test_a_binary_frame_is_refused_where_text_is_spoken(discord_counterpart):
    code = await closed_after(discord_counterpart, lambda socket: socket.send_bytes(HEARTBEAT.encode()))
    assert code == 4002
    assert len(await discord_counterpart.violations(clear=True)) == 1


@pytest.mark.parametrize("frame", ["{", "[]", '"op"', "{}"])
async def test_a_frame_that_is_no_command_is_refused(discord_counterpart, frame):
    assert await closed_after(discord_counterpart, lambda socket: socket.send_str(frame)) == 4002


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/msgpack", ""]
)
async def test_a_body_of_another_type_than_json_is_refused(discord_counterpart, raw, channel, kind):
    body = json.dumps({"content": "hello"}).encode()
    status, said = await raw(
        "POST", f"/channels/{channel}/messages", data=body, headers={"Content-Type": kind}
    )
    assert (status, said["code"]) == (400, 50035)
    assert "Content-Type" in json.dumps(said)
    assert len(await discord_counterpart.violations(clear=True)) == 1


async def test_the_same_as_json_is_taken(raw, channel):
    status, _ = await raw("POST", f"/channels/{channel}/messages", json={"content": "hello"})
    assert status == 200


async def test_in_no_second_are_more_than_fifty_requests_taken(discord_counterpart, raw):
    guild = await discord_counterpart.add_guild()
    channels = [await discord_counterpart.add_channel(guild.id) for _ in range(60)]
    answers = await asyncio.gather(*(raw("GET", f"/channels/{one}") for one in channels))
    refused = [said for status, said in answers if status == 429]
    assert sum(status == 200 for status, _ in answers) == 50
    assert all(said["global"] and 0 < said["retry_after"] <= 1 for said in refused)


async def test_a_channel_takes_five_messages_in_five_seconds(raw, channel):
    answers = [
        await raw("POST", f"/channels/{channel}/messages", json={"content": str(number)})
        for number in range(6)
    ]
    assert [status for status, _ in answers] == [200] * 5 + [429]
    assert not answers[-1][1]["global"]
