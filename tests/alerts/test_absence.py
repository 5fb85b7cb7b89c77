"""Chats that take nothing for a while: when they are tried again, and what they hear afterwards."""

import pytest
from alerts.stand_ins import ANN, BOB
from alerts.test_dispatcher import Office
from chat.stand_ins import Room, as_text
from hypothesis import given
from hypothesis import strategies as st
from platforms import Paper

from liqbot.alerts.absence import DAY_MS, FINAL_MS, MINUTE_MS, PAUSES_MS, SPREAD, announced, not_taken
from liqbot.alerts.platform import ChatAway
from liqbot.store.absences import Absence

CLOSED = "TOPIC_CLOSED"


@pytest.fixture
def office(house, clock):
    return Office(house, clock)


# The state machine


def test_a_chat_is_tried_again_after_a_minute_then_ever_more_rarely_and_at_last_once_a_day():
    absence, now_ms, waits = None, 0, []
    for _ in range(len(PAUSES_MS) + 2):
        absence = not_taken(absence, CLOSED, now_ms, 0.0)
        waits.append((absence.next_ms - now_ms) // MINUTE_MS)
        now_ms = absence.next_ms
    assert waits == [1, 5, 15, 60, 180, 360, 720, 1440, 1440, 1440]
    assert absence.since_ms == 0


def test_after_two_weeks_it_counts_as_gone():
    absence = Absence(CLOSED, 0, 30, FINAL_MS)
    assert not_taken(absence, CLOSED, FINAL_MS - 1, 0.0) is not None
    assert not_taken(absence, CLOSED, FINAL_MS, 0.0) is None


def test_where_the_platform_says_when_it_is_over_a_try_a_day_is_enough():
    assert announced("blocked", 7).next_ms == 7 + DAY_MS


@given(st.integers(0, 50), st.floats(0, 1), st.integers(-DAY_MS, FINAL_MS - 1))
def test_the_next_try_is_never_before_a_minute_nor_after_a_day_and_a_tenth(tries, chance, now_ms):
    absence = not_taken(Absence(CLOSED, 0, tries, 0), CLOSED, now_ms, chance)
    assert MINUTE_MS <= absence.next_ms - now_ms <= DAY_MS * (1 + SPREAD) + 1
    assert absence.since_ms <= now_ms


# At work


async def test_what_was_missed_comes_as_one_digest_once_the_chat_is_back_and_then_alerts_come_one_by_one(
    office,
):
    await office.subscribe(ANN, BOB)
    office.connect(Paper({"ann": [ChatAway(CLOSED)] * 3}))
    async with office.at_work():
        await office.alert()
        await office.later()
        assert office.paper.got == [("bob", "BTC: BTC one")]
        await office.alert()  # while it is away, nothing is tried
        await office.later(30)
        assert office.paper.tries == 3
        await office.later(40)
        await office.later(400)
        assert office.paper.got[1:] == [("bob", "BTC: BTC one")]
        assert office.status() == ["held", "sent", "held", "sent"]
        await office.later(1_000)
        assert office.paper.got[2:] == [("ann", "2 alerts while this chat could not be reached")]
        assert office.paper.parcels[2].message.actions[0].command == "/alert 1"
        assert await office.store.absences.of_chat(ANN) is None
        await office.alert()
        await office.later()
    assert office.paper.got[3:] == [("ann", "BTC: BTC one"), ("bob", "BTC: BTC one")]


async def test_a_restart_does_not_forget_who_is_away(office):
    await office.subscribe(ANN)
    office.connect(Paper({"ann": ChatAway(CLOSED)}))
    async with office.at_work():
        await office.alert()
        await office.later()
    office.connect(Paper({}))
    async with office.at_work():
        await office.later(30)
        assert office.paper.tries == 0
        await office.later(60)
    assert office.paper.got == [("ann", "1 alert while this chat could not be reached")]


async def test_who_speaks_to_the_bot_again_hears_at_once_what_was_missed(office):
    await office.subscribe(ANN)
    office.connect(Paper({"ann": [ChatAway(CLOSED)]}))
    async with office.at_work():
        await office.alert()
        await office.later()
        await office.store.absences.end(ANN, office.clock())
        await office.later()
    assert office.paper.got == [("ann", "1 alert while this chat could not be reached")]


async def test_who_blocked_the_bot_loses_nothing_of_what_was_owed(office):
    await office.subscribe(ANN)
    await office.alert()
    await office.store.absences.begin(ANN, announced("blocked", office.clock()))
    async with office.at_work():
        await office.later(3_600)
        assert office.paper.tries == 0
        await office.later(86_400)
    assert office.paper.got == [("ann", "1 alert while this chat could not be reached")]


async def test_who_takes_nothing_for_two_weeks_is_given_up_and_told_no_more(office):
    await office.subscribe(ANN)
    office.connect(Paper({"ann": ChatAway(CLOSED)}))
    async with office.at_work():
        await office.alert()
        await office.later()
        for _ in range(24):
            await office.later(86_400 * 1.2)
    assert office.status() == ["failed"]
    assert (await office.store.chats.settings(ANN)).inactive == CLOSED
    assert office.paper.tries < 20


async def test_subscriptions_and_status_say_that_a_chat_cannot_be_reached(office):
    room = Room(office.store)
    await room.say("/subscribe near-cluster BTC", ANN)
    await office.store.absences.begin(ANN, Absence(CLOSED, room.now_ms, 1, room.now_ms + 3 * MINUTE_MS))
    told = as_text(await room.say("/subscriptions", ANN))
    assert f"Alerts could not be brought here since 04:00 UTC: {CLOSED}." in told
    assert "They are kept and come as one message; the next try is 04:03 UTC." in told
    status = await room.text("/status")
    assert "Chats that cannot be reached" in status
    assert "1× TOPIC_CLOSED" in status
