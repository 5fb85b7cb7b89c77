"""Calls between processes: answered by whoever can, once, or by nobody in time."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from liqbot.store.postgres.line import Line, make_tables
from liqbot.store.postgres.remote_calls import PostgresCalls


@pytest.fixture
async def calls(postgres):
    """Return how to make the calls of a process; with kinds it answers them."""
    line = Line(postgres, "test")
    await make_tables(line)

    @asynccontextmanager
    async def process(name, answer=None, kinds=("look",)):
        own = PostgresCalls(postgres, name)
        serving = asyncio.create_task(own.serve(lambda: kinds, answer)) if answer else None
        try:
            yield own
        finally:
            if serving is not None:
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)
            await own.close()

    async with AsyncExitStack() as stack:

        async def begin(*what, **more):
            return await stack.enter_async_context(process(*what, **more))

        begin.line = line
        yield begin
    await line.close()


async def test_another_process_answers(calls):
    async def answer(kind, subject):
        return f"{kind} of {subject}".encode()

    await calls("engine", answer)
    chat = await calls("chat")
    assert await chat.ask("look", "ann", 10) == b"look of ann"


async def test_what_nobody_answers_is_no_answer_and_leaves_nothing_behind(calls):
    async def answer(_kind, _subject):
        return b"something"

    await calls("engine", answer)
    chat = await calls("chat")
    assert await chat.ask("past", "0xabc", 0.3) is None
    assert await calls.line.ask("SELECT count(*) FROM remote_calls") == [(0,)]


async def test_of_two_that_could_one_answers_each(calls):
    asked = []

    async def answer(_kind, subject):
        asked.append(subject)
        await asyncio.sleep(0)
        return subject.encode()

    await calls("one", answer)
    await calls("two", answer)
    chat = await calls("chat")
    names = [str(number) for number in range(30)]
    assert await asyncio.gather(*(chat.ask("look", name, 20) for name in names)) == [
        name.encode() for name in names
    ]
    assert sorted(asked, key=int) == names


async def test_one_that_fails_or_hangs_harms_no_other(calls):
    hanging = asyncio.Event()

    async def answer(_kind, subject):
        if subject == "bad":
            raise ValueError("no account")
        if subject == "slow":
            await hanging.wait()
        return b"fine"

    await calls("engine", answer)
    chat = await calls("chat")
    slow = asyncio.create_task(chat.ask("look", "slow", 20))
    assert await chat.ask("look", "bad", 10) is None
    assert await chat.ask("look", "good", 10) == b"fine"
    assert not slow.done()
    hanging.set()
    assert await slow == b"fine"


async def test_who_gives_up_waiting_leaves_nothing_behind(calls):
    chat = await calls("chat")
    waiting = asyncio.create_task(chat.ask("look", "0xabc", 60))
    async with asyncio.timeout(20):
        while await calls.line.ask("SELECT count(*) FROM remote_calls") == [(0,)]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await calls.line.ask("SELECT count(*) FROM remote_calls") == [(0,)]


async def test_calls_go_on_after_the_server_has_cut_every_connection(calls):
    async def answer(_kind, subject):
        return subject.encode()

    await calls("engine", answer)
    chat = await calls("chat")
    assert await chat.ask("look", "before", 10) == b"before"
    await calls.line.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'liqbot calls%%'"
    )
    async with asyncio.timeout(20):
        while True:
            try:
                if await chat.ask("look", "after", 5) == b"after":
                    break
            except Exception:  # noqa: BLE001, S112 - its own connection is made anew at the next
                continue
