"""What surrounds a coin's market: how funding, open interest and accounts stand against their own past."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FRIDAY, QUARTER_ENDS = 4, (3, 6, 9, 12)
EXPIRY_HOUR = 8
"""Options of Deribit expire at 08:00 UTC."""
WITH_OPTIONS = ("BTC", "ETH")
"""Coins whose options are large enough to move their market (Deribit)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketContext:
    """Figures of one coin at one venue against their own past. None where that is not known."""

    funding_rank: float | None = None
    """The share (0 to 1) of the last week's funding rates that were lower than now: 1 is stretched to the
    side of the longs, 0 to that of the shorts. At least a day must be known."""
    interest_1h: float | None = None
    """Open interest in coins against an hour ago, as a share: 0.02 is 2% more."""
    interest_24h: float | None = None
    interest_7d: float | None = None
    long_accounts: float | None = None
    """Accounts that are net long, as a share (0 to 1) of those with a position: heads, not money."""
    taker_buy: float | None = None
    """What takers bought in the newest five minutes that are told, as a share (0 to 1) of what takers bought
    and sold: above 0.5 buyers were in a hurry."""


def next_expiries(time_ms: int) -> tuple[int, int]:
    """Return when the next monthly and the next quarterly options expire, ms since 1970 UTC.

    Monthly ones on the last Friday of a month at 08:00 UTC, quarterly ones on that of March, June, September
    and December (Deribit).
    """
    now = datetime.fromtimestamp(time_ms / 1000, UTC)
    year, month, found = now.year, now.month, list[datetime]()
    while not found or found[-1].month not in QUARTER_ENDS:
        expiry = _last_friday(year, month)
        if expiry > now:
            found.append(expiry)
        year, month = (year + 1, 1) if month == QUARTER_ENDS[-1] else (year, month + 1)
    return _ms(found[0]), _ms(found[-1])


def _last_friday(year: int, month: int) -> datetime:
    first_of_next = datetime(year + month // 12, month % 12 + 1, 1, EXPIRY_HOUR, tzinfo=UTC)
    last = first_of_next - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - FRIDAY) % 7)


def _ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)
