"""The heatmap, looked at pixel by pixel."""

import numpy as np
import pytest
from charts.scenes import crowd, looked_at, recorded, walk, with_gaps, with_past, without_grid
from markets import HOUR, long, short, view_of

from liqbot.charts import heat, heatmap, panel, theme
from liqbot.charts.canvas import LARGEST
from liqbot.charts.frame import BOTTOM, LEFT, RIGHT
from liqbot.charts.heat import HeatScale
from liqbot.charts.price_axis import ticks
from liqbot.charts.time_axis import TimeAxis
from liqbot.market.side import Side


class Plot:
    """A heatmap's picture, and where things are in it. Its `heat` counts x and y from its own corner."""

    def __init__(self, view, window="24h"):
        self.view, self.grid = view, view.grid
        self.prices = heatmap._price_axis(view, view.grid)
        self.right = heatmap._heat_right(view, self.prices)
        self.times = TimeAxis.of(view.grid, self.right - LEFT)
        self.top = BOTTOM - self.prices.length
        self.all = looked_at(heatmap.draw(view, window=window))
        self.heat = self.all[self.top : BOTTOM, LEFT : self.right]
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
        """Return which pixels have a colour of the heat ramp, that of nothing aside."""
        known = theme.packed(theme.HEAT[1:])
        return np.isin(theme.packed(self.heat), known)

    def plain(self):
        """Return which pixels show nothing but heat: not near the price, on a rule, or under the tag."""
        y = np.arange(len(self.heat))[:, None] + 0.5
        spot = self.y(self.grid.spot)
        after = spot[np.minimum(self.columns + 1, len(spot) - 1)]
        plain = (np.abs(y - self.line) > 9) & (np.abs(y - spot[self.columns]) > 9) & (np.abs(y - after) > 9)
        between = (y - spot[self.columns]) * (y - after) > 0
        rules = [int(self.y(price)) for price in ticks(self.prices, heatmap._PRICE_APART)]
        plain &= between
        plain[rules] = False
        plain[:50, :240] = False
        return plain


def test_a_view_without_a_past_cannot_be_a_heatmap_and_the_error_says_so():
    with pytest.raises(ValueError, match="a heatmap of BTC needs a view with past maps"):
        heatmap.draw(without_grid(crowd()), window="7d")


def test_heat_has_the_colour_of_its_value():
    plot = Plot(with_past(crowd(), walk(62_000, 60)))
    usd = plot.prices.sums(plot.grid.usd, plot.grid.bins)
    levels = HeatScale.of(usd).levels(usd)
    rows = np.arange(plot.prices.length)[::-1] // plot.prices.pixels
    expected = theme.HEAT[levels.T[rows][:, plot.columns]]
    plain = plot.plain()
    assert plain.mean() > 0.7
    assert (plot.heat[plain] == expected[plain]).all()


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
    white = (plot.heat == theme.TEXT).all(axis=-1)
    for x in range(5, plot.times.length, 7):
        (found,) = np.nonzero(white[:, x])
        assert np.abs(found - plot.line[x]).min() <= 2


def test_a_single_thin_level_is_seen_where_a_row_covers_many_of_its_bins():
    crowded, lone = crowd(), 30_000.0
    crash = with_past(crowded, np.geomspace(15_000, 62_000, 200))
    place = crash.grid.bins.place(lone)
    crash.grid.usd[:, place] = 5_000.0
    crash.grid.usd[:, place - 12 : place] = crash.grid.usd[:, place + 1 : place + 12] = 0.0
    plot = Plot(crash)
    assert plot.prices.bins >= 5
    row = int(plot.y(lone))
    below = plot.heat[row, plot.times.length * 3 // 4 : -20].astype(int)
    assert (below.sum(axis=1) > np.sum(theme.BACKGROUND)).all()


def test_spot_stands_on_white_beside_its_place():
    plot = Plot(crowd())
    y = round(BOTTOM - plot.prices.at(plot.view.spot))
    assert (plot.all[y - 12 : y - 9, plot.right + 12 : plot.right + 60] == theme.TEXT).all()


def test_orange_is_only_below_spot_and_blue_only_above():
    plot = Plot(crowd())
    spot = round(BOTTOM - plot.prices.at(plot.view.spot))
    side = plot.all[:, panel.LEFT : RIGHT]
    for part, own, other in (
        (side[plot.top : spot], Side.SHORT, Side.LONG),
        (side[spot + 2 : BOTTOM], Side.LONG, Side.SHORT),
    ):
        for colours in (theme.HUE, theme.SHADE, theme.DEEP):
            assert (part == colours[own]).all(axis=-1).any()
            assert not (part == colours[other]).all(axis=-1).any()


def test_bars_and_heat_line_up_to_the_pixel():
    view = with_past(view_of(long("ann", 1, at=93), short("bob", 1, at=108)), [100.0] * 40)
    plot = Plot(view)
    for side, price in ((Side.LONG, 93), (Side.SHORT, 108)):
        (in_heat,) = np.nonzero(plot.lit()[:, 500])
        near = in_heat[np.abs(in_heat - plot.y(price)) < 6]
        tones = [theme.pixel(colours[side]) for colours in (theme.HUE, theme.SHADE)]
        (bar,) = np.nonzero(np.isin(theme.packed(plot.all[plot.top : BOTTOM, panel.LEFT + 20]), tones))
        assert len(bar)
        assert set(bar) <= set(near)


def test_times_without_data_are_hatched_and_named_not_filled_in():
    view = with_gaps()
    plot = Plot(view)
    gap = plot.columns == -1
    assert 0.1 < gap.mean() < 0.3
    hatching = [theme.pixel(theme.GAP), theme.pixel(theme.HATCH)]
    hatched = np.isin(theme.packed(plot.heat), hatching)
    assert hatched[:200, gap].mean() > 0.95
    assert not hatched[:, ~gap][plot.plain()[:, ~gap]].any()
    assert not plot.lit()[:200, gap][plot.plain()[:200, gap]].any()
    middle = plot.heat[len(plot.heat) // 2 - 20 : len(plot.heat) // 2 + 4, gap]
    assert (middle == theme.SOFT).all(axis=-1).any()  # the words "no data"


def test_the_newest_map_is_in_the_heat_too():
    early, late = view_of(long("ann", 1, at=90)), view_of(long("ann", 1, at=93), time_ms=HOUR)
    view = with_past(late, [100.0] * 50)
    view.grid.usd[:-1] = 0
    view.grid.usd[:-1, view.grid.bins.place(90)] = early.map.total.sum()
    plot = Plot(view)
    assert plot.lit()[int(plot.y(93)), -5:-2].all()
    assert not plot.lit()[int(plot.y(93)), :-8].any()


def test_the_axis_holds_the_whole_path_and_where_fuel_is_counted():
    for view in (crowd(), with_past(crowd(), np.geomspace(9_000, 62_000, 50)), recorded("BTC")):
        axis = heatmap._price_axis(view, view.grid)
        assert axis.low < min(view.grid.low.min(), 0.95 * view.spot)
        assert axis.high > max(view.grid.high.max(), 1.05 * view.spot)
        assert axis.length <= BOTTOM - heatmap.TOP


def test_the_same_view_gives_the_same_bytes_whatever_was_drawn_before():
    first = heatmap.draw(crowd(), window="7d").png
    heatmap.draw(with_gaps(), window="24h")
    assert heatmap.draw(crowd(), window="7d").png == first


@pytest.mark.parametrize(
    ("hours", "columns", "accounts"),
    [(24, 288, 3000), (168, 336, 3000), (8760, 365, 3000), (8760, 365, 15_000)],
)
def test_a_crowded_market_takes_at_most_80_kib(hours, columns, accounts):
    view = crowd(hours=hours, columns=columns, accounts=accounts)
    assert len(heatmap.draw(view, window="7d").png) <= LARGEST == 80 * 1024


@pytest.mark.parametrize("coin", ["BTC", "SOL"])
def test_the_recorded_market_takes_at_most_64_kib(coin):
    assert len(heatmap.draw(recorded(coin), window="12d").png) <= 64 * 1024


def test_the_file_is_named_for_coin_and_window():
    assert heatmap.draw(crowd(), window="7d").name == "BTC-heatmap-7d.png"


def test_heat_is_split_by_side_without_losing_a_dollar():
    view = recorded("BTC")
    axis = heatmap._price_axis(view, view.grid)
    sides = heat.by_side(view.grid.usd, view.grid.bins, view.grid.spot, axis)
    total = axis.sums(view.grid.usd, view.grid.bins)
    np.testing.assert_allclose(sides.long + sides.short, total, rtol=1e-12)
    assert (sides.long >= 0).all()
    assert (sides.short >= 0).all()
