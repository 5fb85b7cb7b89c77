"""A broadcast on Telegram: one alert to thousands of chats, some of which blocked the bot; flood waits.

Telegram is its counterpart of the tests, a process of its own that counts as Telegram does: 30 messages a
second in all, one a second to a chat. The bot is the whole bot.
"""

import asyncio
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Row

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # where the counterparts are
from app.stand_ins import Told
from chat.telegram.stand_ins import fuel
from counterparts.telegram.control import Telegram
from counterparts.telegram.process import start
from counterparts.telegram.seen import Call

from liqbot.app.bot import Bot
from liqbot.chat.telegram.adapter import LIMITS, TelegramAdapter
from liqbot.chat.telegram.settings import TelegramSettings
from liqbot.logs import set_up_logs
from liqbot.settings import Settings
from liqbot.store.chats import ChatKey

CHATS = 3_000
GONE = CHATS // 20
FLOOD_WAITS = 0.01
"""Of the sendings, so many are answered with a flood wait of a few seconds, out of the blue."""
FLOOD_S = 3
TOLERANCE = 0.05
LONGEST_S = 300


def rows() -> Iterator[Row]:
    """Yield how a broadcast went: who was served how often, at what rate, and what was our fault."""
    set_up_logs("error")
    calls, tally, gone, noticed = asyncio.run(_broadcast())
    live = [chat for chat in tally if chat not in gone]
    once = sum(tally[chat] == 1 for chat in live)
    causes = Counter(call.cause for call in calls if call.status == 429)
    ours = causes["limit"] + causes["flood wait"]
    # What is tried again after a flood wait comes late, and alone: it says nothing about the rate.
    times = sorted(call.at for call in calls)[:CHATS]
    rate = (len(times) - 1) / (times[-1] - times[0])
    uploads = sum(isinstance(call.parameters["photo"], dict) for call in calls)
    yield Row(
        f"broadcast to {CHATS:,} chats on Telegram, {len(gone)} of which blocked the bot",
        f"{once:,} of {len(live):,} served once",
        f"{noticed} noticed, and tried again later; {uploads} upload",
        once == len(live) and noticed == len(gone),
    )
    yield Row(
        "… its rate",
        f"{rate:.1f} a second",
        f"{LIMITS.a_second:g} allowed; within {TOLERANCE:.0%}",
        LIMITS.a_second * (1 - TOLERANCE) <= rate <= LIMITS.a_second,
    )
    yield Row(
        "… refused as too fast",
        f"{ours} by our fault",
        f"{causes['fault']} out of the blue, each tried again when it was over",
        ours == 0,
    )


async def _broadcast() -> tuple[list[Call], dict[int, int], set[int], int]:
    running = start()
    try:
        async with Telegram(running) as telegram:
            await telegram.reset()
            people = await telegram.people(CHATS)
            gone = set(random.Random(1).sample(people, GONE))  # noqa: S311 - reproducible, no secret
            await telegram.block_quietly(gone)
            await telegram.fail("too_many", "sendPhoto", times=None, share=FLOOD_WAITS, seconds=FLOOD_S)
            with tempfile.TemporaryDirectory() as folder:
                noticed = await _alert(telegram, people, Path(folder))
            calls = await telegram.calls("sendPhoto")
            return calls, await telegram.tally(people), gone, noticed
    finally:
        running.stop()


async def _alert(telegram: Telegram, people: list[int], folder: Path) -> int:
    """Let the market flip, and the alert reach everyone; return how many chats are known to take nothing."""
    flips = asyncio.Event()
    later = [update for minute in range(2, 15) for update in fuel(minute, above=50)]
    settings = Settings(
        database=folder / "liqbot.db",
        coins=("BTC",),
        plugins_path=folder / "plugins",
        telegram=TelegramSettings(token=telegram.token, api_url=telegram.api_url),
    )
    bot = Bot(settings, [Told([*fuel(1), flips, *later])], {})
    adapter = TelegramAdapter(settings.telegram, bot.reception("telegram"))
    bot.serve("telegram", adapter)
    chats = [ChatKey("telegram", str(person)) for person in people]
    async with bot:
        form = bot.services.rules.by_name["regime-flip"].form
        usual = form.canonical(form.defaults())
        for chat in chats:
            await bot.store.subscriptions.subscribe(
                chat, rule="regime-flip", coin="BTC", parameters=usual, now_ms=1
            )
        await bot.until(lambda: bool(bot.services.markets.views))
        await bot.evaluator.take(bot.services.markets.views["BTC"], bot.services.clock())
        flips.set()
        await bot.until(lambda: bot.ended)
        async with asyncio.timeout(LONGEST_S):
            while await bot.store.deliveries.owed():  # noqa: ASYNC110 - what waits for its turn is not due
                await asyncio.sleep(0.1)
        return sum((await bot.store.absences.reasons()).values())
