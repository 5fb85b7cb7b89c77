"""The sheet that pictures are drawn on, and the file that it becomes."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from liqbot.charts import palette, png, theme
from liqbot.charts.canvas import LARGEST, Canvas, baseline, fitting, width
from liqbot.charts.theme import Letters

WORD = ("BTC $62,031", theme.SPOT)


def drawn(canvas):
    return np.asarray(Image.open(io.BytesIO(canvas.png())).convert("RGB"))


def chunks(data):
    place, found = 8, []
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        found.append(data[place + 4 : place + 8].decode())
        place += length + 12
    return found


def test_a_picture_has_pixels_and_nothing_else_in_it():
    assert chunks(Canvas().png()) == ["IHDR", "PLTE", "IDAT", "IEND"]


def test_what_is_filled_is_filled_to_the_pixel():
    canvas = Canvas()
    canvas.fill(10, 20, 13, 25, theme.HUE.long)
    filled = (drawn(canvas) == theme.HUE.long).all(axis=-1)
    assert filled.sum() == 15
    assert filled[20:25, 10:13].all()


def test_what_lies_outside_is_not_drawn():
    canvas = Canvas()
    canvas.fill(-5, -5, 2, 0, theme.TEXT)
    canvas.fill(-5, 10, -1, 12, theme.TEXT)
    canvas.line(np.array([(-50.0, -50.0), (-10.0, 900.0)]), theme.TEXT, 3)
    assert (drawn(canvas) == theme.BACKGROUND).all()


def test_text_stays_in_its_box_and_fills_it():
    canvas = Canvas()
    box = canvas.text(300, 200, WORD)
    ys, xs = np.nonzero((drawn(canvas) != theme.BACKGROUND).any(axis=-1))
    assert box.left - 1 <= xs.min() <= box.left + 6
    assert box.right - 6 <= xs.max() <= box.right + 1
    assert box.top - 2 <= ys.min()
    assert ys.max() <= box.bottom + 1
    assert box.right - box.left == pytest.approx(width(WORD), abs=1)


@pytest.mark.parametrize(("align", "share"), [("left", 0), ("middle", 0.5), ("right", 1)])
def test_text_begins_has_its_middle_or_ends_at_its_place(align, share):
    box = Canvas().text(600, 200, WORD, align=align)
    assert box.left + share * (box.right - box.left) == pytest.approx(600, abs=1)


def test_digits_stand_around_their_middle():
    canvas = Canvas()
    canvas.text(300, baseline(200, 40), ("8", theme.SPOT))
    ys, _ = np.nonzero((drawn(canvas) != theme.BACKGROUND).any(axis=-1))
    assert (ys.min() + ys.max()) / 2 == pytest.approx(199.5, abs=1)


def test_letters_that_the_font_lacks_become_question_marks():
    assert width(("币安", theme.TICK)) == pytest.approx(width(("??", theme.TICK)))


def test_dollar_signs_are_dollar_signs():
    assert width(("$a$", theme.TICK)) > width(("a", theme.TICK)) * 2


def test_the_first_wording_that_fits_is_taken_and_the_last_is_made_to_fit():
    long, short = (("a long wording", theme.TICK),), (("short", theme.TICK),)
    assert fitting([long, short], 1000) == long
    assert fitting([long, short], width(*short)) == short
    assert width(*fitting([long, short], 20)) == pytest.approx(20)


@given(st.integers(1, 255), st.integers(1, 60), st.integers(1, 60))
def test_a_png_has_the_colours_it_was_given(colours, height, wide):
    random = np.random.default_rng(colours)
    colour = random.integers(0, 256, (colours, 3), dtype=np.uint8)
    indices = random.integers(0, colours, (height, wide), dtype=np.uint8)
    image = Image.open(io.BytesIO(png.encode(indices, colour)))
    assert (np.asarray(image.convert("RGB")) == colour[indices]).all()


def test_a_picture_that_would_be_too_large_has_fewer_shades():
    canvas = Canvas()
    random = np.random.default_rng(0)
    levels = random.integers(0, theme.HEAT_LEVELS, (200, 1200))
    canvas.pixels[:200] = theme.packed(theme.HEAT)[levels]
    exact = png.encode(palette.nearest(canvas.pixels), palette.COLOURS)
    assert len(exact) > LARGEST
    assert len(canvas.png()) < len(exact)


def test_a_halo_parts_letters_from_what_lies_beneath():
    canvas = Canvas()
    canvas.fill(0, 0, 1200, 675, theme.HUE.short)
    canvas.text(300, 200, ("l", Letters(40, theme.TEXT)), halo=theme.PANEL)
    around = drawn(canvas)[170:195, 296:330]
    assert (around == theme.PANEL).all(axis=-1).any()
