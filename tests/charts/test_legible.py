"""What must be read on a phone is large enough there: coin, headline, dollars and place, provenance."""

from dataclasses import replace

import pytest
from charts.scenes import crowd, heatmap_of, recorded

from liqbot.charts import heatmap, ladder, meaning, words
from liqbot.charts.canvas import Canvas
from liqbot.charts.labels import nearest_heavy, usd_words
from liqbot.charts.request import Look, MapInput, Shape
from liqbot.charts.theme import FLOOR, MUST
from liqbot.market import figures
from liqbot.market.side import Side

PHONE = 360
"""Pixels: how wide a phone shows a picture."""
SMALLEST = 9
"""Pixels on that phone."""


@pytest.fixture
def said(monkeypatch):
    """Each word that is drawn, with its size."""
    words_, text = [], Canvas.text

    def listening(self, x, baseline, *options, **how):
        words_.extend((word, letters.size, self.width) for word, letters in options)
        return text(self, x, baseline, *options, **how)

    monkeypatch.setattr(Canvas, "text", listening)
    return words_


def sizes(said, wanted):
    found = [size * PHONE / wide for word, size, wide in said if wanted in word]
    assert found, f"{wanted!r} is not in the picture: {[word for word, *_ in said]}"
    return found


def drawn(kind, view, look):
    if kind == "map":
        ladder.draw(MapInput(view=view, look=look))
        return [it for it in (nearest_heavy(view, side) for side in Side) if it is not None]
    asked = heatmap_of(view, look=look)
    heatmap.draw(asked)
    return [label.cluster for label in heatmap.layout(asked).labels]


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("kind", ["heatmap", "map"])
@pytest.mark.parametrize("scene", [crowd, lambda: recorded("BTC"), lambda: crowd(coin="xyz:TSLA")])
def test_coin_headline_dollars_places_and_provenance_are_legible_at_360_pixels(said, scene, kind, shape):
    view = scene()
    clusters = drawn(kind, view, Look(shape=shape))
    must = [view.coin, figures.price(view.spot), figures.usd(view.up_usd), figures.usd(view.down_usd)]
    must += [meaning.sentence(view).lead, f"{view.layer.venue}, {view.layer.basis}", words.tags(view)[-1]]
    for cluster in clusters:
        must += [usd_words(view, cluster), words.away(cluster)]
    for wanted in must:
        assert max(sizes(said, wanted)) >= SMALLEST, wanted
    # Whatever was chosen of the longer wordings, nothing was made smaller to fit.
    assert (
        max(sizes(said, meaning.sentence(view).lead)) >= MUST * PHONE / {"wide": 1200, "square": 1080}[shape]
    )


@pytest.mark.parametrize("shape", Shape)
def test_the_alerts_own_cluster_is_named_legibly(said, shape):
    view = crowd()
    about = view.clusters.within(8)[0]
    heatmap.draw(replace(heatmap_of(view, look=Look(shape=shape)), highlight=about.id))
    for wanted in (f"{figures.usd(about.usd)} of {about.side.value}s at", words.away(about)):
        assert max(sizes(said, wanted)) >= 8.4


def test_no_letter_is_smaller_than_a_fifth_of_a_line(said):
    heatmap.draw(heatmap_of(crowd()))
    ladder.draw(MapInput(view=crowd()))
    assert min(size for _, size, _ in said) >= FLOOR
