"""A process that follows no exchange answers for accounts and coins through the one that does."""

import asyncio

import pytest
from accounts import ANN, AccountVenue, held, state
from app.stand_ins import LIVE, ME, Told, beat
from app.test_processes import eventually, now_ms

from liqbot.app import shared_sources
from liqbot.app.bot import Bot
from liqbot.app.roles import Duties
from liqbot.chat.command import CommandContext
from liqbot.market.accounts import PastTrade, PastTrades
from liqbot.people_settings import QuotaSettings
from liqbot.service import coin_requests
from liqbot.service.coin_requests import NOTE
from liqbot.settings import Settings
from liqbot.sources.source import Followed


class Exchange(Told):
    """Knows accounts, lists coins, and tells of those that are followed."""

    def __init__(self):
        super().__init__()
        mine = state(held("BTC", 20, at=80.0, mark=100.0, entry=104.0), time_ms=now_ms())
        self.watched = AccountVenue(mine, layer=LIVE)
        self.coins, self.listed = ["BTC"], ["BTC", "HYPE", "PURR"]
        self.is_followed = False

    async def updates(self):
        self.is_followed = True
        while True:
            for coin in list(self.coins):
                for update in beat(now_ms(), 100.0, near=99, coin=coin):
                    yield update
            await asyncio.sleep(0.05)

    async def follow(self, coin):
        if coin in self.coins:
            return Followed.ALREADY
        if len(self.coins) > 1:
            return Followed.FULL
        self.coins.append(coin)
        return Followed.FOLLOWED

    async def unfollow(self, coin):
        self.coins.remove(coin)


class Process:
    """One process of the bot, and what somebody types there."""

    def __init__(self, bot, source):
        self.bot, self.source = bot, source

    async def say(self, line):
        return await self.bot.answering.answer(line, CommandContext(ME, self.bot.services))

    async def title(self, line):
        return (await self.say(line)).title


@pytest.fixture
async def process(postgres, tmp_path, undrawn, monkeypatch):
    """Return how to begin a process with some roles."""
    assert undrawn is None
    monkeypatch.setattr(shared_sources, "REFRESH_S", 0.2)
    begun = []

    async def process(*roles):
        source = Exchange()
        settings = Settings(
            database=postgres,
            coins=("BTC",),
            plugins_path=tmp_path,
            pictures_path=tmp_path,
            plugins={"enabled": False},
            quotas=QuotaSettings(looks=0, commands=0, commands_person=0),
        )
        bot = Bot(settings, [source], {}, duties=Duties(frozenset(roles)))
        begun.append(await bot.__aenter__())
        return Process(bot, source)

    yield process
    for bot in begun[::-1]:
        await bot.__aexit__()


async def test_an_account_is_looked_at_by_whoever_follows_the_exchange(process):
    engine = await process("engine")
    await eventually(lambda: engine.bot.engine.led and engine.source.is_followed)
    chat, web = await process("telegram"), await process("web")
    assert await chat.title(f"/account {ANN}") == "0xa11c…0001: 1 position, 20% from liquidation"
    answer = await web.bot.services.accounts.account(ANN)
    assert [one.coin for one in answer.positions] == ["BTC"]
    assert engine.source.watched.looks == [ANN, ANN]
    assert chat.source.watched.looks == web.source.watched.looks == []


async def test_one_that_waits_to_follow_it_asks_as_well(process):
    engine = await process("engine")
    await eventually(lambda: engine.source.is_followed)
    second = await process("engine", "telegram")
    assert await second.title(f"/account {ANN}") == "0xa11c…0001: 1 position, 20% from liquidation"
    assert second.source.watched.looks == []
    await engine.bot.engine.stop()
    await eventually(lambda: second.source.is_followed)
    second.bot.services.accounts.forget()
    assert "20% from liquidation" in await second.title(f"/account {ANN}")
    assert second.source.watched.looks == [ANN]


async def test_watching_from_there_says_what_would_have_come_and_how_often_it_is_looked_at(process):
    engine = await process("engine")
    await eventually(lambda: engine.source.is_followed)
    then_ms = now_ms() - 3_600_000
    engine.source.watched.past = PastTrades((PastTrade("BTC", then_ms, 100.0, 0.0, 5.0),), then_ms - 1)
    engine.source.watched.interval_s = 42.0
    chat = await process("telegram")
    await eventually(lambda: chat.bot.shared.places[0].watch.interval_s == 42)
    text = "\n".join((await chat.say(f"/watch {ANN} name=whale")).text)
    assert "It is looked at every 42 s." in text
    assert "this would have come once: 1 opened" in text
    assert "BTC long" in text
    assert engine.source.watched.wanted == [ANN], "at once, not only when it is looked up again"
    await chat.say("/unwatch whale")
    assert engine.source.watched.wanted == []


async def test_without_anybody_who_follows_it_that_is_said(process, monkeypatch):
    monkeypatch.setattr(shared_sources, "PATIENCE_S", 0.3)
    chat = await process("telegram")
    title = await chat.title(f"/account {ANN}")
    assert title.startswith("Testex does not answer at present, and nothing is known of this account yet.")


async def test_a_coin_that_is_asked_for_there_is_followed_from_then_on(process):
    engine = await process("engine")
    await eventually(lambda: "BTC" in engine.bot.services.markets.views)
    chat = await process("telegram")
    await eventually(lambda: "HYPE" in chat.bot.services.coin_requests.listed)
    assert (await chat.title("/map hype")).startswith("HYPE")
    assert engine.source.coins == ["BTC", "HYPE"]
    assert chat.source.coins == ["BTC"]
    assert "HYPE" in await engine.bot.store.notes.get(NOTE)
    assert "the operator's to say" in await chat.title("/map PURR")


async def test_that_somebody_there_uses_a_coin_keeps_it_followed(process):
    engine = await process("engine")
    await eventually(lambda: "BTC" in engine.bot.services.markets.views)
    requests = engine.bot.services.coin_requests
    await requests.follow("HYPE")
    requests._asked_ms["HYPE"] = 1
    chat = await process("telegram")
    await eventually(lambda: "HYPE" in chat.bot.services.markets.coins)
    await chat.say("/map HYPE")
    await eventually(lambda: requests._asked_ms["HYPE"] > 1)


async def test_a_coin_that_is_let_go_is_shown_nowhere_and_can_be_asked_for_everywhere(process, monkeypatch):
    """Nobody is told of that: its last view stayed there, ever older, as if it were followed."""
    monkeypatch.setattr(coin_requests, "EVERY_S", 0.1)
    engine, chat = await process("engine"), await process("telegram")
    await eventually(lambda: "HYPE" in chat.bot.services.coin_requests.listed)
    assert (await chat.title("/map HYPE")).startswith("HYPE")
    with monkeypatch.context() as later:
        later.setattr(coin_requests, "DISUSED_MS", -3_600_000)
        await eventually(lambda: engine.source.coins == ["BTC"])
        later.setattr(coin_requests, "LEFT_MS", 0)
        await eventually(lambda: chat.bot.services.markets.coins == ("BTC",))
    assert engine.bot.services.markets.coins == ("BTC",)
    assert (await chat.title("/map HYPE")).startswith("HYPE")
    assert engine.source.coins == ["BTC", "HYPE"]


async def test_without_anybody_who_follows_it_a_coin_cannot_be_asked_for(process, monkeypatch):
    monkeypatch.setattr(shared_sources, "PATIENCE_S", 0.3)
    chat = await process("telegram")
    assert (await chat.say("/map HYPE")).title.startswith(("There is no coin", "No coin is known yet"))
