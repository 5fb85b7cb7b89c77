"""A parameter that does not exist is refused with a hint, wherever it is written, and nothing is done."""

import pytest
from chat.stand_ins import ME

from liqbot.message import Tone

OF_A_RULE = "near-cluster: there is no parameter 'preview'; it takes within, at_least, size, side, single"


@pytest.mark.parametrize(
    "line",
    [
        "/subscribe near-cluster BTC {}",
        "/subscribe near-cluster BTC,ETH {}",
        "/subscribe near-cluster all {}",
    ],
)
async def test_subscribing_names_what_the_rule_takes(room, line):
    answer = await room.say(line.format("within=30% preview=no"))
    assert answer.tone is Tone.WARNING
    assert answer.title.startswith(OF_A_RULE)
    answer = await room.say(line.format("widhin=30%"))
    assert (
        answer.title
        == "near-cluster: there is no parameter 'widhin'; did you mean within? (/help near-cluster)"
    )
    assert await room.store.subscriptions.of(ME) == []


async def test_editing_and_importing_name_it_too_and_change_nothing(room):
    await room.say("/subscribe near-cluster BTC within=20%")
    before = await room.store.subscriptions.of(ME)
    assert (await room.title("/edit 1 preview=no")).startswith(OF_A_RULE)
    answer = await room.say("/import near-cluster BTC within=30% preview=no")
    assert answer.tone is Tone.WARNING
    assert OF_A_RULE in answer.lines[0]
    assert await room.store.subscriptions.of(ME) == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        *(
            (f"/{name} BTC preview=no", "There is no 'preview' here")
            for name in ("map", "heatmap", "history")
        ),
        *(
            (f"/{name} BTC preview=no", "There is no 'preview' here")
            for name in ("compare", "map3d", "stops")
        ),
        *(
            (f"/{name} BTC preview=no", "There is no 'preview' here")
            for name in ("clusters", "regime", "book")
        ),
        *(
            (f"/{name} BTC preview=no", f"is more than /{name} takes")
            for name in ("trapped", "whales", "brief")
        ),
        ("/cascade BTC -3% preview=no", "There is no 'preview' here, only venue=."),
        ("/screener preview=no", "/screener takes sort= and page=, not preview=."),
        ("/look preview=no", "there is no parameter 'preview'; did you mean price?"),
        ("/test near-cluster BTC preview=no", "'preview=no' is more than /test takes"),
        ("/limit 3 preview=no", "'3 preview=no' is not a number"),
        ("/mute 1h preview=no", "How long is '1h preview=no'?"),
        ("/grouping on preview=no", "'preview=no' is more than /grouping takes"),
        ("/status preview=no", "'preview=no' is more than /status takes"),
        ("/unsubscribe 1 preview=no", "'preview=no'"),
        ("/forget preview=no", "Only yes does it, not 'preview=no'. Nothing was changed."),
    ],
)
async def test_every_other_command_says_what_it_takes(room, line, said):
    await room.say("/subscribe near-cluster BTC within=20%")
    answer = await room.say(line)
    assert answer.tone is Tone.WARNING
    assert said in answer.title
    assert answer.picture is None
