"""How a chat's pictures look: it is said once, and holds for commands and alerts alike."""

import pytest
from chat.stand_ins import BTC, ME, SOMEBODY_ELSE, as_text, later

from liqbot.charts.request import Look, Shape, ThemeName, Zoom
from liqbot.service.picture_query import PictureStyle

LIGHT_SQUARE = Look(ThemeName.LIGHT, Shape.SQUARE)


async def test_what_is_chosen_holds_for_every_picture_of_the_chat(room):
    await room.say("/look theme=light format=square price=line")
    await room.say("/heatmap BTC")
    await room.say("/map BTC")
    heatmap, ladder = room.studio.inputs
    assert (heatmap.look, heatmap.line, ladder.look) == (LIGHT_SQUARE, True, LIGHT_SQUARE)


async def test_it_holds_for_this_chat_alone(room):
    await room.say("/look theme=light")
    await room.say("/heatmap BTC", SOMEBODY_ELSE)
    assert room.studio.inputs[-1].look == Look()


async def test_one_thing_is_changed_and_the_rest_stays(room):
    await room.say("/look theme=light")
    await room.say("/look format=square")
    text = await room.text("/look")
    assert "light" in text
    assert "square" in text
    assert (await room.store.chats.settings(ME)).look == "theme=light format=square"


async def test_the_default_leaves_nothing_behind(room):
    await room.say("/look theme=light format=square")
    await room.say("/look theme=dark format=wide")
    assert (await room.store.chats.settings(ME)).look == ""


async def test_each_other_choice_is_a_button_that_works(room):
    message = await room.say("/look")
    labels = {button.label for button in message.actions}
    assert labels == {"theme=light", "format=square", "price=line"}
    for button in message.actions:
        await room.say(button.command)
    assert PictureStyle.kept((await room.store.chats.settings(ME)).look) == PictureStyle(
        LIGHT_SQUARE, line=True
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/look theme=pink", "theme must be dark or light, not 'pink'"),
        ("/look colour=light", "there is no parameter 'colour'; it takes theme, format, price"),
    ],
)
async def test_what_there_is_not_is_refused_and_changes_nothing(room, line, said):
    assert said in (await room.say(line)).title
    assert not (await room.store.chats.settings(ME)).look


async def test_a_picture_may_have_a_style_of_its_own_which_its_buttons_keep(room):
    message = await room.say("/heatmap BTC theme=light")
    assert room.studio.inputs[-1].look == Look(ThemeName.LIGHT)
    assert all("theme=light" in button.command for button in message.actions)
    await room.say("/heatmap BTC")
    assert room.studio.inputs[-1].look == Look()


async def test_an_alerts_picture_is_drawn_as_each_chat_wants_it(room):
    await room.say("/look theme=light")
    await room.say("/subscribe near-cluster BTC within=3%")
    await room.say("/subscribe near-cluster BTC within=3%", SOMEBODY_ELSE)
    await room.see(later(BTC, 1))
    assert len(room.messages) == 2
    assert sorted(asked.look.theme for asked in room.studio.inputs) == ["dark", "light"]


async def test_an_alert_looked_at_again_is_drawn_so_too(room):
    await room.say("/look theme=light")
    await room.say("/subscribe near-cluster BTC within=3%")
    await room.see(later(BTC, 1))
    await room.say("/alert 1")
    assert room.studio.inputs[-1].look.theme is ThemeName.LIGHT


@pytest.mark.parametrize("kept", ["theme=neon", "nonsense", "theme=light shape=round"])
def test_what_another_version_kept_counts_as_the_default(kept):
    assert PictureStyle.kept(kept) == PictureStyle()


@pytest.mark.parametrize(("typed", "zoom"), [("5%", Zoom.NEAR), ("20", Zoom.WIDE), ("ALL", Zoom.ALL)])
async def test_a_zoom_is_what_was_typed_and_the_other_ranges_are_buttons(room, typed, zoom):
    message = await room.say(f"/heatmap BTC 7d zoom={typed}")
    assert room.studio.inputs[-1].zoom is zoom
    lines = {button.label: button.command for button in message.actions}
    assert lines["Refresh"] == f"/heatmap BTC 7d zoom={zoom.value}"
    assert lines["Zoom auto"] == "/heatmap BTC 7d"
    ranges = [lines[label] for label in ("±5%", "±20%", "All prices") if label in lines]
    assert len(ranges) == 2
    for line in ranges:
        assert "could not" not in as_text(await room.say(line))


async def test_a_zoom_that_there_is_not_is_refused(room):
    assert (await room.say("/heatmap BTC zoom=7%")).title == "zoom= takes 5%, 20%, all or auto, not '7%'."
    assert "Did you mean zoom=?" in (await room.say("/heatmap BTC zom=5%")).title
