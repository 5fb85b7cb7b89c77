"""The price that a picture is about: its line is where it belongs, and its name is seen and read."""

from dataclasses import replace

import numpy as np
import pytest
from charts.scenes import crowd, heatmap_of, looked_at

from liqbot.charts import frame, heatmap, level_mark
from liqbot.charts.canvas import Box, Canvas
from liqbot.charts.request import Look, NamedLevel, Shape, ThemeName
from liqbot.charts.theme import MUST
from liqbot.market.side import Side

SHARES = (0.5, 0.8, 0.95, 0.9999, 1.0, 1.0001, 1.05, 1.2, 1.6, 10.0)
"""Of spot."""


def marked(share, shape=Shape.WIDE, **more):
    view = crowd()
    side = Side.LONG if share <= 1 else Side.SHORT
    names = ("whale: long $1.7M, liquidation 62,000", "long $1.7M, liquidation 62,000", "liquidation 62,000")
    level = NamedLevel(view.spot * share, names, side)
    return heatmap_of(view, "24h", level=level, look=Look(shape=shape, **more))


@pytest.fixture
def said(monkeypatch):
    """Each word that is drawn, with its size."""
    words, text = {}, Canvas.text

    def listening(self, x, baseline, *options, **how):
        words.update({word: letters.size for word, letters in options})
        return text(self, x, baseline, *options, **how)

    monkeypatch.setattr(Canvas, "text", listening)
    return words


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("share", SHARES)
def test_its_name_stands_within_the_plot_and_covers_neither_its_line_nor_the_tag(share, shape):
    asked = marked(share, shape)
    plan, canvas = heatmap.layout(asked), frame.sheet(asked.look)
    name, tag, *_ = heatmap._taken(canvas, asked, plan)
    place = plan.place
    assert Box(place.left, place.top, place.right, place.bottom).holds(name)
    assert not name.overlaps(tag)
    if place.prices.holds(asked.level.price):
        y = place.bottom - place.prices.at(asked.level.price)
        assert not name.top < y < name.bottom


@pytest.mark.parametrize("share", SHARES)
def test_a_level_that_is_not_far_is_on_the_axis_and_of_another_an_arrow_says_where_it_is(said, share):
    asked = marked(share)
    axis = heatmap.layout(asked).place.prices
    assert axis.holds(asked.level.price) == (abs(share - 1) <= level_mark.FARTHEST)
    heatmap.draw(asked)
    [word] = [word for word in said if word.endswith("liquidation 62,000")]
    arrow = {True: "", False: "↓" if share < 1 else "↑"}[axis.holds(asked.level.price)]
    assert word.startswith(arrow or "whale")


@pytest.mark.parametrize("shape", Shape)
def test_its_name_is_large_enough_for_a_phone(said, shape):
    heatmap.draw(marked(0.95, shape))
    [size] = [size for word, size in said.items() if "liquidation 62,000" in word]
    assert size >= MUST


@pytest.mark.parametrize("theme", ThemeName)
def test_its_line_crosses_the_heat_at_its_price(theme):
    asked = marked(0.95, theme=theme)
    with_line, without = (looked_at(heatmap.draw(one)) for one in (asked, replace(asked, level=None)))
    assert with_line.shape == without.shape
    plan = heatmap.layout(asked)
    y = round(plan.place.bottom - plan.place.prices.at(asked.level.price))
    row = with_line[y, plan.place.left : plan.place.right]
    ink = np.asarray(frame.colours(asked.look).text)
    assert (np.abs(row.astype(int) - ink).max(axis=-1) < 40).mean() > 0.5


def test_a_name_for_which_there_is_no_room_is_said_shorter(said):
    view = crowd()
    long_name = f"{'a' * 24}: long $1,700,000.00 held in this account, liquidation 62,000"
    level = NamedLevel(view.spot * 0.95, (long_name, "liquidation 62,000"), Side.LONG)
    heatmap.draw(heatmap_of(view, level=level, look=Look(shape=Shape.SQUARE)))
    assert "liquidation 62,000" in said
    assert long_name not in said


def test_the_words_of_the_picture_tell_it_too():
    assert "whale: long $1.7M, liquidation 62,000 marked" in heatmap.draw(marked(0.95)).alt


def test_pictures_that_differ_in_it_are_not_the_same():
    one = marked(0.95)
    assert one.key != replace(one, level=None).key != marked(0.9).key
    assert one.key == marked(0.95).key
