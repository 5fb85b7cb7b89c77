"""The intake: what one chat may have waiting, and what the log is told of the rest."""

import asyncio

import structlog
from telegram import Update

from liqbot.chat.telegram.intake import MOST_WAITING, SAID_AGAIN_S, TAPS_AT_ONCE, Intake

NOW_S = 1_795_000_000


class Thinking:
    """A handler that never comes to an answer."""

    class answers:  # noqa: N801 - as the handler calls it
        """It knows no command."""

        @staticmethod
        def command(_line):
            return None

    async def answer(self, _incoming):
        await asyncio.Event().wait()


def written(number):
    somebody = {"id": 7, "is_bot": False, "first_name": "Ann"}
    message = {
        "message_id": number,
        "date": NOW_S,
        "chat": {"id": 7, "type": "private", "first_name": "Ann"},
        "from": somebody,
        "text": "hello",
    }
    return Update.de_json({"update_id": number, "message": message}, None)


async def test_who_writes_without_end_fills_no_log():
    clock = [0.0]
    intake = Intake(Thinking(), "telegram", lambda: NOW_S, lambda: clock[0])
    with structlog.testing.capture_logs() as logged:
        for number in range(MOST_WAITING + 500):
            intake.take(written(number), "liqbot_test_bot")
        clock[0] += SAID_AGAIN_S
        intake.take(written(1_000), "liqbot_test_bot")
    for task in intake._tasks:
        task.cancel()
    await asyncio.gather(*intake._tasks, return_exceptions=True)
    counts = [line["count"] for line in logged if line["event"] == "updates_left_out"]
    assert counts == [1, 500], "once at first, then how many since"


class Tapping(Thinking):
    """A handler that counts what it is given, and never ends."""

    def __init__(self):
        self.taken = self.told_busy = 0

    async def take(self, _tap):
        self.taken += 1
        await asyncio.Event().wait()

    async def too_busy(self, _tap):
        self.told_busy += 1
        await asyncio.Event().wait()


def tap(number, chat):
    somebody = {"id": 7, "is_bot": False, "first_name": "Ann"}
    message = {"message_id": 1, "date": NOW_S, "chat": {"id": chat, "type": "group", "title": "club"}}
    query = {"id": str(number), "from": somebody, "chat_instance": "1", "data": "x", "message": message}
    return Update.de_json({"update_id": number, "callback_query": query}, None)


async def test_of_taps_without_end_a_few_are_dealt_with_at_once_some_are_told_and_the_rest_left_alone():
    handler = Tapping()
    intake = Intake(handler, "telegram", lambda: NOW_S, lambda: 0.0)
    for number in range(300):
        intake.take(tap(number, chat=-5), "liqbot_test_bot")
    intake.take(tap(1_000, chat=-6), "liqbot_test_bot")
    for _ in range(5):
        await asyncio.sleep(0)
    tasks = len(intake._tasks)
    for task in intake._tasks:
        task.cancel()
    await asyncio.gather(*intake._tasks, return_exceptions=True)
    assert handler.taken == TAPS_AT_ONCE + 1, "and the other group's, which waits for none of these"
    assert handler.told_busy == MOST_WAITING
    assert tasks == 2 * MOST_WAITING + 1
