"""The rules that come with liqbot, written like anyone's plugin."""

from liqbot.builtin.big_liquidation import big_liquidation
from liqbot.builtin.cascade import cascade
from liqbot.builtin.divergence import divergence
from liqbot.builtin.fragile import fragile
from liqbot.builtin.funding_confirms import funding_confirms
from liqbot.builtin.liquidation_burst import liquidation_burst
from liqbot.builtin.near_cluster import near_cluster
from liqbot.builtin.regime_flip import regime_flip
from liqbot.builtin.trapped import trapped

RULES = (
    near_cluster,
    regime_flip,
    trapped,
    divergence,
    funding_confirms,
    big_liquidation,
    liquidation_burst,
    cascade,
    fragile,
)
