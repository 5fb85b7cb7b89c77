"""Past maps side by side: what a heatmap is drawn from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liqbot.market.maps import Bins
from liqbot.market.positions import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The maps of one coin over time: column t holds from `time_ms[t]` until `until_ms[t]`.

    Between `until_ms[t]` and `time_ms[t + 1]` there is no data. In each column the bins below `spot[t]` hold
    long liquidations and those above it short liquidations.
    """

    bins: Bins
    time_ms: Ints
    """Shape (T,), rising."""
    until_ms: Ints
    """Shape (T,)."""
    spot: Floats
    """Shape (T,): spot at `time_ms`, USD."""
    low: Floats
    """Shape (T,): lowest spot since the column before, USD."""
    high: Floats
    """Shape (T,): highest spot since the column before, USD."""
    usd: NDArray[np.float32]
    """Shape (T, bins): notional by bin, both sides, USD."""

    def __len__(self) -> int:
        return len(self.time_ms)
