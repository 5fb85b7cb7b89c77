"""Colours: told apart by every eye, and as bright as what they stand for."""

from itertools import combinations, product

import numpy as np
import pytest

from liqbot.charts import palette, theme
from liqbot.charts.colour import from_lab, from_linear, to_lab, to_linear
from liqbot.charts.theme import DARK, FLOOR, LEVELS, LIGHT, Letters
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


THEMES = pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda it: it.name)


@THEMES
@pytest.mark.parametrize("eye", EYES)
def test_long_and_short_are_told_apart_in_every_tone(look, eye):
    tones = ((look.hue, 55), (look.tint, 35), (look.shade, 35), (look.deep, 18))
    for colours, least in tones:
        assert apart(colours.long, colours.short, eye) > least


@THEMES
@pytest.mark.parametrize("eye", EYES)
def test_long_and_short_heat_of_one_class_are_told_apart(look, eye):
    for level in range(2, LEVELS):
        assert apart(look.heat.long[level], look.heat.short[level], eye) > 14


@THEMES
@pytest.mark.parametrize("eye", EYES)
def test_whales_are_told_from_retail(look, eye):
    for side in Side:
        assert apart(look.cohorts[Cohort.WHALE][side], look.cohorts[Cohort.RETAIL][side], eye) > 20


@THEMES
@pytest.mark.parametrize("eye", EYES)
def test_every_class_stands_out_from_the_one_before_and_the_heaviest_most(look, eye):
    for side in Side:
        steps = np.abs(np.diff(lab(look.heat[side], eye)[:, 0]))
        assert steps[1:].min() > 3.5
        assert steps[-1] > 2 * steps[1]
        lightness = lab(look.heat[side], eye)[:, 0]
        assert len(set(np.sign(np.diff(lightness)).tolist())) == 1


@THEMES
def test_letters_are_legible_on_what_they_stand_on(look):
    def light(colour):
        return float(to_linear(np.array(colour, dtype=np.float64)) @ [0.2126, 0.7152, 0.0722])

    def contrast(one, other):
        low, high = sorted((light(one), light(other)))
        return (high + 0.05) / (low + 0.05)

    letters = [
        look.text,
        look.soft,
        look.dim,
        *(it[side] for it, side in product((look.hue, look.tint), Side)),
    ]
    for colour, ground in product(letters, (look.background, look.panel, look.zone)):
        assert contrast(colour, ground) > 4.5  # WCAG AA
    for side in Side:
        assert contrast(look.on_hue, look.hue[side]) > 4.5


def test_no_letters_are_smaller_than_a_phone_can_show():
    styles = [value for name in dir(type(DARK)) if isinstance(value := getattr(DARK, name), Letters)]
    assert len(styles) > 10
    assert all(letters.size >= FLOOR for letters in styles)
    assert DARK.fine.sized(3).size == FLOOR
    # What issue and photo must be told from at 360 pixels: six pixels and more of letter height.
    must = (DARK.coin, DARK.figure, DARK.sentence, DARK.cluster_usd, DARK.cluster_place, DARK.provenance)
    assert all(letters.size * 360 / 1200 >= 7.2 for letters in must)


@THEMES
def test_the_palette_has_every_colour_of_the_theme_and_no_more_than_a_byte_counts(look):
    colours = palette.of(look).colours
    assert len(colours) < 256
    named = [look.background, look.panel, look.zone, look.text, look.soft, look.dim, look.rule, look.up]
    named += [it[side] for it in (look.hue, look.tint, look.shade, look.deep, look.wash) for side in Side]
    wanted = np.concatenate(
        [theme.packed(np.array(named, np.uint8)), *(theme.packed(look.heat[s]) for s in Side)]
    )
    assert set(wanted) <= set(theme.packed(colours))


@THEMES
def test_colours_of_the_palette_stay_as_they_are(look):
    own = palette.of(look)
    assert (own.nearest(theme.packed(own.colours)[None, :]) == np.arange(len(own.colours))).all()


def test_other_colours_become_one_that_looks_alike():
    random, own = np.random.default_rng(0), palette.of(DARK)
    asked = np.array(
        [theme.mix(DARK.background, DARK.hue.long, share) for share in random.random(50)], np.uint8
    )
    given = own.colours[own.nearest(theme.packed(asked)[None, :])[0]]
    assert np.abs(given.astype(int) - asked).max() <= 22


def test_without_the_faintest_heat_only_the_faintest_is_gone():
    own = palette.of(DARK)
    plain = own.colours[own.without_the_faintest(np.arange(len(own.colours), dtype=np.uint8))]
    for side in Side:
        for level in range(LEVELS):
            shade = DARK.heat[side][level]
            (place,) = np.flatnonzero((own.colours == shade).all(axis=1))
            assert (plain[place] == (DARK.background if level == 1 else shade)).all()


def test_lab_and_back_is_the_same_colour():
    colours = np.array([list(colour) for colour in combinations(range(0, 256, 51), 3)], dtype=np.float64)
    np.testing.assert_allclose(from_lab(to_lab(colours)), colours, atol=0.01)
