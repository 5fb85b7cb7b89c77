"""The heatmap, looked at pixel by pixel."""

from dataclasses import replace

import numpy as np
import pytest
from charts.scenes import (
    candles_of,
    crowd,
    events_of,
    heatmap_of,
    looked_at,
    recorded,
    walk,
    with_gaps,
    with_past,
)
from markets import HOUR, long, short, view_of

from liqbot.charts import heat, heatmap, theme
from liqbot.charts.canvas import LARGEST
from liqbot.charts.price_axis import ticks
from liqbot.charts.request import HeatmapInput, Look, Shape, ThemeName, Zoom
from liqbot.charts.theme import DARK, LIGHT
from liqbot.market.side import Side

COLUMNS = ("time_ms", "until_ms", "spot", "low", "high", "usd")


class Plot:
    """A heatmap's picture, and where things are in it. Its `heat` counts x and y from its own corner."""

    def __init__(self, view, **more):
        self.view, self.grid = view, view.grid
        asked = heatmap_of(view, **{"line": True} | more)
        self.plan = heatmap.layout(asked)
        self.frame, self.place = self.plan.frame, self.plan.place
        self.prices, self.times = self.place.prices, self.place.times
        self.top, self.bottom, self.right = self.place.top, self.place.bottom, self.place.right
        self.all = looked_at(heatmap.draw(asked))
        self.heat = self.all[self.top : self.bottom, self.place.left : self.right]
        self.columns = self.times.columns(self.grid)

    def y(self, price):
        """Return the y of prices within the heat."""
        return self.prices.length - self.prices.along(np.asarray(price))

    @property
    def line(self):
        """The y of the price at each x."""
        middles = np.arange(self.times.length) + 0.5
        return np.interp(middles, self.times.along(self.grid.time_ms), self.y(self.grid.spot))

    def lit(self):
        """Return which pixels have a colour of heat, that of nothing aside."""
        known = np.concatenate([theme.packed(DARK.heat[side][1:]) for side in Side])
        return np.isin(theme.packed(self.heat), known)

    def plain(self):
        """Return which pixels show nothing but heat: not near the price, on a rule, or under the tag."""
        y = np.arange(len(self.heat))[:, None] + 0.5
        spot = self.y(self.grid.spot)
        after = spot[np.minimum(self.columns + 1, len(spot) - 1)]
        plain = (
            (np.abs(y - self.line) > 12) & (np.abs(y - spot[self.columns]) > 12) & (np.abs(y - after) > 12)
        )
        between = (y - spot[self.columns]) * (y - after) > 0
        rules = [int(self.y(price)) for price in ticks(self.prices, heatmap._PRICE_APART)]
        plain &= between
        plain[rules] = False
        plain[:60, :480] = False
        return plain


def test_a_past_without_a_column_cannot_be_a_heatmap_and_the_error_says_so():
    view = crowd()
    empty = replace(view.grid, **{name: getattr(view.grid, name)[:0] for name in COLUMNS})
    with pytest.raises(ValueError, match="a heatmap of BTC needs past maps"):
        heatmap.draw(HeatmapInput(view=view, grid=empty, window="7d"))


def test_heat_has_the_colour_of_its_class_and_of_its_side():
    plot = Plot(with_past(crowd(), walk(62_000, 60)))
    usd = heat.by_side(plot.grid.usd, plot.grid.bins, plot.grid.spot, plot.prices)
    rows = np.arange(plot.prices.length)[::-1] // plot.prices.pixels
    plain, y = plot.plain(), np.arange(len(plot.heat))[:, None] + 0.5
    assert plain.mean() > 0.65
    for side in Side:
        level = plot.plan.levels[side].levels(usd[side])
        expected = DARK.heat[side][level.T[rows][:, plot.columns]]
        own = plain & ((y - plot.line) * side.sign > 0)
        assert own.mean() > 0.2
        assert (plot.heat[own] == expected[own]).all()


@pytest.mark.parametrize("side", Side)
def test_no_level_is_on_the_wrong_side_of_the_price(side):
    plot = Plot(with_past(crowd(), walk(62_000, 60, volatility=0.01), only=side))
    y = np.arange(len(plot.heat))[:, None] + 0.5
    wrong = (plot.line - y) * side.sign > 0
    plain = plot.plain()
    assert plot.lit()[plain & ~wrong].mean() > 0.3
    assert not plot.lit()[plain & wrong].any()


def test_the_price_line_is_where_the_price_is():
    plot = Plot(crowd())
    white = (plot.heat == DARK.text).all(axis=-1)
    for x in range(5, plot.times.length, 7):
        (found,) = np.nonzero(white[:, x])
        assert np.abs(found - plot.line[x]).min() <= 2


def test_a_single_thin_level_is_seen_where_a_row_covers_many_of_its_bins():
    crowded, lone = crowd(), 30_000.0
    crash = with_past(crowded, np.geomspace(15_000, 62_000, 200))
    place = crash.grid.bins.place(lone)
    crash.grid.usd[:, place] = 5_000.0
    crash.grid.usd[:, place - 24 : place] = crash.grid.usd[:, place + 1 : place + 24] = 0.0
    plot = Plot(crash)
    assert plot.prices.bins >= 5
    row = int(plot.y(lone))
    below = plot.heat[row, plot.times.length * 3 // 4 : -20].astype(int)
    assert (below.sum(axis=1) > np.sum(DARK.background)).all()


def test_spot_stands_on_white_beside_its_place():
    plot = Plot(crowd())
    y = plot.plan.today.spot_y
    assert (plot.all[y - 16 : y - 13, plot.right + 12 : plot.right + 60] == DARK.text).all()


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=lambda it: it.name)
def test_orange_is_only_below_spot_and_blue_only_above(colours):
    plot = Plot(crowd(), look=Look(theme=ThemeName(colours.name)))
    spot = plot.plan.today.spot_y
    side = plot.all[:, plot.frame.panel : plot.frame.right]
    for part, own, other in (
        (side[plot.top : spot], Side.SHORT, Side.LONG),
        (side[spot + 2 : plot.bottom], Side.LONG, Side.SHORT),
    ):
        for tones in (colours.hue, colours.shade, colours.deep):
            assert (part == tones[own]).all(axis=-1).any()
            assert not (part == tones[other]).all(axis=-1).any()


def test_bars_and_heat_line_up_to_the_pixel():
    view = with_past(view_of(long("ann", 1, at=95.5), short("bob", 1, at=104.5)), [100.0] * 40)
    plot = Plot(view)
    for side, price in ((Side.LONG, 95.5), (Side.SHORT, 104.5)):
        (in_heat,) = np.nonzero(plot.lit()[:, 600])
        near = in_heat[np.abs(in_heat - plot.y(price)) < 8]
        tones = [theme.pixel(colours[side]) for colours in (DARK.hue, DARK.shade)]
        bar_x = plot.frame.panel + 20
        (bar,) = np.nonzero(np.isin(theme.packed(plot.all[plot.top : plot.bottom, bar_x]), tones))
        assert len(bar)
        assert set(bar) <= set(near)


def test_times_without_data_are_hatched_and_named_not_filled_in():
    view = with_gaps()
    plot = Plot(view)
    gap = plot.columns == -1
    assert 0.1 < gap.mean() < 0.3
    hatching = [theme.pixel(DARK.gap), theme.pixel(DARK.hatch)]
    hatched = np.isin(theme.packed(plot.heat), hatching)
    plain = plot.plain()
    assert hatched[60:200, gap][plain[60:200, gap]].mean() > 0.95
    assert hatched[:, ~gap][plain[:, ~gap]].mean() < 0.001  # soft edges may come near its colours
    assert not plot.lit()[:200, gap][plain[:200, gap]].any()
    middle = plot.heat[len(plot.heat) // 2 - 20 : len(plot.heat) // 2 + 4, gap]
    assert (middle == DARK.soft).all(axis=-1).any()  # the words "no data"


def test_the_newest_map_is_in_the_heat_too():
    early, late = view_of(long("ann", 1, at=93)), view_of(long("ann", 1, at=95.5), time_ms=HOUR)
    view = with_past(late, [100.0] * 50)
    view.grid.usd[:-1] = 0
    view.grid.usd[:-1, view.grid.bins.place(93)] = early.map.total.sum()
    plot = Plot(view)
    assert plot.lit()[int(plot.y(95.5)), -5:-2].all()
    assert not plot.lit()[int(plot.y(95.5)), :-8].any()


def test_the_same_input_gives_the_same_bytes_whatever_was_drawn_before():
    first = heatmap.draw(heatmap_of(crowd())).png
    heatmap.draw(heatmap_of(with_gaps()))
    assert heatmap.draw(heatmap_of(crowd())).png == first


@pytest.mark.parametrize(
    ("hours", "columns", "accounts"),
    [(24, 288, 3000), (168, 336, 3000), (8760, 365, 3000), (8760, 365, 15_000)],
)
@pytest.mark.parametrize("shape", Shape)
def test_a_crowded_market_takes_at_most_90_kib_with_candles_and_marks(hours, columns, accounts, shape):
    view = crowd(hours=hours, columns=columns, accounts=accounts)
    asked = heatmap_of(
        view, candles=candles_of(view.grid), events=events_of(view.grid), look=Look(shape=shape)
    )
    assert len(heatmap.draw(asked).png) <= LARGEST == 90 * 1024


@pytest.mark.parametrize("coin", ["BTC", "SOL"])
def test_the_recorded_market_takes_at_most_64_kib(coin):
    assert len(heatmap.draw(heatmap_of(recorded(coin))).png) <= 64 * 1024


def test_the_file_is_named_for_coin_window_and_zoom():
    assert heatmap.draw(heatmap_of(crowd())).name == "BTC-heatmap-7d.png"
    assert heatmap.draw(heatmap_of(crowd(), zoom=Zoom.NEAR)).name == "BTC-heatmap-7d-zoom5.png"


def test_heat_is_split_by_side_without_losing_a_dollar():
    view = recorded("BTC")
    axis = heatmap.layout(heatmap_of(view)).place.prices
    sides = heat.by_side(view.grid.usd, view.grid.bins, view.grid.spot, axis)
    total = axis.sums(view.grid.usd, view.grid.bins)
    np.testing.assert_allclose(sides.long + sides.short, total, rtol=1e-6)
    assert (sides.long >= 0).all()
    assert (sides.short >= 0).all()


def test_a_square_picture_is_square_and_a_light_one_is_light():
    square = looked_at(heatmap.draw(heatmap_of(crowd(), look=Look(shape=Shape.SQUARE))))
    assert square.shape == (1080, 1080, 3)
    light = looked_at(heatmap.draw(heatmap_of(crowd(), look=Look(theme=ThemeName.LIGHT))))
    assert light.shape == (675, 1200, 3)
    assert light.mean() > 150
    assert square.mean() < 100
