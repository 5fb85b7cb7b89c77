"""Small pictures that are composed once: blended as colours are, and the same wherever they stand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from liqbot.charts import stamps
from liqbot.charts.canvas import Canvas
from liqbot.charts.lettering import shares
from liqbot.charts.theme import DARK, packed, pixel

PARTS = st.tuples(*[st.integers(0, 255)] * 3)
CROSS = (((-8.0, -8.0), (8.0, 8.0)), ((-8.0, 8.0), (8.0, -8.0)))


@given(PARTS, PARTS, st.integers(0, 255))
def test_two_parts_at_a_time_are_blended_as_each_by_itself(ground, paint, covered):
    share = shares(np.array([covered], np.uint8))
    found = int(stamps.blended(packed(np.array([ground], np.uint8)), np.uint32(pixel(paint)), share)[0])
    parts = [found >> shift & 0xFF for shift in (0, 8, 16)]
    exact = [low + (high - low) * covered / 255 for low, high in zip(ground, paint, strict=True)]
    assert found >> 24 == 0xFF
    assert all(abs(part - wanted) <= 1 for part, wanted in zip(parts, exact, strict=True))


def test_what_is_not_covered_stays_and_what_is_covered_wholly_is_the_colour():
    ground, paint = packed(np.array([[1, 2, 3]], np.uint8)), np.uint32(pixel((250, 251, 252)))
    assert stamps.blended(ground, paint, shares(np.array([0], np.uint8)))[0] == ground[0]
    assert stamps.blended(ground, paint, shares(np.array([255], np.uint8)))[0] == paint


def test_a_stamp_at_the_edge_is_the_part_of_it_that_may_be_drawn():
    rings = (12.0, DARK.background), (10.0, DARK.text), (8.0, DARK.hue.long)
    whole, cut = Canvas(100, 100, DARK), Canvas(100, 100, DARK)
    whole.stamp(50, 50, stamps.dot(*rings))
    with cut.clipped(50, 0, 100, 100):
        cut.stamp(50, 50, stamps.dot(*rings))
    assert (cut.pixels[:, 50:] == whole.pixels[:, 50:]).all()
    assert (cut.pixels[:, :50] == pixel(DARK.background)).all()


def test_a_mark_has_its_colour_in_the_middle_and_the_ground_around_it():
    canvas = Canvas(60, 60, DARK)
    canvas.fill(0, 0, 60, 60, DARK.hue.short)
    canvas.stamp(30, 30, stamps.mark(CROSS, (7.5, DARK.background), (3.6, DARK.tint.long)))
    assert canvas.pixels[30, 30] == pixel(DARK.tint.long)
    assert canvas.pixels[34, 34] == pixel(DARK.tint.long)
    assert canvas.pixels[34, 30] != pixel(DARK.tint.long)
    assert canvas.pixels[50, 30] == pixel(DARK.hue.short)
