"""Ends are dated by the clock that is read, in both kinds of database."""

from dataclasses import replace

from liqbot.store.absences import Absence
from liqbot.store.chats import ChatKey, ChatSettings

ANN, BOB = ChatKey("telegram", "1"), ChatKey("telegram", "2")
NOW_MS, HOUR_MS, DAY_MS = 1_800_000_000_000, 3_600_000, 86_400_000


async def muted(store, chat):
    return (await store.chats.settings(chat)).mute_until_ms


async def test_ends_follow_the_clock_and_what_has_no_end_gets_none(store):
    await store.chats.save(ANN, replace(ChatSettings(), mute_until_ms=NOW_MS + HOUR_MS), NOW_MS)
    await store.chats.save(BOB, ChatSettings(), NOW_MS)
    await store.absences.begin(ANN, Absence("closed", NOW_MS, 1, NOW_MS + HOUR_MS))
    assert await store.date_by_clock(NOW_MS, 0) == 0
    assert await store.date_by_clock(NOW_MS + DAY_MS, DAY_MS) == DAY_MS
    assert await muted(store, ANN) == NOW_MS + DAY_MS + HOUR_MS
    assert await muted(store, BOB) == 0
    assert (await store.absences.of_chat(ANN)).next_ms == NOW_MS + DAY_MS + HOUR_MS
    assert await store.date_by_clock(NOW_MS + DAY_MS, DAY_MS + 900) == 0, "the same error"
    assert await store.put_back(NOW_MS) == 0
    assert await store.date_by_clock(NOW_MS, 0) == -DAY_MS
    assert await muted(store, ANN) == NOW_MS + HOUR_MS


async def test_what_was_written_before_anybody_told_the_time_stays(store):
    await store.chats.save(ANN, replace(ChatSettings(), mute_until_ms=NOW_MS + HOUR_MS), NOW_MS)
    assert await store.date_by_clock(NOW_MS, DAY_MS) == 0
    assert await muted(store, ANN) == NOW_MS + HOUR_MS
