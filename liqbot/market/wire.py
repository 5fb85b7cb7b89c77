"""Wire forms: views, grids, events, observations and accounts as versioned bytes and back, field by field.

What is written says its version. Bytes of every version that ever was are kept with the tests: an older one
is read, or refused by its number.

Not here: compressing them for the database (`store/sql/blobs.py`), the API's JSON (`web/answers.py`).
"""

import math
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Literal, cast, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from liqbot.market.accounts import AccountState
from liqbot.market.clusters import Cluster, Clusters
from liqbot.market.events import EVENT_TYPES, MarketEvent, Observation
from liqbot.market.grid import Grid
from liqbot.market.maps import Bins, LiquidationMap
from liqbot.market.view import MarketView

VERSION = 2
"""Of all that is written here. Version 1: views only; it called clusters `faded` that were there still."""
_READ = (1, VERSION)

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, MemoryError)
"""What comes of bytes that are not what they should be."""

_Dtype = Literal["<f8", "<f4", "<i8"]
_MOST_CELLS = 2**24
"""A map of more cells than that is none: one has 17,416."""


class WireError(ValueError):
    """The bytes are not what they should be, or of another version."""


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
class _Map:
    """A map whose cells are not laid out yet."""

    bins: Bins
    spot: float
    usd: _Column


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _View(MarketView):
    """A view as it is read: what costs time is left as it came."""

    map: _Map  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]
    clusters: list[Cluster]  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _LaterView(MarketView):
    """A view of which mostly nobody looks at the clusters, half of what it takes to read one."""

    map: _Map  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]
    clusters: msgspec.Raw  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]


@dataclass(frozen=True, slots=True)
class _Envelope:
    version: int
    view: MarketView


@dataclass(frozen=True, slots=True)
class _Read:
    version: int
    view: _View


@dataclass(frozen=True, slots=True)
class _AccountEnvelope:
    version: int
    account: AccountState


@dataclass(frozen=True, slots=True)
class _Loose:
    """A view of whatever shape, to be brought up to date."""

    version: int
    view: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _GridEnvelope:
    version: int
    grid: Grid


@dataclass(frozen=True, slots=True)
class _Event:
    """An event beside the word for its kind: its own type says how the rest is read."""

    version: int
    kind: str
    event: msgspec.Raw


@dataclass(frozen=True, slots=True)
class _Observed:
    version: int
    view: MarketView
    events: tuple[_Event, ...]


@dataclass(frozen=True, slots=True)
class _ReadObserved:
    version: int
    view: _LaterView
    events: tuple[_Event, ...]


def to_bytes(view: MarketView) -> bytes:
    """Return the whole view, its grid included, as bytes that `from_bytes` reads on any machine."""
    return _encoded(_Envelope(VERSION, _whole(view)))


def from_bytes(data: bytes) -> MarketView:
    """Return the view that `to_bytes` wrote, in any version of it. Raises `WireError`."""
    with suppress(*_UNREADABLE):
        read = _decoder.decode(data)
        if read.version == VERSION:
            return _view(read.view)
    with _reading("a market view"):  # of an older version, or it says what is wrong with it
        version = _version_of(data, "a market view")
        return _view(_decoder.decode(_without_faded(data) if version == 1 else data).view)


def grid_to_bytes(grid: Grid) -> bytes:
    """Return past maps as bytes that `grid_from_bytes` reads on any machine."""
    return _encoded(_GridEnvelope(VERSION, grid))


def grid_from_bytes(data: bytes) -> Grid:
    """Return the grid that `grid_to_bytes` wrote. Raises `WireError`."""
    with _reading("a grid"):
        _version_of(data, "a grid")
        return _grids.decode(data).grid


def event_to_bytes(event: MarketEvent) -> bytes:
    """Return an event as bytes that `event_from_bytes` reads on any machine."""
    return _encoded(_written(event))


def event_from_bytes(data: bytes) -> MarketEvent:
    """Return the event that `event_to_bytes` wrote. Raises `WireError`."""
    with suppress(*_UNREADABLE):
        written = _events.decode(data)
        if written.version in _READ:
            return _read(written)
    with _reading("a market event"):  # says what is wrong with it
        _version_of(data, "a market event")
        return _read(_events.decode(data))


def observation_to_bytes(observation: Observation) -> bytes:
    """Return a view with its events as bytes that `observation_from_bytes` reads on any machine."""
    events = tuple(_written(event) for event in observation.events)
    return _encoded(_Observed(VERSION, _whole(observation.view), events))


def observation_from_bytes(data: bytes) -> Observation:
    """Return the observation that `observation_to_bytes` wrote. Raises `WireError`.

    Its clusters are read when somebody looks: what is wrong with them is raised then.
    """
    with suppress(*_UNREADABLE):
        observed = _observations.decode(data)
        if observed.version == VERSION:
            return _observation(observed)
    with _reading("an observation"):  # says what is wrong with it
        _version_of(data, "an observation")
        return _observation(_observations.decode(data))


def account_to_bytes(state: AccountState) -> bytes:
    """Return an account as it was as bytes that `account_from_bytes` reads on any machine."""
    return _encoded(_AccountEnvelope(VERSION, state))


def account_from_bytes(data: bytes) -> AccountState:
    """Return the account that `account_to_bytes` wrote. Raises `WireError`."""
    with _reading("an account"):
        _version_of(data, "an account")
        return _accounts.decode(data).account


def summary(view: MarketView) -> dict[str, Any]:
    """Return the readings of a view as one plain object; its keys are a promise to scripts."""
    trapped, covered = view.trapped, view.side_coverage
    return {
        "coin": view.coin,
        "time_ms": view.time_ms,
        "spot": view.spot,
        "ratio": view.ratio,
        "ratio_scaled": view.fuel.is_scaled,
        "regime": view.regime.value,
        "up_usd": view.up_usd,
        "down_usd": view.down_usd,
        "long_usd": view.open_usd.long,
        "short_usd": view.open_usd.short,
        "coverage": view.coverage,
        "coverage_by_side": None if covered is None else {"long": covered.long, "short": covered.short},
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


def _encoded(envelope: object) -> bytes:
    return msgspec.msgpack.encode(envelope, enc_hook=_encode)


@contextmanager
def _reading(what: str) -> Generator[None]:
    try:
        yield
    except _UNREADABLE as error:
        raise WireError(f"not {what} of version {VERSION}: {error}") from error


def _version_of(data: bytes, what: str) -> int:
    version = _header_decoder.decode(data).version
    if version not in _READ:
        raise WireError(f"{what} of version {version}, where only version {VERSION} and older can be read")
    return version


def _without_faded(data: bytes) -> bytes:
    """Return a view of version 1 without the clusters of which it cannot say how they ended."""
    envelope = msgspec.msgpack.decode(data, type=_Loose)
    ended = msgspec.convert(envelope.view.get("ended", []), list[dict[str, Any]])
    envelope.view["ended"] = [one for one in ended if one.get("end") != "faded"]
    return msgspec.msgpack.encode(envelope)


def _written(event: MarketEvent) -> _Event:
    return _Event(VERSION, event.kind, msgspec.Raw(msgspec.msgpack.encode(event)))


def _read(written: _Event) -> MarketEvent:
    decoder = _by_kind.get(written.kind)
    if decoder is None:
        raise WireError(f"an event of the kind {written.kind!r:.40}, which is not known here")
    return decoder.decode(written.event)


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


def _whole(view: MarketView) -> MarketView:
    """Return the view itself; its map is laid out, as only what it has is written."""
    view.map.lay_out()
    return view


def _view(read: _View | _LaterView) -> MarketView:
    """Return a view that was read. Raises `msgspec.ValidationError`."""
    found: dict[str, Any] = {name: getattr(read, name) for name in _FIELDS}
    found["map"], found["clusters"] = _map(read.map), _clusters(read.clusters)
    return MarketView(**found)


def _observation(read: _ReadObserved) -> Observation:
    return Observation(_view(read.view), tuple(map(_read, read.events)))


def _clusters(written: list[Cluster] | msgspec.Raw) -> Clusters:
    if isinstance(written, list):
        return Clusters(written)
    return Clusters.later(partial(_read_clusters, written))


def _read_clusters(written: msgspec.Raw) -> list[Cluster]:
    with _reading("clusters"):
        return _list_of_clusters.decode(written)


def _map(read: _Map) -> LiquidationMap:
    """Return a map that is laid out when somebody looks; that it can be is known."""
    values, places = _cells(read.usd)
    shape = read.usd.shape
    if places is None:
        return LiquidationMap(read.bins, read.spot, values.reshape(shape))
    if math.prod(shape) > _MOST_CELLS:
        raise msgspec.ValidationError(f"a map cannot have the shape {shape}")
    return LiquidationMap.later(read.bins, read.spot, partial(_laid_out, shape, values, places))


def _column(array: NDArray[Any]) -> _Column:
    flat = np.ascontiguousarray(array).reshape(-1)
    little = flat.astype(flat.dtype.newbyteorder("<"), copy=False)
    if little.dtype.str not in get_args(_Dtype):
        raise NotImplementedError(f"an array of {little.dtype} has no form on the wire")
    dtype = cast("_Dtype", little.dtype.str)
    places = np.flatnonzero(flat != 0)  # of truths they are found four times as fast as of figures
    if len(places) * 2 < len(flat):
        return _Column(dtype, array.shape, little[places].tobytes(), places.astype("<u4").tobytes())
    return _Column(dtype, array.shape, little.tobytes(), None)


def _array(column: _Column) -> NDArray[Any]:
    values, places = _cells(column)
    return values.reshape(column.shape) if places is None else _laid_out(column.shape, values, places)


def _cells(column: _Column) -> tuple[NDArray[Any], NDArray[np.uint32] | None]:
    """Return what an array holds, and where; None where it holds all. Raises `msgspec.ValidationError`."""
    try:
        values = np.frombuffer(column.values, dtype=column.dtype)
        places = None if column.places is None else np.frombuffer(column.places, dtype="<u4")
    except ValueError as error:
        raise msgspec.ValidationError(str(error)) from error
    cells = math.prod(column.shape)
    if any(length < 0 for length in column.shape) or (places is None and len(values) != cells):
        raise msgspec.ValidationError(f"{len(values)} cells cannot have the shape {column.shape}")
    if places is not None and len(places) != len(values):
        raise msgspec.ValidationError(f"{len(values)} cells have {len(places)} places")
    if places is not None and len(places) and places.max() >= cells:
        raise msgspec.ValidationError(f"cell {places.max()} lies outside an array of {cells}")
    return values, places


def _laid_out(shape: tuple[int, ...], values: NDArray[Any], places: NDArray[np.uint32]) -> NDArray[Any]:
    """Return an array that holds `values` at `places`, and zeros elsewhere."""
    array = np.zeros(math.prod(shape), dtype=values.dtype)
    array[places] = values
    array.flags.writeable = False
    return array.reshape(shape)


_FIELDS = tuple(one.name for one in fields(MarketView))
_header_decoder = msgspec.msgpack.Decoder(_Header)
_decoder = msgspec.msgpack.Decoder(_Read, dec_hook=_decode)
_list_of_clusters = msgspec.msgpack.Decoder(list[Cluster])
_grids = msgspec.msgpack.Decoder(_GridEnvelope, dec_hook=_decode)
_accounts = msgspec.msgpack.Decoder(_AccountEnvelope)
_events = msgspec.msgpack.Decoder(_Event)
_by_kind = {kind: msgspec.msgpack.Decoder(one) for kind, one in EVENT_TYPES.items()}
_observations = msgspec.msgpack.Decoder(_ReadObserved, dec_hook=_decode)
