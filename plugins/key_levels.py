"""An overlay: the heaviest cluster of each side as a band, and where fuel is counted to as lines."""

from collections.abc import Iterator

from liqbot.plugin import Mark, MarketView, Side, band, line, overlay, usd


@overlay("key-levels")
def key_levels(view: MarketView) -> Iterator[Mark]:
    """The heaviest cluster of each side, and 5% above and below spot."""
    for side in Side:
        for cluster in view.clusters.of(side)[:1]:
            yield band(cluster.low, cluster.high, usd(cluster.usd), side=side)
    yield line(view.spot * 1.05, "+5%")
    yield line(view.spot * 0.95, "−5%")
