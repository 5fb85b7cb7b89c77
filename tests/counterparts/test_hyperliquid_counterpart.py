"""The stand-in for Hyperliquid: its answers have the shape of the recorded ones, its limits are the same."""

import contextlib
import json

import httpx
import msgspec
import pytest
import yaml
from counterparts.hyperliquid.exchange import HLP
from counterparts.hyperliquid.running import counterpart
from recordings import recorded, row
from shared import shared_file, shared_json
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

SAMPLES = "api-samples/hyperliquid"
MADE_BY_THE_SELECTION = {"index", "name"}
"""Keys that whoever cut the samples has put into contexts and universes."""


@pytest.fixture(scope="module")
def exchange():
    with counterpart(speed=1, limit=0, seed=3) as running:
        running.control(pool=0.2)
        yield running


@pytest.fixture(scope="module")
def ask(exchange):
    with httpx.Client() as http:

        def ask(**request):
            response = http.post(f"{exchange.http}/info", json=request)
            assert response.status_code == 200, response.text
            return msgspec.json.decode(response.content)

        yield ask


@pytest.fixture(scope="module")
def held(exchange, ask):
    """Return positions by margin mode, an account each: cross, isolated, and of a pooled account."""
    found = {}
    for name in exchange.positions():
        state = ask(type="clearinghouseState", user=name, dex="")
        pooled = ask(type="userAbstraction", user=name) == "portfolioMargin"
        for item in state["assetPositions"]:
            mode = "pooled" if pooled else item["position"]["leverage"]["type"]
            if item["position"]["liquidationPx"] is not None:
                found.setdefault(mode, (name, state, item))
        if len(found) == 3:
            return found
    raise AssertionError(f"there are only {list(found)}")


def shape(value):
    """Return the fields and kinds of a value: of a list, those of its items, as far as they agree."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    )


def of_the_selection(value):
    return {name: item for name, item in value.items() if name not in MADE_BY_THE_SELECTION}


def test_an_account_with_an_isolated_position_is_told_as_documented(held):
    (sample,) = shared_json(f"{SAMPLES}/clearinghouse-isolated-docs-example.json")
    _, state, item = held["isolated"]
    assert shape({**state, "assetPositions": [item]}) == shape(sample["state"])


def test_a_cross_position_is_told_as_recorded(held):
    (sample,) = shared_json(f"{SAMPLES}/clearinghouse-hlp-child-cut.json")
    _, state, item = held["cross"]
    assert shape(item) == shape(sample["state"]["assetPositions"][2])
    for summary in ("marginSummary", "crossMarginSummary"):
        assert shape(state[summary]) == shape(sample["state"][summary])


def test_a_portfolio_margin_accounts_spot_side_is_told_as_recorded(held, ask):
    sample = shared_json(f"{SAMPLES}/portfolio-margin-subaccount.json")["spotState"]
    name, *_ = held["pooled"]
    told = ask(type="spotClearinghouseState", user=name)
    assert shape(told) == shape(sample)


def test_a_plain_accounts_spot_side_is_told_as_recorded(held, ask):
    sample = shared_json(f"{SAMPLES}/spot-ctxs-allmids.json")["selection"]["spotClearinghouseState"]
    assert shape(ask(type="spotClearinghouseState", user=held["cross"][0])) == shape(sample)


def test_the_universe_is_told_as_recorded(ask):
    sample = shared_json(f"{SAMPLES}/meta-l2book-perpdexs.json")["selection"]["perpUniverse"][0]
    del sample["index"]
    meta, _ = ask(type="metaAndAssetCtxs", dex="")
    assert shape(meta["universe"][0]) == shape(sample)
    assert shape(ask(type="meta", dex="")) == shape(meta)
    assert shape(meta["marginTables"][0][1]) == {
        "description": "str",
        "marginTiers": [{"lowerBound": "str", "maxLeverage": "number"}],
    }


def test_a_context_has_the_fields_of_the_recorded_ones(ask):
    selection = shared_json(f"{SAMPLES}/clearinghouse-fills-funding.json")["selection"]
    other = shared_json(f"{SAMPLES}/spot-ctxs-allmids.json")["selection"]["hip3AssetContexts"][0]
    sample = {**of_the_selection(other), **selection["btcAssetContext"], "prevDayPx": "1.0"}
    _, contexts = ask(type="metaAndAssetCtxs", dex="")
    assert shape(contexts[0]) == shape(sample)


def test_funding_the_book_and_mids_are_told_as_recorded(ask, exchange):
    funding = shared_json(f"{SAMPLES}/clearinghouse-fills-funding.json")["selection"]["btcFundingHistory"]
    start = exchange.clock.now_ms() - 3 * 3_600_000
    assert shape(ask(type="fundingHistory", coin="BTC", startTime=start)) == shape(funding)
    book = shared_json(f"{SAMPLES}/meta-l2book-perpdexs.json")["l2Book"]
    told = ask(type="l2Book", coin="BTC")
    assert shape(told) == shape(book)
    assert [len(side) for side in told["levels"]] == [len(side) for side in book["levels"]]
    mids = dict(shared_json(f"{SAMPLES}/spot-ctxs-allmids.json")["selection"]["allMids"])
    assert set(shape(ask(type="allMids")).values()) == set(shape(mids).values())


def test_candles_and_old_metas_are_told_as_on_the_cassette(ask, exchange):
    cassette = yaml.safe_load(shared_file(f"{SAMPLES}/candles-cassette.yaml").read_text())
    _, candles = (json.loads(item["response"]["body"]["string"]) for item in cassette["interactions"])
    now = exchange.clock.now_ms()
    request = {"coin": "BTC", "interval": "1h", "startTime": now - 86_400_000, "endTime": now}
    assert shape(ask(type="candleSnapshot", req=request)) == shape(candles)


def test_a_trade_and_a_vault_are_told_as_the_facts_say(ask):
    trade = ask(type="recentTrades", coin="BTC")[0]
    assert set(trade) == {"coin", "side", "px", "sz", "hash", "time", "tid", "users"}
    assert len(trade["users"]) == 2
    assert {"name", "vaultAddress", "leader", "followers"} <= set(ask(type="vaultDetails", vaultAddress=HLP))
    assert ask(type="vaultDetails", vaultAddress="0x0") is None


def test_the_leaderboard_is_told_as_the_facts_say(exchange):
    board = httpx.get(f"{exchange.http}/leaderboard").json()
    first = board["leaderboardRows"][0]
    assert set(first) == {"ethAddress", "accountValue", "displayName", "windowPerformances"}
    assert [name for name, _ in first["windowPerformances"]] == ["day", "week", "month", "allTime"]
    assert 0.6 < len(board["leaderboardRows"]) / exchange.accounts < 0.8


def test_a_pooled_accounts_price_follows_from_its_spot_side(held, ask):
    name, state, _ = held["pooled"]
    available = dict(ask(type="spotClearinghouseState", user=name)["tokenToAvailableAfterMaintenance"])[0]
    own = state["crossMarginSummary"]
    assert float(available) > float(own["accountValue"]) - float(state["crossMaintenanceMarginUsed"])


def test_it_refuses_what_is_more_than_the_weight_of_a_minute_in_plain_text():
    with counterpart(speed=1, limit=50) as small, httpx.Client() as http:
        answers = [
            http.post(f"{small.http}/info", json={"type": "clearinghouseState", "user": "0x0"})
            for _ in range(26)
        ]
        assert [answer.status_code for answer in answers] == [200] * 25 + [429]
        assert answers[-1].headers["content-type"] == "text/plain"
        assert small.stats()["peak_weight"] == 50


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"type":"x"}', b'{"type":"l2Book","coin":"X"}', b"null"])
def test_it_refuses_what_it_does_not_know(exchange, body):
    answer = httpx.post(f"{exchange.http}/info", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "text/plain")


async def test_only_ten_connections_are_served(exchange):
    async with contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(connect(exchange.ws)) for _ in range(11)]
        await sockets[-1].wait_closed()
        assert sockets[-1].close_code == 1008
        await sockets[0].send('{"method":"ping"}')
        assert json.loads(await sockets[0].recv()) == {"channel": "pong"}


async def test_a_socket_takes_text_frames_only(exchange):
    async with connect(exchange.ws) as socket:
        await socket.send(b'{"method":"ping"}')
        await socket.wait_closed()
        assert socket.close_code == 1003


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", ""])
def test_a_request_that_does_not_call_itself_json_is_refused(exchange, kind):
    body = b'{"type":"allMids"}'
    answer = httpx.post(f"{exchange.http}/info", content=body, headers={"content-type": kind} if kind else {})
    assert (answer.status_code, answer.headers["content-type"]) == (415, "text/plain")


async def test_who_sends_more_than_2000_messages_or_connects_more_than_30_times_a_minute_is_put_out():
    with counterpart(crowd=0.02, speed=1, limit=0, still=True) as strict:
        async with connect(strict.ws) as socket:
            for _ in range(2001):
                await socket.send('{"method":"ping"}')
            told = []
            with contextlib.suppress(ConnectionClosedError):
                while True:
                    told.append(await socket.recv())
        assert json.loads(told[-1]) == {"channel": "error", "data": "Too many messages"}
        assert socket.close_code == 1008
        closed = []
        for _ in range(30):
            async with connect(strict.ws) as socket:
                pass
        async with connect(strict.ws) as socket:
            await socket.wait_closed()
            closed.append(socket.close_code)
        assert closed == [1008]


async def test_only_ten_users_can_be_followed_over_all_connections(exchange):
    async with connect(exchange.ws) as one, connect(exchange.ws) as other:
        channels = []
        for number in range(11):
            socket = (one, other)[number % 2]
            subscription = {"type": "userFills", "user": f"0x{number}"}
            await socket.send(json.dumps({"method": "subscribe", "subscription": subscription}))
            channels.append(json.loads(await socket.recv())["channel"])
        assert channels == ["subscriptionResponse"] * 10 + ["error"]


async def test_a_thousand_subscriptions_are_the_most_and_what_is_no_subscription_is_told(exchange):
    async with connect(exchange.ws) as socket:
        subscription = {"type": "candle", "coin": "NONE"}
        await socket.send(json.dumps({"method": "subscribe", "subscription": subscription}))
        assert json.loads(await socket.recv())["channel"] == "error"
        for number in range(1001):
            asked = {"type": "userFills", "user": "0x1", "n": str(number)}
            await socket.send(json.dumps({"method": "subscribe", "subscription": asked}))
        told = [json.loads(await socket.recv()) for _ in range(1001)]
        assert told[-1] == {"channel": "error", "data": "Cannot track more than 1000 subscriptions"}


def test_a_recording_can_stand_behind_it(tmp_path):
    file = recorded(
        tmp_path / "x.csv",
        row("0xa", 2, at=90, time_ms=1000),
        row("0xa", -1, at=15, mark=10, coin="ETH", time_ms=1000),
        row("0xb", 1, time_ms=1000),
        row("0xa", 3, at=95, time_ms=3_600_000 * 1000),
    )
    with counterpart(recording=file, speed=1) as running:
        told = httpx.post(f"{running.http}/info", json={"type": "clearinghouseState", "user": "0xa"}).json()
        assert [item["position"]["szi"] for item in told["assetPositions"]] == ["2.0", "-1.0"]
        assert [item["position"]["liquidationPx"] for item in told["assetPositions"]] == ["90.0", "15.0"]
        assert running.positions() == {"0xa": {"BTC": 2.0, "ETH": -1.0}, "0xb": {"BTC": 1.0}}
