"""What Hyperliquid sends, typed at the edge: only the fields that are used.

Numbers come as strings; msgspec turns them into floats, "nan" and "inf" included, so that whoever reads them
checks `isfinite`. What is optional here is missing in some of the recorded answers. In lists, one item that
cannot be read takes none of the others with it (`decoding.py`).
"""

import math
from typing import Any

import msgspec


class _Payload(msgspec.Struct, rename="camel"):
    pass


class Leverage(_Payload):
    """How a position is margined, and the leverage that was set."""

    type: str
    """`cross` or `isolated`; there may come others."""
    value: float
    raw_usd: float | None = None


class Position(_Payload):
    """One open position."""

    coin: str
    szi: float
    leverage: Leverage
    entry_px: float | None
    position_value: float
    liquidation_px: float | None
    max_leverage: float | None = None
    unrealized_pnl: float = math.nan


class AssetPosition(_Payload):
    """A position in its wrapping."""

    position: Position


class UnreadPosition(msgspec.Struct, frozen=True):
    """A position that is there but cannot be read."""

    coin: str | None
    """None where not even that is told."""
    usd: float
    """What it is said to be worth, NaN where that cannot be read either."""


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
    unread: list[UnreadPosition] = msgspec.field(default_factory=list[UnreadPosition], name="(unread)")
    """Positions that `decode_state` could not read; nothing on the wire has this name."""


class RawState(ClearinghouseState):
    """The same with its positions unread."""

    asset_positions: list[msgspec.Raw]  # type: ignore[assignment]


class RawPushed(msgspec.Struct):
    """The `data` of an `allDexsClearinghouseState` frame: pairs of a dex and the account's state there."""

    user: str
    states: list[tuple[str, msgspec.Raw]] = msgspec.field(name="clearinghouseStates")


class Asset(_Payload):
    """A coin of the universe."""

    name: str
    max_leverage: float
    is_delisted: bool = False


class AssetCtx(_Payload):
    """What the exchange says of a coin; a market that is new has no price yet."""

    mark_px: float | None = None
    funding: float | None = None
    open_interest: float | None = None


class RawMeta(_Payload):
    """The universe of a dex, its coins unread."""

    universe: list[msgspec.Raw]


class Dex(_Payload):
    """A builder-deployed dex."""

    name: str


class Trade(_Payload):
    """A trade and who made it."""

    coin: str
    px: float
    sz: float
    users: tuple[str, str]
    side: str = ""
    """`B` where the buyer took, `A` where the seller did."""
    time: int = 0
    tid: int = 0


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
    """The order book near spot: bids, the highest first, and asks, the lowest first.

    The sides are lists of `BookLevel`, for `decode_rows`.
    """

    coin: str
    time: int
    levels: tuple[msgspec.Raw, msgspec.Raw]


class RawLeaderboardRow(_Payload):
    """An account on the leaderboard as it is told, its performances unread."""

    eth_address: str
    account_value: float
    window_performances: msgspec.Raw = msgspec.Raw(b"[]")
    """Pairs of one of `WINDOWS` and a `Performance`."""


WINDOWS = ("day", "week", "month", "allTime")


class Performance(_Payload):
    """What an account gained or lost, and what it traded in a window; USD."""

    pnl: float = 0.0
    vlm: float = 0.0


class LeaderboardRow(msgspec.Struct, frozen=True):
    """An account on the leaderboard. What is said of it is stale: good for a first guess at most."""

    address: str
    account_value: float
    performances: tuple[float, ...]
    """Gain and volume of each of `WINDOWS`, USD; 0 for what is not told."""


class RawLeaderboard(_Payload):
    """The leaderboard, its rows unread."""

    leaderboard_rows: msgspec.Raw


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


class FillLiquidation(_Payload):
    """What a fill says where it liquidated somebody."""

    liquidated_user: str | None = None
    mark_px: float | None = None
    method: str = ""


class Fill(_Payload):
    """A fill as the exchange tells it; only the fields that are used."""

    coin: str
    px: float
    sz: float
    side: str
    time: int
    tid: int = 0
    start_position: float = 0.0
    """Coins that the account held before."""
    liquidation: FillLiquidation | None = None
