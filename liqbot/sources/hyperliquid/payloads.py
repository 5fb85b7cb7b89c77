"""What Hyperliquid sends, typed at the edge: only the fields that are used.

Numbers come as strings; msgspec turns them into floats, "nan" and "inf" included, so that whoever reads them
checks `isfinite`. What is optional here is missing in some of the recorded answers.
"""

import math
from typing import Any, Literal, TypeVar

import msgspec

T = TypeVar("T")


class PayloadError(ValueError):
    """An answer or a frame is not what it should be. The text says what and where."""


class _Payload(msgspec.Struct, rename="camel"):
    pass


class Leverage(_Payload):
    """How a position is margined, and the leverage that was set."""

    type: Literal["cross", "isolated"]
    value: float
    raw_usd: float | None = None


class Position(_Payload):
    """One open position."""

    coin: str
    szi: float
    leverage: Leverage
    entry_px: float
    position_value: float
    liquidation_px: float | None
    max_leverage: float | None = None


class AssetPosition(_Payload):
    """A position in its wrapping."""

    position: Position


class MarginSummary(_Payload):
    """What an account is worth, USD."""

    account_value: float
    total_ntl_pos: float


class ClearinghouseState(_Payload):
    """An account on one dex: its positions and its margin."""

    margin_summary: MarginSummary
    asset_positions: list[AssetPosition]
    cross_margin_summary: MarginSummary | None = None
    cross_maintenance_margin_used: float = math.nan
    time: int | None = None


class SpotState(_Payload):
    """An account's spot side; for unified and portfolio-margin accounts it tells the pool of margin."""

    token_to_available_after_maintenance: list[tuple[int, float]] = []


class Asset(_Payload):
    """A coin of the universe."""

    name: str
    max_leverage: float
    is_delisted: bool = False


class Meta(_Payload):
    """The universe of a dex."""

    universe: list[Asset]


class AssetCtx(_Payload):
    """What the exchange says of a coin."""

    mark_px: float
    funding: float
    open_interest: float


class Trade(_Payload):
    """A trade and who made it."""

    coin: str
    px: float
    sz: float
    users: tuple[str, str]


class Candle(_Payload):
    """A candle: open, high, low and close in USD, volume in coins; times in ms, `t` to `T`."""

    t: int
    T: int
    s: str
    o: float
    h: float
    l: float  # noqa: E741 - the exchange's own name
    c: float
    v: float


class BookLevel(_Payload):
    """Orders at one price."""

    px: float
    sz: float
    n: int


class Book(_Payload):
    """The order book near spot: bids, the highest first, and asks, the lowest first."""

    coin: str
    time: int
    levels: tuple[list[BookLevel], list[BookLevel]]


class LeaderboardRow(_Payload):
    """An account on the leaderboard. Its value is stale: good for a first guess at most."""

    eth_address: str
    account_value: float


class Leaderboard(_Payload):
    """The leaderboard."""

    leaderboard_rows: list[LeaderboardRow]


class Follower(_Payload):
    """Who put money into a vault."""

    user: str


class Vault(_Payload):
    """A vault: who leads it, who follows, and for HLP its children."""

    leader: str | None = None
    followers: list[Follower] = []
    relationship: dict[str, Any] = {}

    @property
    def children(self) -> tuple[str, ...]:
        """The vaults that trade for this one."""
        data: object = self.relationship.get("data")
        found = msgspec.convert(data, _Children, strict=False) if isinstance(data, dict) else _Children()
        return tuple(found.child_addresses)


class _Children(_Payload):
    child_addresses: list[str] = []


class Frame(msgspec.Struct):
    """A websocket frame."""

    channel: str
    data: msgspec.Raw = msgspec.Raw(b"null")


class ContextFrame(_Payload):
    """The `data` of an `activeAssetCtx` frame."""

    coin: str
    ctx: AssetCtx


def decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """Return a decoder of `kind` that takes numbers in strings."""
    return msgspec.json.Decoder(kind, strict=False)


def decode(data: bytes | str | msgspec.Raw, kind: msgspec.json.Decoder[T], what: str) -> T:
    """Return `data` as the decoder's kind. Raises `PayloadError` that names `what`."""
    try:
        return kind.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PayloadError(f"{what}: {error}") from None


STATE = decoder(ClearinghouseState)
SPOT_STATE = decoder(SpotState)
WORD = decoder(str)
CONTEXTS = decoder(tuple[Meta, list[AssetCtx]])
CANDLES = decoder(list[Candle])
BOOK = decoder(Book)
TRADES = decoder(list[Trade])
VAULT: msgspec.json.Decoder[Vault | None] = msgspec.json.Decoder(Vault | None, strict=False)
LEADERBOARD = decoder(Leaderboard)
FRAME = decoder(Frame)
CONTEXT_FRAME = decoder(ContextFrame)
CANDLE = decoder(Candle)
