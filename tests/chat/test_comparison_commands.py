"""Maps side by side, and in three dimensions."""

import pytest
from chat.stand_ins import as_text
from chat.test_layer_commands import binance

from liqbot.charts.request import Look, ThemeName
from liqbot.message import Tone


async def test_venues_stand_side_by_side_with_how_far_they_agree(room):
    binance(room)
    message = await room.say("/compare BTC 7d")
    (asked,) = room.studio.inputs
    assert [panel.title for panel in asked.panels] == ["Testex, measured, simulated", "Binance, modelled"]
    assert all(len(panel.grid) for panel in asked.panels)
    assert asked.window == "7d"
    assert "of the money at the same prices" in as_text(message)
    (table,) = message.tables
    assert [row[0] for row in table.rows] == ["Testex, measured, simulated", "Binance, modelled"]
    assert table.rows[1][1].startswith("up to $")
    assert not table.rows[0][1].startswith("up to")


@pytest.mark.parametrize("line", ["/compare BTC by=model", "/compare BTC 24h by=model venue=binance"])
async def test_models_of_one_venue_stand_side_by_side(room, line):
    binance(room)
    message = await room.say(line)
    (asked,) = room.studio.inputs
    assert [panel.title for panel in asked.panels] == ["conserving (ours)", "sweep only", "stack"]
    assert len({panel.view.map.total.sum() for panel in asked.panels}) == 3
    assert len(message.facts) == 3


async def test_its_buttons_work_and_lead_to_the_other_comparison(room):
    binance(room)
    message = await room.say("/compare BTC")
    for button in message.actions:
        assert len(button.command.encode()) <= 60
        assert (await room.say(button.command)).picture is not None
    assert "/compare BTC 24h by=model" in [button.command for button in message.actions]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "/compare ETH",
            "Only Testex, measured, simulated has ETH here: there is nothing to compare it with.",
        ),
        ("/compare ETH by=model", "Nothing is modelled of ETH: there are no models to compare."),
        ("/compare BTC by=age", "by= takes venue or model, not 'age'."),
        ("/compare BTC zoom=5%", "There is no 'zoom' here, only venue=."),
        ("/compare BTC by=model venue=testex", "Models are compared of one modelled venue: name it,"),
    ],
)
async def test_what_cannot_be_compared_is_refused(room, line, said):
    binance(room)
    message = await room.say(line)
    assert message.tone is Tone.WARNING
    assert message.title.startswith(said)


async def test_a_map_in_three_dimensions_of_a_window_a_venue_and_a_style(room):
    binance(room)
    message = await room.say("/map3d BTC 24h venue=binance theme=light")
    (asked,) = room.studio.inputs
    assert (asked.window, asked.look) == ("24h", Look(ThemeName.LIGHT))
    assert asked.view.layer.label == "Binance, modelled"
    assert message.picture.name == "BTC-terrain-24h.png"
    assert all("venue=binance" in button.command or len(button.command) > 60 for button in message.actions)


async def test_a_picture_that_fails_leaves_the_figures(room):
    binance(room)
    room.studio.broken = True
    assert "could not be drawn" in await room.text("/map3d BTC")
    message = await room.say("/compare BTC")
    assert message.picture is None
    assert message.tables
