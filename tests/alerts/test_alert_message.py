"""What arrives on a phone at three in the morning."""

from dataclasses import replace

import pytest
from markets import HOUR, long, short, view_of

from liqbot.alerts.alert_message import MAY_REPEAT, addressed, digest, tell
from liqbot.alerts.hold_policy import HoldReason
from liqbot.alerts.states import Reason
from liqbot.builtin import near_cluster, regime_flip, trapped
from liqbot.message import Picture, Tone
from liqbot.rules.rule import Hit
from liqbot.store.alerts import Alert
from liqbot.store.chats import ChatKey, ChatSettings
from liqbot.store.deliveries import Delivery

# Spot is $64,000. Longs of three accounts for $21M within a percent, 1.7% to 2.6% below; one short far above.
LONGS = [
    long("whale", 200, at=62_700, entry=70_000),
    long("ann", 80, at=62_600, entry=60_000),
    long("bob", 48.125, at=62_900, entry=67_000),
]
VIEW = replace(
    view_of(
        *LONGS,
        short("cid", 15, at=66_500, entry=66_000),
        spot=64_000,
        open_interest=500,
    ),
    time_ms=5 * HOUR,
    age_s=240.0,
)
PROVENANCE = "Testex, measured, simulated · coverage 66% of longs, 3% of shorts · positions 4 min old"
PICTURE = Picture(b"png", "words", "BTC.png")


def alert(hit, rule="near-cluster", reason=Reason.FIRST):
    return Alert(id=1, rule=rule, coin="BTC", parameters="{}", reason=reason, hit=hit, time_ms=5 * HOUR)


def told(rule, view=VIEW, memory=None, **written):
    [hit] = rule.read(view, rule.form.parse(written), memory).hits
    return tell(alert(hit, rule.name), view, PICTURE)


def as_text(message) -> str:
    return "\n".join([message.title, *message.text, message.provenance])


def test_near_cluster_says_how_big_how_near_what_follows_and_how_sure():
    message = told(near_cluster, within="3%", side="long")
    assert as_text(message) == (
        "BTC: $21M of long liquidations at 62,700, 2% below (3 accounts, 61% whales)\n"
        "A fall to 62,900 starts forced selling, which can feed itself down to 62,600.\nSpot: 64,000\n"
        "Says where forced orders sit, not that price will go there or turn there.\n"
        f"near-cluster A1 · {PROVENANCE}"
    )
    assert message.tone is Tone.LONGS


def test_regime_flip_says_from_what_to_what_and_what_that_means():
    # Of the longs 66% are known, of the shorts 25%: unscaled, the ratio would be 0.05.
    view = replace(
        view_of(
            *LONGS,
            short("cid", 15, at=66_500, entry=66_000),
            short("dan", 110, at=90_000, entry=66_000),
            spot=64_000,
            open_interest=500,
        ),
        time_ms=5 * HOUR,
        age_s=240.0,
    )
    before = regime_flip.read(replace(view, up_usd=8e6), regime_flip.form.defaults()).memory
    message = told(regime_flip, view, memory=before, confirm="0s")
    assert as_text(message) == (
        "BTC: fuel moved below price: ratio 1.00 → 0.12\n"
        "Longs are the fuel: a fall would force more selling than a rise would buying. Before, it was "
        "balanced. Within 5% of spot: $960k of shorts above and $21M of longs below, the ratio "
        "scaled by coverage.\n"
        "Spot: 64,000\n"
        "Says where the fuel lies, not which way price will go, nor when.\n"
        "regime-flip A1 · Testex, measured, simulated · "
        "coverage 66% of longs, 25% of shorts · positions 4 min old"
    )
    assert message.tone is Tone.LONGS


def test_trapped_says_how_much_of_whom():
    message = told(trapped, over="75%", unusual="0%")
    assert as_text(message) == (
        "BTC: 76% of the longs ($15.9M of $21M) are underwater\n"
        "Trapped longs tend to sell into a bounce, and are force-sold if price falls on.\nSpot: 64,000\n"
        "Underwater is not liquidated: a trapped side can sit out a move, or be hedged elsewhere.\n"
        f"trapped A1 · {PROVENANCE}"
    )


def test_it_carries_the_picture_and_the_time_of_the_market():
    message = told(near_cluster, within="3%", side="long")
    assert message.picture is PICTURE
    assert message.time_ms == 5 * HOUR


@pytest.mark.parametrize(
    ("reason", "title"),
    [
        (Reason.FIRST, "BTC: a wall"),
        (Reason.AGAIN, "BTC again: a wall"),
        (Reason.ESCALATED, "BTC, grown: a wall"),
        (Reason.REPEAT, "BTC still: a wall"),
        (Reason.RESOLVED, "BTC resolved: a wall"),
    ],
)
def test_its_title_says_why_it_comes_now(reason, title):
    assert tell(alert(Hit("key", "a wall"), reason=reason), VIEW, None).title == title


def test_what_is_over_explains_no_more_what_it_meant():
    message = tell(alert(Hit("key", "a wall", means="It means."), reason=Reason.RESOLVED), VIEW, None)
    assert message.text == ("This no longer holds.", "Spot: 64,000")


def test_a_sample_is_marked_as_a_test():
    sample = replace(alert(Hit("key", "a wall"), reason=Reason.SAMPLE), sample=True)
    assert tell(sample, VIEW, None).title == "TEST BTC: a wall"


def delivery(**changes):
    usual = Delivery(
        ids=(7,),
        alerts=(1,),
        chat_id=1,
        chat=ChatKey("paper", "ann"),
        attempts=0,
        is_repeat=False,
        held=None,
        number=3,
        silent=False,
        role=None,
        digest="off",
        settings=ChatSettings(),
        sent_lately=0,
        first_sent_ms=None,
    )
    return replace(usual, **changes)


def test_its_buttons_say_all_by_themselves_and_fit_into_any_chat():
    message = addressed(told(near_cluster, within="3%"), alert(Hit("key", "a wall")), delivery())
    assert [(button.label, button.command, button.renews) for button in message.actions] == [
        ("Refresh", "/alert 1", True),
        ("Mute 1 h", "/mute 1h", False),
        ("Unsubscribe #3", "/unsubscribe 3", False),
        ("Why", "/why 1", False),
    ]


def test_an_alert_of_a_subscription_that_has_ended_offers_nothing_to_unsubscribe():
    message = addressed(told(near_cluster, within="3%"), alert(Hit("key", "a wall")), delivery(number=None))
    assert [button.label for button in message.actions] == ["Refresh", "Mute 1 h", "Why"]


def test_what_may_have_arrived_before_says_so():
    body = told(near_cluster, within="3%")
    assert addressed(body, alert(Hit("key", "a")), delivery(is_repeat=True)).notes[-1] == MAY_REPEAT
    assert MAY_REPEAT not in addressed(body, alert(Hit("key", "a")), delivery()).notes


def test_a_digest_names_each_alert_with_the_time_of_the_chat_and_counts_what_does_not_fit():
    alerts = [replace(alert(Hit("key", f"wall {number}")), time_ms=number * HOUR) for number in range(25)]
    held = delivery(held=HoldReason.QUIET, settings=ChatSettings(time_zone="Asia/Tokyo"))
    message = digest(alerts, held)
    assert message.title == "25 alerts during quiet hours"
    assert message.lines[0] == "A1 Thu 09:00 BTC: wall 0"
    assert len(message.lines) == 21
    assert message.lines[-1] == "and 5 more"


@pytest.mark.parametrize(
    ("means", "caveat", "lines"),
    [
        ("It means.", "It does not.", ("It means.", "Spot: 64,000", "It does not.")),
        ("It means.", "", ("It means.", "Spot: 64,000")),
        ("", "", ("Spot: 64,000",)),
    ],
)
def test_what_a_rule_does_not_explain_leaves_no_gap(means, caveat, lines):
    assert tell(alert(Hit("key", "a wall", means=means, caveat=caveat)), VIEW, None).text == lines


def test_without_the_market_it_says_what_is_known():
    message = tell(alert(Hit("key", "a wall", means="It means.")), None, None)
    assert (message.title, message.lines, message.provenance) == (
        "BTC: a wall",
        ("It means.",),
        "near-cluster A1",
    )
    assert tell(alert(Hit("key", "a wall")), None, None).lines == ()


@pytest.mark.parametrize(
    ("side", "tone"), [("long", Tone.LONGS), ("short", Tone.SHORTS), (None, Tone.NEUTRAL)]
)
def test_its_colour_is_that_of_the_side_that_would_be_force_closed(side, tone):
    assert tell(alert(Hit("key", "a wall", side=side)), VIEW, None).tone is tone
