"""The whole bot on Discord, end to end: a live market, real rules, real pictures, and people in a server."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from app.stand_ins import LIVE
from chat.discord.stand_ins import House, eventually, text_of
from markets import MINUTE, long, price, seen, short

from liqbot.app.adapters import make_adapters
from liqbot.app.bot import Bot
from liqbot.market.updates import Beat
from liqbot.settings import Settings

SEND = r"^/channels/\d+/messages$"
PNG = b"\x89PNG\r\n\x1a\n"


class Market:
    """A source that tells what a test has it tell: fuel above and below a spot of 64,000, in coins."""

    name = "testex"
    layer = LIVE
    live_from_ms = 0

    def __init__(self):
        self._told = asyncio.Queue()
        self._minute = 1  # what is told of the time before is the past

    async def updates(self):
        while True:
            yield await self._told.get()

    def go(self, minutes, *, above, below):
        self._minute += minutes
        time_ms = self._minute * MINUTE
        rows = [
            long("ann", below, at=62_000, entry=64_000, coin="BTC"),
            short("bob", above, at=66_000, entry=64_000, coin="BTC"),
            long("cid", 100, at=50_000, entry=64_000, coin="BTC"),
        ]
        for update in (price(64_000, time_ms=time_ms), seen(*rows, time_ms=time_ms), Beat(time_ms)):
            self._told.put_nowait(update)

    def flip(self, *, up):
        """Move the fuel from one side of spot to the other, for long enough."""
        for minutes, is_up in ((5, not up), (5, up), (6, up), (6, up)):
            self.go(minutes, above=900 if is_up else 100, below=100 if is_up else 900)


@pytest.fixture
async def scene(house, address, tmp_path):
    await house.store.close()  # the bot has its own
    house.bot_settings = Settings(
        database=address,
        coins=("BTC",),
        plugins_path=tmp_path / "plugins",
        pictures_path=tmp_path / "pictures",
        discord=house.settings,
    )
    return house


@asynccontextmanager
async def running(house: House):
    """Run the bot with a market that tells what a test wants."""
    market = Market()
    bot = Bot(house.bot_settings, [market], {})
    for name, adapter in make_adapters(house.bot_settings, bot):
        bot.serve(name, adapter)
    async with bot:
        market.go(0, above=100, below=900)
        await eventually(lambda: "BTC" in bot.services.markets.views)
        await house.discord.sessions()
        await eventually(lambda: bot.store.notes.get("discord.commands"), lambda found: found is not None)
        yield bot, market


async def flipped(house, market, *, up, alerts):
    market.flip(up=up)
    return (await house.messages(at_least=alerts))[-1]


async def test_from_completion_over_a_picture_to_an_alert_and_its_end(scene):
    async with running(scene) as (bot, market):
        offered = await scene.discord.autocomplete("heatmap", scene.channel, "coin", "b")
        assert [choice["value"] for choice in offered.choices] == ["BTC"]

        drawn = await scene.slash("heatmap", coin="BTC")
        [file] = drawn.message.files
        assert (await scene.discord.download(file)).startswith(PNG)
        assert (file["width"], file["height"]) == (1200, 675)
        assert "BTC" in file["description"]
        assert {"Refresh", "Map", "7d"} <= set(drawn.message.labels)
        assert "62,0" in text_of((await scene.slash("clusters", coin="BTC")).message)

        subscribed = await scene.slash("subscribe regime-flip", coin="BTC")
        assert "Subscribed to regime-flip BTC as #1" in text_of(subscribed.message)
        alert = await flipped(scene, market, up=True, alerts=3)
        assert "fuel moved above price" in text_of(alert)
        assert "<t:" in alert.embeds[0]["description"]
        [file] = alert.files
        assert (await scene.discord.download(file)).startswith(PNG)
        assert file["description"]
        assert alert.content == ""
        assert alert.labels == ["Refresh", "Mute 1 h", "Unsubscribe #1", "Why"]

        await eventually(bot.store.deliveries.owed, lambda found: found == 0)  # it is known to have arrived
        why = await scene.discord.press(alert, "Why")
        assert why.message.ephemeral
        headline = alert.embeds[0]["title"].removesuffix("…")
        assert "fuel moved above price" in headline
        assert why.message.embeds[0]["title"].startswith(headline)
        muted = await scene.discord.press(alert, "Mute 1 h")
        assert muted.message.ephemeral
        assert "Muted until" in text_of(muted.message)
        ended = await scene.discord.press(alert, "Unsubscribe #1")
        assert "Unsubscribed from #1" in text_of(ended.message)
        assert await bot.store.subscriptions.count() == 0


async def test_refresh_works_after_a_restart_on_pictures_and_on_alerts(scene):
    async with running(scene) as (_, market):
        picture = (await scene.slash("heatmap", coin="BTC")).message
        await scene.slash("subscribe regime-flip", coin="BTC")
        alert = await flipped(scene, market, up=True, alerts=2)
    async with running(scene):
        fresh = await scene.discord.press(picture, "Refresh")
        assert (fresh.callback, fresh.message.id) == (6, picture.id)
        assert (await scene.discord.download(fresh.message.files[0])).startswith(PNG)
        week = await scene.discord.press(fresh.message, "7d")
        assert week.message.files[0]["filename"] == "BTC-heatmap-7d.png"
        on_map = await scene.discord.press(week.message, "Map")
        assert on_map.message.files[0]["filename"] == "BTC-map.png"
        assert on_map.message.id == picture.id
        renewed = await scene.discord.press(alert, "Refresh")
        assert renewed.message.id == alert.id
        assert "Now: " in text_of(renewed.message)
        assert len(await scene.messages()) == 2


async def test_permission_refused_channel_deleted_bot_removed(scene):
    other = await scene.discord.add_channel(scene.guild, "other")
    narrow = await scene.discord.add_channel(scene.guild, "narrow")
    await scene.discord.overwrite(narrow, deny=["attach_files"])
    async with running(scene) as (bot, market):
        refused = await scene.discord.slash("subscribe regime-flip", narrow, coin="BTC")
        assert "Attach Files" in text_of(refused.message)
        await scene.slash("subscribe regime-flip", coin="BTC")
        await scene.discord.slash("subscribe regime-flip", other, coin="BTC")
        await scene.discord.delete_channel(other)
        await flipped(scene, market, up=True, alerts=1)
        await scene.discord.leave_guild(scene.guild)
        await eventually(
            lambda: bot.store.chats.settings(scene.chat), lambda found: found.inactive is not None
        )
        before = bot.beats
        market.flip(up=False)
        await eventually(lambda: bot.beats >= before + 4)
        await bot.drain()
        await scene.discord.return_to_guild(scene.guild)
        await eventually(lambda: bot.store.chats.settings(scene.chat), lambda found: found.inactive is None)
        await flipped(scene, market, up=True, alerts=2)
        assert len(await scene.messages()) == 2


async def test_a_role_is_pinged_with_an_alert_where_one_was_chosen(scene):
    role = await scene.discord.add_role(scene.guild, "traders", mentionable=True)
    async with running(scene) as (_, market):
        await scene.slash("subscribe regime-flip", coin="BTC", role=role)
        alert = await flipped(scene, market, up=True, alerts=1)
    assert alert.wire["mention_roles"] == [str(role)]


async def test_a_test_alert_comes_at_once(scene):
    async with running(scene):
        await scene.slash("test", rule="near-cluster", coin="BTC")
        [sample] = await scene.messages(at_least=1)
    assert sample.files


TROUBLES = {
    "429 of Discord's own": {"status": 429, "retry_after": 0.2},
    "429 from before it": {"status": 429, "via": False, "retry_after": 0.2},
    "500": {"status": 500},
    "502 after it was stored": {"status": 502, "after": True},
    "503": {"status": 503},
    "503 after it was stored": {"status": 503, "after": True},
    "reset": {"reset": True},
    "reset after it was stored": {"reset": True, "after": True},
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_whatever_befalls_an_alert_it_arrives_exactly_once(scene, trouble):
    async with running(scene) as (bot, market):
        await scene.slash("subscribe regime-flip", coin="BTC")
        await scene.discord.fault("POST", SEND, **TROUBLES[trouble])
        alert = await flipped(scene, market, up=True, alerts=1)
        assert "fuel moved above price" in text_of(alert)
        await eventually(bot.store.deliveries.owed, lambda found: found == 0)
        assert await scene.discord.faults_left() == 0
        assert len(await scene.messages()) == 1


@pytest.mark.parametrize("gateway", ["closes", "drops", "says 7", "says 9", "is silent"])
async def test_whatever_the_gateway_does_no_alert_is_lost_and_people_are_answered(scene, gateway):
    async with running(scene) as (_, market):
        await scene.slash("subscribe regime-flip", coin="BTC")
        if gateway == "closes":
            await scene.discord.gateway_close(4000)
        elif gateway == "drops":
            await scene.discord.gateway_drop()
        elif gateway == "says 7":
            await scene.discord.gateway_reconnect()
        elif gateway == "says 9":
            await scene.discord.gateway_invalidate(resumable=False)
        else:
            await scene.discord.gateway_heartbeats(acknowledged=False)
        await flipped(scene, market, up=True, alerts=1)
        await scene.discord.sessions()
        assert not (await scene.slash("status")).failed
        await scene.discord.gateway_heartbeats(acknowledged=True)


async def test_what_was_owed_when_the_bot_stopped_is_sent_by_the_next_one_once(scene):
    async with running(scene) as (bot, market):
        await scene.slash("subscribe regime-flip", coin="BTC")
        await scene.discord.fault("POST", SEND, status=503, times=500)
        market.flip(up=True)
        await eventually(bot.store.deliveries.owed, lambda found: found == 1)
    await scene.discord.faults_left(clear=True)
    assert await scene.messages() == []
    async with running(scene) as (bot, _):
        await scene.messages(at_least=1)
        await eventually(bot.store.deliveries.owed, lambda found: found == 0)
    assert len(await scene.messages()) == 1
