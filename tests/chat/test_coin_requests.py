"""A coin that nobody follows yet is asked for in a chat."""

import asyncio
import json
from dataclasses import replace

import pytest
from chat.stand_ins import BTC, NOW_MS, Room
from markets import long, view_of

from liqbot.app.background import in_background
from liqbot.service import coin_requests as module
from liqbot.service.coin_requests import DISUSED_MS, NOTE, CoinRequests
from liqbot.sources.source import Followed, WithCoins
from liqbot.store.errors import StoreError
from liqbot.store.opening import open_store

HYPE = view_of(long("ann", 10, at=38, coin="HYPE"), spot=40, coin="HYPE")


class Exchange:
    """Lists some coins, and tells of one as soon as it is followed, unless it is slow."""

    def __init__(self, *listed, most=2, is_slow=False) -> None:
        self.listed, self.coins, self.most, self.is_slow = list(listed), ["BTC"], most, is_slow
        self.markets = None

    async def follow(self, coin):
        if coin in self.coins:
            return Followed.ALREADY
        if coin not in self.listed:
            return Followed.NO_MARKET if self.listed else Followed.NOT_YET
        if len(self.coins) > self.most:
            return Followed.FULL
        self.coins.append(coin)
        if not self.is_slow:
            asyncio.get_running_loop().call_soon(self.tell)
        return Followed.FOLLOWED

    async def unfollow(self, coin):
        self.coins.remove(coin)

    def tell(self):
        for coin in self.coins[1:]:
            view = replace(HYPE, coin=coin)
            self.markets.choices.hear(coin, view.layer, NOW_MS)
            self.markets.take([view])


class Asking:
    """A room at an exchange; several of them, one after the other, are restarts of one bot."""

    def __init__(self, address, exchange) -> None:
        self.store, self.exchange = open_store(address), exchange
        assert isinstance(exchange, WithCoins)
        self.room = Room(self.store, coin_sources=[exchange])
        exchange.markets = self.room.services.markets
        self.requests = self.room.services.coin_requests
        self.requests._patience_s = 0.05 if exchange.is_slow else 5.0


@pytest.fixture
async def asking(address):
    made = []

    def make(exchange):
        made.append(Asking(address, exchange))
        return made[-1]

    yield make
    await made[-1].store.close()


@pytest.mark.parametrize("line", ["/heatmap HYPE", "/clusters hype", "HYPE", "/regime HYPEUSDT"])
async def test_whoever_asks_for_a_coin_that_is_listed_has_the_answer_once_there_is_a_view(asking, line):
    at = asking(Exchange("BTC", "HYPE"))
    answer = await at.room.say(line)
    assert answer.title.startswith("HYPE")
    assert at.exchange.coins == ["BTC", "HYPE"]


async def test_where_there_is_no_view_soon_it_says_so_and_one_tap_asks_again(asking):
    at = asking(Exchange("BTC", "HYPE", is_slow=True))
    answer = await at.room.say("/heatmap HYPE 7d")
    assert answer.title.startswith("Reading HYPE now")
    [again] = [action for action in answer.actions if action.renews]
    at.exchange.tell()
    assert (await at.room.say(again.command)).picture is not None


async def test_a_coin_that_no_source_has_is_an_error_that_says_what_may_be_meant(asking):
    at = asking(Exchange("BTC", "HYPE"))
    answer = await at.room.say("/heatmap HIPE")
    assert "There is no coin 'HIPE' here. Did you mean HYPE?" in answer.title
    assert [action.command for action in answer.actions] == ["/heatmap HYPE"]
    assert at.exchange.coins == ["BTC"]


async def test_beyond_the_operators_limit_it_says_whose_to_say_that_is(asking):
    at = asking(Exchange("BTC", "HYPE", most=0))
    assert "the operator's to say" in (await at.room.say("/map HYPE")).title


async def test_a_subscription_to_it_can_be_made_and_keeps_it_while_others_are_let_go_when_disused(asking):
    at = asking(Exchange("BTC", "HYPE", "PURR", most=3))
    await at.room.say("/heatmap PURR")
    answer = await at.room.say("/subscribe near-cluster HYPE")
    assert "HYPE" in answer.title
    at.room.now_ms += DISUSED_MS + 3_600_000 + 1
    await at.requests.let_go()
    assert at.exchange.coins == ["BTC", "HYPE"]


async def test_what_was_asked_for_is_followed_again_after_a_restart(asking):
    first = asking(Exchange("BTC", "HYPE"))
    await first.room.say("/heatmap HYPE")
    await first.store.close()
    second = asking(Exchange("BTC", "HYPE"))
    assert second.exchange.coins == ["BTC"]
    await second.requests.recall()
    assert second.exchange.coins == ["BTC", "HYPE"]


async def test_a_database_that_is_away_at_the_start_does_not_end_it(asking, monkeypatch):
    first = asking(Exchange("BTC", "HYPE"))
    await first.room.say("/heatmap HYPE")
    await first.store.close()
    monkeypatch.setattr(module, "EVERY_S", 0.01)
    second, tries = asking(Exchange("BTC", "HYPE")), []
    read = second.store.notes.get

    async def away(name):
        tries.append(name)
        if len(tries) < 3:
            raise StoreError("the database is away")
        return await read(name)

    monkeypatch.setattr(second.store.notes, "get", away)
    async with in_background(second.requests.run()), asyncio.timeout(10):
        while second.exchange.coins != ["BTC", "HYPE"]:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


async def test_what_another_process_has_followed_meanwhile_stays_asked_for(asking):
    """The two follow the exchange by turns, and neither is told when."""
    one = asking(Exchange("BTC", "HYPE", "PURR", most=3))
    await one.room.say("/heatmap HYPE")
    beside = Exchange("BTC", "HYPE", "PURR", most=3)
    beside.markets = one.room.services.markets
    other = CoinRequests([beside], one.room.services.markets, one.store, lambda: one.room.now_ms)
    await other.follow("PURR")
    assert beside.coins == ["BTC", "HYPE", "PURR"]
    await one.requests.follow("HYPE")
    assert one.exchange.coins == ["BTC", "HYPE", "PURR"]
    assert {"HYPE", "PURR"} == json.loads(await one.store.notes.get(NOTE)).keys()


async def test_that_a_coin_is_used_is_known_after_a_restart(asking, monkeypatch):
    monkeypatch.setattr(module, "EVERY_S", 0.01)
    at = asking(Exchange("BTC", "HYPE"))
    await at.room.say("/heatmap HYPE")
    before = await at.store.notes.get(NOTE)
    at.room.now_ms += 7_200_000
    await at.room.say("/regime HYPE")
    async with in_background(at.requests.run()), asyncio.timeout(10):
        while await at.store.notes.get(NOTE) == before:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


async def test_a_bot_without_such_a_source_says_what_there_is(room):
    assert isinstance(room.services.coin_requests, CoinRequests)
    assert "There is no coin 'HYPE' here." in (await room.say("/heatmap HYPE")).title
    assert BTC.coin in (await room.say("/heatmap HYPE")).title
