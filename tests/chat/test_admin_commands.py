"""What owners may do in a chat, and nobody else."""

import pytest
import structlog
from chat.stand_ins import ME, Room

from liqbot.people_settings import AccessSettings
from liqbot.service.troubles import Finding
from liqbot.store.chats import ChatKey

OWNER, ANN = ChatKey("telegram", "1"), ChatKey("telegram", "11")


@pytest.fixture
async def room(store):
    return Room(store, access=AccessSettings(owners=("telegram:1",)))


async def owner(room, line):
    return await room.say(line, OWNER, person="1")


async def test_nobody_else_may(room):
    answer = await room.say("/admin users", ANN, person="11")
    assert answer.title == "/admin is for the owners of this bot."


async def test_strangers_do_not_hear_of_it(room):
    assert "/admin" not in str(await room.say("/help all", ANN, person="11"))
    assert "/admin" in str(await owner(room, "/help all"))


async def test_who_uses_the_bot(room):
    await room.say("/subscribe near-cluster BTC", ANN)
    room.services.access.enter(ANN, "11", "/help")
    answer = await owner(room, "/admin users")
    assert ("telegram:11", "1 subscription", "asked once", "0 s ago", "") in answer.tables[0].rows


async def test_blocking_and_letting_in(room):
    assert (await owner(room, "/admin block telegram:11")).title == "Blocked: telegram:11"
    assert not room.services.access.enter(ANN, "11", "/help").is_open
    await owner(room, "/admin unblock telegram:11")
    assert room.services.access.enter(ANN, "11", "/help").is_open
    assert "is no id" in (await owner(room, "/admin block ann")).title
    assert (await owner(room, "/admin block")).title.startswith("'' is no id. Write it as telegram:123")


async def test_an_invite_code_is_made_and_listed(room):
    answer = await owner(room, "/admin invite 3 7")
    code = answer.title.rsplit(" ", maxsplit=1)[1]
    assert "3 chats" in answer.lines[0]
    assert (await owner(room, "/admin invites")).tables[0].rows[0][:2] == (code, "3 uses left")
    assert "for 3650 days" in (await owner(room, "/admin invite 1 99999999")).lines[0]  # what is kept is told
    assert (await owner(room, "/admin invite 2 1")).lines[0] == "It lets 2 chats in, for 1 day."
    assert "whole numbers" in (await owner(room, "/admin invite many")).title


async def test_an_announcement_goes_to_all_after_it_was_confirmed_and_respects_mute(room):
    await room.say("/subscribe near-cluster BTC", ME)
    await room.say("/subscribe near-cluster BTC", ChatKey("console", "muted"))
    await room.say("/mute 2h", ChatKey("console", "muted"))
    asked = await owner(room, "/admin broadcast We move to a new server tonight")
    assert asked.title == "Tell 2 chats?"
    assert room.messages == []
    await owner(room, asked.actions[0].command)
    await room.deliver()
    assert [(chat.native_id, message.lines) for chat, message in room.paper.messages] == [
        ("me", ("We move to a new server tonight",))
    ]
    room.wait(2.1)
    await room.deliver()
    assert room.got[1][0] == "muted"
    assert "We move to a new server tonight" in str(room.messages[1].lines)
    assert not any("/alert" in button.command for button in room.messages[1].actions)


async def test_a_draft_is_sent_once(room):
    asked = await owner(room, "/admin broadcast Hello")
    await owner(room, asked.actions[0].command)
    assert "no such draft" in (await owner(room, asked.actions[0].command)).title


async def test_nobody_can_ask_about_an_announcement(room):
    await room.say("/subscribe near-cluster BTC", ME)
    asked = await owner(room, "/admin broadcast Hello")
    await owner(room, asked.actions[0].command)
    await room.deliver()
    assert await room.store.alerts.newest_of(ME, 5) == []
    assert await room.store.alerts.told(ME, 1) is None


async def test_a_paused_platform_sends_nothing_and_answers_nobody_until_it_is_resumed(room):
    room.services.platforms = lambda: ["console", "telegram"]
    await owner(room, "/admin pause telegram")
    assert "paused" in room.services.access.enter(ANN, "11", "/help").answer
    assert room.services.access.enter(OWNER, "1", "/admin").is_open
    await owner(room, "/admin resume telegram")
    assert room.services.access.enter(ANN, "11", "/help").is_open
    assert "Choose from" in (await owner(room, "/admin pause icq")).title


async def test_what_is_wrong_is_told_with_since_when_and_what_to_do(room):
    room.services.troubles.renew([Finding("disk", "Little is free.", "Make room.", "In /data.")], room.now_ms)
    room.wait(2)
    room.services.troubles.renew([Finding("disk", "Little is free.", "Make room.", "In /data.")], room.now_ms)
    assert (await owner(room, "/admin troubles")).lines == (
        "disk, for 2 h: Little is free. In /data. Make room.",
    )
    assert (await owner(room, "/admin")).title == "1 trouble"


async def test_all_that_an_owner_does_is_logged_without_what_they_wrote(room):
    with structlog.testing.capture_logs() as logs:
        await owner(room, "/admin block telegram:11")
        await owner(room, "/admin broadcast Something private")
    acted = [(log["action"], log["owner"], log["whom"]) for log in logs if log["event"] == "owner_acted"]
    assert acted == [("block", "1", "telegram:11"), ("broadcast", "1", "")]
    assert "private" not in str(logs)


async def test_unblocking_says_what_it_does_not_do(room, store):
    assert (await owner(room, "/admin unblock telegram:11")).title == "telegram:11 is not blocked."
    closed = Room(store, access=AccessSettings(owners=("telegram:1",), mode="invite"))
    await owner(closed, "/admin block telegram:11")
    answer = await owner(closed, "/admin unblock telegram:11")
    assert answer.title == "No longer blocked: telegram:11"
    assert answer.lines == ("It is not let in by that: /admin allow telegram:11",)
    await owner(closed, "/admin allow telegram:11")
    assert (await owner(closed, "/admin disallow telegram:11")).lines == ()


async def test_codes_and_lists_of_an_open_bot_are_said_to_change_nothing(room):
    assert "it is open" in (await owner(room, "/admin invite")).lines[-1]
    await owner(room, "/admin allow telegram:11")
    assert "/admin block" in (await owner(room, "/admin disallow telegram:11")).lines[0]


async def test_a_quota_without_a_name_is_asked_for(room):
    assert "which and how much" in (await owner(room, "/admin quota telegram:11")).title
