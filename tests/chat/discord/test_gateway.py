"""What befalls the connection, and that the bot works afterwards."""

import asyncio
import contextlib
from contextlib import asynccontextmanager

import discord
import pytest
from chat.discord.stand_ins import House, bring, eventually, text_of
from chat.discord.test_delivering import ALERT
from counterparts.discord import Discord

from liqbot.chat.discord import client
from liqbot.chat.discord.settings import DiscordSettings

ACK = r"^/interactions/"
EDIT = r"/messages/@original$"


@pytest.fixture
async def serving(house):
    async with house.open():
        yield house


async def works(house: House) -> None:
    """Assert that a command is answered. Until the session is back, Discord has nobody to hand it to."""
    async with asyncio.timeout(20):
        await house.discord.sessions()
        answer = await house.slash("clusters", coin="BTC")
        while answer.failed:
            answer = await house.slash("clusters", coin="BTC")
    assert text_of(answer.message).startswith("BTC 64,000")


@pytest.mark.parametrize("code", [4000, 4007, 4009, 1001])
async def test_after_a_close_the_bot_works(serving, code):
    assert await serving.discord.gateway_close(code) == 1
    await works(serving)


async def test_after_a_close_a_session_is_resumed_and_not_begun_anew(serving):
    await serving.discord.gateway_close(4000)
    await works(serving)
    assert await serving.discord.identifies() == 1


async def test_a_command_given_while_the_connection_was_cut_is_answered_after_the_resume(serving):
    await serving.discord.gateway_drop()
    answer = await serving.slash("clusters", coin="BTC")
    assert not answer.failed


async def test_after_op_7_the_bot_works(serving):
    await serving.discord.gateway_reconnect()
    await works(serving)


@pytest.mark.parametrize("resumable", [True, False])
async def test_after_op_9_the_bot_works(serving, resumable):
    await serving.discord.gateway_invalidate(resumable=resumable)
    await works(serving)


async def test_alerts_go_out_while_the_gateway_is_away(house):
    async with house.open() as adapter:
        await house.discord.gateway_refuse(50)
        await house.discord.gateway_drop()
        await bring(adapter, house.chat, ALERT)
        assert len(await house.messages()) == 1
        await house.discord.gateway_refuse(0)


async def test_it_can_be_stopped_while_the_library_takes_a_cancellation_for_its_own(house, monkeypatch):
    kept = []

    async def reconnecting(*_, **__):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        kept.append("a cancellation")
        await asyncio.Event().wait()

    monkeypatch.setattr(discord.AutoShardedClient, "connect", reconnecting)
    adapter = house.adapter()
    serving = asyncio.create_task(adapter.run())
    await eventually(lambda: adapter.is_connected)
    serving.cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(serving, return_exceptions=True)
    assert kept == ["a cancellation"]


async def test_a_discord_that_cannot_be_reached_at_first_is_tried_again(house):
    await house.discord.fault("GET", "/users/@me$", status=503)
    async with house.open():
        await works(house)


async def test_a_gateway_that_refuses_at_first_is_tried_again(house):
    await house.discord.gateway_refuse(1)
    async with house.open(synced=False):
        await works(house)


@pytest.fixture
def at_once(monkeypatch):
    """Let a connection that was refused be tried again soon."""
    monkeypatch.setattr("liqbot.chat.discord.adapter.FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr("liqbot.chat.discord.adapter.LONGEST_PAUSE_S", 0.05)


@asynccontextmanager
async def running(adapter):
    task = asyncio.create_task(adapter.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.usefixtures("at_once")
async def test_a_token_that_is_not_accepted_is_told_without_the_token_and_served_once_it_works(house):
    wrong = DiscordSettings(token="not.the.token", api_url=house.settings.api_url)  # noqa: S106 - none
    right, house.settings = (
        house.settings.token,
        wrong.model_copy(update={"gateway_url": house.settings.gateway_url}),
    )
    adapter = house.adapter()
    async with running(adapter):
        await eventually(lambda: adapter.trouble)
        assert "LIQBOT_DISCORD__TOKEN is not accepted by Discord" in adapter.trouble
        assert "not.the.token" not in adapter.trouble
        adapter._token = right
        await eventually(lambda: adapter.trouble is None and adapter.is_connected)
        await house.discord.sessions()
    await house.discord.violations(clear=True)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("code", [4004, 4013, 4014])
async def test_a_gateway_that_refuses_the_bot_by_mistake_has_it_back_by_itself(house, code):
    async with house.open() as adapter:
        before = await house.discord.identifies()
        await house.discord.gateway_close(code)
        await eventually(house.discord.identifies, lambda count: count > before)
        await works(house)
        assert adapter.trouble is None


async def test_when_it_is_stopped_its_connection_is_closed(house):
    async with house.open():
        assert len(await house.discord.sessions()) == 1
    assert await house.discord.sessions(at_least=0) == []


async def test_more_shards_are_opened_where_discord_recommends_them(house):
    await house.discord.gateway_setup(shards=3)
    async with house.open():
        assert {session["shard"] for session in await house.discord.sessions(at_least=3)} == {0, 1, 2}
        await works(house)


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_lost_acknowledgement_is_given_again(serving, status):
    await serving.discord.fault("POST", ACK, status=status, after=True)
    answer = await serving.slash("weather")
    assert not answer.failed
    assert text_of(answer.message).startswith("Weather")


async def test_an_acknowledgement_whose_connection_breaks_is_given_again(serving):
    await serving.discord.fault("POST", ACK, reset=True)
    assert not (await serving.slash("weather")).failed


@pytest.mark.parametrize("trouble", [{"status": 500}, {"status": 503}, {"reset": True}, {"status": 429}])
async def test_an_answer_that_cannot_be_brought_at_first_is_brought_then(serving, trouble):
    await serving.discord.fault("PATCH", EDIT, **trouble)
    answer = await serving.slash("weather")
    assert [file["description"] for file in answer.message.files] == ["24h of sun"]


async def test_a_late_acknowledgement_changes_nothing_and_leaves_a_working_bot(serving):
    async def acknowledged_too_late():
        return [call.status for call in await serving.discord.calls("POST", ACK)] == [404]

    await serving.discord.fault("POST", ACK, delay=3.3)
    answer = await serving.slash("subscribe near-cluster", coin="BTC")
    assert answer.failed
    await eventually(acknowledged_too_late)
    await works(serving)
    assert await serving.store.subscriptions.of(serving.chat) == []


async def test_a_gateway_that_does_not_hear_any_more_is_left_and_the_session_resumed(house, monkeypatch):
    monkeypatch.setattr(client, "DEAF_S", 0.6)
    async with Discord.start("--heartbeat", "0.4") as elsewhere:
        guild = await elsewhere.add_guild()
        channel = await elsewhere.add_channel(guild.id)
        settings = DiscordSettings(
            token=elsewhere.token, api_url=elsewhere.api_url, gateway_url=elsewhere.gateway_url
        )
        own = House(elsewhere, guild.id, channel, house.store, settings)
        async with own.open():
            await elsewhere.gateway_heartbeats(acknowledged=False)
            await eventually(lambda: elsewhere.payloads("RESUMED"))
            await elsewhere.gateway_heartbeats(acknowledged=True)
            await works(own)
            assert await elsewhere.identifies() == 1
