from dataclasses import replace

import pytest
from chat.stand_ins import BTC, ETH, as_text, later
from markets import view_of

from liqbot.charts.studio import DrawingError
from liqbot.chat.market_commands import COMMANDS, about, described
from liqbot.market.clusters import Clusters
from liqbot.market.cohort import Cohort
from liqbot.market.marks import line
from liqbot.market.side import BySide, Side
from liqbot.message import Picture, Tone
from liqbot.service.market_answer import market_answer

OPTIONS = "Options expire: in 25.2 d, the quarterly ones in 81.2 d"
PROVENANCE = "Testex, measured, simulated · coverage unknown · positions 4 min old"


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
async def test_every_answer_says_which_market_how_sure_how_old_and_when(room, command):
    answer = await room.say(f"/{command} BTC")
    assert answer.title == "BTC 64,000: long-liquidation setup"
    assert answer.tone is Tone.LONGS
    assert answer.provenance == PROVENANCE
    assert answer.time_ms == BTC.time_ms
    assert answer.text


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
async def test_every_command_answers_for_an_empty_market(room, command):
    room.services.markets.views["BTC"] = view_of(spot=100)
    answer = await room.say(f"/{command} BTC")
    assert (answer.title, answer.tone) == ("BTC 100.00: no reading", Tone.NEUTRAL)
    assert "no positions" in answer.provenance


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
async def test_every_command_answers_where_accounts_are_not_known(room, command):
    clusters = [replace(cluster, accounts=None, whale_share=None) for cluster in BTC.clusters]
    room.services.markets.views["BTC"] = replace(BTC, clusters=Clusters(clusters), cohorts={}, holdings=())
    assert (await room.say(f"/{command} BTC")).title.startswith("BTC 64,000")


class TestPictures:
    @pytest.mark.parametrize(
        ("line", "asked"),
        [
            ("/heatmap BTC", "BTC-heatmap-24h"),
            ("/heatmap BTC 7d", "BTC-heatmap-7d"),
            ("/heatmap ETH 1y", "ETH-heatmap-1y"),
            ("/map BTC", "BTC-map"),
        ],
    )
    async def test_the_picture_that_was_asked_for_comes_with_the_figures_in_words(self, room, line, asked):
        answer = await room.say(line)
        assert room.studio.asked == [asked]
        assert answer.picture.name == f"{asked}.png"
        assert answer.text[0].startswith("Shorts within 5% above: ")

    async def test_a_heatmap_offers_the_other_windows_and_the_map(self, room):
        buttons = {button.label: button.command for button in (await room.say("/heatmap BTC 7d")).actions}
        assert buttons["Refresh"] == "/heatmap BTC 7d"
        assert buttons["Map"] == "/map BTC"
        assert buttons["30d"] == "/heatmap BTC 30d"
        assert "7d" not in buttons

    @pytest.mark.parametrize("line", ["/heatmap BTC", "/map BTC"])
    async def test_a_picture_that_cannot_be_drawn_is_replaced_by_its_figures(self, room, line):
        room.studio.broken = True
        answer = await room.say(line)
        assert answer.picture is None
        assert answer.lines[0] == "The picture could not be drawn. Its figures:"
        assert "62,700  −2%  $20.5M" in as_text(answer)


class TestClusters:
    async def test_they_stand_in_the_order_of_price_with_spot_between(self, room):
        room.services.markets.views["BTC"] = later(BTC, 60)
        assert await room.text("/clusters BTC") == (
            "BTC 64,000: long-liquidation setup\n"
            "Above spot: shorts, forced buys\n"
            "66,500  +3.9%  $5M  4.2 d\n"
            "Below spot: longs, forced sells\n"
            "62,700  −2%  $20.5M  4.2 d"
        )

    async def test_a_side_without_any_says_so(self, room):
        text = await room.text("/clusters ETH")
        assert "Nothing stands out above spot\nBelow spot: longs, forced sells\n1,700  −15%  $4M" in text

    async def test_one_that_has_just_appeared_is_new_and_of_a_modelled_one_nobody_is_known(self, room):
        clusters = [
            replace(cluster, accounts=None, whale_share=None, since_ms=BTC.time_ms)
            for cluster in BTC.clusters
        ]
        room.services.markets.views["BTC"] = replace(BTC, clusters=Clusters(clusters))
        assert (await room.text("/clusters BTC")).endswith("\n62,700  −2%  $20.5M  new")

    async def test_of_each_side_the_three_nearest_that_matter_are_shown_in_rows_that_do_not_wrap(self, room):
        below = BTC.clusters.of(Side.LONG)[0]
        usd_by_distance = {0.5: 8.6e6, 0.9: 1e6, 3: 9e6, 4: 20e6, 28: 40e6, 45: 90e6}
        usd_by_distance |= {10 + rank: rank * 1e6 for rank in range(11, 16)}
        many = [
            replace(below, id=str(far), usd=usd, price=64_000 * (1 - far / 100), distance_pct=-far)
            for far, usd in usd_by_distance.items()
        ]
        room.services.markets.views["BTC"] = replace(BTC, clusters=Clusters(many))
        _above, table = (await room.say("/clusters BTC")).tables
        assert [row[2] for row in table.rows] == ["$8.6M", "$9M", "$20M"]
        assert all(sum(map(len, row)) + 2 * len(row) <= 30 for row in table.rows), "it would wrap on a phone"


class TestRegime:
    async def test_it_says_the_ratio_what_it_means_who_and_who_pays(self, room):
        assert (await room.say("/regime BTC")).text == (
            "More would be force-sold on the way down than force-bought on the way up.",
            "Shorts within 5% above: $5M",
            "Longs within 5% below: $20.5M",
            "Ratio: 0.24",
            "Whales: $0 above, $12.8M below",
            "Retail: $5M above, $7.7M below",
            "Funding: +0.0013% an hour, longs pay",
            OPTIONS,
        )

    async def test_without_a_finite_ratio_none_is_claimed(self, room):
        assert (await room.say("/regime ETH")).text == (
            "No known position would be liquidated within 5% of spot.",
            "Shorts within 5% above: $0",
            "Longs within 5% below: $0",
            OPTIONS,
        )

    @pytest.mark.parametrize(
        ("up", "down", "regime", "tone"),
        [
            (30, 10, "short-squeeze setup", Tone.SHORTS),
            (10, 30, "long-liquidation setup", Tone.LONGS),
            (10, 10, "balanced", Tone.NEUTRAL),
        ],
    )
    async def test_its_colour_is_that_of_the_fuel(self, room, up, down, regime, tone):
        room.services.markets.views["BTC"] = replace(BTC, up_usd=up * 1e6, down_usd=down * 1e6)
        answer = await room.say("/regime BTC")
        assert (answer.title, answer.tone) == (f"BTC 64,000: {regime}", tone)

    @pytest.mark.parametrize(
        ("rate", "words"),
        [
            (-0.0001, "Funding: -0.0100% an hour, shorts pay"),
            (0.0, "Funding: about 0% an hour"),
            (-1e-9, "Funding: about 0% an hour"),
        ],
    )
    async def test_it_says_who_pays_funding(self, room, rate, words):
        room.services.markets.views["BTC"] = replace(BTC, funding=rate)
        assert words in (await room.say("/regime BTC")).text


async def test_trapped_says_how_much_of_each_side_and_how_deep(room):
    assert (await room.say("/trapped BTC")).text[:2] == (
        "Longs: 62% of $20.5M underwater, 62% by more than 5%",
        "Shorts: 100% of $5M underwater, 0% by more than 5%",
    )
    assert (await room.say("/trapped ETH")).text[1] == "Shorts: none known"


class TestWhales:
    async def test_it_says_who_holds_what_and_where_the_largest_would_be_liquidated(self, room):
        assert (await room.say("/whales BTC")).text == (
            "Whales: 1 account, $12.8M long, $0 short",
            "Retail: 2 accounts, $7.7M long, $5M short",
            "Largest positions",
            "$12.8M  long  from 70,000  liq. 62,700 (−2%)  0x1111…4444",
            "$7.7M  long  from 60,000  liq. 62,600 (−2.2%)  ann",
            "$5M  short  from 63,000  liq. 66,500 (+3.9%)  bob",
        )

    async def test_a_position_that_no_price_reaches_says_so(self, room):
        holdings = [replace(holding, liquidation=None) for holding in BTC.holdings]
        room.services.markets.views["BTC"] = replace(BTC, holdings=tuple(holdings))
        assert "$7.7M  long  from 60,000  no reachable level  ann" in (await room.say("/whales BTC")).text

    async def test_where_nobody_is_known_it_says_so(self, room):
        room.services.markets.views["BTC"] = replace(BTC, holdings=(), cohorts={})
        assert (await room.say("/whales BTC")).lines == ("Nobody is known to hold it.",)

    async def test_market_makers_come_last(self, room):
        reading = replace(BTC.cohorts[Cohort.WHALE], open_usd=BySide(1e6, 1e6), accounts=7)
        room.services.markets.views["BTC"] = replace(
            BTC, cohorts={Cohort.MARKET_MAKER: reading} | BTC.cohorts
        )
        lines = (await room.say("/whales BTC")).text
        assert lines[2] == "Market makers: 7 accounts, $1M long, $1M short"


def test_a_view_with_its_picture_is_a_message():
    picture = Picture(b"png", "words", "BTC.png")
    message = about(market_answer(BTC), picture)
    assert (message.title, message.picture) == ("BTC 64,000: long-liquidation setup", picture)


def test_a_view_can_be_described_in_full():
    text = as_text(described(market_answer(BTC)))
    for part in ("BTC 64,000", "Ratio: 0.24", "Longs: 62%", "62,700  −2%", "Whales: 1 account"):
        assert part in text
    assert "Shorts: none known" in as_text(described(market_answer(ETH)))


async def test_what_overlays_mark_is_on_the_heatmap(room, monkeypatch):
    seen = []

    async def heatmap(asked):
        seen.append((asked.view.marks, asked.window, asked.highlight))
        raise DrawingError("no ink")

    monkeypatch.setattr(room.studio, "heatmap", heatmap)
    room.services.pictures._marks = lambda view: (line(view.spot, "spot"),)
    await room.say("/heatmap BTC 3d")
    assert seen == [((line(64_000, "spot"),), "3d", None)]
