"""The intake: what one chat may have waiting, and what the log is told of the rest."""

import asyncio

import structlog
from telegram import Update

from liqbot.chat.telegram.intake import MOST_WAITING, SAID_AGAIN_S, Intake

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
