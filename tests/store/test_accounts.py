"""The accounts that are known, kept for the next start."""

import asyncio

import pytest

from liqbot.store.accounts import KnownAccount
from liqbot.store.chats import ChatKey, ChatSettings
from liqbot.store.errors import StoreError
from liqbot.store.opening import open_accounts

ANN = KnownAccount("0xann", 1000, 2000, 2000, 5e6)
BOB = KnownAccount("0xbob", 1500, 0, 1500, 10.0)


@pytest.fixture
async def accounts(address):
    accounts = open_accounts(address, "hyperliquid")
    yield accounts
    await accounts.close()


async def test_what_is_saved_is_there_after_a_restart_the_largest_first(accounts, address):
    await accounts.save([BOB, ANN])
    await accounts.close()
    again = open_accounts(address, "hyperliquid")
    assert await again.load() == [ANN, BOB]
    await again.close()


async def test_an_account_is_kept_as_it_was_last_known_but_for_when_it_was_first_seen(accounts):
    await accounts.save([ANN])
    await accounts.save([ANN._replace(first_seen_ms=9000, polled_ms=9000, lively_ms=9000, notional_usd=1.0)])
    assert await accounts.load() == [KnownAccount("0xann", 1000, 9000, 9000, 1.0)]


async def test_what_is_forgotten_is_gone(accounts):
    await accounts.save([ANN, BOB])
    await accounts.forget([ANN.address, "0xnobody"])
    assert await accounts.load() == [BOB]


async def test_venues_do_not_mix(accounts, address):
    await accounts.save([ANN])
    other = open_accounts(address, "elsewhere")
    assert await other.load() == []
    await other.forget([ANN.address])
    await other.close()
    assert await accounts.load() == [ANN]


async def test_a_save_is_whole_or_not_at_all(accounts):
    with pytest.raises(StoreError):
        await accounts.save([ANN, BOB._replace(notional_usd="much")])
    assert await accounts.load() == []


async def test_it_works_beside_the_bots_own_connections(store, address):
    accounts = open_accounts(address, "hyperliquid")
    chat = ChatKey("paper", "ann")
    await asyncio.gather(accounts.save([ANN]), store.chats.save(chat, ChatSettings("Asia/Tokyo"), now_ms=1))
    assert await accounts.load() == [ANN]
    assert (await store.chats.settings(chat)).time_zone == "Asia/Tokyo"
    await accounts.close()
    with pytest.raises(StoreError, match="closed"):
        await accounts.load()
