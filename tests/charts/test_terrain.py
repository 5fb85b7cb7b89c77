"""The map in three dimensions."""

from dataclasses import replace

import pytest
from charts.scenes import ODD_MARKETS, crowd, looked_at, recorded

from liqbot.charts import terrain
from liqbot.charts.request import Look, Shape, TerrainInput, ThemeName
from liqbot.charts.theme import DARK
from liqbot.market import figures
from liqbot.market.side import Side

MOST = 150 * 1024
"""Its thousand slopes take more bytes than a heatmap's rectangles."""


def drawn(view, **more):
    return terrain.draw(TerrainInput(view=view, grid=view.grid, window="7d", **more))


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("theme", ThemeName)
def test_it_is_drawn_in_both_formats_and_colours(shape, theme):
    picture = drawn(recorded("BTC"), look=Look(theme=theme, shape=shape))
    assert len(picture.png) <= MOST
    assert picture.name == "BTC-terrain-7d.png"
    assert "RECORDED".lower() in picture.alt
    assert looked_at(picture).std() > 5


def test_both_sides_have_their_hue_and_the_clusters_that_matter_are_named():
    view = crowd()
    picture = drawn(view)
    pixels = looked_at(picture)
    for side in Side:
        assert (pixels == DARK.hue[side]).all(axis=-1).sum() > 300
        assert f"of {side.value}s at" in picture.alt
    assert figures.usd(view.up_usd) in picture.alt


@pytest.mark.parametrize("oddity", ["nobody holds anything", "only longs", "a past of one column", "cents"])
def test_odd_markets_have_one_too(oddity):
    assert drawn(ODD_MARKETS[oddity]()).png


def test_without_a_past_there_is_none():
    view = crowd()
    columns = ("time_ms", "until_ms", "spot", "low", "high", "usd")
    empty = replace(view.grid, **{name: getattr(view.grid, name)[:0] for name in columns})
    with pytest.raises(ValueError, match="a terrain of BTC needs past maps"):
        terrain.draw(TerrainInput(view=view, grid=empty, window="7d"))
