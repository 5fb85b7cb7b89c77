"""What a watch would have told lately: by past trades, by what was seen of the account, or honest words."""

import asyncio
from dataclasses import replace

import pytest
from accounts import ANN, BOB, LIVE, AccountVenue
from chat.stand_ins import BTC, NOW_MS

from liqbot.alerts.account_rule import WATCH_ACCOUNT
from liqbot.alerts.layer_choice import LayerChoices
from liqbot.chat.account_words import _TOLD, lately
from liqbot.market.accounts import Change, PastTrade, PastTrades
from liqbot.market.events import LiquidationSeen
from liqbot.market.side import Side
from liqbot.service.account_previews import AccountPreviews
from liqbot.service.markets import Markets

HOUR = 3_600_000
WEEK = 7 * 24 * HOUR
VALUES = WATCH_ACCOUNT.form.defaults()


@pytest.fixture
async def counting(store):
    markets = Markets(choices=LayerChoices(), clock=lambda: NOW_MS)
    markets.views["BTC"] = replace(BTC, layer=LIVE)
    previews = AccountPreviews(store.events, markets, lambda: NOW_MS, patience_s=0.3)

    class Counting:
        venue = AccountVenue()
        events = store.events

        async def said(self, **values):
            found = await previews.lately(self.venue.place, ANN, VALUES | values)
            return " ".join(lately(found))

    return Counting()


def trades(*held, since_ms=NOW_MS - WEEK):
    """Return trades of an hour each, from nothing to so many BTC."""
    pairs = zip((0, *held), held, strict=False)
    told = [PastTrade("BTC", NOW_MS - WEEK + n * HOUR, 64_000.0, *pair) for n, pair in enumerate(pairs, 1)]
    return PastTrades(tuple(told), since_ms)


def liquidation(hours_ago, account=ANN, **more):
    settings = {"side": Side.LONG, "price": 60_000.0, "usd": 5e5, "sampled": False} | more
    return LiquidationSeen(
        coin="BTC", layer=LIVE, time_ms=NOW_MS - hours_ago * HOUR, account=account, **settings
    )


async def test_its_trades_are_counted_by_what_would_have_been_told(counting):
    counting.venue.past = trades(5, 8, 4, -2, 0, 1)
    assert await counting.said() == (
        "In the last 7 days this would have come 6 times: 2 opened, 1 closed, 1 reversed, 1 grown, "
        "1 shrunk; last on 1969-12-29 10:00 UTC. How near it came to liquidation then is not known."
    )


async def test_what_the_watch_leaves_out_is_not_counted(counting):
    counting.venue.past = trades(5, 8, 4)
    said = await counting.said(at_least=1e9)
    assert said.startswith("Its 3 trades of the last 7 days would have told you nothing.")


async def test_an_account_that_did_not_trade_is_said_not_to_have(counting):
    counting.venue.past = trades()
    assert await counting.said() == "It has not traded in the last 7 days."


async def test_where_only_the_newest_trades_are_told_the_span_is_theirs(counting):
    counting.venue.past = replace(trades(5), since_ms=NOW_MS - 9 * HOUR)
    assert (await counting.said()).startswith("In the last 9 h this would have come once: 1 opened, on")


async def test_where_trades_are_not_told_large_liquidations_that_were_seen_are(counting):
    assert await counting.said() == (
        "Its past trades are not known here, and no large liquidation of it was seen in 7 days."
    )
    await counting.events.record([liquidation(1), liquidation(30), liquidation(2, BOB), liquidation(300)])
    assert (await counting.said()).startswith(
        "Its past trades are not known here. It was seen liquidated 2 times in 7 days, last on"
    )


async def test_one_liquidation_in_many_parts_is_one(counting):
    parts = [replace(liquidation(1), time_ms=NOW_MS - HOUR + n * 2_000) for n in range(5)]
    await counting.events.record(parts)
    assert "It was seen liquidated once" in await counting.said()


async def test_a_venue_that_is_slow_or_fails_holds_up_nothing(counting):
    async def slow(_account, _since_ms):
        await asyncio.sleep(60)

    async def failing(_account, _since_ms):
        raise RuntimeError("the client is not open")

    counting.venue.past_trades = slow
    assert "its venue is slow" in await counting.said()
    counting.venue.past_trades = failing
    assert "Its past trades are not known here" in await counting.said()


def test_every_change_has_a_word():
    assert set(_TOLD) == set(Change)
