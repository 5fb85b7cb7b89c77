from functools import cache

from chat.stand_ins import BTC
from modelled import DAY, backfill, history

from liqbot.engine.modelled_board import ModelledBoard
from liqbot.market.layer import Basis, Layer
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation


@cache
def modelled_binance():
    board = ModelledBoard(Layer("Binance", Basis.MODELLED))
    board.apply_all(backfill(*history(DAY)))
    board.apply(Liquidation("BTC", board.time_ms, Side.LONG, 59_000.0, 50.0, sampled=True))
    return board.view("BTC"), board.snapshot("BTC")


def binance(room):
    """Add a modelled layer to the room's market, as old as its measured one."""
    view, snapshot = modelled_binance()
    services = room.services
    services.markets.views["BTC"] = BTC
    services.markets.layers.keep([BTC], {})
    services.markets.layers.keep([view], {"BTC": snapshot})
    return view


async def test_a_heatmap_of_another_venue_is_drawn_and_its_buttons_stay_there(room):
    view = binance(room)
    message = await room.say("/heatmap BTC 7d venue=binance tier=10x")
    assert room.studio.asked == ["BTC-heatmap-7d"]
    assert message.provenance.startswith("Binance (10x only), modelled · ")
    assert message.time_ms == view.time_ms
    assert "/map BTC venue=binance tier=10x" in [button.command for button in message.actions]
    assert all("venue=binance tier=10x" in button.command for button in message.actions)


async def test_a_map_and_the_clusters_of_another_venue(room):
    binance(room)
    assert (await room.say("/map BTC venue=binance")).provenance.startswith("Binance, modelled")
    lines = (await room.say("/clusters BTC venue=modelled")).text
    assert not any("account" in line for line in lines)


async def test_the_regime_says_what_came_true_of_a_modelled_layer(room):
    binance(room)
    lines = (await room.say("/regime BTC venue=binance")).text
    (swept,) = [line for line in lines if line.startswith("Swept in ")]
    assert "realised at least $3M" in swept
    assert "modelled $" in swept


async def test_what_there_is_not_is_refused_with_what_there_is(room):
    binance(room)
    message = await room.say("/map BTC venue=krakn")
    assert "'krakn' has no BTC here. Choose from testex, binance, measured, modelled" in message.title
