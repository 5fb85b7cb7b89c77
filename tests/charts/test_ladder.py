"""The ladder: the map of one instant, looked at pixel by pixel."""

import numpy as np
import pytest
from charts.scenes import crowd, looked_at, recorded
from markets import long, short, view_of

from liqbot.charts import frame, ladder, theme
from liqbot.charts.canvas import LARGEST
from liqbot.charts.request import Look, MapInput, Shape
from liqbot.charts.strip import Strip
from liqbot.charts.theme import DARK
from liqbot.market.cohort import Cohort
from liqbot.market.depth import Depth
from liqbot.market.side import Side

RIGHT = frame.of(Look()).right


def map_of(view, **more):
    """Return the map of a view as a picture."""
    return ladder.draw(MapInput(view=view, **more))


def strip_of(view) -> Strip:
    """Return where the ladder has its bars."""
    asked, measures = MapInput(view=view), frame.of(Look())
    return ladder.strip_of(asked, measures, ladder.price_axis(asked, measures))


@pytest.mark.parametrize("sparse", [True, False])
def test_orange_is_only_below_spot_and_blue_only_above(sparse):
    view = view_of(long("ann", 3, at=98), short("bob", 2, at=103)) if sparse else crowd()
    strip, pixels = strip_of(view), looked_at(map_of(view))
    above = pixels[strip.top : strip.spot_y, strip.left : RIGHT]
    below = pixels[strip.spot_y + 2 : strip.bottom, strip.left : RIGHT]
    for part, own in ((above, Side.SHORT), (below, Side.LONG)):
        assert (part == DARK.hue[own]).all(axis=-1).any()
        for colours in (DARK.hue, DARK.shade, DARK.deep, DARK.tint):
            assert not (part == colours[own.other]).all(axis=-1).any()


def test_a_bar_is_as_long_as_its_dollars_and_as_high_as_its_row():
    view = view_of(long("ann", 4, at=93), long("bob", 1, at=97), spot=100)
    strip, pixels = strip_of(view), looked_at(map_of(view))
    full = round((strip.right - strip.left) * ladder._BARS)
    for level, colour, length in ((93, DARK.hue.long, full), (97, DARK.shade.long, full / 4)):
        place = strip.axis.first
        row = (int(np.floor(np.log(level) * 1000)) - place) // strip.axis.bins
        rows = slice(strip.bottom - (row + 1) * strip.axis.pixels, strip.bottom - row * strip.axis.pixels)
        bar = (pixels[rows, strip.left : strip.right] == colour).all(axis=-1)
        assert np.abs(bar.sum(axis=1).max() - length) <= 8  # a curve or a rule may cross it
        assert 1 <= bar.any(axis=1).sum() <= strip.axis.pixels


def test_whales_and_retail_have_tones_of_their_own():
    view = crowd()
    pixels = theme.packed(looked_at(map_of(view)))
    for side in Side:
        for cohort in (Cohort.WHALE, Cohort.RETAIL):
            assert (pixels == theme.pixel(DARK.cohorts[cohort][side])).sum() > 500


def test_fuel_is_marked_where_it_ends():
    view = crowd()
    strip, pixels = strip_of(view), looked_at(map_of(view))
    for side, usd in ((Side.SHORT, view.up_usd), (Side.LONG, view.down_usd)):
        y = round(strip.y(view.spot * (1 - side.sign * 0.05)))
        x = round(strip.left + usd / strip.most * (strip.right - strip.left) * ladder._CURVES)
        dot = pixels[y - 3 : y + 4, x - 3 : x + 4]
        assert (dot == DARK.tint[side]).all(axis=-1).mean() > 0.8


def test_the_curves_end_at_what_is_in_sight():
    view = crowd()
    strip = strip_of(view)
    for side in Side:
        y, usd = strip.totals(side)
        assert usd[-1] == pytest.approx(strip.axis.sums(view.map.of(side), view.map.bins).sum())
        assert (np.diff(usd) >= 0).all()
        assert (np.diff(y) * side.sign >= 0).all()


@pytest.mark.parametrize("coin", ["BTC", "SOL"])
def test_recorded_and_crowded_markets_take_at_most_64_kib(coin):
    for view in (crowd(), recorded(coin)):
        assert len(map_of(view).png) <= 64 * 1024 < LARGEST


@pytest.mark.parametrize("shape", Shape)
def test_clusters_that_matter_are_on_the_axis_and_a_book_stands_beside_the_bars(shape):
    view = crowd()
    spot = view.spot
    bids = [(spot * (1 - step / 2000), 30.0) for step in range(1, 60)]
    asks = [(spot * (1 + step / 2000), 30.0) for step in range(1, 60)]
    look = Look(shape=shape)
    bare = looked_at(map_of(view, look=look))
    book = looked_at(map_of(view, look=look, depth=Depth.of("BTC", "Testex", view.time_ms, bids, asks)))
    asked = MapInput(view=view, look=look)
    strip = ladder.strip_of(asked, frame.of(look), ladder.price_axis(asked, frame.of(look)))
    near = slice(round(strip.y(spot * 1.02)), round(strip.y(spot * 1.005)))
    beside = slice(strip.right - round(0.26 * (strip.right - strip.left)), strip.right)
    changed = (bare != book).any(axis=-1)[near, beside]
    assert (book[near, beside][changed] == DARK.dim).all(axis=-1).mean() > 0.8
    assert changed[:, -20:].mean() > 0.4


def test_the_same_view_gives_the_same_bytes_whatever_was_drawn_before():
    first = map_of(crowd()).png
    map_of(view_of(long("ann", 3, at=98)))
    assert map_of(crowd()).png == first


def test_the_file_is_named_for_the_coin():
    assert map_of(crowd(coin="xyz:TSLA")).name == "xyz-TSLA-map.png"
