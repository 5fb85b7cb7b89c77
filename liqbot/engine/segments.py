"""Columns (numpy) whose rows belong to several owners, one after the other: sums, ends, groups by owner."""

from collections.abc import Iterable
from typing import TypeVar

import numpy as np

from liqbot.market.positions import Floats, Ints

T = TypeVar("T")


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


def grouped(owner: Ints, items: Iterable[T]) -> dict[int, list[T]]:
    """Return the items of each owner that has any, in their order; `owner` has the number of each item's."""
    by_owner: dict[int, list[T]] = {}
    for one, item in zip(owner.tolist(), items, strict=True):
        by_owner.setdefault(one, []).append(item)
    return by_owner
