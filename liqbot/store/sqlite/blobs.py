"""A map's dollars by bin as a compact blob: about 3 kB for a busy coin."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from liqbot.market.maps import Bins, LiquidationMap

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
