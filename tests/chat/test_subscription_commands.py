from dataclasses import replace
from typing import Annotated

import pytest
from chat.stand_ins import BTC, ETH, ME, SOMEBODY_ELSE, as_text, later

from liqbot.builtin import RULES
from liqbot.market.clusters import Clusters
from liqbot.market.side import Side
from liqbot.message import Tone
from liqbot.rules.parameters import Between, Percent
from liqbot.rules.rule import rule
from liqbot.service.errors import UserError


async def test_subscribing_says_what_was_understood_what_it_means_and_what_holds_right_now(room):
    answer = await room.say("/subscribe near-cluster btc-perp within=3% at_least=10M")
    assert as_text(answer) == (
        "Subscribed to near-cluster BTC as #1\n"
        "A cluster of at least $10M, and of 1% of its side, lies within 3% of spot.\n"
        "Right now: $20.5M of long liquidations at 62,700, 2% below (2 accounts, 62% whales)"
    )
    assert [button.command for button in answer.actions] == ["/unsubscribe 1", "/subscriptions"]


async def test_without_settings_the_defaults_hold(room):
    answer = await room.say("/subscribe trapped ETH")
    assert answer.title == "Subscribed to trapped ETH as #1"
    assert answer.lines == (
        "More than 70% of one side's open size is underwater, more than in 90% of its last month.",
        "Right now: nothing",
    )


async def test_the_same_wish_in_other_words_is_the_same_subscription(room):
    await room.say("/subscribe near-cluster BTC within=3% at_least=4.1M")
    again = await room.title("/subscribe NEAR-CLUSTER btc at_least=$4,100,000 within=3.0 side=EITHER")
    assert again == "Already subscribed to near-cluster BTC as #1"
    assert await room.title("/subscriptions") == "1 subscription"


async def test_numbers_are_given_once_and_each_chat_counts_its_own(room):
    for coin in ("BTC", "ETH"):
        await room.say(f"/subscribe trapped {coin}")
    await room.say("/unsubscribe 1")
    assert (await room.title("/subscribe regime-flip BTC")) == "Subscribed to regime-flip BTC as #3"
    assert (await room.title("/subscribe regime-flip BTC", SOMEBODY_ELSE)).endswith(" as #1")


async def test_a_chat_sees_and_ends_only_its_own(room):
    await room.say("/subscribe trapped BTC")
    await room.say("/subscribe trapped ETH")
    await room.say("/subscribe trapped BTC", SOMEBODY_ELSE)
    assert (
        await room.title("/unsubscribe 2", SOMEBODY_ELSE)
        == "There is no subscription '2' here. Choose from 1."
    )
    assert await room.title("/unsubscribe 1", SOMEBODY_ELSE) == "Unsubscribed from #1"
    assert await room.title("/subscriptions", SOMEBODY_ELSE) == "No subscriptions in this chat"
    assert await room.title("/subscriptions") == "2 subscriptions"


@pytest.mark.parametrize("written", ["2", "#2"])
async def test_a_subscription_is_ended_by_its_number(room, written):
    await room.say("/subscribe trapped BTC")
    await room.say("/subscribe trapped ETH")
    assert "trapped ETH" in await room.text(f"/unsubscribe {written}")
    assert await room.title("/subscriptions") == "1 subscription"


@pytest.mark.parametrize("written", ["3", "one", "-1", "1.0", "²", "99999999999999999999999"])
async def test_a_number_that_is_not_there_is_answered_with_those_that_are(room, written):
    await room.say("/subscribe trapped BTC")
    await room.say("/subscribe trapped ETH")
    answer = await room.say(f"/unsubscribe {written}")
    assert answer.title == f"There is no subscription {written!r} here. Choose from 1, 2."
    assert answer.tone is Tone.WARNING


async def test_without_subscriptions_it_says_how_to_make_one(room):
    assert await room.text("/subscriptions") == (
        "No subscriptions in this chat\nMake one: /subscribe near-cluster BTC"
    )


class TestStanding:
    async def test_each_stands_with_its_state_and_what_it_says_right_now(self, room):
        await room.say("/subscribe near-cluster BTC within=3% at_least=10M")
        await room.say("/subscribe near-cluster ETH")
        await room.see(later(BTC, 1))
        assert (await room.say("/subscriptions")).lines == (
            "#1 near-cluster BTC within=3% at_least=$10M: firing",
            "    Now: $20.5M of long liquidations at 62,700, 2% below (2 accounts, 62% whales)",
            "#2 near-cluster ETH: quiet",
            "    Now: nothing",
        )

    async def test_one_that_fires_still_says_so_in_its_exit_band(self, room):
        await room.say("/subscribe near-cluster BTC within=2.04%")
        await room.see(later(BTC, 1))
        away = later(BTC, 2, spot=64_200.0, clusters=shifted(BTC.clusters, -2.3))
        await room.see(away)
        assert (await room.say("/subscriptions")).lines == (
            "#1 near-cluster BTC within=2.04%: firing",
            "    Now: $20.5M of long liquidations at 62,700, 2.3% below (2 accounts, 62% whales)",
        )

    async def test_one_that_does_not_fire_says_nothing_of_the_exit_band(self, room):
        room.services.markets.views["BTC"] = later(BTC, 0, clusters=shifted(BTC.clusters, -2.3))
        await room.say("/subscribe near-cluster BTC within=2.04%")
        assert (await room.say("/subscriptions")).lines[1] == "    Now: nothing"

    async def test_where_several_things_hold_the_first_is_told_and_the_others_counted(self, room):
        await room.say("/subscribe near-cluster BTC within=5% single=1")
        line = (await room.say("/subscriptions")).lines[1]
        assert line.endswith("2% below (2 accounts, 62% whales) (and 1 more)")

    async def test_before_the_first_view_of_its_coin_there_is_no_data(self, room):
        await room.say("/subscribe trapped BTC")
        del room.services.markets.views["BTC"]
        assert (await room.say("/subscriptions")).lines[
            1
        ] == "    Now: There is no data of its coin at present."

    async def test_one_whose_rule_is_gone_says_so_and_can_be_ended(self, room):
        await room.say("/subscribe trapped BTC")
        del room.services.rules.by_name["trapped"]
        assert (await room.say("/subscriptions")).lines == (
            "#1 trapped BTC: not looked at",
            "    Now: Its rule is not loaded.",
        )
        assert await room.title("/unsubscribe 1") == "Unsubscribed from #1"

    async def test_one_whose_settings_are_no_longer_allowed_says_so(self, room):
        @rule("trapped")
        def narrower(view, *, over: Annotated[Percent, Between(80, 90)] = 85.0):
            """It has narrower bounds."""

        await room.say("/subscribe trapped BTC")
        room.services.rules.by_name["trapped"] = narrower
        assert (await room.say("/subscriptions")).lines == (
            "#1 trapped BTC: not looked at",
            "    Now: Its settings are no longer possible. Unsubscribe it and subscribe anew.",
        )

    async def test_one_whose_rule_fails_says_so_without_a_trace(self, room):
        @rule("failing")
        def failing(view):
            """It fails."""
            raise ZeroDivisionError(view.coin)

        room.services.rules.add([failing])
        answer = await room.say("/subscribe failing BTC")
        assert answer.title == "Subscribed to failing BTC as #1"
        assert answer.lines[1] == "Right now: Its rule fails. The operator's log names the line."
        assert __file__ not in await room.text("/subscriptions")

    async def test_looking_does_not_change_what_a_rule_remembers(self, room):
        await room.say("/subscribe regime-flip BTC for=0s at_least=1M")
        flipped = later(BTC, 2, up_usd=30e6, down_usd=10e6)
        await room.see(later(BTC, 1))
        room.services.markets.views["BTC"] = flipped
        for _ in range(3):
            assert "fuel moved above price" in (await room.say("/subscriptions")).lines[1]
        await room.see(flipped)
        assert len(room.got) == 1


def shifted(clusters, distance_pct):
    return Clusters([replace(cluster, distance_pct=distance_pct) for cluster in clusters.of(Side.LONG)])


async def test_a_conversation(room):
    """Subscribe, be told once, see it in the list, and be left alone after the end."""
    assert (
        await room.title("/subscribe near-cluster ETH within=3%")
    ) == "Subscribed to near-cluster ETH as #1"
    await room.see(later(ETH, 1))
    assert room.got == []
    near = BTC.clusters[0]
    for minute in (2, 3, 4):
        await room.see(later(ETH, minute, clusters=Clusters([near])))
    assert room.got == [
        ("me", "ETH: $20.5M of long liquidations at 62,700, 2% below (2 accounts, 62% whales)")
    ]
    assert (await room.say("/subscriptions")).lines[0].endswith(": firing")
    assert "2 rules" not in await room.text("/status")
    assert await room.title("/unsubscribe 1") == "Unsubscribed from #1"
    await room.see(later(ETH, 600))
    await room.see(later(ETH, 900, clusters=Clusters([near])))
    assert len(room.got) == 1
    assert await room.title("/subscriptions") == "No subscriptions in this chat"


async def test_the_operator_can_subscribe_a_chat_before_there_is_a_view(room):
    room.services.markets.views.clear()
    enter = room.services.subscriptions.enter
    subscription, is_new = await enter(ME, "near-cluster", "BTC", {"within": "3%"})
    assert (subscription.number, subscription.watch.coin, is_new) == (1, "BTC", True)
    with pytest.raises(UserError, match=r"near-cluster: within must be from 0\.1% to 90%, not 300%"):
        await enter(ME, "near-cluster", "BTC", {"within": "300%"})


@pytest.mark.parametrize("chosen", RULES, ids=lambda chosen: chosen.name)
async def test_every_rule_can_be_subscribed_to_by_its_name_alone_and_by_its_help(room, chosen):
    assert (await room.title(f"/subscribe {chosen.name} BTC")) == f"Subscribed to {chosen.name} BTC as #1"
    usage = next(
        line
        for line in (await room.text(f"/help {chosen.name}")).splitlines()
        if line.startswith("/subscribe")
    )
    assert (await room.title(usage.replace("COIN", "BTC"))).startswith("Already subscribed")
