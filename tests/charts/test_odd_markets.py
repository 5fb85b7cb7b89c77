"""Every market has its picture, however odd."""

import pytest
from charts.scenes import ODD_MARKETS, looked_at

from liqbot.charts import heatmap, ladder
from liqbot.charts.canvas import LARGEST
from liqbot.charts.words import ALT_LIMIT


@pytest.mark.parametrize("oddity", ODD_MARKETS)
def test_a_market_is_drawn_though(oddity):
    view = ODD_MARKETS[oddity]()
    for picture in (heatmap.draw(view, window="24h"), ladder.draw(view)):
        assert looked_at(picture).std() > 5
        assert len(picture.png) <= LARGEST
        assert view.coin in picture.alt
        assert len(picture.alt) <= ALT_LIMIT
        assert "nan" not in picture.alt.lower().split()
