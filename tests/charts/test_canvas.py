"""The sheet that pictures are drawn on, and the file that it becomes."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from liqbot.charts import fonts, lettering, palette, png
from liqbot.charts.canvas import LARGEST, Canvas, baseline, fitting, width
from liqbot.charts.theme import DARK, FLOOR, LEVELS, Letters, packed

WORD = ("BTC $62,031", DARK.spot)


def sheet():
    return Canvas(1200, 675, DARK)


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
    assert chunks(sheet().png()) == ["IHDR", "PLTE", "IDAT", "IEND"]


def test_what_is_filled_is_filled_to_the_pixel():
    canvas = sheet()
    canvas.fill(10, 20, 13, 25, DARK.hue.long)
    filled = (drawn(canvas) == DARK.hue.long).all(axis=-1)
    assert filled.sum() == 15
    assert filled[20:25, 10:13].all()


def test_what_lies_outside_is_not_drawn():
    canvas = sheet()
    canvas.fill(-5, -5, 2, 0, DARK.text)
    canvas.fill(-5, 10, -1, 12, DARK.text)
    canvas.line(np.array([(-50.0, -50.0), (-10.0, 900.0)]), DARK.text, 3)
    assert (drawn(canvas) == DARK.background).all()


def test_text_stays_in_its_box_and_fills_it():
    canvas = sheet()
    box = canvas.text(300, 200, WORD)
    ys, xs = np.nonzero((drawn(canvas) != DARK.background).any(axis=-1))
    assert box.left - 1 <= xs.min() <= box.left + 6
    assert box.right - 6 <= xs.max() <= box.right + 1
    assert box.top - 2 <= ys.min()
    assert ys.max() <= box.bottom + 1
    assert box.right - box.left == pytest.approx(width(WORD), abs=1)


@pytest.mark.parametrize(("align", "share"), [("left", 0), ("middle", 0.5), ("right", 1)])
def test_text_begins_has_its_middle_or_ends_at_its_place(align, share):
    box = sheet().text(600, 200, WORD, align=align)
    assert box.left + share * (box.right - box.left) == pytest.approx(600, abs=1)


def test_digits_stand_around_their_middle():
    canvas = sheet()
    canvas.text(300, baseline(200, DARK.spot.size), ("8", DARK.spot))
    ys, _ = np.nonzero((drawn(canvas) != DARK.background).any(axis=-1))
    assert (ys.min() + ys.max()) / 2 == pytest.approx(199.5, abs=1)


@pytest.mark.parametrize(
    "name",
    [
        "币安人生",
        "龙虾",
        "ビットコイン",
        "비트코인",
        "🐸🚀🔥💎",
        "биткоин",
        "βιτκόιν",
        "บิตคอยน์",
        "ビ👻",
        "₿Ξ◎",
    ],
)
@pytest.mark.parametrize("bold", [False, True])
def test_names_of_coins_and_people_are_in_the_fonts(name, bold):
    assert all(fonts.glyph(letter, bold=bold) is not None for letter in name)
    masks = [lettering.mask(letter, 30, 0, bold=bold).covered for letter in set(name)]
    assert all(mask.any() for mask in masks if mask.size)
    assert len({mask.tobytes() for mask in masks}) == len(masks)


def test_a_letter_that_no_font_has_is_a_box_with_its_number_never_a_question_mark():
    one, other = (lettering.mask(letter, 60, 0, bold=False).covered for letter in "\U00013000\U00013001")
    question = lettering.mask("?", 60, 0, bold=False).covered
    assert one.any()
    assert one.shape != question.shape
    assert (one.shape != other.shape) or (one != other).any()


def test_what_only_joins_letters_takes_no_room():
    assert width(("a\u200db\ufe0f", DARK.tick)) == pytest.approx(width(("ab", DARK.tick)))


def test_dollar_signs_are_dollar_signs():
    assert width(("$a$", DARK.tick)) > width(("a", DARK.tick)) * 2


def test_the_first_wording_that_fits_is_taken_and_the_last_is_made_to_fit():
    long, short = (("a long wording", DARK.figure),), (("short", DARK.figure),)
    assert fitting([long, short], 1000) == long
    assert fitting([long, short], width(*short)) == short
    smaller = fitting([long, short], width(*short) * 0.8)
    assert smaller[0][0] == "short"
    assert FLOOR <= smaller[0][1].size < DARK.figure.size


@given(
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=60), st.floats(5, 400)
)
def test_nothing_is_made_smaller_than_can_be_read_rather_it_is_cut_and_says_so(text, room):
    fitted = fitting([((text, DARK.sentence),)], room)
    assert width(*fitted) <= max(room, 0) or not fitted
    assert all(letters.size >= FLOOR for _, letters in fitted)
    said = "".join(word for word, _ in fitted)
    assert said in {text, ""} or said.endswith("…")


@given(st.integers(1, 255), st.integers(1, 60), st.integers(1, 60))
def test_a_png_has_the_colours_it_was_given(colours, height, wide):
    random = np.random.default_rng(colours)
    colour = random.integers(0, 256, (colours, 3), dtype=np.uint8)
    indices = random.integers(0, colours, (height, wide), dtype=np.uint8)
    image = Image.open(io.BytesIO(png.encode(indices, colour)))
    assert (np.asarray(image.convert("RGB")) == colour[indices]).all()


def test_a_picture_that_would_be_too_large_is_without_the_faintest_heat():
    canvas = sheet()
    random = np.random.default_rng(0)
    levels = random.choice(LEVELS, (600, 1200), p=[0.5, 0.43, *[0.07 / (LEVELS - 2)] * (LEVELS - 2)])
    canvas.pixels[:600] = packed(DARK.heat.long)[levels]
    own = palette.of(DARK)
    exact = png.encode(own.nearest(canvas.pixels), own.colours)
    assert len(exact) > LARGEST
    assert len(canvas.png()) < len(exact)
    assert not (drawn(canvas) == DARK.heat.long[1]).all(axis=-1).any()


def test_lines_shapes_and_letters_stay_where_they_may_be():
    canvas = sheet()
    with canvas.clipped(100, 100, 200, 200):
        canvas.line(np.array([(0.0, 0.0), (400.0, 400.0)]), DARK.text, 6)
        canvas.disc(200, 150, 20, DARK.hue.long)
        canvas.text(80, 150, WORD)
    ys, xs = np.nonzero((drawn(canvas) != DARK.background).any(axis=-1))
    assert (xs.min(), ys.min()) >= (99, 99)
    assert (xs.max(), ys.max()) <= (200, 200)


def test_a_disc_has_the_area_of_its_radius():
    canvas = sheet()
    canvas.disc(300, 300, 20, DARK.text)
    lit = drawn(canvas).mean(axis=-1) - np.mean(DARK.background)
    assert lit.sum() / (255 - np.mean(DARK.background)) == pytest.approx(np.pi * 20**2, rel=0.03)


def test_a_halo_parts_letters_from_what_lies_beneath():
    canvas = sheet()
    canvas.fill(0, 0, 1200, 675, DARK.hue.short)
    canvas.text(300, 200, ("l", Letters(40, DARK.text)), halo=DARK.panel)
    around = drawn(canvas)[170:195, 296:330]
    assert (around == DARK.panel).all(axis=-1).any()
