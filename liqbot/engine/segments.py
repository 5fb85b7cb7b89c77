"""Columns in which the rows of several owners stand one owner's after the other's."""

import numpy as np

from liqbot.market.positions import Floats, Ints


def summed(owner: Ints, values: Floats, owners: int) -> Floats:
    """Return the sum of `values` of each of so many owners; `owner` has the number of each value's."""
    return np.bincount(owner, values, owners).astype(np.float64, copy=False)


def ends_of(lengths: Ints) -> Ints:
    """Return where each owner's rows begin, and the last one's end, shape (n + 1,), of so many rows each."""
    return np.concatenate((np.zeros(1, dtype=np.int64), lengths.cumsum()))


def rows_from(begin: Ints, lengths: Ints) -> Ints:
    """Return the rows of each owner, one's after the other's: from `begin` on as many as `lengths` says."""
    before: Ints = lengths.cumsum() - lengths
    return np.arange(int(lengths.sum())) + (begin - before).repeat(lengths)
