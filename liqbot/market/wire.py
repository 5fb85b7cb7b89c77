"""A view as bytes and back, and as the plain object that `liqbot view --json` prints."""

import math
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from liqbot.market.clusters import Cluster, Clusters
from liqbot.market.view import MarketView

VERSION = 1

_Dtype = Literal["<f8", "<f4", "<i8"]


class WireError(ValueError):
    """The bytes are not a view, or one of another version."""


@dataclass(frozen=True, slots=True)
class _Column:
    """An array on the wire. `places` is set where only the cells that are not zero are written."""

    dtype: _Dtype
    shape: tuple[int, ...]
    values: bytes
    places: bytes | None


@dataclass(frozen=True, slots=True)
class _Header:
    """What every version has, so that another one is told from garbage."""

    version: int


@dataclass(frozen=True, slots=True)
class _Envelope:
    version: int
    view: MarketView


def to_bytes(view: MarketView) -> bytes:
    """Return the whole view, its grid included, as bytes that `from_bytes` reads on any machine."""
    return msgspec.msgpack.encode(_Envelope(VERSION, view), enc_hook=_encode)


def from_bytes(data: bytes) -> MarketView:
    """Return the view that `to_bytes` wrote. Raises `WireError`."""
    try:
        version = _header_decoder.decode(data).version
        if version != VERSION:
            raise WireError(f"a market view of version {version}, where only version {VERSION} can be read")
        return _decoder.decode(data).view
    except (msgspec.DecodeError, UnicodeDecodeError, MemoryError) as error:
        raise WireError(f"not a market view of version {VERSION}: {error}") from error


def summary(view: MarketView) -> dict[str, Any]:
    """Return the readings of a view as one plain object; its keys are a promise to scripts."""
    trapped = view.trapped
    return {
        "coin": view.coin,
        "time_ms": view.time_ms,
        "spot": view.spot,
        "ratio": view.ratio,
        "regime": view.regime.value,
        "up_usd": view.up_usd,
        "down_usd": view.down_usd,
        "long_usd": view.open_usd.long,
        "short_usd": view.open_usd.short,
        "coverage": view.coverage,
        "age_s": view.age_s,
        "trapped": {
            "long": trapped.underwater.long,
            "short": trapped.underwater.short,
            "long_5pct": trapped.deep.long,
            "short_5pct": trapped.deep.short,
        },
        "cohorts": {
            cohort.name.lower(): {
                "accounts": reading.accounts,
                "long_usd": reading.open_usd.long,
                "short_usd": reading.open_usd.short,
                "up_usd": reading.fuel_usd.short,
                "down_usd": reading.fuel_usd.long,
            }
            for cohort, reading in view.cohorts.items()
        },
        "clusters": [_cluster(cluster) for cluster in view.clusters],
    }


def _cluster(cluster: Cluster) -> dict[str, Any]:
    return {
        "id": cluster.id,
        "side": cluster.side.value,
        "price": cluster.price,
        "low": cluster.low,
        "high": cluster.high,
        "usd": cluster.usd,
        "accounts": cluster.accounts,
        "whale_share": cluster.whale_share,
        "distance_pct": cluster.distance_pct,
    }


def _encode(value: Any) -> Any:  # noqa: ANN401 - msgspec's hook takes and gives anything
    if isinstance(value, np.ndarray):
        return _column(cast("NDArray[Any]", value))
    if isinstance(value, Clusters):
        return list(value)
    raise NotImplementedError(f"{type(value).__name__} has no form on the wire")


def _decode(kind: type, value: Any) -> Any:  # noqa: ANN401 - msgspec's hook takes and gives anything
    if kind is Clusters:
        return Clusters(msgspec.convert(value, list[Cluster]))
    return _array(msgspec.convert(value, _Column))


def _column(array: NDArray[Any]) -> _Column:
    flat = np.ascontiguousarray(array).reshape(-1)
    little = flat.astype(flat.dtype.newbyteorder("<"), copy=False)
    if little.dtype.str not in get_args(_Dtype):
        raise NotImplementedError(f"an array of {little.dtype} has no form on the wire")
    dtype = cast("_Dtype", little.dtype.str)
    places = np.flatnonzero(flat)
    if len(places) * 2 < len(flat):
        return _Column(dtype, array.shape, little[places].tobytes(), places.astype("<u4").tobytes())
    return _Column(dtype, array.shape, little.tobytes(), None)


def _array(column: _Column) -> NDArray[Any]:
    if any(length < 0 for length in column.shape):
        raise ValueError(f"an array cannot have the shape {column.shape}")
    values = np.frombuffer(column.values, dtype=column.dtype)
    if column.places is None:
        return values.reshape(column.shape)
    places = np.frombuffer(column.places, dtype="<u4")
    array = np.zeros(math.prod(column.shape), dtype=column.dtype)
    if len(places) and places.max() >= len(array):
        raise ValueError(f"cell {places.max()} lies outside an array of {len(array)}")
    array[places] = values
    array.flags.writeable = False
    return array.reshape(column.shape)


_header_decoder = msgspec.msgpack.Decoder(_Header)
_decoder = msgspec.msgpack.Decoder(_Envelope, dec_hook=_decode)
