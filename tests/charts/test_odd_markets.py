"""Every market has its picture, however odd."""

import pytest
from charts.scenes import ODD_MARKETS, heatmap_of, looked_at

from liqbot.charts import heatmap, ladder
from liqbot.charts.alternative_text import ALT_LIMIT
from liqbot.charts.canvas import LARGEST
from liqbot.charts.request import Look, MapInput, Shape, Zoom


@pytest.mark.parametrize("oddity", ODD_MARKETS)
@pytest.mark.parametrize("shape", Shape)
def test_a_market_is_drawn_though(oddity, shape):
    view, look = ODD_MARKETS[oddity](), Look(shape=shape)
    zoom = Zoom.AUTO if shape is Shape.WIDE else Zoom.NEAR
    for picture in (
        heatmap.draw(heatmap_of(view, look=look, zoom=zoom)),
        ladder.draw(MapInput(view=view, look=look)),
    ):
        assert looked_at(picture).std() > 5
        assert len(picture.png) <= LARGEST
        assert view.coin in picture.alt
        assert len(picture.alt) <= ALT_LIMIT
        assert "nan" not in picture.alt.lower().split()
