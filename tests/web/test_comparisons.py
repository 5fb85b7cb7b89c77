"""Maps side by side, as the web asks for them: the figures and the picture of the command."""

import pytest
from chat.stand_ins import Room
from chat.test_layer_commands import binance

from liqbot.service.errors import UserError
from liqbot.web.questions import ServiceQuestions


@pytest.fixture
async def room(store):
    return Room(store)


@pytest.fixture
def questions(room):
    binance(room)

    async def metrics():
        return b""

    return ServiceQuestions(room.services, troubles=dict, metrics=metrics)


async def test_venues_stand_side_by_side_and_are_never_added(room, questions):
    answer = await questions.comparison("BTC", {})
    assert [one.title for one in answer.maps] == ["Testex, measured, simulated", "Binance, modelled"]
    assert [one.is_modelled for one in answer.maps] == [False, True]
    assert len(answer.agreements) == 1
    await questions.picture("BTC", "compare", "7d", {"theme": "light"})
    (asked,) = room.studio.inputs
    assert [panel.title for panel in asked.panels] == [one.title for one in answer.maps]
    assert (asked.window, asked.look.theme) == ("7d", "light")


async def test_models_of_one_venue_are_three(questions):
    answer = await questions.comparison("BTC", {"by": "model", "venue": "binance"})
    assert [one.title for one in answer.maps] == ["conserving (ours)", "sweep only", "stack"]


async def test_what_a_comparison_does_not_take_is_refused(questions):
    with pytest.raises(UserError, match="by= takes venue or model"):
        await questions.comparison("BTC", {"by": "age"})
    with pytest.raises(UserError, match="nothing to compare"):
        await questions.picture("ETH", "compare", "24h", {})


async def test_another_layer_is_outlined_over_a_heatmap(room, questions):
    await questions.picture("BTC", "heatmap", "24h", {"beside": "binance", "zoom": "20%"})
    (asked,) = room.studio.inputs
    assert asked.second.view.layer.venue == "Binance"
    assert asked.zoom == "20%"
