"""Following liquidations: every one that was told, in coins, by the position's side, whatever breaks."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from counterparts.exchanges.world import HOUR_MS
from sources.exchanges.conftest import MODULES, NOW, client_of, holds
from sources.exchanges.test_clients import asked

from liqbot.sources.exchanges import stream
from liqbot.sources.exchanges.binance import client as binance
from liqbot.sources.exchanges.stream import Line, Stream, words

COINS = ("BTC", "ETH", "SOL", "HYPE", "kPEPE")
STREAMS = ("binance", "bybit", "okx", "bitget", "gate")


class Heard:
    """What a client tells of liquidations."""

    def __init__(self):
        self.events = []
        self.said = []


@asynccontextmanager
async def following(client, venue, coins=COINS):
    heard, instruments = Heard(), [asked(venue, coin) for coin in coins]

    async def follow():
        async for event in client.liquidations(instruments, heard.said.append):
            heard.events.append(event)

    async with client.session():
        if venue != "binance":
            for instrument in instruments:
                await client.margin_tiers(instrument)
        follower = asyncio.create_task(follow())
        try:
            yield heard
        finally:
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)


async def subscribed(exchanges, venue):
    await holds(
        lambda: any(name == venue and (venue == "binance" or topics) for name, topics in sockets(exchanges))
    )


def sockets(exchanges):
    return exchanges.log()["sockets"]


def a_crash(exchanges):
    """Let prices fall until people are liquidated, and return what happened, by coin."""
    exchanges.shock(-12)
    return exchanges.now(NOW + HOUR_MS)


def told_size(venue, coin, size):
    """Return a size as the exchange tells it: Gate in whole contracts."""
    if venue != "gate":
        return size
    contract = MODULES[venue].LISTINGS[f"{coin.removeprefix('k')}_USDT"].contract
    return max(round(size / contract), 1) * contract


@pytest.mark.parametrize("venue", STREAMS)
async def test_every_liquidation_arrives_in_coins_with_the_positions_side_and_the_price_that_did_it(
    moving, venue
):
    client, share = client_of(moving, venue), MODULES[venue].SHARE
    coins = [coin for coin in COINS if coin != "HYPE" or venue not in ("bitget", "gate")]
    async with following(client, venue, coins) as heard:
        await subscribed(moving, venue)
        told = a_crash(moving)
        assert len(told["BTC"]) > 3
        expected = []
        for coin in coins:
            bundle = 1000 if coin == "kPEPE" else 1
            events = told[coin.removeprefix("k")]
            if venue == "binance":  # of which there is one a second
                events = list({event[0] // 1000: event for event in events}.values())
            if venue == "bitget":  # the largest a side and second
                by_size = sorted(events, key=lambda event: event[3])
                events = list({(event[0] // 1000, event[1]): event for event in by_size}.values())
            expected += [
                (coin, time_ms, side, told_size(venue, coin, size * share) / bundle, price * bundle)
                for time_ms, side, price, size in events
            ]
        await holds(lambda: len(heard.events) >= len(expected))
        found = [(e.coin, e.time_ms, e.side.value, e.size, e.price) for e in heard.events]
        found.sort()
        expected.sort()
        assert [row[:3] for row in found] == [row[:3] for row in expected]
        size_is, price_is = [row[3] for row in found], [row[4] for row in found]
        assert size_is == pytest.approx([row[3] for row in expected], rel=1e-5)
        # The level follows from a bankruptcy price with the tiers; those of OKX move with the price.
        assert price_is == pytest.approx(
            [row[4] for row in expected], rel=1e-9 if venue == "binance" else 2e-3
        )
        assert heard.said[-1] is None
        assert all(e.sampled == (venue not in ("bybit", "gate")) for e in heard.events)
        assert not client.sieve.refused


async def test_binances_old_path_is_silent_and_noticed(moving, monkeypatch):
    monkeypatch.setattr(binance, "SILENT_AFTER_S", 0.1)
    client = client_of(moving, "binance")
    client._ws_url = f"{moving.websocket_url}/binance/ws"
    async with following(client, "binance") as heard:
        await holds(lambda: heard.said)
        assert heard.said[0] == "silent for 0.1 s"


@pytest.mark.parametrize("venue", ["bybit", "okx"])
async def test_many_coins_are_subscribed_to_in_the_batches_that_are_allowed(moving, venue):
    client = client_of(moving, venue)
    async with following(client, venue) as heard:
        await subscribed(moving, venue)
        await holds(lambda: heard.said == [None])
        (topics,) = [topics for name, topics in sockets(moving) if name == venue]
        assert len(topics) == (5 if venue == "bybit" else 1)


async def test_a_subscription_that_is_refused_is_told_of_and_stays_told(moving):
    client = client_of(moving, "bybit")
    instruments = [asked("bybit", "NOSUCH")]
    said = []

    async def follow():
        async for _ in client.liquidations(instruments, said.append):
            pass

    follower = asyncio.create_task(follow())
    await holds(lambda: len(said) > 1)
    follower.cancel()
    await asyncio.gather(follower, return_exceptions=True)
    assert said[0] is None
    assert said[1].startswith("refused: error:handler not found,topic:allLiquidation.NOSUCHUSDT")


async def test_garbage_is_counted_and_what_follows_is_heard(moving):
    moving.fault("binance", "garbage")
    client = client_of(moving, "binance")
    async with following(client, "binance") as heard:
        await subscribed(moving, "binance")
        await holds(lambda: client.sieve.refused["a forced order of another form"] == 2)
        told = a_crash(moving)
        await holds(lambda: len({event.coin for event in heard.events}) == sum(map(bool, told.values())))


async def test_a_door_that_is_shut_is_knocked_at_again_after_pauses_that_grow(exchanges):
    exchanges.fault("bybit", "refuse", "/v5/public", times=3)
    pauses, said = [], []

    async def sleep(seconds):
        pauses.append(seconds)

    line = Line(
        f"{exchanges.websocket_url}/bybit/v5/public/linear", (words({"op": "ping"}),), words({"op": "ping"})
    )
    frames = Stream(line, said.append, sleep=sleep).frames()
    assert "pong" in await anext(frames)
    await frames.aclose()
    assert ["503" in str(why) for why in said] == [True, True, True, False]
    assert all(0.5 * whole <= pause <= whole for pause, whole in zip(pauses, (1, 2, 4), strict=True))


async def test_a_heartbeat_keeps_a_quiet_line_alive_and_its_lack_is_noticed(exchanges):
    url = f"{exchanges.websocket_url}/okx/ws/v5/public"
    said = []
    line = Line(url, heartbeat="ping", heartbeat_s=0.05, silent_after_s=5)
    frames = Stream(line, said.append).frames()
    assert [await anext(frames) for _ in range(3)] == ["pong"] * 3
    await frames.aclose()
    assert said == [None]
    exchanges.fault("okx", "silent", "/ws/v5/public", times=1)
    said.clear()

    async def at_once(_):
        pass

    line = Line(url, heartbeat="ping", heartbeat_s=0.05, silent_after_s=0.3)
    frames = Stream(line, said.append, sleep=at_once).frames()
    assert await anext(frames) == "pong"
    await frames.aclose()
    assert said == ["silent for 0.3 s", None]


def test_the_longest_pause_is_bounded():
    assert stream.LONGEST_PAUSE_S <= 60
