"""Changing, sharing and ending subscriptions, and what alerts of one moment look like."""

import asyncio
from dataclasses import replace

import pytest
from chat.stand_ins import BTC, ME, NOW_MS, SOMEBODY_ELSE, Room, as_text, later

from liqbot.people_settings import QuotaSettings
from liqbot.store.subscriptions import Manner


async def only(room, chat=ME):
    [mine] = await room.store.subscriptions.of(chat)
    return mine


# Asked for again


async def test_what_is_not_said_again_stays(room):
    await room.say("/subscribe near-cluster BTC silent=yes digest=daily role=7", check_role=lambda _: "")
    await room.say("/subscribe near-cluster BTC")
    assert (await only(room)).manner == Manner(silent=True, role="7", digest="daily")
    await room.say("/subscribe near-cluster BTC digest=off")
    assert (await only(room)).manner == Manner(silent=True, role="7")


async def test_a_role_is_checked_where_there_are_roles_and_refused_where_there_are_none(room):
    answer = await room.say("/subscribe near-cluster BTC role=7", check_role=lambda role: f"No {role} here")
    assert answer.title == "No 7 here"
    assert await room.title("/subscribe near-cluster BTC role=7") == "There are no roles to ping here."
    assert await room.store.subscriptions.of(ME) == []


# Changing


async def test_one_value_is_changed_and_all_else_stays_with_the_number(room):
    await room.say("/subscribe near-cluster BTC within=3% at_least=10M digest=daily")
    answer = await room.say("/edit 1 within=4%")
    assert answer.title.startswith("Changed: #1 near-cluster BTC within=4% at_least=$10M")
    assert answer.lines[0] == "within: 3% → 4%"
    assert (await only(room)).manner.digest == "daily"
    answer = await room.say("/edit #1 digest=off silent=yes at_least=5M until=3d")
    assert answer.lines[0].startswith("at_least: $10M → ")
    assert answer.lines[1] == "comes: daily digest → silent"
    assert answer.lines[2].startswith("ends: never → ")
    assert (await room.say("/edit 1 silent=yes")).title.startswith("As it was: #1")
    await room.say("/edit 1 at_least=10M until=off")
    assert (await only(room)).manner == Manner(silent=True)
    assert "within=4%" in await room.text("/subscriptions")


async def test_a_watch_that_nobody_has_any_more_goes(room):
    await room.say("/subscribe near-cluster BTC within=3%")
    await room.say("/edit 1 within=4%")
    assert await room.store.access.watches() == 1


async def test_a_change_that_makes_it_another_one_is_refused(room):
    await room.say("/subscribe near-cluster BTC within=3%")
    await room.say("/subscribe near-cluster BTC within=4%")
    assert await room.title("/edit 2 within=3%") == "That is #1 already. Nothing was changed."
    assert [item.number for item in await room.store.subscriptions.of(ME)] == [1, 2]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/edit 1", "What is to be changed?"),
        ("/edit 1 within=900%", "within must be from"),
        ("/edit 1 coin=ETH", "there is no parameter"),
        ("/edit 9 within=3%", "There is no subscription"),
    ],
)
async def test_what_cannot_be_changed_is_said(room, line, said):
    await room.say("/subscribe near-cluster BTC")
    assert said in await room.title(line)


# Once, and until


async def test_once_pauses_itself_after_its_first_alert_and_resume_goes_on(room):
    await room.say("/subscribe near-cluster BTC within=3% once=yes cooldown=0s")
    await room.see(later(BTC, 1))
    assert len(room.messages) == 1
    assert (await only(room)).paused
    await room.see(later(BTC, 2, clusters=BTC.clusters.__class__()))
    await room.see(later(BTC, 3))
    assert len(room.messages) == 1
    await room.say("/resume 1")
    assert not (await only(room)).paused


@pytest.mark.parametrize(("written", "hours"), [("3d", 72), ("6h", 6)])
async def test_it_ends_when_its_time_is_over(room, written, hours):
    assert "It ends at" in await room.text(f"/subscribe near-cluster BTC until={written}")
    assert (await only(room)).manner.until_ms == NOW_MS + hours * 3_600_000
    assert "ends at" in await room.text("/subscriptions")
    room.wait(hours)
    await room.see(later(BTC, 1))
    assert room.messages == []
    assert await room.store.subscriptions.end_over(room.now_ms) == 1
    assert await room.store.subscriptions.of(ME) == []


async def test_until_is_read_by_the_clocks_of_the_chat_and_taken_back_with_off(room):
    await room.say("/timezone Berlin")
    await room.say("/subscribe near-cluster BTC until=18:00")
    assert (await only(room)).manner.until_ms is not None
    await room.say("/edit 1 until=off")
    assert (await only(room)).manner.until_ms is None
    assert await room.title("/edit 1 until=teatime") == (
        "Until when is 'teatime'? Write until=7am or until=3d."
    )


# Several at once


async def test_all_coins_at_once_and_one_that_fails_harms_only_itself(room):
    answer = await room.say("/subscribe near-cluster all")
    assert answer.title == "2 coins"
    answer = await room.say("/subscribe trapped BTC,NOPE,ETH")
    assert "There is no coin 'NOPE' here" in as_text(answer)
    assert len(await room.store.subscriptions.of(ME)) == 4


async def test_how_alerts_come_is_said_for_several_coins_as_well_and_once(room):
    answer = await room.say("/subscribe near-cluster BTC,ETH silent=yes digest=daily until=3d")
    said = as_text(answer)
    for words in ("near-cluster BTC as #1", "near-cluster ETH as #2", "silent", "daily digest", "It ends at"):
        assert said.count(words) == 1
    assert said.count("A cluster of at least") == 1, "what holds of all is said once"


async def test_all_end_at_once_and_can_be_had_again_by_one_line(room):
    await room.say("/subscribe near-cluster BTC within=3% digest=daily")
    await room.say("/subscribe trapped ETH")
    answer = await room.say("/unsubscribe all yes")
    assert answer.title == "Ended all 2 subscriptions"
    assert await room.store.subscriptions.of(ME) == []
    again = await room.say(answer.lines[1])
    assert again.title == "2 subscriptions taken over"
    assert [item.manner.digest for item in await room.store.subscriptions.of(ME)] == ["daily", "off"]


NONE_IS_ZERO = (
    ("/unsubscribe 0 yes", "There is no subscription '0' here. Choose from 1, 2."),
    ("/unsubscribe #0 yes", "There is no subscription '#0' here. Choose from 1, 2."),
    ("/unsubscribe 00 yes", "There is no subscription '00' here. Choose from 1, 2."),
    ("/pause 0", "There is no subscription '0' here. Choose from 1, 2."),
    ("/resume 0", "There is no subscription '0' here. Choose from 1, 2."),
    ("/edit 0 digest=daily", "There is no subscription '0' here. Choose from 1, 2."),
    ("/edit all digest=daily", "One at a time: /edit 1 digest=daily"),
    ("/mute 0", "'0' is no time at all. To end it: off"),
    ("/limit 0", "'0' is not a number from 1 to 1000."),
)


@pytest.mark.parametrize(("line", "said"), NONE_IS_ZERO)
async def test_zero_is_nobodys_number_and_does_not_stand_for_all(room, line, said):
    await room.say("/subscribe near-cluster BTC")
    await room.say("/subscribe trapped ETH")
    assert await room.title(line) == said
    assert [item.paused for item in await room.store.subscriptions.of(ME)] == [False, False]


async def test_another_chat_takes_over_what_one_shares(room):
    await room.say("/subscribe near-cluster BTC within=3% venue=best silent=yes once=yes")
    await room.say("/subscribe regime-flip ETH")
    [line] = (await room.say("/share")).lines
    assert line == "/import near-cluster BTC within=3% silent=yes once=yes; regime-flip ETH"
    await room.say(line, SOMEBODY_ELSE)
    assert await room.services.subscriptions.shared(SOMEBODY_ELSE) == [
        "near-cluster BTC within=3% silent=yes once=yes",
        "regime-flip ETH",
    ]


async def test_a_bad_line_of_an_import_harms_only_itself(room):
    answer = await room.say("/import near-cluster BTC; nonsense; trapped ETH over=0%; regime-flip NOPE")
    assert answer.title == "1 subscription taken over"
    assert [line[0] for line in answer.lines] == ["✓", "✗", "✗", "✗"]


# Alerts of one moment


CASCADE = (
    "near-cluster BTC within=3%",
    "near-cluster BTC within=4%",
    "near-cluster BTC within=5% single=4.5",
)


async def test_alerts_of_one_moment_come_as_one_message_that_names_each_and_says_how_to_turn_it_off(room):
    for line in CASCADE:
        await room.say(f"/subscribe {line}")
    await room.see(later(BTC, 1))
    [message] = room.messages
    assert message.title == "3 alerts at once"
    assert len(message.lines) == 3
    assert message.notes == ("Times are UTC.", "/grouping off brings each by itself.")
    assert message.picture is not None
    assert [button.command for button in message.actions[:3]] == ["/alert 1", "/alert 2", "/alert 3"]


async def test_a_chat_may_want_each_by_itself(room):
    assert await room.title("/grouping off") == "Every alert comes by itself"
    for line in CASCADE:
        await room.say(f"/subscribe {line}")
    await room.see(later(BTC, 1))
    assert len(room.messages) == 3
    assert await room.title("/grouping") == "Every alert comes by itself"
    assert await room.title("/grouping on") == "Alerts of one moment come as one message"


async def test_a_single_alert_is_told_in_full(room):
    await room.say(f"/subscribe {CASCADE[0]}")
    await room.see(later(BTC, 1))
    assert room.messages[0].actions[0].label == "Refresh"


async def test_what_comes_in_a_digest_stays_there(room):
    await room.say(f"/subscribe {CASCADE[0]}")
    await room.say(f"/subscribe {CASCADE[1]} digest=daily")
    await room.see(later(BTC, 1))
    assert len(room.messages) == 1
    assert room.messages[0].actions[0].label == "Refresh"


async def test_a_group_of_silent_alerts_is_silent_and_pings_who_any_of_them_pings(room):
    await room.say(f"/subscribe {CASCADE[0]} silent=yes")
    await room.say(f"/subscribe {CASCADE[1]} silent=yes role=7", check_role=lambda _: "")
    await room.see(later(BTC, 1))
    [parcel] = room.paper.parcels
    assert parcel.silent
    assert parcel.role == "7"


async def test_a_group_that_did_not_arrive_is_tried_again_as_the_same_message(room):
    for line in CASCADE:
        await room.say(f"/subscribe {line}")
    room.services.markets.views["BTC"] = later(BTC, 1)
    await room.evaluator.take(later(BTC, 1), room.now_ms)
    [head] = await room.store.deliveries.queue_heads("console", 5, room.now_ms, but_not=())
    assert len(head.ids) == 3
    await room.store.deliveries.claim([head])
    await room.store.deliveries.recover()
    [again] = await room.store.deliveries.queue_heads("console", 5, room.now_ms, but_not=())
    assert (again.ids, again.key, again.is_repeat) == (head.ids, head.key, True)
    assert replace(again, attempts=0).held is None


@pytest.mark.parametrize("line", ["/unsubscribe 1", "/unsubscribe all yes", "/pause", "/pause 1"])
async def test_what_is_on_its_way_comes_before_the_word_that_nothing_more_comes(room, line):
    await room.say("/subscribe near-cluster BTC")
    ended = []

    async def in_flight(chat):
        ended.append((chat, [item.paused for item in await room.store.subscriptions.of(chat)]))

    room.services.in_flight = in_flight
    await room.say(line)
    assert ended in ([(ME, [])], [(ME, [True])]), "it is ended first, then waited"


async def test_a_coin_that_is_named_twice_is_one(room):
    assert (await room.say("/subscribe near-cluster BTC,btc")).title.startswith("Subscribed to")
    assert (await room.say("/subscribe near-cluster BTC,ETH,BTC")).title == "2 coins"


async def test_an_import_that_is_refused_for_one_reason_says_it_once(room):
    room = Room(room.store, quotas=QuotaSettings(subscriptions=2))
    answer = await room.say(
        "/import " + "; ".join(f"near-cluster BTC within={part}%" for part in range(1, 9))
    )
    assert answer.title == "2 subscriptions taken over"
    assert [line[0] for line in answer.lines] == ["✓", "✓", "✗"]
    assert answer.lines[2].startswith(
        "✗ near-cluster BTC within=3% and 5 more: A chat can have 2 subscriptions"
    )


async def test_two_who_change_a_chat_at_once_do_not_take_back_each_others_change(room):
    chats = room.services.chats
    await asyncio.gather(
        chats.mute(ME, NOW_MS + 60_000),
        chats.set_limit(ME, 5),
        chats.set_grouped(ME, grouped=False),
        chats.set_time_zone(ME, "Europe/Berlin"),
        chats.set_quiet_hours(ME, (60, 120)),
    )
    now = await chats.settings(ME)
    assert (now.mute_until_ms, now.hourly_limit, now.grouped) == (NOW_MS + 60_000, 5, False)
    assert (now.time_zone, now.quiet) == ("Europe/Berlin", (60, 120))
