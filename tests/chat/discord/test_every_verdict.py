"""Every published answer of Discord, with and without Discord's own words, tried on a real adapter."""

import pytest
from chat.exercised import Exercise, wrong
from chat.verdict_rows import AGAIN, DEGRADE, ELSEWHERE, GONE, ROWS, WAIT
from databases import ON_BOTH

from liqbot.chat.discord.verdicts import MISSING_PERMISSIONS
from liqbot.store.chats import ChatKey

pytestmark = ON_BOTH

FORMS = 3
"""An embed with its picture, text with buttons, text alone."""
LIBRARY_REPEATS = (500, 502, 504, 524)
"""The library waits a second and tries again by itself."""


@pytest.mark.parametrize("verdict", [AGAIN, WAIT, DEGRADE, GONE])
async def test_each_answer_leaves_its_state_and_ends_in_a_message(house, verdict):
    rows = [(status, code) for name, status, code, of in ROWS if name == "discord" and of is verdict]
    await exercised(house, verdict, [row for row in rows if row[1] not in ELSEWHERE])


@pytest.mark.long
async def test_no_answer_that_is_published_of_other_routes_ends_a_chat(house):
    await exercised(house, DEGRADE, [(400, code) for code in ELSEWHERE])


async def exercised(house, verdict, rows):
    """Have each of these answers given to an alert, and see what becomes of it."""
    failed = []
    guild = house.guild
    async with house.open(synced=False) as adapter:
        exercise = Exercise(house.store, adapter, "discord")
        for status, code in rows:
            if not code and status in LIBRARY_REPEATS[1:]:
                continue  # as 500: the library's own affair
            channel = await house.discord.add_channel(guild)
            path = f"/channels/{channel}/messages"
            times = FORMS if code == MISSING_PERMISSIONS else 1  # which may be lacking for pictures alone
            await house.discord.fault(
                "POST", path, status=status, code=code or None, via=status != 429, times=times
            )

            async def heard(channel=channel):
                return [
                    (one.embeds[0]["title"] if one.embeds else one.content)
                    for one in await house.discord.messages(channel)
                ]

            after, text = await exercise.row(ChatKey("discord", str(channel)), verdict, heard)
            print(f"discord {status} {code or '-':>7} {verdict:8} {after:8} {text[:60]}")  # noqa: T201 - it is to be read
            if wrong(verdict, after, text):
                failed.append((status, code, after, text))
            await house.discord.faults_left(clear=True)
    assert not failed
    assert len(rows) > 2
