"""Decoding Hyperliquid's JSON with msgspec: of a list, what cannot be read is left out, the others are read.

Not here: the structs (`payloads.py`), rows of positions (`reading.py`).
"""

import math
from collections.abc import Mapping
from typing import TypeVar, cast

import msgspec

from liqbot.sources.hyperliquid.payloads import (
    WINDOWS,
    Asset,
    AssetCtx,
    AssetPosition,
    Book,
    Candle,
    ClearinghouseState,
    ContextFrame,
    Frame,
    LeaderboardRow,
    Performance,
    Position,
    RawLeaderboard,
    RawLeaderboardRow,
    RawMeta,
    RawPushed,
    RawState,
    UnreadPosition,
    Vault,
)

T = TypeVar("T")


class PayloadError(ValueError):
    """An answer or a frame is not what it should be. The text says what and where."""


def decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """Return a decoder of `kind` that takes numbers in strings."""
    return msgspec.json.Decoder(kind, strict=False)


def decode(data: bytes | str | msgspec.Raw, kind: msgspec.json.Decoder[T], what: str) -> T:
    """Return `data` as the decoder's kind. Raises `PayloadError` that names `what`."""
    try:
        return kind.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PayloadError(f"{what}: {error}") from None


def decode_rows(data: bytes | str | msgspec.Raw, kind: type[T], what: str) -> tuple[list[T], int]:
    """Return the items of a list that can be read, and how many cannot. Raises `PayloadError`: no list."""
    try:
        return decode(data, decoder(list[kind]), what), 0
    except PayloadError:
        return _readable(decode(data, _RAW_LIST, what), kind)


def decode_contexts(data: bytes) -> tuple[list[tuple[Asset, AssetCtx]], int]:
    """Return what is said of each coin of a dex, and of how many it cannot be read. Raises `PayloadError`."""
    meta, contexts = decode(data, _CONTEXTS, "metaAndAssetCtxs")
    if len(meta.universe) != len(contexts):
        raise PayloadError(f"metaAndAssetCtxs: {len(contexts)} contexts of {len(meta.universe)} coins")
    pairs: list[tuple[Asset, AssetCtx]] = []
    for asset, context in zip(meta.universe, contexts, strict=True):
        found, told = _readable([asset], Asset)[0], _readable([context], AssetCtx)[0]
        pairs += zip(found, told, strict=False)
    return pairs, len(contexts) - len(pairs)


def decode_state(data: bytes | msgspec.Raw, what: str = "clearinghouseState") -> ClearinghouseState:
    """Return an account; positions that cannot be read stand in `unread`. Raises `PayloadError`."""
    try:
        return STATE.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raw = decode(data, _RAW_STATE, what)
    items, unread = list[AssetPosition](), list[UnreadPosition]()
    for leg in raw.asset_positions:
        item = _leg(leg)
        (items if isinstance(item, AssetPosition) else unread).append(item)  # type: ignore[arg-type]
    return ClearinghouseState(
        raw.margin_summary,
        items,
        raw.cross_margin_summary,
        raw.cross_maintenance_margin_used,
        raw.time,
        unread,
    )


def decode_leaderboard(data: bytes) -> list[LeaderboardRow]:
    """Return the accounts of the leaderboard that can be read, with what can be read of each.

    Raises `PayloadError`.
    """
    raw = decode(data, _LEADERBOARD, "leaderboard").leaderboard_rows
    rows, _ = decode_rows(raw, RawLeaderboardRow, "leaderboard")
    return [
        LeaderboardRow(row.eth_address, row.account_value, _performances(row.window_performances))
        for row in rows
    ]


def decode_states(data: bytes) -> list[ClearinghouseState | None]:
    """Return several accounts, None for one that is null or unreadable. Raises `PayloadError`: no list."""
    states: list[ClearinghouseState | None] = []
    for item in decode(data, _RAW_LIST, "batchClearinghouseStates"):
        try:
            states.append(None if bytes(item).strip() == b"null" else decode_state(item))
        except PayloadError:
            states.append(None)
    return states


def decode_pushed(data: msgspec.Raw) -> tuple[str, dict[str, ClearinghouseState]]:
    """Return whose states a push tells, and the state on each dex. Raises `PayloadError`."""
    pushed = decode(data, _PUSHED, "allDexsClearinghouseState")
    states = {dex: decode_state(state, "allDexsClearinghouseState") for dex, state in pushed.states}
    return pushed.user, states


def _performances(data: msgspec.Raw) -> tuple[float, ...]:
    try:
        told = dict(_PERFORMANCES.decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        told = dict[str, Performance]()
    windows = (told.get(window, _NOTHING) for window in WINDOWS)
    return tuple(figure for one in windows for figure in (one.pnl, one.vlm))


def _leg(leg: msgspec.Raw) -> AssetPosition | UnreadPosition:
    """Return a position; an empty text is taken for null, as the exchange has sent both."""
    try:
        told = msgspec.json.decode(leg)
        position = {name: None if value == "" else value for name, value in told["position"].items()}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError, AttributeError):
        return UnreadPosition(None, math.nan)
    try:
        return AssetPosition(msgspec.convert(position, Position, strict=False))
    except msgspec.ValidationError:
        return _unread(position)


def _unread(position: Mapping[str, object]) -> UnreadPosition:
    coin, value = position.get("coin"), position.get("positionValue")
    try:
        usd = abs(float(cast("str", value)))
    except (TypeError, ValueError):
        usd = math.nan
    return UnreadPosition(coin if isinstance(coin, str) and coin else None, usd)


def _readable(items: list[msgspec.Raw], kind: type[T]) -> tuple[list[T], int]:
    reader, found = decoder(kind), list[T]()
    for item in items:
        try:
            found.append(reader.decode(item))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
    return found, len(items) - len(found)


STATE = decoder(ClearinghouseState)
WORD = decoder(str)
BOOK = decoder(Book)
VAULT: msgspec.json.Decoder[Vault | None] = msgspec.json.Decoder(Vault | None, strict=False)
FRAME = decoder(Frame)
CONTEXT_FRAME = decoder(ContextFrame)
CANDLE = decoder(Candle)
_RAW_LIST = decoder(list[msgspec.Raw])
_LEADERBOARD = decoder(RawLeaderboard)
_PERFORMANCES = decoder(list[tuple[str, Performance]])
_NOTHING = Performance()
_RAW_STATE = decoder(RawState)
_PUSHED = decoder(RawPushed)
_CONTEXTS = decoder(tuple[RawMeta, list[msgspec.Raw]])
