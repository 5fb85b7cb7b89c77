"""Streams of pushes: each gets what it asked for and resumes where it broke off; none holds up another."""

import asyncio
import socket

import httpx
import msgspec
import pytest

from liqbot.sections import WebSettings
from liqbot.web.ports import WebQuestions
from liqbot.web.pushes import APART_MS, KEPT, QUEUED, Pushes, TooManyStreamsError
from liqbot.web.server import _listener, web_server


class Clock:
    """Tells a time that goes on only where it is put on."""

    def __init__(self, now_ms=0):
        self.now_ms = now_ms

    def __call__(self):
        return self.now_ms


async def read(stream, count):
    """Return the kind and the data of so many pushes."""
    found = []
    async for chunk in stream:
        for told in chunk.strip().split(b"\n\n"):
            lines = dict(line.split(b": ", 1) for line in told.split(b"\n"))
            if b"data" in lines:
                data = msgspec.json.decode(lines[b"data"])
                found.append((lines[b"event"].decode(), data, int(lines[b"id"])))
            if len(found) == count:
                await stream.aclose()
                return found
    return found
    return found


async def test_a_stream_gets_what_it_asked_for_and_nothing_else():
    pushes = Pushes(10, Clock())
    stream = pushes.open(None, coin="BTC")
    pushes.send("view", {"n": 1}, coin="ETH")
    pushes.send("view", {"n": 2}, coin="BTC")
    pushes.send("alert", {"n": 3})
    assert [(kind, data["n"]) for kind, data, _ in await read(stream, 2)] == [("view", 2), ("alert", 3)]
    assert pushes.streams == 0


async def test_who_was_cut_off_resumes_where_it_broke_off_with_nothing_lost_or_doubled():
    pushes = Pushes(10, Clock())
    first = pushes.open(None, coin="BTC")
    for number in range(3):
        pushes.send("view", number, coin="BTC")
    seen = await read(first, 2)
    for number in range(3, 6):
        pushes.send("view", number, coin="BTC")
    resumed = pushes.open(seen[-1][2], coin="BTC")
    pushes.send("view", 6, coin="BTC")
    assert [data for _, data, _ in seen + await read(resumed, 5)] == list(range(7))


async def test_who_is_far_behind_is_cut_off_and_the_others_are_not():
    pushes = Pushes(10, Clock())
    slow, quick = pushes.open(None), pushes.open(None)
    for number in range(QUEUED + 50):
        pushes.send("view", number)
        if number == QUEUED - 1:
            await read(quick, QUEUED)
            quick = pushes.open(number + 1)
    assert len(await read(slow, KEPT)) == QUEUED
    assert [data for _, data, _ in await read(quick, 50)] == list(range(QUEUED, QUEUED + 50))


async def test_no_more_streams_open_than_allowed_and_a_closed_one_makes_room():
    pushes = Pushes(1, Clock())
    stream = pushes.open(None)
    with pytest.raises(TooManyStreamsError):
        pushes.open(None)
    pushes.send("view", 1)
    await read(stream, 1)
    pushes.open(None)


async def test_closing_ends_every_stream():
    pushes = Pushes(10, Clock())
    stream = pushes.open(None)
    pushes.close()
    assert await read(stream, 5) == []


class Nobody(WebQuestions):
    """Knows of nothing."""

    def coins(self):
        return {}


@pytest.mark.parametrize(
    "path", ["coins/BTC/view", "coins/BTC/clusters", "stream?coin=BTC", "stream?venue=x"]
)
async def test_while_the_market_is_still_being_read_who_asks_is_to_ask_again(path):
    async with (
        web_server(Nobody(), Pushes(10, Clock()), WebSettings(port=0)) as (host, port),
        httpx.AsyncClient(base_url=f"http://{host}:{port}") as client,
    ):
        answer = await client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "still being read" in answer.json()["detail"]


async def test_a_stream_that_is_left_is_forgotten():
    pushes = Pushes(10, Clock())
    async with web_server(Nobody(), pushes, WebSettings(port=0)) as (host, port):
        async with (
            httpx.AsyncClient(base_url=f"http://{host}:{port}") as client,
            client.stream("GET", "/api/v1/stream") as stream,
        ):
            pushes.send("view", {"n": 1})
            assert (await anext(stream.aiter_raw())).startswith(b"retry:")
            assert pushes.streams == 1
        async with asyncio.timeout(20):
            while pushes.streams:
                pushes.send("view", {"n": 2})
                await asyncio.sleep(0.01)


def test_small_answers_are_sent_at_once():
    """Without its protocol asyncio leaves Nagle's algorithm on, and every answer takes 40 ms longer."""
    with _listener("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


async def test_who_comes_back_with_a_number_from_a_clock_that_was_ahead_misses_nothing():
    pushes = Pushes(3, Clock(1_000))
    for number in range(3):
        pushes.send("view", number)
    stream = pushes.open(after=1_000 + 2 * APART_MS)
    assert await anext(stream) == b"retry: 2000\n\n"
    told = await anext(stream)
    assert [told.count(b"data: %d\n" % number) for number in range(3)] == [1, 1, 1]
    await stream.aclose()


async def test_who_was_cut_off_resumes_at_another_process_that_tells_of_the_same():
    """A proxy in front of two web processes sends whoever comes back to either."""
    clock = Clock(1_000_000)
    elder, younger = Pushes(3, clock), Pushes(3, clock)
    seen = elder.open(None)
    for number in range(6):
        for pushes in (elder, younger):
            pushes.send("view", number)
        clock.now_ms += 5_000
    [*_, (_, _, last)] = await read(seen, 3)
    assert [data for _, data, _ in await read(younger.open(last), 3)] == [3, 4, 5]
    up_to_date = younger.open(last + 15_000 + 40)  # by a clock that is a little ahead
    clock.now_ms += 5_000
    younger.send("view", 6)
    assert [data for _, data, _ in await read(up_to_date, 1)] == [6]
