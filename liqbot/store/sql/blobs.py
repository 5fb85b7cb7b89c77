"""Maps and views compressed for columns of SQL (zlib): bins that hold money in single precision.

Not here: a view or event as bytes without compression (`market/wire.py`), alerts' own rows (`alerts.py`).
"""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from liqbot.market import wire
from liqbot.market.maps import Bins, LiquidationMap
from liqbot.market.view import MarketView
from liqbot.store.errors import DamagedError

_HEAD = struct.Struct("<iiI")


def map_to_blob(liquidation_map: LiquidationMap) -> bytes:
    """Return first bin, count and the bins that hold money, in single precision, compressed."""
    total = liquidation_map.total
    places = np.flatnonzero(total)
    head = _HEAD.pack(liquidation_map.bins.first, liquidation_map.bins.count, len(places))
    return zlib.compress(head + places.astype("<u2").tobytes() + total[places].astype("<f4").tobytes(), 1)


def map_from_blob(blob: bytes) -> tuple[Bins, NDArray[np.float32]]:
    """Return the bins and the USD in each, shape (bins,), both sides together."""
    data = zlib.decompress(blob)
    first, count, held = _HEAD.unpack_from(data)
    values = np.zeros(count, dtype=np.float32)
    places = np.frombuffer(data, "<u2", held, _HEAD.size)
    values[places] = np.frombuffer(data, "<f4", held, _HEAD.size + places.nbytes)
    return Bins(first, count), values


def view_to_blob(view: MarketView) -> bytes:
    """Return a whole view, compressed."""
    return zlib.compress(wire.to_bytes(view), level=1)


def view_from_blob(blob: bytes) -> MarketView:
    """Return a view as it was written. Raises `DamagedError`."""
    try:
        return wire.from_bytes(zlib.decompress(blob))
    except (zlib.error, wire.WireError) as error:
        raise DamagedError(f"a view of the past cannot be read: {error}") from error
