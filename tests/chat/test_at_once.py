"""How much is done at once for one, and that nobody else waits for it."""

import asyncio
import gc

from liqbot.chat.at_once import AtOnce


async def test_so_many_of_one_work_at_once_and_the_others_follow_in_their_order():
    lanes, working, most, done = AtOnce(3), 0, 0, []

    async def work(number):
        nonlocal working, most
        async with lanes.turn("one"):
            working += 1
            most = max(most, working)
            await asyncio.sleep(0)
            working -= 1
            done.append(number)

    async with asyncio.timeout(20):
        await asyncio.gather(*(work(number) for number in range(50)))
    assert most == 3
    assert done == sorted(done)


async def test_nobody_waits_for_another_and_what_fails_or_ends_leaves_its_place():
    lanes = AtOnce(1)
    entered = asyncio.Event()

    async def hang():
        async with lanes.turn("one"):
            entered.set()
            await asyncio.Event().wait()

    hanging = asyncio.create_task(hang())
    await entered.wait()
    async with asyncio.timeout(20), lanes.turn("another"):
        pass
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)
    async with asyncio.timeout(20), lanes.turn("one"):
        pass
    gc.collect()
    assert not lanes._turns, "of whom nothing is done, nothing is kept"
