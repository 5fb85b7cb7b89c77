"""One bot with several tokens of a platform: each has people, limits and troubles of its own."""

import asyncio
from contextlib import asynccontextmanager

import discord
import pytest
from app.stand_ins import Told
from chat.telegram.stand_ins import fuel
from counterparts.discord.control import Discord
from counterparts.discord.fixture import discord_counterpart, discord_process
from counterparts.discord.front import front
from counterparts.telegram.fixtures import second, second_process, telegram, telegram_process
from listening import plant

from liqbot.app.bot import Bot
from liqbot.app.health_monitor import HealthMonitor
from liqbot.app.operator_chat import Operator
from liqbot.app.roles import Duties, whole
from liqbot.app.runtime import serving
from liqbot.settings import Settings
from liqbot.store.chats import ChatKey

__all__ = [
    "discord_counterpart",
    "discord_process",
    "second",
    "second_process",
    "telegram",
    "telegram_process",
]

pytestmark = pytest.mark.filterwarnings("ignore:.*retry_after:telegram.warnings.PTBDeprecationWarning")

WITHIN = 15
FIRST, SECOND = "telegram", "telegram.second"


@pytest.fixture
def serve(tmp_path, undrawn, telegram, second):
    """Return how to run the bot with both tokens, on the test's one database."""
    assert undrawn is None

    @asynccontextmanager
    async def serve(*minutes, database=None, duties=None, only=None, **more):
        bots = {
            "token": telegram.token,
            "api_url": telegram.api_url,
            "accounts": {"second": {"token": second.token, "api_url": second.api_url}},
        }
        section = bots if only is None else {name: value for name, value in bots.items() if name != only}
        settings = Settings(
            **{
                "database": database or tmp_path / "liqbot.db",
                "coins": ("BTC",),
                "plugins_path": tmp_path,
                "pictures_path": tmp_path,
                "plugins": {"enabled": False},
                "web": {"enabled": False},
                "telegram": section,
                **more,
            }
        )
        bot = Bot(settings, [Told(*minutes or [fuel(1)])], {}, duties=duties or whole())
        async with serving(bot):
            yield bot

    return serve


async def until(holds):
    async with asyncio.timeout(WITHIN):
        while not await holds():  # noqa: ASYNC110 - who changes it tells nobody
            await asyncio.sleep(0.02)


async def test_each_answers_its_own_people_and_one_number_on_both_is_two_chats(serve, telegram, second):
    ann, same = await telegram.person("Ann"), await second.person("Ann")
    assert ann.id == same.id
    async with serve() as bot:
        await bot.until(lambda: bool(bot.services.markets.views))
        await same.says("/subscribe near-cluster BTC")
        assert "near-cluster" in (await same.hears(within=WITHIN)).text
        await ann.says("/subscriptions")
        assert "No subscriptions" in (await ann.hears(within=WITHIN)).text
        chats = {known.chat for known in await bot.store.access.chats()}
    assert ChatKey(SECOND, str(same.id)) in chats
    assert await telegram.messages(ann) != await second.messages(same)


async def test_an_alert_goes_out_by_the_bot_that_was_asked_for_it(serve, telegram, second):
    ann, same = await telegram.person("Ann"), await second.person("Ann")
    more = asyncio.Event()
    async with serve([*fuel(1, above=0.001, below=0.001), more, *fuel(2, below=20.0)]) as bot:
        await bot.until(lambda: bool(bot.services.markets.views))
        await same.says("/subscribe near-cluster BTC within=5%")
        await same.hears(within=WITHIN)
        more.set()
        assert "BTC" in (await same.hears(within=WITHIN)).text
        await telegram.silence(ann)


async def test_a_pause_that_telegram_asks_of_one_holds_the_other_up_by_nothing(serve, telegram, second):
    first_people, second_people = await telegram.people(20), await second.people(20)
    await telegram.flood_wait(None, 600)
    async with serve() as bot:
        for platform, people in ((FIRST, first_people), (SECOND, second_people)):
            for person in people:
                await bot.store.subscriptions.subscribe(
                    ChatKey(platform, str(person)), rule="regime-flip", coin="BTC", parameters="{}", now_ms=1
                )
        await bot.store.alerts.announce("news", 1, bot.services.clock() + 3_600_000)
        bot.dispatcher.wake()

        async def all_have():
            return sum((await second.tally()).values()) >= len(second_people)

        async def only_the_firsts_are_owed():
            return await bot.store.deliveries.owed() == len(first_people)

        await until(all_have)
        await until(only_the_firsts_are_owed)
        assert not any((await telegram.tally()).values())


async def test_a_token_that_is_revoked_takes_only_its_own_bot_down(serve, telegram, second):
    ann = await telegram.person("Ann")
    await second.fail("unauthorized", times=None)
    async with serve() as bot:
        await bot.until(lambda: bool(bot.services.markets.views))
        await ann.says("/regime BTC")
        assert "BTC" in (await ann.hears(within=WITHIN)).text
        monitor = HealthMonitor(bot, Operator(None, {}), bot.services.clock)

        async def is_said():
            return "platform telegram.second" in {one.name async for one in monitor.troubles(2)}

        await until(is_said)
        names = {one.name async for one in monitor.troubles(2)}
    assert "platform telegram" not in names


async def test_an_owner_owns_the_bot_by_whichever_token_and_who_is_blocked_is_so_everywhere(
    serve, telegram, second
):
    ann, same = await telegram.person("Ann"), await second.person("Ann")
    bob, bobs_other = await telegram.person("Bob"), await second.person("Bob")
    async with serve(access={"owners": f"telegram:{ann.id}"}) as bot:
        await bot.until(lambda: bool(bot.services.markets.views))
        await same.says(f"/admin block telegram:{bob.id}")
        assert "Blocked" in (await same.hears(within=WITHIN)).text
        for one in (bob, bobs_other):
            await one.says("/regime BTC")
            assert "does not serve you" in (await one.hears(within=WITHIN)).text
        await ann.says(f"/admin pause {SECOND}")
        assert "Paused: telegram.second" in (await ann.hears(within=WITHIN)).text
        cleo = await second.person("Cleo")
        await cleo.says("/regime BTC")
        assert "paused" in (await cleo.hears(within=WITHIN)).text
        eve = await telegram.person("Eve")
        await eve.says("/regime BTC")
        assert "BTC" in (await eve.hears(within=WITHIN)).text


async def test_chats_of_a_bot_without_a_token_are_a_trouble_and_get_what_they_are_owed_when_it_is_back(
    serve, second
):
    same = await second.person("Ann")
    async with serve() as bot:
        await bot.until(lambda: bool(bot.services.markets.views))
        await same.says("/subscribe near-cluster BTC")
        await same.hears(within=WITHIN)
    async with serve(only="accounts") as bot:
        await bot.store.alerts.announce("news", 1, bot.services.clock() + 3_600_000)
        bot.dispatcher.wake()
        monitor = HealthMonitor(bot, Operator(None, {}), bot.services.clock)
        [told] = [one async for one in monitor.troubles(2) if one.name == "platform telegram.second"]
        assert told.text == "1 chat has subscriptions there, and the settings have no token for it."
        assert await bot.store.deliveries.owed() == 1
    async with serve():
        assert "news" in (await same.hears(within=WITHIN)).text


@pytest.mark.postgres
async def test_processes_can_serve_one_bot_each_and_whoever_stays_takes_over_from_who_ends(
    serve, postgres, telegram, second
):
    ann, same = await telegram.person("Ann"), await second.person("Ann")

    async def both_are_answered():
        for person in (ann, same):
            await person.says("/help")
            assert (await person.hears(within=WITHIN)).text

    async with serve(database=postgres, duties=Duties(frozenset({"telegram"}))) as both:
        async with serve(database=postgres, duties=Duties(frozenset({SECOND, "engine", "alerts"}))) as one:
            assert [each.name for each in one.servings] == [SECOND]
            assert [each.name for each in both.servings] == [FIRST, SECOND]
            await both_are_answered()
        await both_are_answered()


async def test_two_applications_of_discord_answer_on_their_own_servers(
    tmp_path, undrawn, discord_counterpart, discord_process, monkeypatch
):
    assert undrawn is None
    monkeypatch.setattr(discord.http.Route, "BASE", "")
    monkeypatch.setattr(
        discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    )
    async with Discord.at(discord_process) as host, host.another() as other:
        plant(other.token)
        worlds = (discord_counterpart, other)
        async with front(worlds) as api_url:
            settings = Settings(
                database=tmp_path / "liqbot.db",
                coins=("BTC",),
                plugins_path=tmp_path,
                pictures_path=tmp_path,
                plugins={"enabled": False},
                web={"enabled": False},
                discord={
                    "token": worlds[0].token,
                    "api_url": api_url,
                    "accounts": {"other": {"token": other.token}},
                },
            )
            bot = Bot(settings, [Told(fuel(1))], {})
            guilds = [await world.add_guild() for world in worlds]
            channels = [
                await world.add_channel(guild.id) for world, guild in zip(worlds, guilds, strict=True)
            ]
            async with serving(bot):
                await bot.until(lambda: bool(bot.services.markets.views))
                for name in ("discord", "discord.other"):

                    async def is_synced(name=name):
                        return await bot.store.notes.get(f"{name}.commands") is not None

                    await until(is_synced)
                for world, channel in zip(worlds, channels, strict=True):
                    answer = await world.slash("subscribe near-cluster", channel, coin="BTC")
                    assert "near-cluster" in str(answer)
                known = {known.chat for known in await bot.store.access.chats()}
                wanted = {
                    ChatKey("discord", str(channels[0])),
                    ChatKey("discord.other", str(channels[1])),
                }
                assert wanted <= known
                await bot.store.alerts.announce("news", 1, bot.services.clock() + 3_600_000)
                bot.dispatcher.wake()
                for world, channel in zip(worlds, channels, strict=True):
                    found = await world.messages(channel, at_least=2)
                    assert "news" in str(found[-1])
        await other.assert_clean()
