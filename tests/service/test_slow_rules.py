"""A plugin's rule that takes its time: who asks for it waits, and nobody else."""

import asyncio
import time

from chat.stand_ins import ME, as_text

from liqbot.hosting.plugins import Wanted, load_plugins

SLOW = '''
import time
from liqbot.plugin import Hit, rule


@rule("slow")
def slow(view, *, number: float = 0):
    """It takes its time over `number`."""
    time.sleep(0.4)
    yield Hit("slow", f"found {number:g}")
'''
SUBSCRIPTIONS = 8


async def test_eight_subscriptions_to_a_rule_of_0_4_seconds_are_answered_rightly_and_block_nobody(
    room, tmp_path
):
    (tmp_path / "slow.py").write_text(SLOW)
    plugins = load_plugins((), Wanted(folder=tmp_path))
    room.services.rules.add(plugins.rules.by_name.values())
    try:
        for number in range(SUBSCRIPTIONS):
            await room.services.subscriptions.enter(ME, "slow", "BTC", {"number": str(number), "for": "0"})
        began = time.monotonic()
        asking = asyncio.create_task(room.say("/subscriptions"))
        turns = 0
        while not asking.done():
            turns += 1
            await asyncio.sleep(0.005)
        took_s = time.monotonic() - began
        said = as_text(await asking)
    finally:
        plugins.close()
    assert took_s > SUBSCRIPTIONS * 0.4, "each of them was asked"
    assert turns > 50, "the event loop went on meanwhile"
    assert "fails" not in said
    numbers = [number for number in range(SUBSCRIPTIONS) if f"found {number}" in said]
    assert numbers == list(range(SUBSCRIPTIONS))
