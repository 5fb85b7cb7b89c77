"""The ladder: the map of one instant, looked at pixel by pixel."""

import numpy as np
import pytest
from charts.scenes import crowd, looked_at, recorded
from markets import long, short, view_of

from liqbot.charts import ladder, theme
from liqbot.charts.canvas import LARGEST
from liqbot.charts.frame import BOTTOM, RIGHT
from liqbot.charts.price_axis import fitted, worth_seeing
from liqbot.charts.strip import Strip
from liqbot.market.cohort import Cohort
from liqbot.market.side import Side


def strip_of(view) -> Strip:
    """Return where the ladder has its bars."""
    low, high = worth_seeing(view.map, ladder._MONEY)
    axis = fitted(low, high, BOTTOM - ladder._TOP, fine=ladder._FINE, coarse=ladder._COARSE)
    return Strip.of(view, axis, left=ladder._left(view, axis), right=ladder._STRIP_RIGHT, bottom=BOTTOM)


@pytest.mark.parametrize("sparse", [True, False])
def test_orange_is_only_below_spot_and_blue_only_above(sparse):
    view = view_of(long("ann", 3, at=98), short("bob", 2, at=103)) if sparse else crowd()
    strip, pixels = strip_of(view), looked_at(ladder.draw(view))
    above = pixels[strip.top : strip.spot_y, strip.left : RIGHT]
    below = pixels[strip.spot_y + 2 : BOTTOM, strip.left : RIGHT]
    for part, own in ((above, Side.SHORT), (below, Side.LONG)):
        assert (part == theme.HUE[own]).all(axis=-1).any()
        for colours in (theme.HUE, theme.SHADE, theme.DEEP, theme.WASH, theme.TINT):
            assert not (part == colours[own.other]).all(axis=-1).any()


def test_a_bar_is_as_long_as_its_dollars_and_as_high_as_its_row():
    view = view_of(long("ann", 4, at=93), long("bob", 1, at=97), spot=100)
    strip, pixels = strip_of(view), looked_at(ladder.draw(view))
    full = round((strip.right - strip.left) * ladder._BARS)
    for level, colour, length in ((93, theme.HUE.long, full), (97, theme.SHADE.long, full / 4)):
        place = strip.axis.first
        row = (int(np.floor(np.log(level) * 1000)) - place) // strip.axis.bins
        rows = slice(BOTTOM - (row + 1) * strip.axis.pixels, BOTTOM - row * strip.axis.pixels)
        bar = (pixels[rows, strip.left : strip.right] == colour).all(axis=-1)
        assert np.abs(bar.sum(axis=1).max() - length) <= 8  # a curve or a rule may cross it
        assert 1 <= bar.any(axis=1).sum() <= strip.axis.pixels


def test_whales_and_retail_have_tones_of_their_own():
    view = crowd()
    pixels = theme.packed(looked_at(ladder.draw(view)))
    for side in Side:
        for cohort in (Cohort.WHALE, Cohort.RETAIL):
            assert (pixels == theme.pixel(theme.COHORT_COLOUR[cohort][side])).sum() > 500


def test_fuel_is_marked_where_it_ends():
    view = crowd()
    strip, pixels = strip_of(view), looked_at(ladder.draw(view))
    for side, usd in ((Side.SHORT, view.up_usd), (Side.LONG, view.down_usd)):
        y = round(strip.y(view.spot * (1 - side.sign * 0.05)))
        x = round(strip.left + usd / strip.most * (strip.right - strip.left) * ladder._CURVES)
        dot = pixels[y - 3 : y + 4, x - 3 : x + 4]
        assert (dot == theme.TINT[side]).all(axis=-1).mean() > 0.8


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
        assert len(ladder.draw(view).png) <= 64 * 1024 < LARGEST


def test_the_same_view_gives_the_same_bytes_whatever_was_drawn_before():
    first = ladder.draw(crowd()).png
    ladder.draw(view_of(long("ann", 3, at=98)))
    assert ladder.draw(crowd()).png == first


def test_the_file_is_named_for_the_coin():
    assert ladder.draw(crowd(coin="xyz:TSLA")).name == "xyz-TSLA-map.png"
