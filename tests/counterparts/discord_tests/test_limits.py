"""What Discord refuses."""

import io
import time

import discord
import pytest
from counterparts.discord_tests.bot import picture

TOO_MUCH = {
    "content": {"content": "x" * 2001},
    "title": {"embed": discord.Embed(title="x" * 257)},
    "description": {"embed": discord.Embed(description="x" * 4097)},
    "embeds": {"embeds": [discord.Embed(description="x" * 3001), discord.Embed(description="x" * 3000)]},
    "footer": {"embed": discord.Embed(title="x").set_footer(text="x" * 2049)},
    "description of a file": {"file": discord.File(io.BytesIO(picture()), "a.png", description="x" * 1025)},
    "nonce": {"content": "x", "nonce": "x" * 26},
}


@pytest.mark.parametrize("what", TOO_MUCH)
async def test_a_message_beyond_a_limit_is_refused(place, what):
    async with place.start_bot() as bot:
        with pytest.raises(discord.HTTPException) as refused:
            await bot.get_channel(place.channel).send(**TOO_MUCH[what])
        assert (refused.value.status, refused.value.code) == (400, 50035)
        assert not await place.discord.messages(place.channel)
        await place.discord.violations(clear=True)


async def test_a_file_of_more_than_10_mib_is_refused(place):
    async with place.start_bot() as bot:
        file = discord.File(io.BytesIO(bytes(10 * 1024 * 1024 + 1)), "a.bin")
        with pytest.raises(discord.HTTPException) as refused:
            await bot.get_channel(place.channel).send(file=file)
        assert (refused.value.status, refused.value.code) == (413, 40005)


@pytest.mark.parametrize(
    ("denied", "message", "code"),
    [
        ("view_channel", {"content": "x"}, 50001),
        ("send_messages", {"content": "x"}, 50013),
        ("embed_links", {"embed": discord.Embed(title="x")}, 50013),
        ("attach_files", {"file": discord.File(io.BytesIO(b"x"), "a.txt")}, 50013),
    ],
)
async def test_a_message_without_the_permission_for_it_is_refused(place, denied, message, code):
    async with place.start_bot() as bot:
        channel = bot.get_channel(place.channel)
        await place.discord.overwrite(place.channel, deny=[denied])
        with pytest.raises(discord.Forbidden) as refused:
            await channel.send(**message)
        assert refused.value.code == code
        assert await place.discord.invalid_requests() == 1


async def test_the_same_nonce_twice_within_minutes_is_one_message(place):
    async with place.start_bot() as bot:
        channel = bot.get_channel(place.channel)
        first, second = await channel.send("alert", nonce="d-1"), await channel.send("alert", nonce="d-1")
        other = await channel.send("alert", nonce="d-2")
        assert first.id == second.id != other.id
        await place.discord.advance(600)
        assert (await channel.send("alert", nonce="d-1")).id != first.id
        assert len(await place.discord.messages(place.channel)) == 3


async def test_a_late_acknowledgement_is_an_unknown_interaction(place):
    async with place.start_bot(late=0.3) as bot:
        waiting = await place.discord.slash("heatmap", place.channel, coin="BTC", until="now")
        await place.discord.advance(3.1)
        answer = await place.discord.answer(waiting.id)
        assert answer.failed
        assert [(error.status, error.code) for error in bot.errors] == [(404, 10062)]


async def test_the_token_of_an_interaction_ends_after_15_minutes(place):
    async with place.start_bot():
        await place.discord.fault("PATCH", "/webhooks/.*@original", delay=0.2)
        waiting = await place.discord.slash("heatmap", place.channel, coin="BTC", until="acknowledged")
        await place.discord.advance(15 * 60)
        [call] = await place.discord.calls("POST", "/callback")
        assert call.status in (200, 204)
        answer = await place.discord.answer(waiting.id, wait=0.6)
        assert answer.answered_in is None
        assert [c.code for c in await place.discord.calls("PATCH", "@original")] == [50027]


async def test_a_library_that_heeds_the_bucket_waits_and_is_never_refused(place):
    async with place.start_bot() as bot:
        channel = bot.get_channel(place.channel)
        began = time.monotonic()
        for number in range(6):
            with pytest.raises(discord.NotFound):
                await channel.get_partial_message(number).delete()
        assert time.monotonic() - began > 0.9
        assert {call.status for call in await place.discord.calls("DELETE")} == {404}


async def test_requests_that_ignore_the_bucket_are_refused_with_a_429(place, http):
    answers = [
        await http("POST", f"/channels/{place.channel}/messages", json={"content": "x"}) for _ in range(6)
    ]
    assert [status for status, *_ in answers] == [200] * 5 + [429]
    _, headers, body = answers[-1]
    assert body["retry_after"] > 0
    assert (body["global"], headers["X-RateLimit-Scope"], headers["X-RateLimit-Remaining"]) == (
        False,
        "user",
        "0",
    )
    assert "Via" in headers


async def test_more_than_fifty_requests_in_a_second_are_refused(place, http):
    channels = [channel for row in await place.discord.populate(guilds=2, channels=30) for channel in row]
    answers = [
        await http("POST", f"/channels/{channel}/messages", json={"content": "x"}) for channel in channels
    ]
    refused = [body for status, _, body in answers if status == 429]
    assert len(refused) >= 1
    assert all(body["global"] for body in refused)


async def test_a_wrong_token_content_type_or_path_is_refused(place, http):
    path = f"/channels/{place.channel}/messages"
    assert (await http("GET", "/users/@me", headers={"Authorization": "Bot wrong"}))[0] == 401
    status, _, body = await http("POST", path, data=b"content=x", headers={"Content-Type": "text/plain"})
    assert (status, body["code"]) == (400, 50035)
    assert (await http("GET", "/channels/123"))[2]["code"] == 10003
    assert (await http("GET", "/no/such/thing"))[0] == 404
    assert len(await place.discord.violations(clear=True)) == 2


async def test_a_wrong_token_cannot_log_in(place):
    place.discord.token = "wrong"  # noqa: S105 - opens nothing
    with pytest.raises(discord.LoginFailure):
        async with place.start_bot():
            pass


async def test_a_privileged_intent_that_was_not_granted_closes_the_gateway(place):
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with place.start_bot(members=True):
            pass
    await place.discord.violations(clear=True)


async def test_a_hundred_and_one_commands_are_refused(place, http):
    commands = [{"name": f"c{i}", "description": "x"} for i in range(101)]
    path = f"/applications/{place.discord.application}/commands"
    status, _, body = await http("PUT", path, json=commands)
    assert (status, body["code"]) == (400, 50035)
    assert (await http("PUT", path, json=commands[:100]))[0] == 200
    assert len(await place.discord.commands()) == 100
