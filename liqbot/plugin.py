"""The public face for plugin authors: `from liqbot.plugin import rule, Hit, MarketView, Percent, Usd`.

What is listed in `__all__` keeps its meaning as long as `API` keeps its number. A name that is to go is first
deprecated: it warns, and works on, for at least two minor versions of liqbot and never less than six months;
`API` counts up when it goes. Names, fields and parameters with defaults may be added at any time.
"""

from liqbot.engine.cascade import Cascade
from liqbot.engine.cascade_of_view import cascade_of
from liqbot.market.candles import Candles
from liqbot.market.clusters import Cluster, Clusters, End, EndedCluster
from liqbot.market.cohort import Cohort, CohortReading, Holding
from liqbot.market.depth import Depth
from liqbot.market.elsewhere import Elsewhere, Swept
from liqbot.market.events import (
    ClusterBorn,
    ClusterEnded,
    ClusterGrew,
    LiquidationSeen,
    LiquidationSum,
    MarketEvent,
    Observation,
    RegimeChanged,
)
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.liquidations import usual_hour
from liqbot.market.maps import Bins, LiquidationMap
from liqbot.market.margin import MarginTiers
from liqbot.market.marks import Mark, Shape, band, line, point
from liqbot.market.positions import MarginMode
from liqbot.market.regime import SQUEEZE_RATIO, Regime
from liqbot.market.side import BySide, Side
from liqbot.market.source import NoDataError, Report, Source, SourceError
from liqbot.market.stops import StopKind, StopMap
from liqbot.market.updates import (
    AccountRatioSeen,
    AccountsSeen,
    AssetContext,
    Beat,
    CandlesSeen,
    DepthSeen,
    FundingSeen,
    Liquidation,
    MarginTiersSeen,
    OpenInterestSeen,
    Provenance,
    StopOrdersSeen,
    TakerFlowSeen,
    Update,
)
from liqbot.market.view import MarketView, Neighbour, Trapped
from liqbot.message import Button, Fact, Message, Picture, Table, Tone, Weight
from liqbot.rules.common_parameters import Policy
from liqbot.rules.contributions import (
    API,
    ChatAdapter,
    ChatAddress,
    Options,
    SourceRequest,
    Undelivered,
    adapter,
    command,
    overlay,
    source,
)
from liqbot.rules.parameters import (
    Between,
    Coin,
    Duration,
    Help,
    Percent,
    Ratio,
    SideChoice,
    Usd,
    Whole,
    Window,
    Word,
    YesNo,
)
from liqbot.rules.rule import Hit, Need, Remembered, event_rule, rule
from liqbot.text.figures import duration, percent, price, ratio, share, usd

__all__ = [
    "API",
    "SQUEEZE_RATIO",
    "AccountRatioSeen",
    "AccountsSeen",
    "AssetContext",
    "Basis",
    "Beat",
    "Between",
    "Bins",
    "Button",
    "BySide",
    "Candles",
    "CandlesSeen",
    "Cascade",
    "ChatAdapter",
    "ChatAddress",
    "Cluster",
    "ClusterBorn",
    "ClusterEnded",
    "ClusterGrew",
    "Clusters",
    "Cohort",
    "CohortReading",
    "Coin",
    "Depth",
    "DepthSeen",
    "Duration",
    "Elsewhere",
    "End",
    "EndedCluster",
    "Fact",
    "FundingSeen",
    "Help",
    "Hit",
    "Holding",
    "Layer",
    "Liquidation",
    "LiquidationMap",
    "LiquidationSeen",
    "LiquidationSum",
    "MarginMode",
    "MarginTiers",
    "MarginTiersSeen",
    "Mark",
    "MarketEvent",
    "MarketView",
    "Message",
    "Need",
    "Neighbour",
    "NoDataError",
    "Observation",
    "OpenInterestSeen",
    "Options",
    "Origin",
    "Percent",
    "Picture",
    "Policy",
    "Provenance",
    "Ratio",
    "Regime",
    "RegimeChanged",
    "Remembered",
    "Report",
    "Shape",
    "Side",
    "SideChoice",
    "Source",
    "SourceError",
    "SourceRequest",
    "StopKind",
    "StopMap",
    "StopOrdersSeen",
    "Swept",
    "Table",
    "TakerFlowSeen",
    "Tone",
    "Trapped",
    "Undelivered",
    "Update",
    "Usd",
    "Weight",
    "Whole",
    "Window",
    "Word",
    "YesNo",
    "adapter",
    "band",
    "cascade_of",
    "command",
    "duration",
    "event_rule",
    "line",
    "overlay",
    "percent",
    "point",
    "price",
    "ratio",
    "rule",
    "share",
    "source",
    "usd",
    "usual_hour",
]
