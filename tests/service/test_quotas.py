"""Quotas: what exceeds them gets one clear answer, and harms nobody else."""

import asyncio

import pytest
from chat.stand_ins import ME, SOMEBODY_ELSE, Room

from liqbot.people_settings import QuotaSettings
from liqbot.service import quotas as quotas_module
from liqbot.service.quotas import Quotas


@pytest.fixture
async def room_of(store):
    return lambda **quotas: Room(store, quotas=QuotaSettings(**quotas))


async def test_a_chat_has_so_many_subscriptions(room_of):
    room = room_of(subscriptions=2)
    await room.say("/subscribe near-cluster BTC")
    await room.say("/subscribe near-cluster ETH")
    assert "2 subscriptions" in await room.title("/subscribe regime-flip BTC")
    assert "Already" in await room.title("/subscribe near-cluster BTC")
    assert "Subscribed" in await room.title("/subscribe regime-flip BTC", SOMEBODY_ELSE)


async def test_a_chat_has_so_many_watches_of_its_own_but_shares_any_number(room_of):
    room = room_of(watches=3)
    for number in range(2, 5):
        await room.say(f"/subscribe near-cluster BTC within={number}%")
    assert "nobody else has" in await room.title("/subscribe near-cluster BTC within=6%")
    await room.say("/subscribe near-cluster BTC within=6%", SOMEBODY_ELSE)
    assert "Subscribed" in await room.title("/subscribe near-cluster BTC within=6%")


async def test_the_whole_bot_watches_so_much(room_of):
    room = room_of(watches_in_all=1)
    await room.say("/subscribe near-cluster BTC")
    assert "as much as it can" in await room.title("/subscribe near-cluster ETH", SOMEBODY_ELSE)
    assert "Subscribed" in await room.title("/subscribe near-cluster BTC", SOMEBODY_ELSE)


async def test_two_that_subscribe_at_once_do_not_get_one_too_many(room_of):
    room = room_of(subscriptions=1)
    await asyncio.gather(
        *(room.say(f"/subscribe near-cluster BTC within={number}%") for number in range(2, 9))
    )
    assert len(await room.store.subscriptions.of(ME)) == 1


async def test_a_person_makes_so_many_a_day_in_all_chats(room_of):
    room = room_of(subscriptions_person=1)
    await room.say("/subscribe near-cluster BTC", person="ann")
    assert "a day" in (await room.say("/subscribe near-cluster ETH", SOMEBODY_ELSE, person="ann")).title
    room.wait(24)
    assert "Subscribed" in (await room.say("/subscribe near-cluster ETH", SOMEBODY_ELSE, person="ann")).title


async def test_a_preview_too_many_is_left_out_and_says_so(room_of):
    room = room_of(previews=1)
    await room.say("/subscribe near-cluster BTC")
    assert "not counted" in await room.text("/subscribe near-cluster ETH")


async def test_an_owner_changes_what_one_chat_may(room_of):
    room = room_of(subscriptions=1)
    await room.say("/admin quota console:me subscriptions=2")
    await room.say("/subscribe near-cluster BTC")
    assert "Subscribed" in await room.title("/subscribe near-cluster ETH")
    await room.say("/admin quota console:me subscriptions=default")
    assert "1 subscription" in await room.title("/subscribe regime-flip ETH")


def test_pictures_are_counted_by_the_minute_and_at_once():
    counted = Quotas(QuotaSettings(pictures=3, pictures_at_once=1))
    with counted.drawing(ME, ""), pytest.raises(quotas_module.UserError, match="still being drawn"):
        counted.drawing(ME, "").__enter__()
    for _ in range(2):
        with counted.drawing(ME, ""):
            pass
    with pytest.raises(quotas_module.UserError, match="3 pictures a minute"):
        counted.drawing(ME, "").__enter__()
    with counted.drawing(SOMEBODY_ELSE, ""):
        pass


def test_nothing_is_no_limit():
    counted = Quotas(QuotaSettings(commands=0))
    assert not any(counted.take("commands", "telegram", "1") for _ in range(1_000))


def test_a_clock_that_is_put_back_gives_and_takes_nothing():
    time = [100_000]
    counted = Quotas(QuotaSettings(commands=2), lambda: time[0])
    counted.take("commands", "telegram", "1")
    time[0] = 0
    assert counted.take("commands", "telegram", "1") == 0
    assert counted.take("commands", "telegram", "1") > 0


def test_a_flood_of_strangers_fills_no_memory(monkeypatch):
    monkeypatch.setattr(quotas_module, "MOST_COUNTED", 100)
    counted = Quotas(QuotaSettings())
    for number in range(1_000):
        counted.take("commands", "telegram", str(number))
    assert len(counted._buckets) <= 100
