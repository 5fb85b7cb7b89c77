"""Troubles of REST and gateway, as discord.py meets them."""

import asyncio

import aiohttp
import discord
import pytest
from counterparts.discord_tests.bot import eventually


@pytest.mark.parametrize(("status", "after"), [(500, False), (502, True), (429, False)])
async def test_a_passing_trouble_leaves_one_message(place, status, after):
    async with place.start_bot() as bot:
        await place.discord.fault("POST", "/messages$", status=status, after=after)
        await bot.get_channel(place.channel).send("alert")
        assert [m.content for m in await place.discord.messages(place.channel)] == ["alert"]
        tries = await place.discord.calls("POST", "/messages$")
        assert [call.status for call in tries] == [status, 200]
        assert tries[0].fault == (f"{status} after" if after else f"{status}")


async def test_a_429_from_cloudflare_is_raised_at_once(place):
    async with place.start_bot() as bot:
        await place.discord.fault("POST", "/messages$", status=429, via=False)
        with pytest.raises(discord.HTTPException) as refused:
            await bot.get_channel(place.channel).send("alert")
        assert refused.value.status == 429


async def test_a_503_is_raised_and_nothing_is_stored(place):
    async with place.start_bot() as bot:
        await place.discord.fault("POST", "/messages$", status=503)
        with pytest.raises(discord.DiscordServerError):
            await bot.get_channel(place.channel).send("alert")
        assert not await place.discord.messages(place.channel)


async def test_a_reset_connection_is_raised_and_only_a_late_one_leaves_a_message(place):
    async with place.start_bot() as bot:
        for after in (False, True):
            await place.discord.fault("POST", "/messages$", reset=True, after=after, times=5)
            with pytest.raises(aiohttp.ClientError):
                await bot.get_channel(place.channel).send("alert", nonce="d-1")
            await place.discord.faults_left(clear=True)
            assert len(await place.discord.messages(place.channel)) == int(after)


async def _trouble(place, name):
    return await {
        "close": place.discord.gateway_close,
        "drop": place.discord.gateway_drop,
        "op 7": place.discord.gateway_reconnect,
        "op 9, resumable": lambda: place.discord.gateway_invalidate(resumable=True),
    }[name]()


@pytest.mark.parametrize("trouble", ["close", "drop", "op 7", "op 9, resumable"])
async def test_a_broken_connection_is_resumed_and_what_was_missed_is_replayed(place, trouble):
    async with place.start_bot() as bot:
        assert await _trouble(place, trouble) == 1
        waiting = await place.discord.slash("heatmap", place.channel, coin="BTC", until="now")
        await eventually(lambda: "resumed" in bot.events)
        assert not (await place.discord.answer(waiting.id)).failed
        assert await place.discord.identifies() == 1


async def test_an_invalid_session_is_begun_anew(place):
    async with place.start_bot():
        await place.discord.gateway_invalidate(resumable=False)
        [session] = await place.discord.sessions()
        assert await place.discord.identifies() == 2
        assert session["seq"] >= 1
        assert not (await place.discord.slash("heatmap", place.channel, coin="BTC")).failed


async def test_a_gateway_that_refuses_for_a_while_is_tried_again(place):
    async with place.start_bot():
        await place.discord.gateway_refuse(1)
        await place.discord.gateway_drop()
        async with asyncio.timeout(20):
            while await place.discord.identifies() < 2:  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.05)
        assert not (await place.discord.slash("heatmap", place.channel, coin="BTC")).failed


async def test_a_delayed_acknowledgement_within_three_seconds_still_counts(place):
    async with place.start_bot():
        await place.discord.fault("POST", "/callback", delay=0.5)
        answer = await place.discord.slash("heatmap", place.channel, coin="BTC")
        assert 0.5 <= answer.acknowledged_in < 3
