"""Colours: told apart by every eye, and as bright as what they stand for."""

from itertools import combinations, product

import numpy as np
import pytest

from liqbot.charts import palette, theme
from liqbot.charts.colour import from_lab, from_linear, to_lab, to_linear
from liqbot.market.cohort import Cohort
from liqbot.market.side import Side

# Machado, Oliveira and Fernandes (2009), severity 1, on linear light.
PROTANOPIA = [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
]
DEUTERANOPIA = [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.011820, 0.042940, 0.968881],
]
EYES = {"every cone": np.eye(3), "protanopia": np.array(PROTANOPIA), "deuteranopia": np.array(DEUTERANOPIA)}


def lab(colour, eye="every cone"):
    """Return a colour as that eye sees it."""
    light = to_linear(np.asarray(colour, dtype=np.float64)) @ EYES[eye].T
    return to_lab(from_linear(light))


def apart(one, other, eye):
    """Return how far apart two colours are; from about 10 on they are told apart at a glance."""
    return float(np.linalg.norm(lab(one, eye) - lab(other, eye)))


@pytest.mark.parametrize("eye", EYES)
def test_long_and_short_are_told_apart_in_every_tone(eye):
    for colours, least in ((theme.HUE, 60), (theme.TINT, 35), (theme.SHADE, 40), (theme.DEEP, 20)):
        assert apart(colours.long, colours.short, eye) > least


@pytest.mark.parametrize("eye", EYES)
def test_whales_are_told_from_retail(eye):
    for side in Side:
        whales, retail = theme.COHORT_COLOUR[Cohort.WHALE][side], theme.COHORT_COLOUR[Cohort.RETAIL][side]
        assert apart(whales, retail, eye) > 20


@pytest.mark.parametrize("eye", EYES)
def test_heat_grows_brighter_with_every_level(eye):
    lightness = lab(theme.HEAT, eye)[:, 0]
    assert (np.diff(lightness) > 0).all()


def test_heat_grows_brighter_in_equal_steps():
    steps = np.diff(lab(theme.HEAT)[:, 0])
    assert steps.mean() > 2
    np.testing.assert_allclose(steps, steps.mean(), atol=0.5)


def test_letters_are_legible_on_what_they_stand_on():
    def light(colour):
        return float(to_linear(np.array(colour, dtype=np.float64)) @ [0.2126, 0.7152, 0.0722])

    letters = [
        theme.TEXT,
        theme.SOFT,
        theme.DIM,
        *(colours[side] for colours, side in product((theme.HUE, theme.TINT), Side)),
    ]
    for colour, ground in product(letters, (theme.BACKGROUND, theme.PANEL, theme.ZONE)):
        contrast = (light(colour) + 0.05) / (light(ground) + 0.05)
        assert contrast > 4.5  # WCAG AA


def test_the_palette_has_every_colour_of_the_theme_and_no_more_than_a_byte_counts():
    assert len(palette.COLOURS) < 256
    named = [theme.BACKGROUND, theme.PANEL, theme.ZONE, theme.TEXT, theme.SOFT, theme.DIM, theme.RULE]
    named += [
        colours[side]
        for colours in (theme.HUE, theme.TINT, theme.SHADE, theme.DEEP, theme.WASH)
        for side in Side
    ]
    wanted = np.concatenate([theme.packed(np.array(named, np.uint8)), theme.packed(theme.HEAT)])
    assert set(wanted) <= set(theme.packed(palette.COLOURS))


def test_colours_of_the_palette_stay_as_they_are():
    pixels = theme.packed(palette.COLOURS)[None, :]
    assert (palette.nearest(pixels) == np.arange(len(palette.COLOURS))).all()


def test_other_colours_become_one_that_looks_alike():
    random = np.random.default_rng(0)
    asked = np.array(
        [theme.mix(theme.BACKGROUND, theme.HUE.long, share) for share in random.random(50)], np.uint8
    )
    given = palette.COLOURS[palette.nearest(theme.packed(asked))]
    assert np.abs(given.astype(int) - asked).max() <= 20


def test_fewer_shades_keep_nothing_and_the_brightest():
    levels = np.arange(theme.HEAT_LEVELS, dtype=np.uint8)
    for fewer in (2, 4):
        coarse = palette.with_fewer_shades(levels, fewer)
        assert (coarse[0], coarse[-1]) == (0, theme.HEAT_LEVELS - 1)
        assert len(set(coarse.tolist())) <= theme.HEAT_LEVELS // fewer + 2
        assert np.abs(coarse.astype(int) - levels).max() <= fewer
        assert (np.diff(coarse.astype(int)) >= 0).all()


def test_lab_and_back_is_the_same_colour():
    colours = np.array([list(colour) for colour in combinations(range(0, 256, 51), 3)], dtype=np.float64)
    np.testing.assert_allclose(from_lab(to_lab(colours)), colours, atol=0.01)
