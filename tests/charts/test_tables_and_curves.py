"""The pictures of `/history` and `/screener`: no words cover others, and what must be read is large."""

import math
from dataclasses import replace

import numpy as np
import pytest
from charts.scenes import NOW, looked_at
from markets import HOUR

from liqbot.charts import history, screener
from liqbot.charts.canvas import Canvas
from liqbot.charts.history_input import HistoryInput
from liqbot.charts.request import Look, Shape, ThemeName
from liqbot.charts.screener_input import ScreenedCoin, ScreenerInput
from liqbot.charts.theme import DARK
from liqbot.market.dated_reading import DatedReading
from liqbot.market.price_path import Path
from liqbot.market.side import Side

PHONE, SMALLEST = 360, 9
LOOKS = [Look(theme, shape) for theme in ThemeName for shape in Shape]


@pytest.fixture
def said(monkeypatch):
    """Each text that is drawn: its words, its box, its size, the picture's width."""
    found, text = [], Canvas.text

    def listening(self, x, baseline, *options, **how):
        box = text(self, x, baseline, *options, **how)
        if options:
            words = "".join(word for word, _ in options)
            found.append((words, box, max(letters.size for _, letters in options), self.width))
        return box

    monkeypatch.setattr(Canvas, "text", listening)
    return found


def covered(said):
    """Return the pairs of texts of which one covers the other."""
    return [
        (one[0], other[0])
        for place, one in enumerate(said)
        for other in said[:place]
        if one[1].overlaps(other[1])
    ]


def past(days=7, *, window="7d", up=lambda hour: 4e6 + 3e6 * math.sin(hour / 20), **changes):
    """Return the readings of so many days, with a spot that swings between 59,000 and 61,000."""
    hours = range(24 * days + 1)
    spots = [60_000 + 1_000 * math.sin(hour / 30) for hour in hours]
    at = {"coverage": 0.6, "coverage_long": None, "coverage_short": None, "down_usd": 3e6,
          "funding": 1e-5, "open_interest": 5e4} | changes  # fmt: skip
    readings = tuple(
        DatedReading(time_ms=NOW - (24 * days - hour) * HOUR, spot=spot, up_usd=up(hour), **at)
        for hour, spot in zip(hours, spots, strict=True)
    )
    times, close = np.array([one.time_ms for one in readings]), np.array(spots)
    return HistoryInput(
        coin="BTC",
        label="Hyperliquid, measured",
        window=window,
        readings=readings,
        path=Path(times, close * 0.999, close * 1.001, close),
    )


SCENES = {
    "a week": past(),
    "a year of a week": past(window="1y"),
    "one-sided": past(up=lambda _: 0.0),
    "nothing else known": past(funding=None, open_interest=None),
    "each side scaled": past(coverage_long=0.7, coverage_short=0.5),
    "a name that is long": replace(past(), coin="kHYPERLONGNAME"),
}


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.theme}-{look.shape}")
@pytest.mark.parametrize("scene", SCENES)
def test_no_words_of_a_history_cover_others(said, scene, look):
    picture = history.draw(replace(SCENES[scene], look=look))
    assert len(picture.png) < 90 * 1024
    assert covered(said) == []
    assert all(box.left >= 0 and box.right <= wide + 0.5 for _, box, _, wide in said)


@pytest.mark.parametrize("shape", Shape)
def test_coin_price_figures_and_provenance_of_a_history_are_legible_at_360_pixels(said, shape):
    history.draw(replace(past(), look=Look(shape=shape)))
    must = ("BTC", "ratio ", "Hyperliquid, measured", "2026-06-27 19:33 UTC", "of the time")
    for wanted in must:
        sizes = [size * PHONE / wide for words, _, size, wide in said if wanted.lower() in words.lower()]
        assert sizes, f"{wanted} is not in the picture"
        assert max(sizes) >= SMALLEST, wanted
    assert min(size * PHONE / wide for words, _, size, wide in said if "$" in words) >= 8.4


def test_a_history_says_where_its_ratio_is_scaled_by_coverage_as_the_chat_does(said):
    assert "scaled ratio from" not in history.draw(past()).alt
    assert not [words for words, *_ in said if "scaled" in words]
    picture = history.draw(SCENES["each side scaled"])
    assert "scaled ratio from" in picture.alt
    assert any(words == "scaled ratio" for words, *_ in said)
    assert any(words.startswith("scaled ratio 3.06") for words, *_ in said)


def test_a_history_says_how_far_its_readings_reach(said):
    history.draw(SCENES["a year of a week"])
    assert any("7 days of 1 year" in words for words, *_ in said)


def test_one_sided_readings_have_no_ratio_but_say_so(said):
    history.draw(SCENES["one-sided"])
    assert any(words == "one-sided" for words, *_ in said)
    assert not any("None" in words or "nan" in words for words, *_ in said)


def test_the_fuel_of_a_side_is_drawn_in_its_hue():
    pixels = looked_at(history.draw(past()))
    for side in Side:
        assert (np.abs(pixels.astype(int) - DARK.hue[side]).sum(axis=2) < 12).sum() > 500, side


def rows(count, name="COIN"):
    return tuple(
        ScreenedCoin(
            coin=f"{name}{number}"[:12],
            spot=10.0 ** (5 - number) * 1.234567,
            side=(Side.LONG, Side.SHORT, None)[number % 3],
            distance_pct=(-1.24, 12.5, None)[number % 3],
            cluster_usd=(183e6, 8.8e9, None)[number % 3],
            up_usd=1.2e9 / (number + 1),
            down_usd=0.0 if number % 4 == 1 else 0.7e8,
            lean=(None, 1.0, -0.42, 0.05)[number % 4],
            trapped_long=(1.0, 0.03, None)[number % 3],
            trapped_short=(0.97, None, 0.5)[number % 3],
        )
        for number in range(count)
    )


def screened(count, name="COIN"):
    return ScreenerInput(
        sort="nearest", title="Nearest cluster first", within_pct=2.0, rows=rows(count, name),
        label="Hyperliquid, measured", time_ms=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.theme}-{look.shape}")
@pytest.mark.parametrize(("count", "name"), [(1, "COIN"), (5, "COIN"), (10, "kHYPERLONGNAME")])
def test_no_words_of_a_screener_cover_others(said, count, name, look):
    picture = screener.draw(replace(screened(count, name), look=look))
    assert len(picture.png) < 90 * 1024
    assert covered(said) == []
    assert all(box.left >= 0 and box.right <= wide + 0.5 for _, box, _, wide in said)


@pytest.mark.parametrize("shape", Shape)
def test_coins_and_figures_of_a_screener_are_legible_at_360_pixels(said, shape):
    screener.draw(replace(screened(10), look=Look(shape=shape)))
    for wanted in ("COIN3", "$183M", "−1.2%", "2026-06-27 19:33 UTC"):
        sizes = [size * PHONE / wide for words, _, size, wide in said if wanted in words]
        assert sizes, f"{wanted} is not in the picture"
        assert max(sizes) >= SMALLEST, wanted
