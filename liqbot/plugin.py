"""The public face for plugin authors: `from liqbot.plugin import rule, Hit, MarketView, Percent, Usd`.

What is listed in `__all__` keeps its meaning as long as `API` keeps its number.
"""

from liqbot.market.clusters import Cluster, Clusters, End, EndedCluster
from liqbot.market.cohort import Cohort, CohortReading, Holding
from liqbot.market.figures import duration, percent, price, ratio, share, usd
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.maps import Bins, LiquidationMap
from liqbot.market.regime import SQUEEZE_RATIO, Regime
from liqbot.market.side import BySide, Side
from liqbot.market.view import MarketView, Trapped
from liqbot.rules.parameters import Between, Duration, Help, Percent, Ratio, SideChoice, Usd
from liqbot.rules.rule import Hit, Remembered, rule
from liqbot.rules.standing import Policy

API = 1
"""Version of this face."""

__all__ = [
    "API",
    "SQUEEZE_RATIO",
    "Basis",
    "Between",
    "Bins",
    "BySide",
    "Cluster",
    "Clusters",
    "Cohort",
    "CohortReading",
    "Duration",
    "End",
    "EndedCluster",
    "Help",
    "Hit",
    "Holding",
    "Layer",
    "LiquidationMap",
    "MarketView",
    "Origin",
    "Percent",
    "Policy",
    "Ratio",
    "Regime",
    "Remembered",
    "Side",
    "SideChoice",
    "Trapped",
    "Usd",
    "duration",
    "percent",
    "price",
    "ratio",
    "rule",
    "share",
    "usd",
]
