"""The typed answer about one account: positions, distance to liquidation, coins that a look lacks.

Not here: finding the account and looking (`accounts.py`).
"""

from dataclasses import dataclass
from typing import Literal

from liqbot.market.accounts import AccountState, HeldPosition
from liqbot.market.layer import Layer
from liqbot.market.positions import MarginMode

Margin = Literal["cross", "isolated", "unknown"]


@dataclass(frozen=True, slots=True)
class PositionAnswer:
    """One open position. Prices and dollars are USD."""

    coin: str
    side: str
    """`long` or `short`."""
    size: float
    """Coins, positive."""
    usd: float
    """What it is worth at `mark`."""
    entry: float
    mark: float
    liquidation: float | None
    """The price that liquidates it; None where no price does."""
    distance_pct: float | None
    """How far the mark may still go against it, in percent of the mark; 0 at the level or beyond it."""
    distance_usd: float | None
    """The same in dollars of price."""
    loss_usd: float | None
    """What it would lose on the way there."""
    profit_usd: float
    """What it has gained since its entry, below 0 for a loss; without funding."""
    leverage: float | None
    margin: Margin


@dataclass(frozen=True, slots=True)
class AccountAnswer:
    """An account at one venue, as of one look at it."""

    account: str
    venue: str
    origin: str
    """`live` or `simulated`."""
    time_ms: int
    """When it was so, ms since 1970 UTC."""
    is_newest: bool
    """False where the venue does not answer at present, so that this is what was seen before."""
    equity_usd: float | None
    """What it is worth as margin; None where that is not told."""
    long_usd: float
    short_usd: float
    positions: tuple[PositionAnswer, ...]
    """Those nearest to their liquidation first, then those that no price liquidates."""
    unread: tuple[str, ...] = ()
    """Coins of which this look says nothing."""
    watched_every_s: float | None = None
    """How often it is looked at because somebody watches it; None where nobody does."""

    @property
    def nearest(self) -> PositionAnswer | None:
        """The position that is nearest to its liquidation; None where no price liquidates any."""
        return next((one for one in self.positions if one.distance_pct is not None), None)

    @property
    def provenance(self) -> str:
        """Where it is from."""
        return self.venue if self.origin == "live" else f"{self.venue}, {self.origin}"


def position_answer(held: HeldPosition) -> PositionAnswer:
    """Return a position as it is answered."""
    distance = held.distance()
    gained = (held.mark - held.entry) * held.size
    away_usd = None if distance is None else distance * held.mark
    return PositionAnswer(
        coin=held.coin,
        side=held.side.value,
        size=abs(held.size),
        usd=held.usd,
        entry=held.entry,
        mark=held.mark,
        liquidation=held.liquidation,
        distance_pct=None if distance is None else 100 * distance,
        distance_usd=away_usd,
        loss_usd=None if away_usd is None else away_usd * abs(held.size),
        profit_usd=gained,
        leverage=held.leverage,
        margin=margin_of(held),
    )


def account_answer(
    state: AccountState, layer: Layer, *, is_newest: bool = True, watched_every_s: float | None = None
) -> AccountAnswer:
    """Return an account as it is answered, the position nearest to its liquidation first."""
    positions = [position_answer(one) for one in state.nearest_first()]
    return AccountAnswer(
        account=state.account,
        venue=layer.venue,
        origin=layer.origin.value,
        time_ms=state.time_ms,
        is_newest=is_newest,
        equity_usd=state.equity_usd,
        long_usd=sum(one.usd for one in positions if one.side == "long"),
        short_usd=sum(one.usd for one in positions if one.side == "short"),
        positions=tuple(positions),
        unread=state.unread,
        watched_every_s=watched_every_s,
    )


def margin_of(held: HeldPosition) -> Margin:
    """Return how a position is margined, in a word."""
    if held.mode is MarginMode.CROSS:
        return "cross"
    return "isolated" if held.mode is MarginMode.ISOLATED else "unknown"
