"""Who may use the bot: strangers, the blocked, the invited, owners."""

import asyncio

import pytest
from chat.stand_ins import NOW_MS, Room

from liqbot.people_settings import AccessSettings, QuotaSettings
from liqbot.service.access import BLOCKED, NOT_LET_IN
from liqbot.service.errors import UserError
from liqbot.service.refusals import SAID_AGAIN_A_MINUTE
from liqbot.store.chats import ChatKey
from liqbot.store.errors import StoreError

ANN = ChatKey("telegram", "11")
GROUP = ChatKey("telegram", "-500")
CHANNEL = ChatKey("discord", "900")
OWNER = ChatKey("telegram", "1")


@pytest.fixture
def room_of(store):
    """Return how to make a chat with a bot of these settings."""

    def room_of(quotas=None, **access):
        return Room(
            store,
            access=AccessSettings(owners=("telegram:1",), **access),
            quotas=quotas or QuotaSettings(),
        )

    return room_of


def enters(room, chat, person="", line="/help", **more):
    return room.services.access.enter(chat, person or chat.native_id, line, **more)


def test_an_open_bot_serves_anybody(room_of):
    assert enters(room_of(), ANN).is_open


def test_an_allow_list_knows_chats_people_and_servers(room_of):
    room = room_of(mode="allowlist", allowed=("telegram:11", "discord:77"))
    assert enters(room, ANN).is_open
    assert enters(room, GROUP, person="11").is_open, "the person is allowed wherever they are"
    assert enters(room, CHANNEL, person="5", community="77").is_open
    assert not enters(room, CHANNEL, person="5", community="78").is_open
    assert not enters(room, GROUP, person="12").is_open


def test_a_platform_may_stay_open(room_of):
    room = room_of(mode="allowlist", open_on=("discord",))
    assert enters(room, CHANNEL, person="5").is_open
    assert not enters(room, ANN).is_open


def test_a_stranger_is_told_once_with_the_id_to_ask_with(room_of):
    room = room_of(mode="allowlist")
    assert "telegram:11" in enters(room, ANN).answer
    assert enters(room, ANN).answer == ""
    room.wait(1.1)
    assert "telegram:11" in enters(room, ANN).answer


def test_an_owner_is_always_served(room_of):
    room = room_of(mode="allowlist", quotas=QuotaSettings(commands=1, commands_person=1))
    assert all(enters(room, OWNER).is_open for _ in range(20))


async def test_a_code_lets_so_many_chats_in_and_no_more(room_of):
    room = room_of(mode="invite")
    code = (await room.services.access.invite(uses=1, days=1)).code
    assert enters(room, ANN, line=f"/join {code}").is_open
    assert enters(room, ANN, line=f"/start join_{code}").is_open
    assert "let in" in await room.title(f"/join {code}", ANN)
    assert enters(room, ANN).is_open
    assert "not good" in await room.title(f"/join {code}", GROUP)
    assert not enters(room, GROUP).is_open


async def test_where_everybody_may_come_in_no_code_is_checked_and_that_is_said(room_of):
    room = room_of(mode="open")
    assert await room.title("/join anything", ANN) == "No invite code is needed here"


async def test_a_code_ends(room_of):
    room = room_of(mode="invite")
    code = (await room.services.access.invite(uses=5, days=1)).code
    room.wait(25)
    with pytest.raises(UserError, match="not good"):
        await room.services.access.join(ANN, code)


def test_codes_cannot_be_tried_out(room_of):
    room = room_of(mode="invite")
    tried = [enters(room, ANN, line=f"/join {number}").is_open for number in range(50)]
    assert sum(tried) == 5


async def test_who_is_blocked_gets_no_answers_and_no_alerts_until_unblocked(room_of, store):
    room = room_of()
    await room.say("/subscribe near-cluster BTC", ANN)
    await room.services.access.decide("telegram:11", "blocked")
    assert not enters(room, ANN).is_open
    assert not enters(room, GROUP, person="11").is_open
    assert (await store.chats.settings(ANN)).inactive == BLOCKED
    await room.services.access.decide("telegram:11", None)
    assert enters(room, ANN).is_open
    assert (await store.chats.settings(ANN)).inactive is None


async def test_owners_cannot_be_blocked(room_of):
    with pytest.raises(UserError, match="owner"):
        await room_of().services.access.decide("telegram:1", "blocked")


async def test_decisions_outlive_a_restart(room_of):
    before = room_of()
    await before.services.access.decide("telegram:11", "blocked")
    await before.services.access.set_quota("telegram:-500", "commands", 2)
    await before.services.access.pause("discord", paused=True)
    after = room_of()
    await after.services.access.load()
    assert not enters(after, ANN).is_open
    assert after.services.quotas.most("commands", "telegram", "-500") == 2
    assert not after.services.access.is_served("discord")


async def test_a_bot_that_is_closed_afterwards_tells_strangers_nothing_more(room_of, store):
    await room_of().say("/subscribe near-cluster BTC", ANN)
    closed = room_of(mode="allowlist")
    await closed.services.access.load()
    assert (await store.chats.settings(ANN)).inactive == NOT_LET_IN
    await room_of().services.access.load()
    assert (await store.chats.settings(ANN)).inactive is None


async def test_chats_of_the_settings_are_no_strangers(room_of, store):
    webhook = ChatKey("webhook", "ops")
    await room_of().say("/subscribe near-cluster BTC", webhook)
    closed = room_of(mode="allowlist")
    closed.services.access.peopled = frozenset({"telegram", "discord"})
    await closed.services.access.load()
    assert (await store.chats.settings(webhook)).inactive is None


def test_a_flood_of_one_person_is_answered_once_and_others_go_on(room_of):
    room = room_of(quotas=QuotaSettings(commands=30, commands_person=20))
    entries = [enters(room, GROUP, person="11") for _ in range(200)]
    assert sum(entry.is_open for entry in entries) == 20
    assert [entry.answer != "" for entry in entries].count(True) == 1
    assert enters(room, GROUP, person="12").is_open
    assert enters(room, ANN, person="12").is_open


def test_a_flood_of_a_whole_group_ends_at_its_quota(room_of):
    room = room_of(quotas=QuotaSettings(commands=30))
    entries = [enters(room, GROUP, person=str(number)) for number in range(100, 300)]
    assert sum(entry.is_open for entry in entries) == 30
    assert [entry.answer != "" for entry in entries].count(True) == 1


def test_a_flood_of_a_whole_server_ends_at_its_quota_whatever_the_channel(room_of):
    room = room_of(quotas=QuotaSettings(commands_server=40))
    channels = [ChatKey("discord", str(number)) for number in range(50)]
    entries = [
        enters(room, channel, person=str(1_000 + number), community="77")
        for number, channel in enumerate(channels * 2)
    ]
    assert sum(entry.is_open for entry in entries) == 40
    assert "in this server" in next(entry.answer for entry in entries if not entry.is_open)
    assert enters(room, ChatKey("discord", "99"), person="5", community="78").is_open
    assert enters(room, ChatKey("discord", "98"), person="6").is_open, "direct messages are of no server"


def test_what_was_used_up_comes_back(room_of):
    room = room_of(quotas=QuotaSettings(commands_person=20))
    for _ in range(25):
        enters(room, ANN)
    room.now_ms = NOW_MS + 6_100
    assert [enters(room, ANN).is_open for _ in range(4)] == [True, True, False, False]


async def test_taking_back_one_decision_does_not_take_back_the_other(room_of):
    access = room_of(mode="allowlist").services.access
    await access.decide("telegram:11", "blocked")
    with pytest.raises(UserError, match="was not let in"):
        await access.disallow("telegram:11")
    assert access.standings == {("telegram", "11"): "blocked"}
    await access.decide("telegram:11", "allowed")
    with pytest.raises(UserError, match="is not blocked"):
        await access.unblock("telegram:11")
    assert access.standings == {("telegram", "11"): "allowed"}


async def test_who_is_let_in_by_the_settings_is_not_said_to_be_out(room_of):
    room = room_of(mode="allowlist", allowed=("telegram:11",))
    with pytest.raises(UserError, match="LIQBOT_ACCESS__ALLOWED"):
        await room.services.access.disallow("telegram:11")
    assert enters(room, ANN).is_open


@pytest.mark.parametrize(
    "whom",
    ["signal:5", "telegrm:11", "telegram:@ann", "telegram:11 for spam", "telegram:", "11", "discord:-5"],
)
async def test_what_names_nobody_is_refused(room_of, whom):
    access = room_of().services.access
    for decided in (
        access.decide(whom, "blocked"),
        access.unblock(whom),
        access.disallow(whom),
        access.set_quota(whom, "commands", 1),
    ):
        with pytest.raises(UserError, match="is no id"):
            await decided
    with pytest.raises(ValueError, match="is no id"):
        AccessSettings(allowed=(whom,))


def test_an_id_is_read_however_it_is_written():
    assert AccessSettings(owners=("Discord:@5", " telegram:-1001 ")).owners == ("discord:5", "telegram:-1001")


async def test_a_link_that_is_followed_twice_uses_a_code_up_once(room_of):
    room = room_of(mode="invite")
    code = (await room.services.access.invite(uses=2, days=1)).code
    for _ in range(3):
        await room.services.access.join(ANN, code)
    await room.services.access.join(GROUP, code)
    with pytest.raises(UserError, match="not good"):
        await room.services.access.join(CHANNEL, code)


async def test_codes_count_only_where_people_are_invited(room_of):
    code = (await room_of(mode="invite").services.access.invite(uses=2, days=1)).code
    room = room_of(mode="allowlist")
    with pytest.raises(UserError, match="not good"):
        await room.services.access.join(ANN, code)
    assert not enters(room, ANN).is_open


async def test_a_group_hears_what_an_owner_has_set_up_there_also_after_a_restart(room_of, store):
    room = room_of(mode="invite")
    await room.say("/subscribe near-cluster BTC", GROUP, person="1")
    assert not enters(room, GROUP, person="12").is_open, "those in it are not let in by that"
    after = room_of(mode="invite")
    await after.services.access.load()
    assert (await store.chats.settings(GROUP)).inactive is None
    await after.services.access.disallow("telegram:-500")
    assert (await store.chats.settings(GROUP)).inactive == NOT_LET_IN
    await after.say("/subscribe near-cluster ETH", GROUP, person="1")
    assert (await store.chats.settings(GROUP)).inactive is None, "asked for again"


async def test_a_guest_that_is_forgotten_leaves_nothing(room_of, store):
    room = room_of(mode="invite")
    await room.say("/subscribe near-cluster BTC", GROUP, person="1")
    assert await store.access.guests() == {("telegram", "-500")}
    await room.say("/forget yes", GROUP, person="1")
    assert not await store.access.guests()


async def test_in_an_open_bot_nobody_is_a_guest(room_of, store):
    await room_of().say("/subscribe near-cluster BTC", GROUP, person="1")
    assert not await store.access.guests()


async def test_who_is_blocked_is_not_taken_up_again_by_what_happens_on_the_platform(room_of, store):
    room = room_of()
    await room.say("/subscribe near-cluster BTC", GROUP)
    await room.services.access.decide("telegram:-500", "blocked")
    assert not await room.services.chats.activate(GROUP), "as when the bot is put out, and in again"
    await room.say("/subscribe near-cluster ETH", GROUP), "which was under way when it was blocked"
    assert (await store.chats.settings(GROUP)).inactive == BLOCKED


async def test_who_joins_with_subscriptions_from_before_gets_its_alerts_again(room_of, store):
    await room_of().say("/subscribe near-cluster BTC", ANN)
    closed = room_of(mode="invite")
    await closed.services.access.load()
    code = (await closed.services.access.invite(uses=1, days=1)).code
    await closed.services.access.join(ANN, code)
    assert (await store.chats.settings(ANN)).inactive is None


async def test_what_was_decided_of_a_group_holds_for_its_new_id(room_of):
    room = room_of(mode="allowlist", allowed=("telegram:-500",))
    access, new = room.services.access, ChatKey("telegram", "-100500")
    await room.say("/subscribe near-cluster BTC", GROUP)
    await access.set_quota("telegram:-500", "commands", 7)
    await room.services.chats.move(GROUP, "-100500")
    assert enters(room, new, person="12").is_open, "the settings know only its old id"
    assert room.services.quotas.most("commands", "telegram", "-100500") == 7
    await access.decide("telegram:-100500", "blocked")
    await room.services.chats.move(new, "-100501")
    assert not enters(room, ChatKey("telegram", "-100501"), person="12").is_open


async def test_what_is_decided_while_a_platform_is_paused_holds_after_it(room_of, store):
    await room_of().say("/subscribe near-cluster BTC", ANN)
    await room_of().services.access.pause("telegram", paused=True)
    closed = room_of(mode="allowlist")
    await closed.services.access.load()
    await closed.services.access.pause("telegram", paused=False)
    assert (await store.chats.settings(ANN)).inactive == NOT_LET_IN


@pytest.mark.parametrize("kind", ["quota", "stranger", "paused"])
def test_where_an_answer_is_awaited_it_is_said_again_and_in_a_flood_no_more(room_of, kind):
    settings = {"mode": "allowlist"} if kind == "stranger" else {}
    room = room_of(quotas=QuotaSettings(commands_server=1), **settings)
    room.services.access.paused = {"discord"} if kind == "paused" else set()
    asked = [
        enters(room, ChatKey("discord", str(900 + number % 50)), person=str(number), community="77")
        for number in range(300)
    ]
    turned_away = [entry for entry in asked if not entry.is_open]
    assert len(turned_away) >= 299
    assert sum(bool(entry.reason) for entry in turned_away) == SAID_AGAIN_A_MINUTE
    elsewhere = enters(room, ChatKey("discord", "5000"), person="1", community="78")
    assert elsewhere.is_open or elsewhere.reason, "another server's are their own"
    assert not room.services.quotas.refused["said_again"]


@pytest.mark.parametrize(
    "decide",
    [
        lambda access: access.decide("telegram:11", "blocked"),
        lambda access: access.pause("discord", paused=True),
        lambda access: access.set_quota("telegram:11", "commands", 3),
    ],
)
async def test_what_is_decided_while_others_decisions_are_read_is_not_lost(
    room_of, store, monkeypatch, decide
):
    """Another process has decided something, it is read here, and an owner decides here at the same time."""
    services = room_of().services
    access, read = services.access, store.notes.get

    async def read_and_wait(name):
        said = await read(name)
        monkeypatch.setattr(store.notes, "get", read)
        await decide(access)
        return said

    monkeypatch.setattr(store.notes, "get", read_and_wait)
    await access.read()
    anew = room_of().services
    await anew.access.read()
    assert access.standings or access.paused or services.quotas.own
    assert (access.standings, access.paused) == (anew.access.standings, anew.access.paused)
    assert services.quotas.own == anew.quotas.own


async def test_of_platforms_that_owners_pause_at_the_same_time_each_is_paused(room_of):
    """Also by two processes of which neither has heard of the other."""
    one, other = room_of().services.access, room_of().services.access
    await one.pause("telegram", paused=True)
    await asyncio.gather(*(other.pause(name, paused=True) for name in ("discord", "webhook")))
    await one.pause("telegram.second", paused=True)
    after = room_of().services.access
    await after.load()
    assert after.paused == {"telegram", "telegram.second", "discord", "webhook"}
    await other.pause("discord", paused=False)
    assert not other.is_served("telegram"), "it knows by now, too"


async def test_what_a_process_decided_that_was_killed_then_holds_for_chats_all_the_same(room_of, store):
    room = room_of()
    await room.say("/subscribe near-cluster BTC", ANN)
    await store.access.set_standing("telegram", "11", "blocked", NOW_MS)  # and no further did it come
    access = room.services.access
    await access.read()
    await access.carry_through()
    assert (await store.chats.settings(ANN)).inactive == BLOCKED
    await store.access.set_standing("telegram", "11", None, NOW_MS)
    await access.read()
    await access.carry_through()
    assert (await store.chats.settings(ANN)).inactive is None


async def test_what_could_not_be_carried_through_still_is(room_of, store, monkeypatch):
    async def away():
        raise StoreError("the database is away")

    room = room_of()
    await room.say("/subscribe near-cluster BTC", ANN)
    await store.access.set_standing("telegram", "11", "blocked", NOW_MS)
    access = room.services.access
    await access.read()
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(store.access, "chats", away)
        with pytest.raises(StoreError):
            await access.carry_through()
    await access.carry_through()
    assert (await store.chats.settings(ANN)).inactive == BLOCKED
