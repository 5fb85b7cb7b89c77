"""How a subscription's alerts are brought: silent=, digest= and role= beside the parameters of its rule."""

import pytest
from chat.stand_ins import BTC, later

from liqbot.chat.phrases import manner as told_options
from liqbot.market.clusters import Clusters
from liqbot.rules.parameters import ParameterError
from liqbot.service.delivery_options import take_options
from liqbot.store.subscriptions import Manner

NEAR = "near-cluster BTC within=3%"
HELP = "(/help near-cluster)"


@pytest.mark.parametrize(
    ("written", "manner"),
    [
        ({}, Manner()),
        ({"silent": "yes"}, Manner(silent=True)),
        ({"SILENT": "Yes", "Digest": "HOURLY"}, Manner(silent=True, digest="hourly")),
        ({"silent": "no", "digest": "off", "role": ""}, Manner()),
        ({"role": "123456789"}, Manner(role="123456789")),
        ({"role": "<@&123456789>"}, Manner(role="123456789")),
    ],
)
def test_it_is_taken_from_what_was_written_and_the_rest_is_left(written, manner):
    assert take_options(written | {"within": "3%"}) == (manner, {"within": "3%"})


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"silent": "loud"}, "silent must be no or yes, not 'loud'"),
        ({"digest": "weekly"}, "digest must be off, hourly or daily, not 'weekly'"),
        ({"role": "@everyone"}, "role must be the id of a role or a mention of it, not '@everyone'"),
        ({"role": "<@123>"}, "role must be the id of a role or a mention of it, not '<@123>'"),
        ({"silent": "yes", "SILENT": "no"}, "a name is given twice"),
    ],
)
def test_what_it_does_not_take_is_refused(written, said):
    with pytest.raises(ParameterError) as caught:
        take_options(written)
    assert str(caught.value) == said


def test_only_what_is_not_as_usual_is_told():
    assert told_options(Manner()) == ""
    assert told_options(Manner(silent=True, role="1", digest="daily")) == "silent, daily digest, pings a role"


async def test_subscribing_tells_it_and_so_does_the_list(room):
    said = (
        await room.say(
            "/subscribe near-cluster BTC within=3% silent=yes digest=daily role=<@&77>",
            check_role=lambda _: "",
        )
    ).lines
    assert said[1] == "Alerts come so: silent, daily digest, pings a role."
    assert (await room.say("/subscriptions")).lines[0] == (
        f"#1 {NEAR}: just found, silent, daily digest, pings a role"
    )


async def test_the_same_wish_in_another_manner_is_the_same_subscription_changed(room):
    await room.say("/subscribe near-cluster BTC within=3%")
    said = await room.title("/subscribe near-cluster BTC within=3% silent=yes")
    assert said == "Already subscribed to near-cluster BTC as #1"
    assert await room.title("/subscriptions") == "1 subscription"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("silent=maybe", f"near-cluster: silent must be no or yes, not 'maybe' {HELP}"),
        ("digest=weekly", f"near-cluster: digest must be off, hourly or daily, not 'weekly' {HELP}"),
        ("for=10", f"near-cluster: for must be a span of time such as 90s, 10m, 4h or 1d, not '10' {HELP}"),
        ("cooldown=31d", f"near-cluster: cooldown must be from 0 s to 30 d, not 31 d {HELP}"),
        ("resolved=maybe", f"near-cluster: resolved must be no or yes, not 'maybe' {HELP}"),
        ("repaet=1h", f"near-cluster: there is no parameter 'repaet'; did you mean repeat? {HELP}"),
    ],
)
async def test_a_slip_is_answered_with_what_would_be_right(room, settings, said):
    assert await room.title(f"/subscribe near-cluster BTC {settings}") == said
    assert await room.title("/subscriptions") == "No subscriptions in this chat"


async def test_a_silent_alert_comes_without_a_sound_and_a_role_is_pinged(room):
    await room.say("/subscribe near-cluster BTC within=3% silent=yes role=77", check_role=lambda _: "")
    await room.see(later(BTC, 1))
    (parcel,) = room.paper.parcels
    assert (parcel.silent, parcel.role) == (True, "77")


@pytest.mark.parametrize(("digest", "hours"), [("hourly", 1.01), ("daily", 4.01)])
async def test_a_digest_brings_all_of_its_time_in_one_message(room, digest, hours):
    await room.say(f"/subscribe near-cluster BTC within=3% cooldown=0h digest={digest}")
    for minute in (1, 3):
        await room.see(later(BTC, minute))
        await room.see(later(BTC, minute + 1, clusters=Clusters([])))
    assert room.got == []
    room.wait(hours=hours)
    await room.deliver()
    assert room.got == [("me", "2 alerts in this digest")]


async def test_other_standing_parameters_are_another_watch(room):
    await room.say("/subscribe near-cluster BTC within=3%")
    said = await room.title("/subscribe near-cluster BTC within=3% for=10m repeat=1h resolved=yes")
    assert said == "Subscribed to near-cluster BTC as #2"
    usual = await room.title("/subscribe near-cluster BTC within=3% cooldown=1d for=0s repeat=0s resolved=no")
    assert usual == "Already subscribed to near-cluster BTC as #1"


async def test_what_must_last_is_pending_first_and_what_is_over_is_told_where_that_was_asked_for(room):
    await room.say("/subscribe near-cluster BTC within=3% for=10m resolved=yes")
    await room.see(later(BTC, 1))
    assert (await room.say("/subscriptions")).lines[0].endswith("resolved=yes: pending")
    await room.see(later(BTC, 11))
    await room.see(later(BTC, 12, clusters=Clusters([])))
    (_, first), (_, over) = room.got
    assert first.startswith("BTC: $20.5M")
    assert over.startswith("BTC resolved: $20.5M")
