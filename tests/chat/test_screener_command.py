"""`/screener` in a chat."""

import pytest
from chat.stand_ins import BTC, ETH
from markets import view_of

from liqbot.text.tables import PHONE


async def test_all_coins_are_shown_as_a_picture_and_as_text(room):
    answer = await room.say("/screener")
    assert answer.title == "Coins by their nearest cluster"
    assert [row[0] for row in answer.tables[0].rows] == ["BTC", "ETH"]
    assert room.studio.asked == ["BTC-screener-nearest"]
    assert answer.picture is not None


@pytest.mark.parametrize(
    ("sort", "row"),
    [
        ("nearest", ("BTC", "▼ −2%", "$20.5M")),
        ("fuel", ("BTC", "▼ $12.8M", "▲ $0")),
        ("imbalance", ("BTC", "−0.61", "$12.8M")),
        ("trapped", ("BTC", "longs 62%", "shorts 100%")),
    ],
)
async def test_a_row_has_what_the_order_is_about(room, sort, row):
    rows = (await room.say(f"/screener sort={sort}")).tables[0].rows
    assert row in rows


async def test_buttons_change_the_order_and_turn_pages_in_place(room):
    views = {f"C{n}": view_of(coin=f"C{n}") for n in range(20)}
    room.services.markets.views.update(views)
    answer = await room.say("/screener sort=fuel page=2")
    assert answer.title == "Coins by fuel within 2% of spot, page 2 of 2"
    commands = {button.label: button.command for button in answer.actions}
    assert commands["Back"] == "/screener sort=fuel page=1"
    assert commands["Nearest"] == "/screener sort=nearest"
    assert "Next" not in commands
    assert "Fuel" not in commands
    assert all(button.renews for button in answer.actions)


async def test_where_it_cannot_be_drawn_the_text_is_there(room):
    room.studio.broken = True
    answer = await room.say("/screener sort=trapped")
    assert answer.picture is None
    assert answer.tables[0].rows


@pytest.mark.parametrize("line", ["/screener sort=size", "/screener page=0", "/screener venue=binance"])
async def test_what_it_does_not_take_is_said(room, line):
    answer = await room.say(line)
    assert "takes" in answer.title


async def test_rows_fit_a_phone(room):
    from liqbot.text.tables import columns

    for sort in ("nearest", "fuel", "imbalance", "trapped"):
        rows = (await room.say(f"/screener sort={sort}")).tables[0].rows
        lines = columns(rows)
        assert len(lines) == len(rows)
        assert max(map(len, lines)) <= PHONE
    assert {BTC.coin, ETH.coin} == {row[0] for row in rows}
