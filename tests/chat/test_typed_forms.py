"""What people type: what is unambiguous is taken, the rest is answered with how to write it."""

import re

import pytest
from chat.stand_ins import as_text
from shared import shared_file

from liqbot.chat.times import read_zone
from liqbot.message import Tone
from liqbot.service.errors import UserError

TAKEN = {
    "/subscribe near-cluster BTC within=2 %": "within 2% of spot",
    "/subscribe near-cluster BTC at_least = 5M": "at least $5M",
    "/subscribe near-cluster BTC at_least=5MM": "at least $5M",
    "/subscribe near-cluster BTC resolved=true": "Subscribed to near-cluster BTC",
    "/subscribe near-cluster BTC,ETH": "near-cluster ETH",
    "/subscribe near_cluster BTC": "near-cluster BTC as #1",
    "/heatmap BINANCE:BTCUSDT": "BTC 64,000",
    "/limit off": "No hourly limit",
    "/mute until 7am": "Muted until 07:00",
    "/quiet 23h-7h": "from 23:00 to 07:00",
}
ANSWERED = {"/subscribe near-cluster BTC within=2,5%": "Write 2.5%, not 2,5%"}


async def test_every_case_of_the_collection_is_taken_or_answered_with_how_to_write_it(room):
    lines = shared_file("cases/typed.txt").read_text().splitlines()
    assert set(lines) == set(TAKEN | ANSWERED)
    for line in lines:
        answer = await room.say(line)
        assert (TAKEN | ANSWERED)[line] in as_text(answer), line
        assert (answer.tone is Tone.WARNING) == (line in ANSWERED), line


async def test_a_comma_for_a_point_is_put_right_by_a_button(room):
    refused = await room.say("/subscribe near-cluster BTC within=2,5% at_least=5M")
    [button] = refused.actions
    assert button.command == "/subscribe near-cluster BTC within=2.5% at_least=5M"
    assert "within 2.5% of spot" in await room.text(button.command)
    assert "at least $1.25M" in await room.text("/subscribe near-cluster BTC at_least=1,250,000")


INVISIBLE = ["\u200f", "\u200e", "\u200b", "\ufeff", "\u2060", "\u202a", "\u2066", "\u00ad", "\u061c"]


@pytest.mark.parametrize("sign", INVISIBLE)
@pytest.mark.parametrize("line", ["/regime BTC", "BTC", "/mute until 7am", "/timezone new york"])
async def test_letters_that_nobody_sees_break_nothing(room, line, sign):
    meant = await room.title(line)
    for broken in (sign + line, line + sign, line[:3] + sign + line[3:], line.replace(" ", f" {sign} ")):
        assert await room.title(broken) == meant, repr(broken)


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u2009", "\u3000", "\t"])
async def test_every_space_is_a_space(room, space):
    line = "/subscribe near-cluster BTC at_least = 5M".replace(" ", space)
    assert "at least $5M" in await room.text(line)


@pytest.mark.parametrize("quotes", ["“”", "„“", "«»", "‘’", '""'])
async def test_curly_quotes_are_quotes(room, quotes):
    assert "within 3%" in await room.text(f"/subscribe near-cluster BTC within={quotes[0]}3%{quotes[1]}")


@pytest.mark.parametrize(
    "line", ["BTC", "btc", "$BTC", "/BTC", "/btc 7d", "btcusdt", "BINANCE:BTCUSDT", "BTC-USDT-SWAP 7d"]
)
async def test_a_bare_coin_is_its_heatmap(room, line):
    assert (await room.title(line)).startswith("BTC 64,000")
    assert room.studio.asked == [f"BTC-heatmap-{'7d' if '7d' in line else '24h'}"]


@pytest.mark.parametrize(
    "coins", ["BTC,ETH", "BTC, ETH", "BTC ETH", "btc and eth", "BTCUSDT + ETHUSDT", "BTC,ETH,BTC"]
)
async def test_several_coins_are_subscribed_to_at_once_and_shown_one_at_a_time(room, coins):
    text = await room.text(f"/subscribe near-cluster {coins} within=3%")
    assert "near-cluster BTC as #1" in text
    assert "near-cluster ETH as #2" in text
    shown = await room.say(f"/heatmap {coins} 7d")
    assert [re.sub(r"(usdt)", "", one.command.lower()) for one in shown.actions][:2] == [
        "/heatmap btc 7d",
        "/heatmap eth 7d",
    ]


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("/watch near-cluster BTC", "/subscribe near-cluster BTC"),
        ("/clutsers BTC", "/clusters BTC"),
        ("/map BTCC", "/map BTC"),
        ("/subscribe near-clutser BTC within=3%", "/subscribe near-cluster BTC within=3%"),
        ("/timezone berlim", "/timezone Europe/Berlin"),
        ("/mute 30", "/mute 30m"),
        ("/timezone IST", "/timezone Kolkata"),
        ("/timezone usa", "/timezone America/New_York"),
        ("/subscribe BTC", "/subscribe near-cluster BTC"),
    ],
)
async def test_what_was_probably_meant_is_a_button_that_works(room, line, meant):
    refused = await room.say(line)
    assert refused.tone is Tone.WARNING
    assert refused.actions[0].command == meant
    assert (await room.say(meant)).tone is not Tone.WARNING


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/heatmap BTC zoom=5% 7d", "BTC 64,000"),
        ("/heatmap zoom=5% BTC 7d", "BTC 64,000"),
        ("/subscribe near-cluster within=3% BTC", "Subscribed to near-cluster BTC"),
        ("/subscribe within=3% near-cluster BTC,ETH", "2 coins"),
        ("/clusters tier=25x BTC", "tier= and opened= single out modelled positions"),
    ],
)
async def test_settings_may_stand_anywhere(room, line, told):
    assert (await room.title(line)).startswith(told)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("/alerts", "/subscriptions"),
        ("/subs", "/subscriptions"),
        ("/list", "/subscriptions"),
        ("/sub near-cluster BTC", "/subscribe near-cluster BTC"),
        ("/start", "/help"),
        ("/stop", "/pause"),
        ("/price BTC", "/clusters BTC"),
    ],
)
async def test_what_newcomers_type_is_led_to_what_it_is_called_here(room, line, meant):
    assert [button.command for button in (await room.say(line)).actions] == [meant]


@pytest.mark.parametrize("line", ["/mute 5", "/liquidations BTC 5"])
async def test_a_time_without_a_unit_is_asked_back_for_the_command_that_was_typed(room, line):
    refused = await room.say(line)
    assert [button.command for button in refused.actions] == [f"{line}m", f"{line}h"]


@pytest.mark.parametrize("line", ["/help BTC", "/help nonsense", "/import garbage", "/subscribe garbage BTC"])
async def test_what_is_like_nothing_is_told_what_there_is(room, line):
    said = await room.text(line)
    assert "Choose from" in said
    assert "Did you mean" not in said


@pytest.mark.parametrize("line", ["/funding", "/trade", "/buy BTC", "good morning"])
async def test_no_suggestion_is_better_than_a_wrong_one(room, line):
    refused = await room.say(line)
    assert "/help" in refused.title
    assert not refused.actions


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        *(("Germany", "Europe/Berlin"), ("germany", "Europe/Berlin"), ("UK", "Europe/London")),
        *(("India", "Asia/Kolkata"), ("Mumbai", "Asia/Kolkata"), ("beijing", "Asia/Shanghai")),
        *(("São Paulo", "America/Sao_Paulo"), ("sao paulo", "America/Sao_Paulo")),
        *(("Munich", "Europe/Berlin"), ("San Francisco", "America/Los_Angeles"), ("NYC", "America/New_York")),
        *(("Turkey", "Europe/Istanbul"), ("UTC+5:30", "Asia/Kolkata"), ("new york", "America/New_York")),
        *(("PST", "America/Los_Angeles"), ("MSK", "Europe/Moscow"), ("CEST", "Europe/Berlin")),
        *(("Vietnam", "Asia/Ho_Chi_Minh"), ("Japan", "Asia/Tokyo"), ("Ukraine", "Europe/Kyiv")),
        *(
            ("Singapore", "Asia/Singapore"),
            ("Nigeria", "Africa/Lagos"),
            ("Argentina", "America/Argentina/Buenos_Aires"),
        ),
    ],
)
def test_a_time_zone_is_found_by_city_and_country(typed, zone):
    assert read_zone(typed) == zone


@pytest.mark.parametrize("typed", ["usa", "Canada", "Australia", "Brazil", "Russia", "IST", "CST"])
def test_where_there_are_several_time_zones_it_is_asked_back_by_city(typed):
    with pytest.raises(UserError, match="Write a city") as refused:
        read_zone(typed)
    for line in refused.value.suggestions:
        assert read_zone(line.removeprefix("/timezone "))


async def test_a_place_keeps_its_summer_time(room):
    await room.say("/timezone NYC")
    assert "It is 23:00 here" in await room.title("/timezone")  # winter
    room.wait(24 * 180)
    assert "It is 00:00 here" in await room.title("/timezone")


@pytest.mark.parametrize("until", ["until 7am", "till 7", "until 07:00", "til 7 am"])
async def test_a_mute_may_be_until_a_time(room, until):
    assert await room.title(f"/mute {until}") == "Muted until 07:00 UTC"


@pytest.mark.parametrize("limit", ["5/h", "5 per hour", "5 an hour", "5"])
async def test_a_limit_may_be_by_the_hour(room, limit):
    assert await room.title(f"/limit {limit}") == "At most 5 alerts an hour come one by one"


# Long lists


async def test_a_long_list_has_pages_a_filter_and_an_end(room):
    for step in range(15):
        await room.say(f"/subscribe near-cluster BTC,ETH within={1 + step / 10:.1f}%")
    first = await room.say("/subscriptions")
    assert first.title == "30 subscriptions"
    assert "Page 1 of 3" in as_text(first)
    assert "#1 near-cluster" in as_text(first)
    assert "#11 " not in as_text(first)
    buttons = {one.label: one for one in first.actions}
    assert "Previous" not in buttons
    second = await room.say(buttons["Next"].command)
    assert "Page 2 of 3" in as_text(second)
    assert "#11 near-cluster" in as_text(second)
    of_eth = await room.say("/subscriptions ethusdt 2")
    assert of_eth.title == "15 subscriptions"
    assert "Page 2 of 2" in as_text(of_eth)
    assert "BTC" not in as_text(of_eth)
    assert "no subscription to 'sol'" in await room.title("/subscriptions SOL")
    asked = await room.say(buttons["End all"].command)
    assert asked.title == "End all 30 subscriptions?"
    assert await room.title(asked.actions[0].command) == "Ended all 30 subscriptions"
    assert await room.title("/subscriptions") == "No subscriptions in this chat"


async def test_all_may_be_paused_by_that_word(room):
    await room.say("/subscribe near-cluster BTC,ETH")
    assert await room.title("/pause all") == "Paused: 2 subscriptions"
    assert await room.title("/resume all") == "Resumed: 2 subscriptions"
