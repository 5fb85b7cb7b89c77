"""What people do on Discord, and what they get: commands, completion, buttons."""

import pytest
from chat.discord.stand_ins import text_of
from counterparts.discord import Refused

from liqbot.chat.discord.conversation import AT_ONCE

EPHEMERAL_ANSWERS = {
    "subscriptions": {},
    "help": {},
    "status": {},
    "privacy": {},
    "mute": {"time": "1h"},
    "subscribe near-cluster": {"coin": "BTC"},
}


async def test_a_picture_is_deferred_at_once_and_comes_with_alt_text_for_all_to_see(house):
    async with house.open():
        answer = await house.slash("heatmap", coin="BTC")
    assert answer.callback == 5
    assert not answer.message.ephemeral
    [file] = answer.message.files
    assert file["description"] == "BTC heatmap-24h in words"
    assert file["embedded"]
    assert text_of(answer.message).startswith("BTC 64,000: ")
    assert "<t:360000:R>" in text_of(answer.message)
    assert answer.message.embeds[0]["color"]


async def test_figures_without_a_picture_are_for_all_as_well(house):
    async with house.open():
        answer = await house.slash("clusters", coin="BTC")
    assert not answer.message.ephemeral
    assert answer.message.files == []
    assert "62,700    −2%  $20.5M" in text_of(answer.message)


@pytest.mark.parametrize(
    ("name", "given", "begins"),
    [
        ("liquidations", {"window": "4h"}, "BTC: no liquidation was told of in 4 h"),
        ("book", {}, "BTC 64,000: no depth"),
        ("cascade", {"move": "-2.5%"}, "BTC −2.5%: $20.5M would be force-sold on the way"),
        ("brief", {}, "BTC 64,000: long-liquidation setup"),
    ],
)
async def test_what_flows_through_a_market_is_answered_for_all(house, name, given, begins):
    async with house.open():
        answer = await house.slash(name, coin="BTC", **given)
    assert not answer.message.ephemeral
    assert text_of(answer.message).startswith(begins)
    assert bool(answer.message.files) is (name == "brief")


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "given", "begins"),
    [
        ("history", {"coin": "BTC", "window": "24h"}, "There is no history of BTC"),
        ("scoreboard", {"coin": "BTC", "window": "30d"}, "BTC: what became of clusters, 30d"),
        ("journal", {}, "The journal is empty"),
    ],
)
async def test_what_is_kept_for_long_is_answered(house, name, given, begins):
    async with house.open():
        answer = await house.slash(name, **given)
    told = answer.message or answer.followups[-1]
    assert begins in text_of(told), text_of(told)


@pytest.mark.parametrize("name", EPHEMERAL_ANSWERS)
async def test_what_concerns_the_asker_alone_is_ephemeral(house, name):
    async with house.open():
        answer = await house.slash(name, **EPHEMERAL_ANSWERS[name])
    assert answer.message.ephemeral
    assert await house.messages() == []


async def test_a_coin_that_is_not_there_is_told_to_the_asker_alone_and_at_once(house):
    async with house.open():
        answer = await house.slash("heatmap", coin="DOGE")
    assert answer.callback == 4
    assert answer.message.ephemeral
    assert "There is no coin 'DOGE' here" in text_of(answer.message)
    assert await house.messages() == []


async def test_a_failure_of_a_public_command_is_told_to_the_asker_alone(house):
    async with house.open():
        answer = await house.slash("fail", until="acknowledged")
        assert answer.callback == 5
        followup = await house.followup(answer)
    assert followup.ephemeral
    assert "went wrong on our side" in text_of(followup)
    assert await house.messages() == []


async def test_text_is_shown_as_it_stands_and_pings_nobody(house):
    async with house.open():
        answer = await house.slash("weather")
    embed = answer.message.embeds[0]
    assert embed["description"].startswith(r"\*dry\*, no\_rain")
    assert embed["footer"]["text"] == "measured *by hand*"
    for call in await house.discord.calls("PATCH", "@original"):
        assert call.body["allowed_mentions"] == {"parse": []}


async def test_coins_are_completed_with_what_they_stand_at(house):
    async with house.open():
        answer = await house.discord.autocomplete("heatmap", house.channel, "coin", "bt")
    assert [choice["value"] for choice in answer.choices] == ["BTC"]
    assert answer.choices[0]["name"].startswith("BTC · 64,000 · ")


async def test_rules_commands_and_zones_are_completed(house):
    async with house.open():
        rules = await house.discord.autocomplete("test", house.channel, "rule", "flip")
        topics = await house.discord.autocomplete("help", house.channel, "topic", "heat")
        zones = await house.discord.autocomplete("timezone", house.channel, "zone", "montev")
    assert [choice["value"] for choice in rules.choices] == ["regime-flip"]
    assert [choice["value"] for choice in topics.choices] == ["heatmap"]
    assert [choice["value"] for choice in zones.choices] == ["America/Montevideo"]


async def test_times_may_be_written_in_words(house):
    async with house.open():
        await house.slash("timezone", zone="berlin")
        await house.slash("quiet", hours="11pm to 7am")
    settings = await house.store.chats.settings(house.chat)
    assert (settings.time_zone, settings.quiet) == ("Europe/Berlin", (23 * 60, 7 * 60))


async def test_subscriptions_are_completed_with_what_they_are(house):
    async with house.open():
        await house.slash("subscribe near-cluster", coin="BTC", within=3.5)
        answer = await house.discord.autocomplete("unsubscribe", house.channel, "number", "")
    assert [choice["value"] for choice in answer.choices] == [1]
    assert answer.choices[0]["name"].startswith("1 · near-cluster BTC within=3.5%")


async def test_dollars_and_spans_are_completed_as_they_are_understood(house):
    async with house.open():
        good = await house.discord.autocomplete(
            "subscribe near-cluster", house.channel, "at_least", "12m", coin="BTC"
        )
        wrong = await house.discord.autocomplete(
            "subscribe near-cluster", house.channel, "for", "soon", coin="BTC"
        )
    assert [(choice["value"], choice["name"]) for choice in good.choices] == [("12m", "12m · is $12M")]
    assert "soon is not" in wrong.choices[0]["name"]


async def test_completion_answers_within_a_tenth_of_a_second(house):
    async with house.open():
        taken = [
            (await house.discord.autocomplete("heatmap", house.channel, "coin", text)).acknowledged_in
            for text in ("", "b", "bt", "btc", "e", "x")
        ]
    assert sorted(taken)[len(taken) // 2] < 0.1


async def test_a_rules_parameters_are_options_with_bounds_and_choices(house):
    async with house.open():
        with pytest.raises(Refused, match="at most 90"):
            await house.slash("subscribe near-cluster", coin="BTC", within=95)
        with pytest.raises(Refused, match="side"):
            await house.slash("subscribe near-cluster", coin="BTC", side="north")
        answer = await house.slash(
            "subscribe near-cluster", coin="BTC", within=3, at_least="10M", side="long"
        )
    assert "lies within 3% of spot" in text_of(answer.message)
    [mine] = await house.store.subscriptions.of(house.chat)
    line = house.services.subscriptions.line(mine.watch)
    assert line == "near-cluster BTC within=3% at_least=$10M side=long"


async def test_a_parameter_that_makes_no_sense_is_refused_with_what_would(house):
    async with house.open():
        answer = await house.slash("subscribe near-cluster", coin="BTC", at_least="many")
    assert answer.message.ephemeral
    assert "at_least must be dollars such as 5M" in text_of(answer.message)
    assert await house.store.subscriptions.of(house.chat) == []


async def test_the_options_of_delivery_are_taken_too(house):
    role = await house.discord.add_role(house.guild, "traders", mentionable=True)
    async with house.open():
        await house.slash("subscribe regime-flip", coin="BTC", silent="yes", digest="daily", role=role)
    [mine] = await house.store.subscriptions.of(house.chat)
    assert (mine.manner.silent, mine.manner.digest, mine.manner.role) == (True, "daily", str(role))


async def test_a_role_that_cannot_be_mentioned_is_refused(house):
    role = await house.discord.add_role(house.guild, "the quiet ones")
    async with house.open():
        answer = await house.slash("subscribe regime-flip", coin="BTC", role=role)
        everyone = await house.slash("subscribe regime-flip", coin="BTC", role=house.guild)
    assert "The role the quiet ones cannot be mentioned" in text_of(answer.message)
    assert "@everyone is never pinged" in text_of(everyone.message)
    assert await house.store.subscriptions.of(house.chat) == []


async def test_a_button_that_renews_changes_its_message(house):
    async with house.open():
        message = (await house.slash("weather", window="3d")).message
        assert message.labels == ["Refresh", "7d", "Oh", "Subscriptions", "Forget it"]
        answer = await house.discord.press(message, "Refresh")
    assert answer.callback == 6
    assert answer.message.id == message.id
    assert text_of(answer.message).startswith("Weather of 3d")
    [file] = answer.message.files
    assert file["description"] == "3d of sun"
    assert len(await house.messages()) == 1


async def test_a_button_still_works_after_a_restart(house):
    async with house.open():
        message = (await house.slash("weather")).message
    async with house.open():
        answer = await house.discord.press(message, "Refresh")
        assert (answer.callback, answer.message.id) == (6, message.id)


async def test_a_button_of_a_command_that_is_no_more_says_so(house):
    async with house.open():
        message = (await house.slash("weather")).message
    house.commands = tuple(item for item in house.commands if item.name != "weather")
    async with house.open():
        answer = await house.discord.press(message, "Refresh")
    assert answer.message.ephemeral
    assert "There is no /weather any more" in text_of(answer.message)


async def test_any_other_button_answers_in_a_message_of_its_own(house):
    async with house.open():
        message = (await house.slash("weather")).message
        public = await house.discord.press(message, "7d")
        private = await house.discord.press(message, "Subscriptions")
    assert text_of(public.message).startswith("Weather of 7d")
    assert not public.message.ephemeral
    assert private.message.ephemeral
    assert len(await house.messages()) == 2


async def test_a_renewal_that_fails_leaves_the_message_as_it_is(house):
    async with house.open():
        message = (await house.slash("weather")).message
        answer = await house.discord.press(message, "Oh", until="acknowledged")
        assert (await house.followup(answer)).ephemeral
    [left] = await house.messages()
    assert text_of(left).startswith("Weather of 24h")


async def test_who_may_not_manage_the_server_cannot_unsubscribe_with_a_button(house):
    guest = await house.discord.add_user("guest")
    await house.discord.add_member(house.guild, guest)
    async with house.open():
        await house.slash("subscribe near-cluster", coin="BTC")
        message = (await house.slash("weather")).message
        refused = await house.discord.press(message, "Forget it", user=guest)
        assert "Manage Server" in text_of(refused.message)
        assert refused.message.ephemeral
        assert len(await house.store.subscriptions.of(house.chat)) == 1
        await house.discord.press(message, "Forget it")
        assert await house.store.subscriptions.of(house.chat) == []


async def test_commands_that_change_something_are_hidden_from_those_who_may_not(house):
    guest = await house.discord.add_user("guest")
    await house.discord.add_member(house.guild, guest)
    async with house.open():
        offered = await house.discord.visible_commands(house.channel, user=guest)
    assert {"heatmap", "subscriptions", "help"} <= set(offered)
    assert not {"subscribe", "unsubscribe", "mute", "forget"} & set(offered)


@pytest.mark.parametrize(
    ("denied", "named"),
    [
        (["attach_files"], "Attach Files"),
        (["embed_links", "attach_files"], "Embed Links, Attach Files"),
        (["send_messages"], "Send Messages"),
    ],
)
async def test_what_the_bot_lacks_in_the_channel_is_named_before_it_subscribes(house, denied, named):
    await house.discord.overwrite(house.channel, deny=denied)
    async with house.open():
        answer = await house.slash("subscribe near-cluster", coin="BTC")
    assert answer.message.ephemeral
    assert named in text_of(answer.message)
    assert await house.store.subscriptions.of(house.chat) == []


async def test_a_command_that_is_no_more_is_answered_with_what_to_do(house):
    async with house.open():
        pass
    house.commands = tuple(item for item in house.commands if item.name != "weather")
    await house.discord.fault("PUT", "/commands", status=503, times=5)
    async with house.open(synced=False):
        answer = await house.slash("weather")
    assert "This command has changed" in answer.message.content
    assert answer.message.ephemeral


async def test_a_stranger_is_turned_away_once_and_offered_nothing_while_typing(house):
    house.services.access.paused = {"discord"}
    async with house.open():
        answer = await house.slash("help")
        assert answer.message.ephemeral
        assert "paused" in text_of(answer.message)
        offered = await house.discord.autocomplete("heatmap", house.channel, "coin", "bt")
        assert offered.choices == []


async def test_questions_that_wait_for_the_past_of_a_market_keep_nobody_of_a_server_waiting(house):
    async with house.open():
        house.services.startup.past_begins("told")
        asked = [await house.slash("heatmap", coin="BTC", until="acknowledged") for _ in range(AT_ONCE + 1)]
        assert "What you can ask" in text_of((await house.slash("help")).message)
        house.services.startup.past_ends("told")
        answer = await house.discord.answer(asked[0].id)
        assert answer.message.files
