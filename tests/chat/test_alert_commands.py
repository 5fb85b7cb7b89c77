"""/alert, /why and /test: one alert as it stands, why it came, and what one looks like."""

from dataclasses import replace

import pytest
from chat.stand_ins import BTC, ETH, SOMEBODY_ELSE, as_text, later
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from platforms import Paper
from structlog.testing import capture_logs

from liqbot.alerts.alert_message import shortened
from liqbot.alerts.platform import NotSent
from liqbot.market.clusters import Clusters
from liqbot.message import Tone
from liqbot.rules.rule import Hit, rule

HIT = "$20.5M of long liquidations at 62,700, 2% below (2 accounts, 62% whales)"
ALERT = f"BTC: {HIT}"


@pytest.fixture
async def told(room):
    """Return a room in which alert 1 has arrived."""
    await room.say("/subscribe near-cluster BTC within=3%")
    await room.see(later(BTC, 1))
    assert room.got == [("me", ALERT)]
    return room


class TestButtons:
    async def test_an_alert_can_be_renewed_muted_ended_and_asked_why(self, told):
        (message,) = told.messages
        assert [(button.label, button.command) for button in message.actions] == [
            ("Refresh", "/alert 1"),
            ("Mute 1 h", "/mute 1h"),
            ("Unsubscribe #1", "/unsubscribe 1"),
            ("Why", "/why 1"),
        ]
        for button in message.actions:
            assert (await told.say(button.command)).tone is not Tone.WARNING

    async def test_once_unsubscribed_it_is_not_offered_any_more(self, told):
        await told.say("/unsubscribe 1")
        labels = [button.label for button in (await told.say("/alert 1")).actions]
        assert labels == ["Refresh", "Mute 1 h", "Why"]

    async def test_they_answer_whoever_is_quicker_than_the_receipt(self, room):
        await room.say("/subscribe near-cluster BTC within=3%")
        answers, send = [], room.paper.send

        async def pressed(parcel):
            receipt = await send(parcel)
            answers.extend([await room.say(button.command) for button in parcel.message.actions])
            return receipt

        room.paper.send = pressed
        await room.see(later(BTC, 1))
        renewed, _muted, _ended, why = answers
        assert (renewed.title, why.title) == (ALERT, ALERT)
        assert "arriving right now" in as_text(why)
        assert not [answer.title for answer in answers if answer.tone is Tone.WARNING]


class TestAlert:
    async def test_it_is_shown_as_it_stands_now_with_a_picture_of_now(self, told):
        answer = await told.say("/alert 1")
        assert as_text(answer) == f"{ALERT}\nNow: {HIT}\nSpot: 64,000\nRegime: long-liquidation setup"
        assert answer.picture.alt == "BTC heatmap-24h about BTC-L1 in words"
        assert (answer.tone, answer.private) == (Tone.LONGS, False)
        assert answer.provenance.startswith("near-cluster A1 · Testex")

    async def test_one_that_is_over_says_so(self, told):
        told.services.markets.views["BTC"] = later(BTC, 2, clusters=Clusters([]), spot=70_000.0)
        assert (await told.say("/alert #1")).lines[0] == "Now: This no longer holds."

    async def test_without_data_it_says_so(self, told):
        del told.services.markets.views["BTC"]
        assert await told.text("/alert 1") == f"{ALERT}\nThere is no data of BTC at present."

    async def test_one_whose_picture_fails_is_shown_without_it(self, told):
        told.studio.broken = True
        answer = await told.say("/alert 1")
        assert (answer.title, answer.picture) == (ALERT, None)

    async def test_one_whose_rule_is_gone_or_fails_says_so(self, told):
        gone = told.services.rules.by_name.pop("near-cluster")
        assert (await told.say("/alert 1")).lines[0] == "Now: Its rule is not loaded."

        @rule("near-cluster")
        def failing(view):
            """It fails."""
            raise ZeroDivisionError(view.coin)

        told.services.rules.by_name["near-cluster"] = replace(
            failing, form=gone.form, function=failing.function
        )
        assert (await told.say("/alert 1")).lines[
            0
        ] == "Now: Its rule fails. The operator's log names the line."


class TestWhy:
    async def test_it_tells_what_was_asked_seen_and_how_it_was_delivered(self, told):
        await told.say("/timezone Kathmandu")
        answer = await told.say("/why 1")
        assert answer.private
        assert answer.title == ALERT
        assert answer.text == (
            "It was new.",
            "A cluster of at least $2M, and of 1% of its side, lies within 3% of spot.",
            "You asked for: near-cluster BTC within=3%",
            "When: at least 1 d between any two, unless one is far larger",
            "Seen in: Testex, measured, simulated, the best there was",
            "The market then: BTC 64,000, long-liquidation setup, $5M above and $20.5M below within 5%",
            "Delivery: arrived Mon 09:30 Asia/Kathmandu",
        )
        assert answer.provenance == f"near-cluster A1 · {BTC.provenance}"

    async def test_it_tells_the_market_of_then_not_of_now(self, told):
        told.services.markets.views["BTC"] = later(BTC, 60, spot=90_000.0)
        assert "BTC 64,000" in await told.text("/why 1")

    async def test_standing_parameters_are_told_where_they_play_a_part(self, room):
        await room.say("/subscribe near-cluster BTC for=10m cooldown=0h within=3%")
        await room.see(later(BTC, 1))
        await room.see(later(BTC, 12))
        lines = (await room.say("/why 1")).text
        assert lines[2].endswith("within=3% for=10min cooldown=0s")
        assert lines[3] == (
            "When: once it has lasted 10 min; no pause between two of the same; "
            "at least 1 d between any two, unless one is far larger"
        )

    async def test_a_rule_that_keeps_nothing_apart_tells_of_the_same_only(self, room):
        await room.say("/subscribe near-cluster BTC apart=0h cooldown=2h within=3%")
        await room.see(later(BTC, 1))
        assert (await room.say("/why 1")).text[3] == "When: at least 2 h between two of the same"

    @pytest.mark.parametrize(
        ("wish", "minutes", "reason"),
        [
            ("repeat=1h", (1, 62), "It still held, and reminders are on (repeat=)."),
            ("resolved=yes", (1, -2), "It was resolved, and you asked to be told (resolved=yes)."),
            ("cooldown=1h", (1, -2, 3, 62), "It was back after it had been resolved."),
        ],
    )
    async def test_each_reason_is_told_in_words(self, room, wish, minutes, reason):
        await room.say(f"/subscribe near-cluster BTC within=3% {wish}")
        for minute in minutes:
            gone = {"clusters": Clusters([])} if minute < 0 else {}
            await room.see(later(BTC, abs(minute), **gone))
        assert (await room.say("/why 2")).lines[0] == reason

    async def test_one_that_grew_says_so(self, told):
        cluster = BTC.clusters[0]
        grown = Clusters([replace(cluster, usd=3 * cluster.usd)])
        await told.see(later(BTC, 2, clusters=grown))
        assert (await told.say("/why 2")).lines[0] == "It has grown a lot since the last alert of it."
        assert told.got[1][1].startswith("BTC, grown: $61.4M")

    async def test_one_that_is_kept_back_or_could_not_be_sent_says_so(self, told):
        await told.say("/mute 1h")
        first = BTC.clusters[0]
        other = replace(first, id="other", price=61_500.0, usd=3 * first.usd)
        await told.see(later(BTC, 2, clusters=Clusters([other])))
        assert (await told.say("/why 2")).text[-1] == (
            "Delivery: held back; it will arrive in one message with others"
        )
        await told.say("/mute off")
        told.paper = Paper({"me": [NotSent("busy")] * 99})
        await told.deliver()
        assert (await told.say("/why 2")).text[-1] == "Delivery: on its way"

    @pytest.mark.parametrize("line", ["/why 1", "/alert A1", "/why #1"])
    async def test_an_alert_of_another_chat_is_nobody_elses_business(self, told, line):
        assert await told.title(line, SOMEBODY_ELSE) == "This chat has not got an alert yet."
        await told.say("/test trapped ETH", SOMEBODY_ELSE)
        await told.deliver()
        answer = await told.say(line, SOMEBODY_ELSE)
        assert answer.title == "This chat got no alert A1. Alerts are kept for 30 days."
        assert "62,700" not in as_text(answer)

    @pytest.mark.parametrize("number", ["99", "9" * 18, "9" * 19, "9" * 9_999, "٣", "0", "-1", "one", ""])
    async def test_a_number_that_is_none_of_its_alerts_is_refused(self, told, number):
        answer = await told.say(f"/why '{number}'")
        assert answer.tone is Tone.WARNING
        assert "wrong on our side" not in answer.title

    @pytest.mark.parametrize("number", ["0", "A0", "-1"])
    async def test_what_no_alert_has_for_a_number_is_answered_with_those_there_are(self, told, number):
        title = await told.title(f"/why {number}")
        assert title == f"There is no alert '{number}' here. Choose from A1."

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
    @given(st.one_of(st.text(), st.from_regex(r"#*[0-9]{1,30}", fullmatch=True)))
    async def test_whatever_is_written_for_a_number_is_answered(self, told, written):
        with capture_logs() as logs:
            assert (await told.say(f"/why {written}")).title
        assert logs == []

    async def test_without_a_number_the_newest_are_named(self, told):
        assert await told.title("/why") == "Which alert? Choose from A1. Type /why ALERT"


class TestTesting:
    async def test_a_sample_goes_the_way_of_every_alert_and_is_marked(self, room):
        await room.say("/subscribe near-cluster BTC within=3%")
        answer = await room.say("/test near-cluster BTC")
        assert as_text(answer) == "A test alert of near-cluster BTC is on its way"
        assert room.got == []
        await room.deliver()
        (message,) = room.messages
        assert message.title == shortened(f"TEST {ALERT}")
        assert message.picture.alt == "BTC map in words"
        assert message.provenance.startswith("near-cluster A1 · Testex")
        assert (await room.say("/why 1")).lines[0] == "Somebody here asked for a test."

    async def test_it_comes_to_the_chat_that_asked_and_to_no_other(self, room):
        await room.say("/subscribe near-cluster BTC", SOMEBODY_ELSE)
        await room.say("/test near-cluster BTC")
        await room.deliver()
        assert [name for name, _ in room.got] == ["me"]

    async def test_it_looks_for_what_the_chat_has_asked_for(self, room):
        await room.say("/subscribe near-cluster BTC within=1%")
        await room.say("/test near-cluster BTC")
        await room.deliver()
        assert room.got == [
            ("me", "TEST BTC: Nothing of the kind right now. A real alert says here what it saw.")
        ]

    async def test_it_changes_nothing_of_what_alerts_come(self, room):
        await room.say("/subscribe near-cluster BTC within=3%")
        await room.say("/test near-cluster BTC")
        await room.see(later(BTC, 1))
        assert room.got == [("me", shortened(f"TEST {ALERT}")), ("me", ALERT)]

    async def test_its_buttons_work(self, room):
        await room.say("/test trapped ETH")
        await room.deliver()
        (message,) = room.messages
        assert [button.command for button in message.actions] == ["/alert 1", "/mute 1h", "/why 1"]
        for button in message.actions:
            assert (await room.say(button.command)).tone is not Tone.WARNING

    async def test_while_muted_it_says_when_it_comes(self, room):
        await room.say("/mute 1h")
        assert await room.text("/test near-cluster BTC") == (
            "A test alert of near-cluster BTC is on its way\nMuted until 05:00 UTC: alerts come after that."
        )
        await room.deliver()
        assert room.got == []
        await room.say("/mute off")
        await room.deliver()
        assert len(room.got) == 1

    async def test_of_what_comes_in_a_digest_it_comes_at_once_all_the_same(self, room):
        await room.say("/subscribe near-cluster BTC within=3% digest=daily")
        await room.say("/test near-cluster BTC")
        await room.deliver()
        assert room.got == [("me", shortened(f"TEST {ALERT}"))]

    async def test_it_wakes_whoever_sends(self, room):
        woken = []
        room.services.wake = lambda: woken.append(True)
        await room.say("/test near-cluster BTC")
        assert woken == [True]

    async def test_a_rule_that_fails_says_so_without_a_trace(self, room):
        @rule("failing")
        def failing(view):
            """It fails."""
            if view.coin == "ETH":
                yield Hit("key", "text")
            raise ZeroDivisionError("secrets of the house")

        room.services.rules.add([failing])
        with capture_logs() as logs:
            answer = await room.say(f"/test failing {ETH.coin}")
        assert answer.title == "failing cannot be tested: it fails. The operator's log names the line."
        assert f"{__file__}, line " in logs[0]["reason"]
        assert await room.store.deliveries.owed() == 0
