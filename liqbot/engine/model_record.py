"""A model as bytes and back, so that a modelled layer outlasts a restart."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, cast

import msgspec
import numpy as np

from liqbot.engine.assumptions import Assumptions, Rungs
from liqbot.engine.model_state import State
from liqbot.engine.model_steps import Steps
from liqbot.engine.modelled import Model
from liqbot.engine.realised import Realised
from liqbot.engine.track_memory import Memory
from liqbot.market.positions import Floats

VERSION = 2


@dataclass(frozen=True, slots=True, eq=False)
class ModelRecord:
    """What a board keeps of one coin."""

    model: Model
    tracks: Memory
    realised: tuple[Realised, ...]
    heard_since_ms: int | None
    realised_days: dict[int, float]
    is_sampled: bool


@dataclass(frozen=True, slots=True)
class _Array:
    dtype: str
    shape: tuple[int, ...]
    values: bytes


@dataclass(frozen=True, slots=True)
class _Written:
    """The base and the steps; what they come to is computed again, to the same numbers."""

    version: int
    leverages: _Array
    shares: _Array
    offsets: _Array
    widths: _Array
    time_ms: int
    interest: float
    first: int
    coins: _Array
    residual: _Array
    steps: tuple[_Array, ...]
    tracks: Memory
    realised: tuple[Realised, ...]
    heard_since_ms: int | None
    realised_days: dict[int, float]
    is_sampled: bool


def model_to_bytes(kept: ModelRecord) -> bytes:
    """Return `kept` as bytes that `model_from_bytes` reads."""
    model, base = kept.model, kept.model.base
    written = _Written(
        version=VERSION,
        leverages=_array(model.rungs.leverages),
        shares=_array(model.rungs.shares),
        offsets=_array(model.rungs.offsets),
        widths=_array(model.rungs.widths),
        time_ms=base.time_ms,
        interest=base.interest,
        first=base.first,
        coins=_array(base.coins),
        residual=_array(base.residual),
        steps=tuple(_array(getattr(model.steps, item.name)) for item in fields(Steps)),
        tracks=kept.tracks,
        realised=kept.realised,
        heard_since_ms=kept.heard_since_ms,
        realised_days=kept.realised_days,
        is_sampled=kept.is_sampled,
    )
    return msgspec.msgpack.encode(written)


def model_from_bytes(data: bytes, assumed: Callable[[str], Assumptions]) -> ModelRecord:
    """Return what `model_to_bytes` wrote, the model going on with what is `assumed` of its coin.

    Raises `msgspec.DecodeError` for anything else, and for what another version wrote.
    """
    written = _decoder.decode(data)
    if written.version != VERSION:
        raise msgspec.DecodeError(f"a model of version {written.version}; only {VERSION} can be read")
    try:
        columns = (written.leverages, written.shares, written.offsets, written.widths)
        rungs = Rungs(*(_floats(column) for column in columns))
        coins, residual = _floats(written.coins), _floats(written.residual)
        base = State(written.time_ms, written.interest, written.first, coins, residual)
        base.require_conservation()
        model = Model.of(base, rungs, assumed(written.tracks.coin)).then(
            Steps(*(_read(item) for item in written.steps))
        )
    except (ValueError, TypeError, ArithmeticError) as error:
        raise msgspec.DecodeError(f"not a model: {error}") from error
    return ModelRecord(
        model,
        written.tracks,
        written.realised,
        written.heard_since_ms,
        written.realised_days,
        written.is_sampled,
    )


def _array(array: np.ndarray[Any, np.dtype[Any]]) -> _Array:
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
    return _Array(little.dtype.str, array.shape, little.tobytes())


def _read(item: _Array) -> Any:  # noqa: ANN401 - of the kind that its bytes say
    return np.frombuffer(item.values, dtype=item.dtype).reshape(item.shape)


def _floats(item: _Array) -> Floats:
    return cast("Floats", _read(item)).astype(np.float64)


_decoder = msgspec.msgpack.Decoder(_Written)
