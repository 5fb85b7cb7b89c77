"""What holds for every command: who may give it, who sees its answer, and that its buttons work."""

from dataclasses import replace

import pytest
from accounts import ANN, BOB, AccountVenue, held, state
from chat.stand_ins import BTC, NOW_MS, as_text, later
from chat.test_layer_commands import binance
from markets import HOUR

from liqbot.chat.bot_commands import COMMANDS
from liqbot.message import Tone

LINES = (
    *("/note 1 faded", "/took 1 64000 62000 66000", "/journal"),
    *("/heatmap BTC", "/map BTC", "/clusters BTC", "/regime BTC", "/trapped BTC", "/whales BTC"),
    *("/history BTC", "/history BTC 1y", "/scoreboard BTC"),
    *("/liquidations BTC", "/book BTC", "/stops BTC", "/cascade BTC -3%", "/brief BTC"),
    *("/subscribe near-cluster BTC", "/subscriptions", "/unsubscribe 1"),
    *("/alert 1", "/why 1", "/test near-cluster BTC"),
    *("/pause 1", "/pause", "/resume 1", "/resume", "/mute", "/mute 4h", "/mute off"),
    *("/quiet 23:00-07:00", "/quiet off", "/timezone", "/timezone Berlin", "/limit 5"),
    *("/compare BTC", "/map3d BTC", "/screener", "/screener sort=fuel"),
    *(f"/account {BOB}", f"/watch {BOB} near=3%", "/watching", "/unwatch whale"),
    *("/look", "/look theme=light format=square"),
    *("/edit 1 digest=daily", "/share", "/import trapped ETH", "/grouping off", "/admin", "/admin users"),
    *("/privacy", "/forget", "/forget yes", "/help", "/help mute", "/help near-cluster", "/status"),
)
MANAGING = {
    *("note", "took"),
    *("subscribe", "unsubscribe", "test", "pause", "resume"),
    *("mute", "quiet", "timezone", "limit", "forget", "look"),
    *("edit", "import", "grouping", "watch", "unwatch"),
}
PUBLIC = {
    "scoreboard",
    *("history", "heatmap", "map", "compare", "map3d", "clusters", "regime", "trapped", "whales"),
    *("liquidations", "book", "stops", "cascade", "brief", "alert", "screener"),
}


@pytest.fixture
async def lived_in(room):
    """Return a room with a subscription and an alert that has arrived."""
    for hour in range(3):  # a past of some hours
        await room.store.history.record([replace(BTC, time_ms=NOW_MS - (3 - hour) * HOUR)])
    binance(room)
    room.services.accounts.places.append(AccountVenue(state(held(), account=BOB)).place)
    await room.say("/subscribe near-cluster BTC within=3%")
    await room.say(f"/watch {ANN} name=whale")
    await room.see(later(BTC, 1))
    return room


def name_of(line):
    return line.split()[0].removeprefix("/")


def test_every_command_is_tried_here():
    with_a_code_alone = {"join"}
    assert {name_of(line) for line in LINES} | with_a_code_alone == {command.name for command in COMMANDS}


@pytest.mark.parametrize("line", LINES)
async def test_it_is_answered_without_a_warning_to_everyone_or_to_who_asked(lived_in, line):
    answer = await lived_in.say(line)
    assert answer.tone is not Tone.WARNING
    assert answer.private is (name_of(line) not in PUBLIC)


@pytest.mark.parametrize("line", LINES)
async def test_what_changes_a_chat_is_for_those_who_manage_it(lived_in, line):
    before = [as_text(await lived_in.say(look)) for look in ("/subscriptions", "/timezone", "/privacy")]
    answer = await lived_in.say(line, may_manage=False)
    if name_of(line) in MANAGING:
        assert answer.title == f"/{name_of(line)} is for those who manage this chat."
        assert (answer.tone, answer.private) == (Tone.WARNING, True)
    else:
        assert answer.tone is not Tone.WARNING
    assert [
        as_text(await lived_in.say(look)) for look in ("/subscriptions", "/timezone", "/privacy")
    ] == before


@pytest.mark.parametrize("line", LINES)
async def test_each_of_its_buttons_can_be_tapped(lived_in, line):
    for button in (await lived_in.say(line)).actions:
        assert len(button.command.encode()) <= 60
        assert 0 < len(button.label) <= 20
        assert (await lived_in.say(button.command)).tone is not Tone.WARNING
        await lived_in.say("/subscribe near-cluster BTC within=3%")  # where a button has ended it


@pytest.mark.parametrize("line", LINES)
async def test_its_answer_can_be_read_on_a_phone(lived_in, line):
    answer = await lived_in.say(line)
    assert len(answer.title) <= 110
    assert all(len(text) <= 240 for text in answer.lines)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
async def test_its_help_names_its_usage_and_what_it_takes_in_words(room, command):
    answer = await room.say(f"/help {command.name}")
    assert answer.title == command.usage
    assert answer.lines[0] == command.summary
    assert not [line for line in answer.lines if ".0" in line]
