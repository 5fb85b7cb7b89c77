"""The Info API client: each request against the counterpart, and every way in which an answer can fail."""

import asyncio

import httpx
import pytest
from counterparts.hyperliquid.exchange import HLP
from counterparts.hyperliquid.running import counterpart
from sources.hyperliquid.stand_ins import VirtualClock, address

from liqbot.sources.hyperliquid.budget import Budget
from liqbot.sources.hyperliquid.client import InfoClient, RequestFailed
from liqbot.sources.hyperliquid.decoding import decode_rows
from liqbot.sources.hyperliquid.payloads import BookLevel


@pytest.fixture(scope="module")
def exchange():
    with counterpart(crowd=0.1, speed=1, limit=0, still=True, listed=1.0) as running:
        yield running


@pytest.fixture
def budget():
    return Budget(0, VirtualClock())


@pytest.fixture
async def client(exchange, budget):
    exchange.control(faults={})
    async with InfoClient(exchange.http, budget) as client:
        yield client


async def test_every_request_is_answered_and_pays_its_weight(exchange, client, budget):
    now_ms, paid = exchange.clock.now_ms(), []

    async def weighed(request):
        before = budget.spent
        answer = await request
        paid.append(budget.spent - before)
        return answer

    told, unread = await weighed(client.contexts())
    assert [asset.name for asset, _ in told] == ["BTC", "ETH", "SOL"]
    assert all(context.mark_px > 0 and context.open_interest > 0 for _, context in told)
    assert unread == 0
    assert (await weighed(client.dexes())) == []
    board = await weighed(client.leaderboard(f"{exchange.http}/leaderboard"))
    assert len(board) == exchange.accounts
    richest = max(board, key=lambda row: row.account_value)
    state = await weighed(client.clearinghouse_state(richest.address))
    assert sum(item.position.position_value for item in state.asset_positions) > 1e5
    assert (await weighed(client.abstraction(address(1)))) == "default"
    book = await weighed(client.book("BTC"))
    bids, asks = (decode_rows(side, BookLevel, "l2Book")[0] for side in book.levels)
    assert bids[0].px < told[0][1].mark_px < asks[0].px
    (candle, *_) = await weighed(client.candles("BTC", "1m", now_ms - 3_600_000, now_ms))
    assert candle.l <= candle.o <= candle.h
    trades = await weighed(client.recent_trades("BTC"))
    assert {len(trade.users) for trade in trades} == {2}
    vault = await weighed(client.vault(HLP))
    assert len(vault.children) == 1
    assert (await weighed(client.vault(address(7)))).children == ()
    assert paid == [20, 20, 0, 2, 20, 2, 20, 20 + len(trades) // 20, 20, 20]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("429", "clearinghouseState: 429 Too Many Requests"),
        ("text", "clearinghouseState: 500 Internal error, try again later"),
        ("502", "clearinghouseState: 502 <html>"),
        ("malformed", "clearinghouseState: "),
        ("missing", "clearinghouseState: Object missing required field"),
    ],
)
async def test_an_answer_that_is_none_names_the_request_and_the_reason(exchange, client, budget, fault, told):
    exchange.control(faults={fault: 1.0})
    with pytest.raises(RequestFailed) as failed:
        await client.clearinghouse_state(address(1))
    assert str(failed.value).startswith(told)
    assert budget.refusals == (fault in {"429", "text"})


async def test_a_request_that_is_refused_is_told_in_the_exchanges_words(client):
    with pytest.raises(RequestFailed, match="l2Book: 422 Failed to deserialize the JSON body"):
        await client.book("NONE")


async def test_a_connection_that_breaks_off_is_a_failure_too(budget):
    async def hang_up(_, writer):
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with InfoClient(f"http://127.0.0.1:{port}", budget) as client:
            with pytest.raises(RequestFailed, match=r"l2Book: (RemoteProtocol|Read)Error"):
                await client.book("BTC")


async def test_it_can_be_opened_again_after_it_was_closed(exchange, budget):
    client = InfoClient(exchange.http, budget)
    for _ in range(2):
        async with client:
            assert (await client.book("BTC")).coin == "BTC"
    with pytest.raises(RuntimeError, match="closed"):
        await client.book("BTC")
    assert httpx.__version__ < "0.29"
