"""Statistics of a market: of its returns, and of what is held in it. Pure functions of arrays."""

import numpy as np

from liqbot.market.positions import Floats

TAIL_SHARE = 0.01
"""The largest of so large a share of all returns are the tail."""


def kurtosis(returns: Floats) -> float:
    """Return the fourth central moment over the squared variance: 3 for Gaussian returns."""
    squared = np.square(returns - returns.mean())
    return float(np.square(squared).mean() / squared.mean() ** 2)


def autocorrelation(series: Floats, lag: int) -> float:
    """Return the correlation of `series` (shape (n,), n above `lag`) with itself `lag` places later."""
    return float(np.corrcoef(series[:-lag], series[lag:])[0, 1])


def tail_index(returns: Floats) -> float:
    """Return Hill's estimate of the power with which large moves of either sign become rarer."""
    size = np.sort(np.abs(returns))[::-1]
    beyond = max(2, int(TAIL_SHARE * len(size)))
    return float(1 / np.log(size[:beyond] / size[beyond]).mean())


def weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    """Return the value below which `share` of the weight lies; all of shape (n,), n above 0."""
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(below, share * below[-1])])
