"""/pause, /resume, /mute, /quiet, /timezone, /limit, /privacy, /forget: how a chat wants to be spoken to."""

from dataclasses import dataclass, field, replace

import pytest
from chat.stand_ins import BTC, ME, SOMEBODY_ELSE, as_text, later
from databases import contents
from structlog.testing import capture_logs

from liqbot.alerts.alert_message import DIGEST_LINES
from liqbot.alerts.evaluation import decode_state
from liqbot.market.clusters import Clusters
from liqbot.message import Tone
from liqbot.plugin import price, rule

NEAR = "near-cluster BTC within=3% apart=0s"
ALERT = "BTC: $20.5M of long liquidations at 62,700, 2% below (2 accounts, 62% whales)"
KEPT = "Alerts are held back and arrive afterwards in one message."


@dataclass
class Names:
    names: list[str] = field(default_factory=lambda: [ME.native_id, "somebody"])


@rule("names")
class names:  # noqa: N801 - the name of a rule
    """It remembers who."""

    State = Names

    def read(self, _view, _state):
        return []

    def forget(self, state, who):
        state.names = [name for name in state.names if name != who]


@rule("stubborn")
class stubborn:  # noqa: N801 - the name of a rule
    """It cannot forget."""

    State = Names

    def read(self, _view, _state):
        return []

    def forget(self, _state, who):
        raise ValueError(who)


async def subscribed(room, *more):
    await room.say(f"/subscribe near-cluster BTC within=3% apart=0s {' '.join(more)}")


def level(minute):
    return 62_700 * 1.02 ** ((minute - 1) % 40)


def alert(minute):
    return ALERT.replace("62,700", price(level(minute)))


async def happens(room, minute):
    """Let a new cluster come near BTC, at a level of its own, so that an alert of its own goes out."""
    cluster = replace(BTC.clusters[0], id=f"cluster-{minute}", price=level(minute))
    await room.see(later(BTC, minute, clusters=Clusters([cluster])))


class TestPausing:
    async def test_a_paused_subscription_says_nothing_until_it_is_resumed(self, room):
        await subscribed(room)
        assert as_text(await room.say("/pause 1")) == (
            f"Paused: #1 {NEAR}\nNo alerts until /resume 1. "
            "What happens in the meantime is not reported later."
        )
        await happens(room, 1)
        assert (await room.say("/subscriptions")).lines[0] == f"#1 {NEAR}: paused"
        assert await room.title("/resume 1") == f"Resumed: #1 {NEAR}"
        await room.deliver()
        assert room.got == []
        await happens(room, 2)
        assert room.got == [("me", alert(2))]

    async def test_all_of_them_at_once(self, room):
        await subscribed(room)
        await room.say("/subscribe trapped ETH")
        assert await room.title("/pause") == "Paused: 2 subscriptions"
        assert [line.endswith(": paused") for line in (await room.say("/subscriptions")).lines[::2]] == [
            True
        ] * 2
        assert await room.title("/resume") == "Resumed: 2 subscriptions"

    async def test_what_is_so_already_is_said_to_be(self, room):
        await subscribed(room)
        assert await room.title("/resume 1") == f"Not paused: #1 {NEAR}"
        await room.say("/pause 1")
        assert await room.title("/pause 1") == f"Paused already: #1 {NEAR}"

    async def test_others_who_share_the_watch_go_on_hearing(self, room):
        await subscribed(room)
        await room.say("/subscribe near-cluster BTC within=3% apart=0s", SOMEBODY_ELSE)
        await room.say("/pause")
        await happens(room, 1)
        assert room.got == [("somebody else", ALERT)]

    @pytest.mark.parametrize("line", ["/pause", "/resume", "/pause 1", "/resume 1"])
    async def test_without_subscriptions_it_says_how_to_make_one(self, room, line):
        assert await room.title(line) == "This chat has no subscriptions. Make one with /subscribe"

    async def test_resuming_all_ends_being_muted_and_resuming_one_does_not(self, room):
        await subscribed(room)
        await room.say("/mute 4h")
        assert as_text(await room.say("/resume 1")) == (
            f"Not paused: #1 {NEAR}\nMuted until 08:00 UTC: alerts come after that."
        )
        assert as_text(await room.say("/resume")) == "No longer muted"

    async def test_a_muted_chat_without_subscriptions_can_be_resumed(self, room):
        await room.say("/mute 4h")
        assert await room.title("/resume") == "No longer muted"


class TestMuting:
    async def test_while_muted_alerts_are_kept_and_afterwards_come_as_one(self, room):
        await subscribed(room)
        assert as_text(await room.say("/mute 1h")) == f"Muted until 05:00 UTC\n{KEPT}"
        await happens(room, 1)
        await happens(room, 2)
        assert room.got == []
        room.wait(hours=0.99)
        await room.deliver()
        assert room.got == []
        room.wait(hours=0.02)
        await room.deliver()
        (digest,) = room.messages
        assert (
            as_text(digest)
            == f"2 alerts while muted\nA1 Mon 04:01 {ALERT}\nA2 Mon 04:02 {alert(2)}\nTimes are UTC."
        )
        await happens(room, 63)
        assert room.got[1:] == [("me", alert(63))]

    async def test_unmuting_brings_at_once_what_was_kept(self, room):
        await subscribed(room)
        answer = await room.say("/mute")
        await happens(room, 1)
        (unmute,) = answer.actions
        assert await room.title(unmute.command) == "No longer muted"
        await room.deliver()
        assert room.got == [("me", ALERT)], "one alone needs no digest"

    async def test_a_second_mute_counts_from_now(self, room):
        await subscribed(room)
        await room.say("/mute 30d")
        await happens(room, 1)
        assert await room.title("/mute 1 h 30 min") == "Muted until 05:30 UTC"
        await room.say("/mute off")
        await room.deliver()
        assert len(room.got) == 1

    async def test_a_longer_mute_holds_back_also_what_was_to_come_earlier(self, room):
        await subscribed(room)
        await room.say("/mute 1h")
        await happens(room, 1)
        await room.say("/mute 8h")
        room.wait(hours=2)
        await room.deliver()
        assert room.got == []
        room.wait(hours=6.1)
        await room.deliver()
        assert len(room.got) == 1

    async def test_a_digest_names_no_more_than_can_be_read_and_counts_the_others(self, room):
        await subscribed(room)
        await room.say("/mute 2h")
        for minute in range(1, DIGEST_LINES + 4):
            await happens(room, minute)
        room.wait(hours=3)
        await room.deliver()
        (digest,) = room.messages
        assert digest.title == f"{DIGEST_LINES + 3} alerts while muted"
        assert digest.lines[-1] == "and 3 more"

    async def test_it_is_of_one_chat_only(self, room):
        await subscribed(room)
        await room.say("/subscribe near-cluster BTC within=3% apart=0s", SOMEBODY_ELSE)
        await room.say("/mute")
        await happens(room, 1)
        assert room.got == [("somebody else", ALERT)]

    async def test_a_daily_digest_is_not_brought_early_by_unmuting(self, room):
        await subscribed(room, "digest=daily")
        await happens(room, 1)
        await room.say("/mute 1h")
        await room.say("/mute off")
        await room.deliver()
        assert room.got == []
        room.wait(hours=4.1)
        await room.deliver()
        assert len(room.got) == 1

    async def test_unmuting_in_quiet_hours_says_that_they_still_hold(self, room):
        await room.say("/quiet 23:00-07:00")
        await room.say("/mute 1d")
        assert await room.text("/mute off") == (
            "No longer muted\nQuiet hours until 07:00 UTC: alerts come after that."
        )

    async def test_the_list_of_subscriptions_says_that_nothing_comes(self, room):
        await subscribed(room)
        await room.say("/mute 1h")
        assert (await room.say("/subscriptions")).lines[0] == "Muted until 05:00 UTC: alerts come after that."
        room.wait(hours=1)
        assert (await room.say("/subscriptions")).lines[0].startswith("#1 ")


class TestQuietHours:
    async def test_what_comes_in_them_is_told_in_the_morning_of_the_chat(self, room):
        await subscribed(room)
        await room.say("/timezone new york")  # 23:00 there
        assert as_text(await room.say("/quiet 11pm-7am")) == (
            f"Quiet hours from 23:00 to 07:00 every day, America/New_York\n{KEPT}\n"
            "It is 23:00 here now. If that is wrong, set it with /timezone"
        )
        await happens(room, 1)
        await happens(room, 2)
        room.wait(hours=7.9)
        await room.deliver()
        assert room.got == []
        room.wait(hours=0.1)
        await room.deliver()
        (digest,) = room.messages
        assert digest.title == "2 alerts during quiet hours"
        assert digest.lines == (f"A1 Sun 23:01 {ALERT}", f"A2 Sun 23:02 {alert(2)}")

    async def test_outside_of_them_alerts_come_at_once(self, room):
        await subscribed(room)
        await room.say("/quiet 05:00-07:00")
        await happens(room, 1)
        assert room.got == [("me", ALERT)]

    @pytest.mark.parametrize("end", ["/quiet off", "/quiet 10-11", "/timezone Tokyo"])
    async def test_when_they_end_early_what_was_kept_comes(self, room, end):
        await subscribed(room)
        await room.say("/quiet 23:00-07:00")
        await happens(room, 1)
        assert room.got == []
        await room.say(end)
        await room.deliver()
        assert len(room.got) == 1

    async def test_without_them_it_says_that_alerts_come_or_why_not(self, room):
        assert await room.text("/quiet off") == "No quiet hours\nAlerts come at any time."
        await room.say("/mute 1h")
        assert await room.text("/quiet off") == (
            "No quiet hours\nMuted until 05:00 UTC: alerts come after that."
        )

    async def test_without_hours_it_says_how_to_write_them(self, room):
        assert await room.title("/quiet") == (
            "Which hours? For example 22:00-07:00, 23:00-08:00, off. Type /quiet FROM-TO"
        )


class TestTimeZone:
    async def test_it_is_told_with_the_time_there(self, room):
        assert await room.text("/timezone") == (
            "The time zone is UTC. It is 04:00 here\nTo change it: /timezone Europe/Berlin"
        )
        assert await room.text("/timezone kathmandu") == "The time zone is Asia/Kathmandu. It is 09:30 here"
        assert await room.title("/timezone") == "The time zone is Asia/Kathmandu. It is 09:30 here"
        assert await room.title("/timezone UTC-5") == "The time zone is UTC-5. It is 23:00 here"

    async def test_one_that_is_none_changes_nothing(self, room):
        await room.say("/timezone Tokyo")
        assert (await room.say("/timezone Atlantis")).tone is Tone.WARNING
        assert "Asia/Tokyo" in await room.title("/timezone")

    async def test_each_chat_has_its_own(self, room):
        await room.say("/timezone Tokyo")
        assert "UTC" in await room.title("/timezone", SOMEBODY_ELSE)


class TestLimit:
    async def test_what_is_beyond_it_comes_in_one_message_when_the_hour_is_over(self, room):
        await subscribed(room)
        assert await room.text("/limit 1") == (
            "At most 1 alert an hour comes by itself\nAny beyond that come in one message. None is lost."
        )
        for minute in (1, 2, 3):
            await happens(room, minute)
        assert room.got == [("me", ALERT)]
        room.wait(hours=1.01)
        await room.deliver()
        assert room.got[1:] == [("me", "2 alerts beyond the hourly limit")]

    async def test_raising_it_brings_what_was_kept(self, room):
        await subscribed(room)
        await room.say("/limit 1")
        for minute in (1, 2):
            await happens(room, minute)
        await room.say("/limit 50")
        await room.deliver()
        assert len(room.got) == 2

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("/limit", "How many? For example 5, 10, 20, 50, 100, off. Type /limit COUNT"),
            ("/limit 0", "'0' is not a number from 1 to 1000."),
            ("/limit all", "'all' is not a number from 1 to 1000."),
        ],
    )
    async def test_what_is_no_number_is_answered_with_some(self, room, line, said):
        assert await room.title(line) == said


class TestPrivacy:
    async def test_it_tells_what_is_kept_and_how_to_remove_it(self, room):
        await subscribed(room)
        assert await room.text("/privacy") == (
            "What is kept of this chat\n"
            "Its id on console.\n"
            "Its 1 subscription.\n"
            "Its settings: time zone, language, quiet hours, mute, hourly limit, grouping, pictures.\n"
            "Which alerts it got in the last 30 days.\n"
            "In memory, until the bot stops: how often it asked, and when last.\n"
            "Nothing that is written here is kept, and nothing is passed on.\n"
            "/forget removes all of it."
        )

    async def test_of_a_chat_that_has_only_asked_nothing_is_kept(self, room):
        await room.say("/clusters BTC")
        assert await room.title("/privacy") == "Nothing is kept of this chat"
        assert await room.title("/forget") == "Nothing is kept of this chat"

    async def test_forgetting_is_asked_for_twice(self, room):
        await subscribed(room)
        answer = await room.say("/forget")
        assert as_text(answer) == (
            "Remove everything, 1 subscription included?\n"
            "No more alerts will come. This cannot be undone: /forget yes"
        )
        assert await room.title("/subscriptions") == "1 subscription"
        assert await room.title("/forget no") == "Only yes does it, not 'no'. Nothing was changed."
        assert await room.title("/subscriptions") == "1 subscription"
        (button,) = answer.actions
        assert await room.title(button.command) == "Done: nothing of this chat is kept any more"
        assert await room.title("/subscriptions") == "No subscriptions in this chat"
        assert await room.title("/privacy") == "Nothing is kept of this chat"

    async def test_what_is_forgotten_leaves_nothing_and_nothing_comes_any_more(self, room, address):
        await subscribed(room)
        await happens(room, 1)
        await room.say("/test trapped ETH")
        await room.say("/mute 1h")
        await happens(room, 2)
        await room.say("/timezone Tokyo")
        await room.say("/forget YES")
        room.wait(hours=2)
        await happens(room, 3)
        assert len(room.got) == 1
        left = contents(address)
        assert {name for name, found in left.items() if found} <= {"history", "notes"}
        assert all(name.startswith("pace.") for name, _ in left["notes"])
        assert f"'{ME.native_id}'" not in str(left)
        assert f'"{ME.native_id}"' not in str(left)

    async def test_rules_forget_as_well_and_one_that_cannot_hinders_nothing(self, room):
        room.services.rules.add([names, stubborn])
        for name in ("names", "stubborn"):
            await room.say(f"/subscribe {name} BTC")
            await room.say(f"/subscribe {name} BTC", SOMEBODY_ELSE)
        await happens(room, 1)
        with capture_logs() as logs:
            assert await room.title("/forget yes") == "Done: nothing of this chat is kept any more"
        assert [entry["rule"] for entry in logs] == ["stubborn"]
        memories = {
            watch.rule: decode_state(stored).memory
            for watch, stored in await room.store.alerts.watches("BTC")
        }
        assert b'["somebody"]' in memories["names"]
        assert b"somebody" in memories["stubborn"]

    async def test_others_keep_what_is_theirs(self, room):
        await subscribed(room)
        await room.say("/subscribe near-cluster BTC within=3% apart=0s", SOMEBODY_ELSE)
        await happens(room, 1)
        await room.say("/forget yes")
        await happens(room, 2)
        assert room.got == [("me", ALERT), ("somebody else", ALERT), ("somebody else", alert(2))]
        assert await room.title("/why 1", SOMEBODY_ELSE) == ALERT

    async def test_what_is_forgotten_on_its_way_does_not_hold_up_the_others(self, room):
        await subscribed(room)
        await room.say("/subscribe near-cluster BTC within=3% apart=0s", SOMEBODY_ELSE)
        send = room.paper.send

        async def forgets(parcel):
            if parcel.chat == ME:
                await room.say("/forget yes")
            return await send(parcel)

        room.paper.send = forgets
        await happens(room, 1)
        assert sorted(room.got) == [("me", ALERT), ("somebody else", ALERT)]
        assert await room.store.deliveries.owed() == 0
