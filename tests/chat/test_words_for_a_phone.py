"""What people read on a phone: what changed comes first, titles are short, a confirmation is a sentence."""

from dataclasses import replace

import pytest
from chat.stand_ins import BTC, as_text, later

from liqbot.alerts.alert_message import DIGEST_BUTTONS, DIGEST_LINES, LONGEST_TITLE
from liqbot.market.clusters import Clusters
from liqbot.market.layer import Basis, Layer


async def test_a_test_shows_the_newest_real_case_of_the_history(room):
    calm = replace(BTC, clusters=Clusters([]))
    views = [later(BTC if minute in (1, 3) else calm, minute) for minute in range(9)]
    await room.store.observations.record(views)
    room.services.markets.views["BTC"] = views[-1]
    await room.say("/subscribe near-cluster BTC within=3% cooldown=0s apart=0s")
    await room.say("/test near-cluster BTC")
    await room.deliver()
    [told] = room.messages
    assert told.title.startswith("TEST BTC: $20.5M of long liquidations")
    assert told.time_ms == views[3].time_ms


async def test_without_a_case_a_test_says_so(room):
    await room.say("/test near-cluster ETH")
    await room.deliver()
    assert "Nothing of the kind right now" in as_text(room.messages[0])


@pytest.mark.parametrize(("rule", "basis"), [("divergence", Basis.MEASURED), ("trapped", Basis.MODELLED)])
async def test_a_rule_that_can_never_fire_here_says_so(room, rule, basis):
    view = replace(BTC, layer=Layer("Testex", basis))
    room.services.markets.views["BTC"] = view
    room.services.markets.layers.keep([view], {})
    assert "It can never fire here" in await room.text(f"/subscribe {rule} BTC")
    assert "It can never fire here" not in await room.text("/subscribe near-cluster BTC")


async def test_a_confirmation_is_sentences_and_no_line_of_settings(room):
    for line in ("/subscribe near-cluster BTC", "/unsubscribe 1", "/subscribe near-cluster BTC within=3%"):
        assert "single=4" not in await room.text(line)
    assert "near-cluster BTC within=3%" in await room.text("/unsubscribe 2")


async def test_alerts_lead_with_what_changed_in_short_titles(room):
    await room.say("/subscribe regime-flip BTC for=0s")
    await room.see(BTC)
    flipped = replace(later(BTC, 20), up_usd=5.5e7, down_usd=2e7)
    await room.see(flipped)
    [told] = room.messages
    assert told.title == "BTC: fuel moved above price: ratio 0.24 → 2.75"
    assert len(told.title) < LONGEST_TITLE
    text = as_text(told)
    assert len(set(text.splitlines())) == len(text.splitlines()), "nothing is said twice"


def test_a_digest_has_a_button_for_each_alert_that_it_names():
    assert DIGEST_BUTTONS == DIGEST_LINES
